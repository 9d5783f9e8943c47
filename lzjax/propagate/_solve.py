"""The public face of propagation: `solve` and `evolve`."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_steps, is_concrete
from .._types import Scalar
from ..models import AbstractHamiltonian
from . import _infinite
from ._finite import propagate
from ._limits import dynamical_phases, infinite_bases
from ._runge_kutta import RungeKutta
from ._solution import STATUS, Solution
from ._steppers import AbstractStepper, Magnus4, Magnus6

MAX_STEPS = 2_000_000


class Asymptotic(eqx.Module):
    """A window with its ends resolved: what `solve` and every readout start from.

    - `solution`: the evolution between `start` and `stop`, propagator as it is.
    - `start`, `stop`: the ends as `End`s where they are infinite, else `None`.
    - `edges`: the cells of the window.
    """

    solution: Solution
    start: _infinite.End | None
    stop: _infinite.End | None
    edges: Float[Array, " K+1"]


def solve(
    model: AbstractHamiltonian,
    t0: ArrayLike = -np.inf,
    t1: ArrayLike = np.inf,
    *,
    rtol: ArrayLike | None = None,
    solver: Any = None,
    max_steps: int = MAX_STEPS,
) -> Solution:
    """The propagator U(t1, t0) of iU' = H(t)U, U(t0, t0) = 1.

    **Arguments:**

    - `model`: one model, not a batch; `jax.vmap` this call for batches.
    - `t0`, `t1`: the window, in either direction. Infinite ends must be Python
      numbers also under `jit`; they stand for the limit, see below.
    - `rtol`: tolerance on the norm of the error of the propagator (which is one
      itself), from 1e-12 to 1e-1. By default 1e-8; 1e-4 where JAX's 64-bit mode is
      off, as phases are then rounded by 6e-8 of the angle by which states turn. What
      rounding forbids has the status `inaccurate`. Ignored where the solver has its
      own steps.
    - `solver`: `lz.Magnus2/4/6()`, `lz.CommutatorFree4()`, each with `steps=` for a
      fixed number, or `lz.RungeKutta()`. By default `lz.Magnus6()`, and `lz.Magnus4()`
      for a tolerance above 1e-8 that is a plain number: each is the faster one there.
    - `max_steps`: where step control gives up, with the status `inaccurate`.

    **Returns:** a `Solution`. It never raises for a numerical failure: look at its
    `status`, or call `.checked()`. In a batch, lanes run in blocks of similar cost,
    and a block lasts as long as its dearest lane: `steps` says what each lane took.

    Of a model that repeats itself, n periods are one period's propagator to the n-th
    power: `jnp.linalg.matrix_power(lz.readout.floquet(model, period).propagator, n)`
    costs one period, and `lz.readout.time_averaged_populations` averages over all.

    An infinite end is replaced by the nearest time from which on two successive
    superadiabatic bases (orders 5 and 6) agree within the tolerance. The propagator
    is then the scattering matrix between diabatic states; its squared moduli are
    the transition probabilities.

    **Raises:** `ValueError` or `TypeError` for wrong arguments, at once;
    `RuntimeError` when a time is not a number as the program runs.
    """
    found = asymptotic(model, t0, t1, rtol=rtol, solver=solver, max_steps=max_steps)
    if found.start is None and found.stop is None:
        return found.solution
    solution = labelled(found, diabatic=True)
    return eqx.tree_at(lambda s: s.propagator, solution, _scattered(model, found))


def evolve(
    model: AbstractHamiltonian,
    psi0: ArrayLike,
    ts: ArrayLike,
    *,
    rtol: ArrayLike | None = None,
    solver: Any = None,
    max_steps: int = MAX_STEPS,
) -> Complex[Array, "T N"]:
    """States at the times `ts`, from `psi0` at `ts[0]`.

    **Arguments:**

    - `psi0`: the state at `ts[0]`, shape `(N,)`, or a level's number.
    - `ts`: finite times, all rising or all falling, shape `(T,)`.

    The others are those of `solve`; a solver with `steps` takes them in every
    interval. The intervals are solved side by side, then chained.

    **Returns:** shape `(T, N)`, complex.

    **Raises:** `ValueError` for wrong shapes or times out of order; `RuntimeError`
    if an interval fails to meet the tolerance.
    """
    check_model(model)
    ket = as_ket(psi0, model.dim)
    solver = chosen_solver(solver, rtol, max_steps)
    return _evolve(model, ket, as_times(ts), as_rtol(rtol), solver, max_steps)


@eqx.filter_jit
def _evolve(model, ket, times, rtol, solver, max_steps: int):
    intervals = max(times.shape[0] - 1, 1)

    def interval(t0, t1):
        return _window(model, t0, t1, rtol / intervals, solver, max_steps)[0]

    if times.shape[0] == 1:
        return ket[None]
    parts = jax.vmap(lambda a, b: interval(a, b).checked())(times[:-1], times[1:])
    chained = jax.lax.associative_scan(
        lambda earlier, later: later @ earlier, parts.propagator
    )
    return jnp.concatenate([ket[None], chained @ ket])


def asymptotic(
    model, t0, t1, *, rtol=None, solver: Any = None, max_steps=MAX_STEPS
) -> Asymptotic:
    """Check the arguments of a window and resolve its infinite ends."""
    check_model(model)
    solver = chosen_solver(solver, rtol, max_steps)
    start, stop = _infinite_sign("t0", t0), _infinite_sign("t1", t1)
    if start and stop and start == stop:
        raise ValueError(f"the window from {t0} to {t1} has no inside.")
    if not solver.by_tolerance and (start or stop):
        raise ValueError(
            "an infinite window needs step control: leave `steps` out of the solver, "
            "or give finite `t0` and `t1`."
        )
    if (start or stop) and not model.is_hermitian:
        raise ValueError(
            f"the {type(model).__name__} is not Hermitian: what decays or grows has no "
            "limit at an infinite end. Give finite `t0` and `t1`."
        )
    times = [
        jnp.zeros(()) if s else as_time(n, t)
        for s, n, t in ((start, "t0", t0), (stop, "t1", t1))
    ]
    return _asymptotic(model, *times, start, stop, as_rtol(rtol), solver, max_steps)


@eqx.filter_jit
def _asymptotic(model, t0, t1, start, stop, rtol, solver, max_steps) -> Asymptotic:
    ends = _ends(model, start, stop, 0.05 * rtol)
    t0 = ends[0].time if ends[0] is not None else t0
    t1 = ends[1].time if ends[1] is not None else t1
    settled = jnp.ones((), bool)
    for end in ends:
        settled = settled if end is None else settled & end.settled
    # Without a limit nothing is worth propagating.
    t1 = jnp.where(settled, t1, t0)
    solution, edges = _window(model, t0, t1, rtol, solver, max_steps)
    extra = sum((end.error for end in ends if end is not None), start=jnp.zeros(()))
    error = solution.error + extra
    settled &= jnp.isfinite(extra)
    status = STATUS.where(settled, solution.status, STATUS.no_limit)
    solution = eqx.tree_at(lambda s: (s.error, s.status), solution, (error, status))
    return Asymptotic(solution, *ends, edges)


def _ends(model, start: float, stop: float, tolerance) -> list:
    signs = [sign for sign in (start, stop) if sign]
    if not signs:
        return [None, None]
    found = jax.vmap(lambda s: _infinite.find_end(model, s, tolerance))(
        jnp.asarray(signs)
    )
    each = [jax.tree.map(lambda x, k=k: x[k], found) for k in range(len(signs))]
    return [each.pop(0) if sign else None for sign in (start, stop)]


def _window(model, t0, t1, rtol, solver, max_steps: int):
    if not isinstance(solver, AbstractStepper):
        return solver(model, t0, t1, rtol, max_steps), jnp.stack([t0, t1])
    done = propagate(model, t0, t1, rtol, solver, max_steps)
    matrix = done.group.matrix(done.group.normalised(done.u))
    solution = Solution(matrix, done.error, done.steps, done.work, done.status, t0, t1)
    return solution, done.edges


def labelled(found: Asymptotic, diabatic: bool) -> Solution:
    """The solution, with a failure if an end never becomes diabatic but is read so."""
    solution = found.solution
    status = solution.status
    for end in (found.start, found.stop):
        if end is not None and diabatic:
            pure = end.diabatic | (status != STATUS.successful)
            status = STATUS.where(pure, status, STATUS.not_diabatic)
    return eqx.tree_at(lambda s: s.status, solution, status)


@eqx.filter_jit
def _scattered(model, found: Asymptotic):
    """The propagator between diabatic states, dynamical phases taken out."""
    identity = jnp.eye(model.dim, dtype=complex)
    first, last = (
        identity if states is None else states
        for states in infinite_bases(model, found, (True, True))
    )
    before, after = dynamical_phases(model, found, True, jnp.zeros(()))
    matrix = last.conj().T @ found.solution.propagator @ first
    return jnp.exp(1j * (after[:, None] + before[None, :])) * matrix


def check_model(model: Any) -> None:
    if not isinstance(model, AbstractHamiltonian):
        raise TypeError(
            f"`model` must be a Hamiltonian, got {type(model).__name__}; wrap your own "
            "function with lz.TwoLevelFunction or lz.HamiltonianFunction."
        )
    for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array)):
        if isinstance(leaf, jax.core.Tracer):
            continue
        if not np.all(np.isfinite(leaf)):
            raise ValueError(
                f"a parameter of the {type(model).__name__} is not finite: {leaf}."
            )
    try:
        shape = jax.eval_shape(model, jnp.zeros(())).shape
    except (TypeError, ValueError) as error:
        raise ValueError(_not_one(model, "does not give a matrix")) from error
    if shape != (model.dim, model.dim):
        raise ValueError(_not_one(model, f"gives a matrix of shape {shape}"))


def _not_one(model: AbstractHamiltonian, what: str) -> str:
    return (
        f"the {type(model).__name__} {what} instead of one of shape ({model.dim}, "
        f"{model.dim}). A model is never batched inside: build one model for each "
        "parameter set and use jax.vmap around this call."
    )


def as_ket(state: Any, dim: int) -> Complex[Array, " N"]:
    """A level's number or a vector as a state."""
    if isinstance(state, int | np.integer) and not isinstance(state, bool):
        if not 0 <= state < dim:
            raise ValueError(f"there are levels 0 to {dim - 1}, got level {state}.")
        return jnp.zeros(dim, complex).at[state].set(1.0)
    ket = jnp.asarray(state, dtype=complex)
    if ket.shape != (dim,):
        raise ValueError(
            f"a state needs shape ({dim},), got {ket.shape}; to evolve many states, "
            "use jax.vmap around this call."
        )
    return ket


