"""Step control: a grid refined until it meets the tolerance, lane by lane."""

import math
import sys
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .._types import Scalar, is_single
from ._lanes import chosen, in_blocks, lane_count
from ._loop import FEW_CELLS
from ._run import Loop

# Grids that are compared, each twice as fine as the one before; where cells are many,
# two may do, if these agree within the tolerance: how errors fall they do not show.
_GRIDS, _FEWER = 3, 2
# Steps of a cell of the coarsest grid: fewer agree by accident, as where a pulse is
# narrower than they are. Fewer will do for many pieces, such as those of a table, to
# which nothing smooth belongs that may be narrow; so many in all.
_FIRST, _IN_ALL = 4, 64
# How far the errors of three grids may be from falling as they should.
_NEAR = 0.7, 1.4
# How much of the rounding of the phases is the same in all steps, by bytes of a number;
# the rest adds up at random. In float64 what is common will do. In float32 rounding is
# what limits the accuracy: all of it, as where a field does not change.
_ALIKE = {8: 0.2, 4: 1.0}
# So many times as fast: the coarsest grid says nothing.
_FAR = 16.0
# Steps of the coarsest grid turn by less, in radians, where so many times as many steps
# are enough for that: longer ones say little, and the loops take them twice.
_LONGEST, _MORE = 2.2, 1.8


class Controlled(NamedTuple):
    """What step control found: propagator, error estimate, grid, steps taken.

    `finer` is the grid on which the plain propagator meets the tolerance: `u` is
    extrapolated.
    """

    u: Any
    error: Scalar
    counts: Int[Array, " K"]
    finer: Int[Array, " K"]
    spent: Int[Array, ""]


class _Compared(NamedTuple):
    """Propagators of lanes from some grids, extrapolated.

    - `change`: the error that they are estimated to have; `plain`: that of the finest
      grid, not extrapolated.
    """

    u: Any
    change: Float[Array, " L"]
    plain: Float[Array, " L"]


def controlled(
    loop: Loop,
    edges: Float[Array, " K+1"],
    counts: Int[Array, " K"],
    tolerance: Scalar,
    angles: Float[Array, " K"],
    leaves: tuple[Array, ...],
    max_steps: int,
    max_rounds: int,
    pieces: bool,
) -> Controlled:
    """Halve the steps until the error that the last grids show is within tolerance, or
    until rounding is all that is left. Each grid serves two comparisons or three.

    `counts` are half of what the tolerance wants without extrapolation. `angles` are
    those by which the cells turn a state; the rounding of the phases grows with their
    sum. `pieces`: that all cells begin and end at breakpoints of the model. Not
    differentiable: see `attach_derivative`.
    """
    cells = counts.shape[-1]
    least = _GRIDS if cells <= FEW_CELLS else _FEWER
    fewest = _FIRST
    if pieces and least == _FEWER:
        fewest = min(math.ceil(_IN_ALL / cells), _FIRST)
    order = loop.stepper.order
    single = is_single(edges)

    def block(axes, edges, counts, *leaves):
        u = loop.lanes(axes, edges, counts, leaves)
        # Steps that are rounded alike change the norm, which is put right at the end.
        return jax.vmap(loop.example(axes, leaves).normalised)(u) if single else u

    run = loop.in_blocks(block, leaves, loop.identity)

    def like(edges, counts, tolerance, angles, *leaves):
        u = loop.identity(edges, counts, *leaves)
        return Controlled(u, jnp.zeros(()), counts, counts, jnp.zeros((), jnp.int32))

    def batch(axes, edges, counts, tolerance, angles, *leaves):
        lanes = lane_count(axes, (edges, counts, tolerance, angles, *leaves))
        turns = jnp.sum(angles, axis=-1)
        counts = jnp.broadcast_to(counts, (lanes, cells))
        axes = axes[0], 0, *axes[4:]
        group, runs = loop.example(axes, leaves), jax.vmap(run, axes)
        unit = 0.5 * jnp.finfo(turns.dtype).eps
        alike = _ALIKE[turns.dtype.itemsize]
        if single:
            # What rounding takes of the tolerance is not left for the steps.
            left = tolerance - 0.5 * unit * alike * turns
            tolerance = jnp.maximum(left, 0.1 * tolerance)

        def unfinished(state):
            rounds, active, *_ = state
            return jnp.any(active) & (rounds < max_rounds)

        def refine(state):
            rounds, active, counts, grids, found, rounding, spent = state
            # Lanes that are done take no steps, and so stand in blocks of their own.
            taken = jnp.where(active[:, None], counts, 0)
            grids = runs(edges, taken, *leaves), *grids[:-1]
            enough = rounds + 1 >= least
            seen = _compared(group, order, *grids, three=rounds + 1 >= _GRIDS)
            found = chosen(active & enough, seen, found)
            total = jnp.sum(taken, axis=-1, dtype=jnp.int32)
            now = unit * (alike * turns + jnp.sqrt(total.astype(turns.dtype)))
            rounding = jnp.where(active, now, rounding)
            fits = 2.0 * total <= max_steps
            rounded = found.plain * (1.0 if single else 2.0**order - 1.0) < rounding
            more = (found.change > tolerance) & fits & ~rounded
            active = active & (more | ~enough)
            counts = jnp.where(active[:, None], 2 * counts, counts)
            return rounds + 1, active, counts, grids, found, rounding, spent + total

        counts = _first_counts(counts, angles, order, least, fewest, max_steps)
        u = jax.tree.map(
            lambda x: jnp.broadcast_to(x, (lanes, *x.shape)), group.identity()
        )
        far = jnp.full(lanes, jnp.inf)
        none, all_of = jnp.zeros(lanes, jnp.int32), jnp.ones(lanes, bool)
        found = _Compared(u, far, far)
        state = 0, all_of, counts, (u, u, u), found, far, none
        state = jax.lax.while_loop(unfinished, refine, state)
        _, _, counts, _, found, rounding, spent = state
        more = (found.plain / tolerance) ** (1.0 / order)
        more = jnp.clip(jnp.nan_to_num(more, nan=1.0), 1.0, 8.0)
        finer = jnp.ceil(counts * more[:, None]).astype(jnp.int32)
        # Twice: where steps are long, more than the leading error counts.
        error = 2.0 * found.change + rounding
        return Controlled(found.u, error, counts, finer, spent)

    whole = in_blocks(batch, None, sys.maxsize, sys.maxsize, like)
    return jax.lax.stop_gradient(
        whole(*jax.lax.stop_gradient((edges, counts, tolerance, angles, *leaves)))
    )


