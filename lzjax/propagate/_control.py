"""Step control: a grid refined until it meets the tolerance, lane by lane."""

import functools
import sys
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .._types import Scalar
from ._lanes import chosen, in_blocks, lane_count
from ._loop import FEW_CELLS
from ._run import COUNTS, LANES_ON_GPU, Loop

# Grids that are compared, in steps of the coarsest; where cells are many, they are
# short, and two must do.
_SCALES, _FEWER = (1, 2, 4), (1, 2)
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
) -> Controlled:
    """Refine the grid until the error that its halvings show is within tolerance, or
    until rounding is all that is left.

    `counts` are half of what the tolerance wants without extrapolation. `angles` are
    those by which the cells turn a state; the rounding of the phases grows with their
    sum. Not differentiable: see `attach_derivative`.
    """
    scales = _SCALES if counts.shape[-1] <= FEW_CELLS else _FEWER
    order = loop.stepper.order
    compare = in_blocks(
        functools.partial(_compare, loop, scales),
        COUNTS,
        loop.width(leaves),
        LANES_ON_GPU,
        lambda *lane: _Compared(loop.identity(*lane), jnp.zeros(()), jnp.zeros(())),
    )

    def like(edges, counts, tolerance, angles, *leaves):
        u = loop.identity(edges, counts, *leaves)
        return Controlled(u, jnp.zeros(()), counts, counts, jnp.zeros((), jnp.int32))

    def batch(axes, edges, counts, tolerance, angles, *leaves):
        lanes = lane_count(axes, (edges, counts, tolerance, angles, *leaves))
        turns = jnp.sum(angles, axis=-1)
        counts = jnp.broadcast_to(counts, (lanes, counts.shape[-1]))
        compared = jax.vmap(compare, (axes[0], 0, *axes[4:]))
        unit = 0.5 * jnp.finfo(turns.dtype).eps
        alike = _ALIKE[turns.dtype.itemsize]
        single = turns.dtype.itemsize == 4
        if single:
            # What rounding takes of the tolerance is not left for the steps.
            left = tolerance - 0.5 * unit * alike * turns
            tolerance = jnp.maximum(left, 0.1 * tolerance)

        def unfinished(state):
            rounds, active, *_ = state
            return jnp.any(active) & (rounds < max_rounds)

        def refine(state):
            rounds, active, counts, found, rounding, spent = state
            # Lanes that are done take no steps, and so stand in blocks of their own.
            taken = jnp.where(active[:, None], counts, 0)
            found = chosen(active, compared(edges, taken, *leaves), found)
            total = jnp.sum(taken, axis=-1, dtype=jnp.int32)
            steps = (scales[-1] * total).astype(turns.dtype)
            now = unit * (alike * turns + jnp.sqrt(steps))
            rounding = jnp.where(active, now, rounding)
            factor = 1.15 * (found.change / tolerance) ** (1.0 / order)
            factor = jnp.clip(jnp.nan_to_num(factor, nan=1.0), 1.3, 8.0)
            wanted = jnp.ceil(counts * factor[:, None])
            fits = scales[-1] * jnp.sum(wanted, axis=-1) <= max_steps
            rounded = found.plain * (1.0 if single else 2.0**order - 1.0) < rounding
            active = active & (found.change > tolerance) & fits & ~rounded
            counts = jnp.where(active[:, None], wanted.astype(jnp.int32), counts)
            return (
                rounds + 1,
                active,
                counts,
                found,
                rounding,
                spent + sum(scales) * total,
            )

        counts = _first_counts(counts, angles, order, scales, max_steps)
        u = loop.example((axes[0], 0, *axes[4:]), leaves).identity()
        u = jax.tree.map(lambda x: jnp.broadcast_to(x, (lanes, *x.shape)), u)
        far = jnp.full(lanes, jnp.inf)
        none = jnp.zeros(lanes, jnp.int32)
        state = 0, jnp.ones(lanes, bool), counts, _Compared(u, far, far), far, none
        state = jax.lax.while_loop(unfinished, refine, state)
        _, _, counts, found, rounding, spent = state
        counts = scales[-1] * counts
        more = (found.plain / tolerance) ** (1.0 / order)
        more = jnp.clip(jnp.nan_to_num(more, nan=1.0), 1.0, 8.0)
        finer = jnp.ceil(counts * more[:, None]).astype(jnp.int32)
        # Twice: where steps are long, more than the leading error counts.
        error = 2.0 * found.change + rounding
        return Controlled(found.u, error, counts, finer, spent)

    run = in_blocks(batch, None, sys.maxsize, sys.maxsize, like)
    return jax.lax.stop_gradient(
        run(*jax.lax.stop_gradient((edges, counts, tolerance, angles, *leaves)))
    )