def default_rtol(double: float = 1e-8) -> float:
    """The tolerance where none is given: `double` in float64; in float32, what the
    rounding of phases up to a thousand radians allows."""
    return double if jnp.result_type(float).itemsize > 4 else 1e-4


def default_solver(rtol: Any) -> AbstractStepper:
    """The order that is cheapest for a tolerance."""
    as_rtol(rtol)  # before it is compared
    rtol = default_rtol() if rtol is None else rtol
    loose = is_concrete(rtol) and float(rtol) > 1e-8
    return Magnus4() if loose else Magnus6()


def chosen_solver(solver: Any, rtol: Any, max_steps: Any) -> Any:
    """The solver that was asked for, checked, or the default one."""
    solver = default_solver(rtol) if solver is None else solver
    check_solver(solver, max_steps)
    return solver


def check_solver(solver: Any, max_steps: Any) -> None:
    if not isinstance(solver, AbstractStepper | RungeKutta):
        raise TypeError(
            "`solver` must be a solver such as lz.Magnus6() or lz.RungeKutta(), got "
            f"{solver!r}."
        )
    if max_steps is None:
        raise ValueError("`max_steps` must be a whole number from 1 up, got None.")
    check_steps("max_steps", max_steps)


def as_times(ts: Any) -> Float[Array, " T"]:
    times = jnp.asarray(ts, dtype=float)
    if times.ndim != 1 or times.shape[0] < 1:
        raise ValueError(
            f"`ts` must be one-dimensional with at least one time, got {times.shape}."
        )
    if is_concrete(ts):
        given = np.asarray(ts, dtype=float)
        steps = np.diff(given)
        if not np.all(np.isfinite(given)):
            raise ValueError("`ts` must be finite; lz.solve takes infinite windows.")
        if not (np.all(steps >= 0) or np.all(steps <= 0)):
            raise ValueError("`ts` must all rise or all fall, got times out of order.")
    return times