def _first_counts(counts, angles, order: int, least: int, fewest: int, max_steps: int):
    """Steps of the coarsest grid. Extrapolation gains about the square of the angle of
    a step; a plan can be too careful as well: what fits is tried, and measured."""
    last = 2.0 ** (least - 1)
    steps = 2.0 * jnp.sum(counts, axis=-1)
    turns = jnp.sum(angles, axis=-1)
    gain = jnp.minimum(2.0 * (turns / steps) ** 2, 1.0) ** (1.0 / (order + 2))
    first = jnp.ceil(2.0 / last * counts * jnp.reshape(gain, (-1, 1)))
    enough = jnp.ceil(angles / _LONGEST)
    first = jnp.where(enough < _MORE * first, jnp.maximum(enough, first), first)
    first = jnp.where(counts > 0, jnp.maximum(first, fewest), 0.0)
    total = last * jnp.sum(first, axis=-1, keepdims=True)
    fits = jnp.floor(first * jnp.minimum(max_steps / total, 1.0))
    return jnp.where(counts > 0, jnp.maximum(fits, 1.0), 0.0).astype(jnp.int32)


def _compared(group, order: int, fine, coarse, coarsest, three) -> _Compared:
    """Lanes by their last grids, extrapolated; by two of them, or by `three`."""
    distance = jax.vmap(group.distance)

    def extrapolated(fine, coarse, order):
        gain = 1.0 / (2.0**order - 1.0)
        return jax.vmap(lambda f, c: group.extrapolated(f, c, gain))(fine, coarse)

    step = distance(fine, coarse)
    u = extrapolated(fine, coarse, order)
    # Where H is not smooth, or steps are long, errors fall more slowly; a faster fall
    # is as suspicious, unless the coarsest grid is far from converging.
    fall = distance(coarse, coarsest) / jnp.where(step > 0, step, 1.0)
    slower = jnp.minimum(fall, 4.0**order / fall)
    slower = jnp.where(fall > _FAR * 2.0**order, jnp.inf, slower)
    slower = jnp.where(three, slower, jnp.inf)
    trust = 1.0 / (jnp.clip(slower, 1.5, 2.0**order) - 1.0)
    plain = trust * step
    # Where they fall as they should, the next term of the series can be seen.
    before = extrapolated(coarse, coarsest, order)
    low, high = (bound * 2.0**order for bound in _NEAR)
    near = three & (fall > low) & (fall < high)
    unsure = jnp.where(three, plain, step)
    change = jnp.where(near, jnp.minimum(trust * distance(u, before), plain), unsure)
    u = chosen(near, extrapolated(u, before, order + 2), u)
    return _Compared(u, change, plain)
