"""A finite window: grid, loop, error estimate and status, for one lane."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._types import Scalar
from ..models import AbstractHamiltonian, AbstractTwoLevel
from . import _control, _grid, _run
from ._cos_sinc import ANY_ANGLE
from ._lanes import in_blocks, lane_count, lanes_last
from ._leaves import split
from ._solution import STATUS
from ._steppers import AbstractStepper
from ._su2 import SU2
from ._unitary import GeneralLinear, Unitary

# Aim below the tolerance: the estimate is a leading order. It says little of steps so
# long that they would meet a loose tolerance.
_AIM = 0.45
_LOOSEST = 1e-4
# Errors of single steps turn with the state: they add up to far less than their sum.
_COHERENT = 5.0
# Lanes that are planned together: their trial steps stay in a core's cache.
_LANES = 16
_LANES_ON_GPU = 1 << 18
_MAX_ROUNDS = 24
_SAMPLES = 8


class Propagated(NamedTuple):
    """A group element with its grid and quality; `u` is differentiable."""

    group: Any
    u: Any
    error: Scalar
    steps: Int[Array, ""]
    work: Int[Array, ""]
    status: STATUS
    edges: Float[Array, " K+1"]


def group_of(model: AbstractHamiltonian):
    """Two levels with a field take the fast path, all others dense matrices."""
    if isinstance(model, AbstractTwoLevel):
        return SU2
    return Unitary if model.is_hermitian else GeneralLinear


def propagate(
    model: AbstractHamiltonian,
    t0: Scalar,
    t1: Scalar,
    rtol: Scalar,
    stepper: AbstractStepper,
    max_steps: int,
    group=None,
) -> Propagated:
    """From t0 to t1 (finite, either way), by tolerance or by a number of steps."""
    group = group_of(model) if group is None else group
    if stepper.by_tolerance:
        done = _by_tolerance(group, model, t0, t1, rtol, stepper, max_steps)
    else:
        done = _by_steps(group, model, t0, t1, stepper, stepper.steps)
    if group is Unitary:
        hermitian = _hermitian(model, done.edges)
        status = STATUS.where(hermitian, done.status, STATUS.not_hermitian)
        done = done._replace(status=status)
    return done


def _hermitian(model: AbstractHamiltonian, edges: Float[Array, " K+1"]):
    """Whether H is Hermitian in the middle of every cell, up to rounding."""
    matrices = jax.vmap(model)(0.5 * (edges[1:] + edges[:-1]))
    skew = jnp.max(jnp.abs(matrices - matrices.conj().swapaxes(1, 2)))
    # Not finite is another failure, with its own status.
    rounding = max(1e-9, 64.0 * float(jnp.finfo(skew.dtype).eps))
    return ~(skew > rounding * jnp.max(jnp.abs(matrices)))


def _by_tolerance(make, model, t0, t1, rtol, stepper, max_steps) -> Propagated:
    leaves, structure = split(model)
    still = jax.lax.stop_gradient
    wanted = still(jnp.minimum(rtol, _LOOSEST))
    aim = _AIM * wanted
    loop = _run.Loop(make, stepper, structure)

    def plans(axes, *arrays):
        lanes = lane_count(axes, arrays)
        times = map(lanes_last, arrays[:3], axes[:3], [lanes] * 3)
        many = _grid.Lanes(loop.build, axes[3:], arrays[3:])
        return tuple(x.T for x in _grid.plan(many, stepper, *times))

    marks, jumps = model.landmarks(), model.breakpoints()
    movable = _grid.movable(marks)

    def like(*_):
        cells = movable + marks.size + 1
        return jnp.zeros(movable), jnp.zeros(cells, jnp.int32)

    inner, counts = in_blocks(plans, None, _LANES, _LANES_ON_GPU, like)(
        *still((t0, t1, _COHERENT * wanted, *leaves))
    )
    # Where H is smooth nothing depends on an edge, and of two that coincide neither
    # may claim the derivative.
    moving = jnp.any(marks[:, None] == jumps[None], axis=1)
    marks = jnp.where(moving, marks, still(marks))
    edges = _grid.edges(marks, t0, t1, inner)
    group = make(model)
    angles = _angles(group, edges)
    pieces = marks.shape == jumps.shape
    found = _control.controlled(
        loop, edges, counts, aim, angles, leaves, max_steps, _MAX_ROUNDS, pieces
    )
    # More steps by three quarters: that the propagator's error is small says less of
    # its derivatives.
    finer = found.finer + 3 * found.finer // 4
    u = _run.attach_derivative(loop, found.u, edges, finer, leaves)
    still_here = t0 == t1
    error = jnp.where(still_here, 0.0, found.error)
    status = STATUS.where(error <= still(rtol), STATUS.successful, STATUS.inaccurate)
    status = STATUS.where(jnp.isnan(error), STATUS.not_finite, status)
    steps = jnp.sum(found.counts)
    return Propagated(group, u, error, steps, found.spent, status, edges)


def _angles(group, edges: Float[Array, " K+1"]) -> Float[Array, " K"]:
    """By how much each cell turns a state, in radians."""
    middles = 0.5 * (edges[1:] + edges[:-1])
    size = jax.vmap(lambda t: group.size(group.generator(t)))
    return jnp.abs(jnp.diff(edges)) * size(middles)


def _by_steps(make, model, t0, t1, stepper, steps) -> Propagated:
    leaves, structure = split(model)
    group = make(model)
    edges = _grid.edges(model.breakpoints(), t0, t1, jnp.zeros(0))
    if steps is None:
        used = jnp.diff(edges) != 0
        counts, enough = stepper.steps_per_interval * used.astype(jnp.int32), True
    else:
        counts, enough = _grid.exact_counts(edges, steps)
    loop = _run.Loop(make, stepper, structure)
    u = _run.fixed(loop, edges, counts, leaves)
    still = jax.lax.stop_gradient
    error = _sampled_errors(loop)(*still((edges, counts, *leaves)))
    finite = jnp.isfinite(group.distance(u, group.identity()))
    status = STATUS.where(finite, STATUS.successful, STATUS.not_finite)
    status = STATUS.where(enough, status, STATUS.too_few_steps)
    taken = jnp.sum(counts)
    return Propagated(group, u, error, taken, taken, status, edges)


def _sampled_errors(loop):
    """A function of edges, counts and leaves. In blocks, because what these give is
    traced where it is used only."""

    def errors(axes, edges, counts, *leaves):
        lanes = lane_count(axes, (edges, counts, *leaves))
        edges, counts = map(lanes_last, (edges, counts), axes[:2], [lanes] * 2)
        model = _grid.Lanes(loop.build, axes[2:], leaves)
        return _sampled_error(model, loop.stepper, edges, counts)

    def like(*_):
        return jnp.zeros(())

    return in_blocks(errors, None, _LANES, _LANES_ON_GPU, like)


def _sampled_error(model, stepper, edges, counts) -> Float[Array, " L"]:
    """Sum of the local errors, from a few steps of each cell; lanes on the last axis.

    Beyond first order in a step's error the differences saturate, hence the bound of
    two, the largest distance between unitary matrices of the special groups.
    """
    samples = max(1, -(-_SAMPLES // counts.shape[0]))
    part = ((np.arange(samples) + 0.5) / samples)[:, None, None]

    steps = jnp.maximum(counts, 1)
    dt = jnp.diff(edges, axis=0) / steps
    places = jnp.clip(jnp.round(part * steps[None] - 0.5), 0, steps[None] - 1)
    starts = edges[None, :-1] + dt[None] * places
    flat = -1, edges.shape[-1]
    lengths = jnp.broadcast_to(dt, starts.shape).reshape(flat)
    errors = _grid.local_errors(
        model, stepper, starts.reshape(flat), lengths, way=ANY_ANGLE
    ).reshape(starts.shape)
    total = jnp.where(dt == 0.0, 0.0, jnp.mean(errors, axis=0)) * counts
    return jnp.minimum(jnp.sum(total, axis=0), 2.0)