def _first_counts(counts, angles, order: int, scales: tuple[int, ...], max_steps: int):
    """Steps of the coarsest grid. Extrapolation gains about the square of the angle of
    a step; a plan can be too careful as well: what fits is tried, and measured."""
    gain = 1.0
    if len(scales) > 2:
        steps = 2.0 * jnp.sum(counts, axis=-1)
        turns = jnp.sum(angles, axis=-1)
        gain = jnp.minimum(2.0 * (turns / steps) ** 2, 1.0) ** (1.0 / (order + 2))
    first = jnp.ceil(2.0 / scales[-1] * counts * jnp.reshape(gain, (-1, 1)))
    enough = jnp.ceil(angles / _LONGEST)
    first = jnp.where(enough < _MORE * first, jnp.maximum(enough, first), first)
    total = scales[-1] * jnp.sum(first, axis=-1, keepdims=True)
    fits = jnp.floor(first * jnp.minimum(max_steps / total, 1.0))
    return jnp.where(counts > 0, jnp.maximum(fits, 1.0), 0.0).astype(jnp.int32)


def _compare(
    loop: Loop, scales: tuple[int, ...], axes, edges, counts, *leaves
) -> _Compared:
    """A block of lanes by grids of these scales, extrapolated."""
    group, order = loop.example(axes, leaves), loop.stepper.order
    # One loop for all is compiled once.
    runs = jax.lax.map(
        lambda finer: loop.lanes(axes, edges, finer * counts, leaves),
        jnp.array(scales, counts.dtype),
    )
    if edges.dtype.itemsize == 4:
        # Steps that are rounded alike change the norm, which is put right at the end.
        runs = jax.vmap(jax.vmap(group.normalised))(runs)
    *coarser, coarse, fine = (
        jax.tree.map(lambda x, k=k: x[k], runs) for k in range(len(scales))
    )
    distance = jax.vmap(group.distance)

    def extrapolated(fine, coarse, order):
        gain = 1.0 / (2.0**order - 1.0)
        return jax.vmap(lambda f, c: group.extrapolated(f, c, gain))(fine, coarse)

    step = distance(fine, coarse)
    u = extrapolated(fine, coarse, order)
    plain = change = step / (2.0**order - 1.0)
    for coarsest in coarser:
        # Where H is not smooth, or steps are long, errors fall more slowly; a faster
        # fall is as suspicious, unless the coarsest grid is far from converging.
        fall = distance(coarse, coarsest) / jnp.where(step > 0, step, 1.0)
        slower = jnp.minimum(fall, 4.0**order / fall)
        slower = jnp.where(fall > _FAR * 2.0**order, jnp.inf, slower)
        trust = 1.0 / (jnp.clip(slower, 1.5, 2.0**order) - 1.0)
        plain = trust * step
        # Where they fall as they should, the next term of the series can be seen.
        before = extrapolated(coarse, coarsest, order)
        low, high = (bound * 2.0**order for bound in _NEAR)
        near = (fall > low) & (fall < high)
        change = jnp.where(near, jnp.minimum(trust * distance(u, before), plain), plain)
        u = chosen(near, extrapolated(u, before, order + 2), u)
    return _Compared(u, change, plain)