def as_time(name: str, value: Any) -> Scalar:
    time = jnp.asarray(value, dtype=float)
    if time.shape != ():
        raise ValueError(
            f"`{name}` must be one number, got shape {time.shape}; batch with jax.vmap."
        )
    # Inside of a jitted function, also what is made of a plain number is traced.
    if is_concrete(value):
        if np.isnan(value):
            raise ValueError(f"`{name}` must be a time or ±inf, got nan.")
        return time
    return eqx.error_if(
        time,
        ~jnp.isfinite(time),
        f"`{name}` is not finite inside a transformed function: give infinite ends "
        "as Python numbers, outside of jit and vmap.",
    )


def as_rtol(value: Any) -> Scalar:
    value = default_rtol() if value is None else value
    try:
        rtol = jnp.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`rtol` must be one number, got {value!r}.") from error
    if rtol.shape != ():
        raise ValueError(f"`rtol` must be one number, got shape {rtol.shape}.")
    if is_concrete(value) and not 1e-12 <= float(value) <= 0.1:
        raise ValueError(f"`rtol` must lie between 1e-12 and 0.1, got {value}.")
    return rtol


def _infinite_sign(name: str, value: Any) -> float:
    if isinstance(value, jax.core.Tracer) or np.ndim(value) or not np.isinf(value):
        return 0.0
    return float(np.sign(value))
