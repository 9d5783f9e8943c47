"""The public face of propagation: `solve` and `evolve`."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from ..models import AbstractHamiltonian
from . import _infinite
from ._arguments import (
    MAX_STEPS,
    as_ket,
    as_rtol,
    as_time,
    as_times,
    check_model,
    chosen_solver,
    infinite_sign,
)
from ._finite import propagate
from ._limits import dynamical_phases, infinite_ends
from ._solution import STATUS, Solution
from ._steppers import AbstractStepper


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
    start, stop = infinite_sign("t0", t0), infinite_sign("t1", t1)
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
    ends = infinite_ends(model, found, (True, True), tails=True)
    first, last = (identity if end is None else end.states for end in ends)
    before, after = dynamical_phases(model, found, ends, True, jnp.zeros(()))
    matrix = last.conj().T @ found.solution.propagator @ first
    return jnp.exp(1j * (after[:, None] + before[None, :])) * matrix
