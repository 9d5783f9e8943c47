"""A second, independent way to cross a window: explicit Runge-Kutta, by diffrax."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Float, Int

from .. import _checks
from .._types import Scalar
from . import _grid
from ._leaves import join, split
from ._solution import STATUS, Solution

_ORDERS = {"dopri8": 8, "dopri5": 5, "tsit5": 5}
# Tolerance of a step: where it starts, how it tightens, where rounding begins.
_FIRST, _TIGHTER, _FLOOR = 0.05, 0.02, 3e-15
_MAX_ROUNDS = 5
# No step of the first round crosses more than this part of a cell, since short pulses
# hide in long steps; half of that in the next, for the rounds must differ.
_LONGEST = 0.25
# Shorter steps, as parts of a cell, mean that H is not finite.
_SHORTEST = 1e-13


class _Crossed(NamedTuple):
    """Real and imaginary part of a propagator, and how it was found."""

    u: Float[Array, "2 N N"]
    steps: Int[Array, ""]
    work: Int[Array, ""]
    stuck: Any
    within: Any


class RungeKutta(eqx.Module):
    r"""Explicit Runge-Kutta steps on $i\dot U = H(t)U$, U a full matrix.

    It shares no formula with the exponential steppers, which makes it their check.
    It is slower, and unitary only up to its error. Needs the extra `diffrax`.

    **Arguments:**

    - `steps`: exactly this many steps, shared among the intervals between
      breakpoints; `None` lets the tolerance decide.
    - `method`: `"dopri8"` (order 8), `"dopri5"` or `"tsit5"` (order 5).

    By tolerance, the window is crossed again and again, each time with a local
    tolerance 50 times tighter and half the longest step, until that changes the
    propagator by no more than `rtol`. The last change is the `error`: it measures the
    run *before* the one returned. With `steps`, the `error` is what halving all steps
    changes, over 1 − 2⁻ᵖ.

    Steps start anew at each of the model's breakpoints and landmarks. Derivatives,
    of both modes, come from one pass in forward mode for all parameters at once: for
    models with hundreds of them take `lz.Magnus6`.

    **Raises:** `ValueError` for an unknown method; `ImportError` without diffrax.

    Source: Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I,
    section II.5 (Springer, 1993); Tsitouras, Comput. Math. Appl. 62, 770 (2011),
    doi:10.1016/j.camwa.2011.06.002.
    """

    steps: int | None = eqx.field(default=None, static=True)
    method: str = eqx.field(default="dopri8", static=True)

    def __check_init__(self):
        _checks.check_one_of("method", self.method, tuple(_ORDERS))
        _checks.check_steps("steps", self.steps)

    @property
    def by_tolerance(self) -> bool:
        """Whether the tolerance decides on the steps."""
        return self.steps is None

    def __call__(
        self, model, t0: Scalar, t1: Scalar, rtol: Scalar, max_steps: int
    ) -> Solution:
        """U(t1, t0) over a finite window, in either direction."""
        _checks.require("diffrax", extra="diffrax")
        if self.steps is None:
            return self._by_tolerance(model, t0, t1, rtol, max_steps)
        return self._by_steps(model, t0, t1, self.steps)

    def _by_tolerance(self, model, t0, t1, rtol, max_steps: int) -> Solution:
        leaves, structure = split(model)

        def crossed(limits, t0, t1, *leaves):
            marks = join(structure, leaves).landmarks()
            edges = _grid.edges(marks, t0, t1, jnp.zeros(0))
            counts = jnp.ones(edges.shape[0] - 1, jnp.int32)
            model = structure, leaves
            return self._cross(model, edges, counts, limits, max_steps)

        def search(rtol, *where):
            return self._search(crossed, rtol, where, model.dim)

        limits, error, last, work = _constant(search, rtol, t0, t1, *leaves)
        u = _differentiable(crossed, last.u, limits, t0, t1, *leaves)
        status = STATUS.where(
            (error <= rtol) & last.within, STATUS.successful, STATUS.inaccurate
        )
        broken = last.stuck | ~jnp.all(jnp.isfinite(last.u))
        status = STATUS.where(broken, STATUS.not_finite, status)
        return Solution(_complex(u), error, last.steps, work, status, t0, t1)

    @staticmethod
    def _search(crossed, rtol: Scalar, where, dim: int):
        """Tighter limits, until they change the propagator by `rtol` at most."""

        def unfinished(state):
            rounds, limits, error, last, work = state
            failed = last.stuck | ~last.within
            return (rounds < _MAX_ROUNDS) & (error > rtol) & ~failed

        def again(state):
            rounds, limits, error, last, work = state
            tolerance, longest = limits
            tolerance = jnp.maximum(_TIGHTER * tolerance, _FLOOR)
            limits = jnp.stack([tolerance, 0.5 * longest])
            new = crossed(limits, *where)
            error = _distance(new.u, last.u)
            return rounds + 1, limits, error, new, work + new.work

        # The first round compares with nothing, and is never enough.
        none, yes = jnp.zeros((), jnp.int32), jnp.ones((), bool)
        nothing = _Crossed(jnp.full((2, dim, dim), jnp.inf), none, none, ~yes, yes)
        limits = jnp.stack([_FIRST / _TIGHTER * rtol, jnp.asarray(2.0 * _LONGEST)])
        start = (0, limits, jnp.inf * jnp.ones(()), nothing, none)
        return jax.lax.while_loop(unfinished, again, start)[1:]

    def _by_steps(self, model, t0, t1, count: int) -> Solution:
        leaves, structure = split(model)
        still = jax.lax.stop_gradient
        marks = still(model.breakpoints())
        edges = _grid.edges(marks, still(t0), still(t1), jnp.zeros(0))
        counts, enough = _grid.exact_counts(edges, count)

        def crossed(counts, t0, t1, *leaves):
            marks = join(structure, leaves).breakpoints()
            edges = _grid.edges(marks, t0, t1, jnp.zeros(0))
            model = structure, leaves
            return self._cross(model, edges, counts, None, 2 * count + 1)

        here = still((t0, t1, *leaves))
        # One program for both: a second copy of it would double the compile time.
        both = jax.lax.map(
            lambda factor: crossed(factor * counts, *here).u, jnp.array([1, 2])
        )
        u = _differentiable(crossed, both[0], counts, t0, t1, *leaves)
        error = _distance(both[0], both[1]) / (1.0 - 0.5 ** _ORDERS[self.method])
        steps = jnp.sum(counts)
        finite = jnp.all(jnp.isfinite(both))
        status = STATUS.where(finite, STATUS.successful, STATUS.not_finite)
        status = STATUS.where(enough, status, STATUS.too_few_steps)
        return Solution(_complex(u), error, steps, 3 * steps, status, t0, t1)

    def _cross(self, model, edges, counts, limits, max_steps: int) -> _Crossed:
        """All cells in turn: by `limits`, or by `counts` steps if those are `None`.

        The model comes apart: diffrax warns about complex numbers in arguments.
        """
        diffrax = _checks.require("diffrax", extra="diffrax")
        methods = {
            "dopri8": diffrax.Dopri8,
            "dopri5": diffrax.Dopri5,
            "tsit5": diffrax.Tsit5,
        }
        structure, leaves = model
        model = join(structure, leaves)
        if limits is None:
            controller = diffrax.ConstantStepSize()
        else:
            controller = diffrax.PIDController(
                rtol=limits[0],
                atol=limits[0],
                dtmin=_SHORTEST,
                dtmax=limits[1],
                force_dtmin=False,
            )

        def slope(place, u, args):
            low, high, leaves = args
            return _slope(join(structure, leaves), low, high, place, u)

        def cell(so_far: _Crossed, what):
            low, high, count = what
            # After a failure the cells that are left lose their length.
            high = jnp.where(so_far.stuck | ~so_far.within, low, high)
            first = (
                _first_step(model, low, high)
                if limits is not None
                else (1.0 / jnp.maximum(count, 1))
            )
            done = diffrax.diffeqsolve(
                diffrax.ODETerm(slope),
                methods[self.method](),
                0.0,
                1.0,
                first,
                so_far.u,
                (low, high, leaves),
                stepsize_controller=controller,
                saveat=diffrax.SaveAt(t1=True),
                adjoint=diffrax.ForwardMode(),
                max_steps=max_steps,
                throw=False,
            )
            taken = jnp.where(low == high, 0, done.stats["num_accepted_steps"])
            work = so_far.work + done.stats["num_steps"]
            crossed = _Crossed(
                done.ys[0],
                so_far.steps + taken.astype(jnp.int32),
                work.astype(jnp.int32),
                so_far.stuck | (done.result == diffrax.RESULTS.dt_min_reached),
                so_far.within & (work <= max_steps),
            )
            return crossed, None

        identity = jnp.stack([jnp.eye(model.dim), jnp.zeros((model.dim, model.dim))])
        none, no = jnp.zeros((), jnp.int32), jnp.zeros((), bool)
        start = _Crossed(identity, none, none, no, ~no)
        return jax.lax.scan(cell, start, (edges[:-1], edges[1:], counts))[0]


def _slope(model, low, high, place, u: Float[Array, "2 N N"]) -> Float[Array, "2 N N"]:
    """dU/ds in a cell, t = low + s (high − low), in real numbers only."""
    t = low + (high - low) * place
    # A jump at an edge belongs to the next cell: stay strictly inside of this one.
    t = t + jax.lax.stop_gradient(jnp.clip(t, *_inside(low, high)) - t)
    h = (high - low) * jnp.asarray(model(t), dtype=complex)
    real, imag = u
    return jnp.stack([h.imag @ real + h.real @ imag, h.imag @ imag - h.real @ real])


def _inside(low: Scalar, high: Scalar) -> tuple[Scalar, Scalar]:
    """The earliest and the latest time of a cell that rounding keeps off its edges."""
    margin = 4.0 * jnp.finfo(float).eps * (jnp.abs(low) + jnp.abs(high))
    first, last = jnp.minimum(low, high) + margin, jnp.maximum(low, high) - margin
    return jnp.minimum(first, last), jnp.maximum(first, last)


def _first_step(model, low: Scalar, high: Scalar) -> Scalar:
    """A tenth of a radian at the first edge, as a part of the cell."""
    model, low, high = jax.lax.stop_gradient((model, low, high))
    inside = _inside(low, high)
    h = model(jnp.where(low <= high, *inside))
    angle = jnp.abs(high - low) * jnp.sqrt(jnp.sum(h.real**2 + h.imag**2))
    step = jnp.minimum(0.1 / jnp.where(angle > 0.0, angle, 1.0), 0.1)
    return jnp.nan_to_num(step, nan=0.1)


def _constant(function, *arguments):
    """function(*arguments), to be differentiated as if it were constant.

    The same as stopping the gradients of the arguments, but jax 0.10 fails to take
    second derivatives around a loop that those enter.
    """
    run = jax.custom_jvp(function)

    def zero(x):
        discrete = not jnp.issubdtype(x.dtype, jnp.floating)
        return np.zeros(x.shape, jax.dtypes.float0) if discrete else jnp.zeros_like(x)

    @run.defjvp
    def rule(primals, tangents):
        out = run(*primals)
        return out, jax.tree.map(zero, out)

    return run(*arguments)


def _differentiable(function, u, *arguments):
    """u = function(*arguments).u, known already, with its derivative in both modes.

    The loops of adaptive steps only run forwards. The matrix of all derivatives can be
    had like that, and applying it is linear, which JAX can turn round.
    """

    @jax.custom_jvp
    def run(u, *arguments):
        return u

    def rule(primals, tangents):
        u, *arguments = primals
        moving = [
            j
            for j, tangent in enumerate(tangents[1:])
            if not isinstance(tangent, SymbolicZero)
            and jnp.issubdtype(arguments[j].dtype, jnp.floating)
        ]

        def of_moving(*values):
            given = list(arguments)
            for j, value in zip(moving, values, strict=True):
                given[j] = value
            return function(*given).u

        change = jnp.zeros_like(u)
        values = [arguments[j] for j in moving]
        rates = jax.jacfwd(of_moving, argnums=tuple(range(len(moving))))(*values)
        for rate, j in zip(rates, moving, strict=True):
            change = change + jnp.tensordot(rate, tangents[1 + j], arguments[j].ndim)
        # Not plain u, which has no derivative: this one may be differentiated again.
        return run(u, *arguments), change

    run.defjvp(rule, symbolic_zeros=True)
    return run(jax.lax.stop_gradient(u), *arguments)


def _complex(u: Float[Array, "2 N N"]):
    return u[0] + 1j * u[1]


def _distance(u: Float[Array, "2 N N"], v: Float[Array, "2 N N"]) -> Scalar:
    """Frobenius norm of the difference: at least the spectral one."""
    return jnp.sqrt(jnp.sum((u - v) ** 2))
