"""A finite window: grid, loop, error estimate and status, for one lane."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .._types import Scalar
from ..models import AbstractHamiltonian, AbstractTwoLevel
from . import _grid, _run
from ._solution import STATUS
from ._steppers import AbstractStepper
from ._su2 import SU2
from ._unitary import Unitary

# Aim below the tolerance: the estimate is a leading order.
_SAFETY = 0.05
_MAX_ROUNDS = 12
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
    return SU2 if isinstance(model, AbstractTwoLevel) else Unitary


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
    if stepper.steps is None:
        return _by_tolerance(group, model, t0, t1, rtol, stepper, max_steps)
    return _by_steps(group, model, t0, t1, stepper, stepper.steps)


def _by_tolerance(make, model, t0, t1, rtol, stepper, max_steps) -> Propagated:
    leaves, structure = _run.split(model)
    still = jax.lax.stop_gradient
    aim = still(_SAFETY * rtol)
    # Chunks save the search for the cell, but many cells are short already.
    per_chunk = 1 if model.landmarks().shape[0] > _grid.CELLS else 2
    loop = _run.Loop(make, stepper, per_chunk, structure)
    inner, chunks = _grid.plan(
        make(still(model)), stepper, still(t0), still(t1), aim, per_chunk
    )
    edges = _grid.edges(model.landmarks(), t0, t1, inner)
    found = _run.controlled(
        loop, edges, chunks, aim, leaves, max_steps, _MAX_ROUNDS
    )
    u = _run.attach_derivative(loop, found.u, edges, found.counts, leaves)
    group = make(model)
    still_here = t0 == t1
    error = jnp.where(still_here, 0.0, found.error)
    status = STATUS.where(
        error <= still(rtol), STATUS.successful, STATUS.inaccurate
    )
    status = STATUS.where(jnp.isnan(error), STATUS.not_finite, status)
    steps = per_chunk * jnp.sum(found.counts)
    return Propagated(group, u, error, steps, found.spent, status, edges)


def _by_steps(make, model, t0, t1, stepper, steps: int) -> Propagated:
    leaves, structure = _run.split(model)
    group = make(model)
    edges = _grid.edges(model.breakpoints(), t0, t1, jnp.zeros(0))
    cells = edges.shape[0] - 1
    per_chunk = 1
    if cells == 1:
        per_chunk = max(size for size in range(1, 5) if steps % size == 0)
    counts, enough = _grid.exact_counts(edges, steps // per_chunk)
    loop = _run.Loop(make, stepper, per_chunk, structure)
    u = _run.fixed(loop, edges, counts, leaves)
    error = jax.lax.stop_gradient(_sampled_error(group, stepper, edges, counts, per_chunk))
    finite = jnp.isfinite(group.distance(u, group.identity()))
    status = STATUS.where(finite, STATUS.successful, STATUS.not_finite)
    status = STATUS.where(enough, status, STATUS.too_few_steps)
    taken = per_chunk * jnp.sum(counts)
    return Propagated(group, u, error, taken, taken, status, edges)


def _sampled_error(group, stepper, edges, counts, per_chunk) -> Scalar:
    """Sum of the local errors, from a few steps of each cell.

    Beyond first order in a step's error the differences saturate, hence the bound of
    two, the largest distance between unitary matrices of the special groups.
    """
    samples = max(1, -(-_SAMPLES // counts.shape[0]))
    part = (jnp.arange(samples) + 0.5) / samples

    def cell(low, high, count):
        steps = jnp.maximum(count * per_chunk, 1)
        dt = (high - low) / steps

        def sample(place):
            start = low + (high - low) * place - 0.5 * dt
            start = low + dt * jnp.clip(jnp.round((start - low) / dt), 0, steps - 1)
            return _grid.local_error(group, stepper, start, dt, library=True)

        safe = jnp.where(dt == 0.0, 0.0, jnp.mean(jax.vmap(sample)(part)))
        return safe * count * per_chunk

    total = jnp.sum(jax.vmap(cell)(edges[:-1], edges[1:], counts))
    return jnp.minimum(total, 2.0)
