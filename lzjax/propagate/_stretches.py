"""Parallel in time: the steps of few lanes in stretches that run side by side."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ._exponents import firsts_of
from ._lanes import lane_count, lanes_last

_fence = jax.lax.optimization_barrier

# With fewer lanes a GPU has idle units; joining more stretches than these takes longer
# than it saves.
_ENOUGH = 1 << 16
_MOST = 512
# Of loops over fewer lanes, compilers for CPUs make no use of vectors; those of two
# levels gain from some more. Beyond so many, cells follow one another again.
_FILLED, _FILLED_BY_SCALARS, _FULL = 16, 32, 64
# From so many steps of two levels on, of all lanes, cutting and joining pays: measured
# for two lanes or more, and for one.
_WORTH, _WORTH_ALONE = 2_000, 20_000
# Numbers of a model, in all copies.
_NUMBERS = 1 << 15


def stretches(cells: int, lanes: int) -> int:
    """Into how many stretches each cell is cut, a power of two; one for many lanes."""
    count = 1
    while 2 * count * cells * lanes <= _ENOUGH and count < _MOST:
        count *= 2
    return count


def cut(
    edges: Float[Array, "K+1 L"],
    counts: Int[Array, "K L"],
    numbers: tuple[Float[Array, " L"], ...],
    count: int,
):
    """`count` stretches of each cell, each a lane with one cell; in the order of their
    times, the lanes of each side by side. Shapes `(2, M)`, `(1, M)` and `(M,)`."""
    part = jnp.arange(count + 1, dtype=counts.dtype)[None, :, None]
    # Not part · counts // count, which can leave the range of the integers.
    whole, rest = counts[:, None] // count, counts[:, None] % count
    first = part * whole + part * rest // count
    low, high = edges[:-1, None], edges[1:, None]
    length = (high - low) / jnp.maximum(counts[:, None], 1)
    places = jnp.where(first == counts[:, None], high, low + first * length)
    lows, highs = places[:, :-1].reshape(-1), places[:, 1:].reshape(-1)
    steps = jnp.diff(first, axis=1).reshape(1, -1)
    copies = count * counts.shape[0]
    tiled = tuple(jnp.tile(x, copies) for x in numbers)
    return jnp.stack([lows, highs]), steps, tiled


def joined(
    join: Callable[[tuple, tuple], tuple],
    parts: tuple[Float[Array, " M"], ...],
    cells: int,
    count: int,
) -> tuple[Float[Array, " L"], ...]:
    """What all stretches make together; `join(earlier, later)` joins two."""
    parts = tuple(x.reshape(cells, count, -1) for x in parts)
    while count > 1:
        parts = join(*(tuple(x[:, k::2] for x in parts) for k in (0, 1)))
        count //= 2
    return functools.reduce(
        join, [tuple(x[cell, 0] for x in parts) for cell in range(cells)]
    )


def before_each(
    combined: Callable[[Any, Any], Any], found: Any, first: Any, parts: int
) -> Any:
    """What comes before each of `parts` stretches, whose lanes lie side by side, from
    what each makes: `first`, and what all earlier ones make together."""
    rows = jax.tree.map(lambda x: x.reshape(parts, -1), found)
    whole = jax.lax.associative_scan(jax.vmap(combined), rows)
    return jax.tree.map(
        lambda x, one: jnp.concatenate([jnp.full_like(x[0], one), *x[:-1]]),
        whole,
        first,
    )


def side_by_side(loop: Any, axes: tuple, given: tuple):
    """A block of few lanes as more lanes, where a loop on a CPU is faster with them.

    Each cell is cut into stretches; or, if there are cells enough, some cells that
    follow one another are a stretch. How many there are depends on shapes and on the
    solver alone, so that what a lane gives does not depend on the others.

    **Arguments:**

    - `axes`, `given`: of (edges, counts, *leaves), as for `Loop.lanes`.

    **Returns:** the number of stretches, and `axes` and `given` of the new lanes:
    stretches in the order of their times, the old lanes of each side by side.
    """
    edges, counts, *leaves = given
    lanes, cells = lane_count(axes, given), counts.shape[-1]
    filled = _FILLED_BY_SCALARS if loop.group.scalars else _FILLED
    count = -(-filled // (cells * lanes))
    run = max(cells * lanes // _FULL, 1)
    parts = count * -(-cells // run)
    if parts == 1 or not _faster(loop, lanes, cells, parts, axes, leaves):
        return 1, axes, given
    edges, counts = (
        lanes_last(x, axis, lanes)
        for x, axis in zip((edges, counts), axes[:2], strict=True)
    )
    if count > 1:
        edges, counts, _ = cut(edges, counts, (), count)
    else:
        edges, counts = _runs(edges, counts, run)
    if lanes == 1:
        leaves = list(firsts_of(leaves, axes[2:]))
        axes = (0, 0, *[None] * len(leaves))
    else:
        leaves = [
            x if axis is None else jnp.concatenate([x] * parts)
            for x, axis in zip(leaves, axes[2:], strict=True)
        ]
        axes = (0, 0, *axes[2:])
    # Else compilers look for each number of a copy in the original on every step.
    return parts, axes, _fence((edges.T, counts.T, *leaves))


def _faster(loop, lanes: int, cells: int, parts: int, axes, leaves) -> bool:
    firsts = firsts_of(leaves, axes[2:])
    if lanes >= _FILLED or loop.width(firsts) < _FILLED:
        return False
    numbers = sum(x.size for x, axis in zip(leaves, axes[2:], strict=True) if axis == 0)
    if lanes > 1 and parts * numbers > _NUMBERS:
        return False
    if not loop.group.scalars:
        return True
    if loop.stepper.by_tolerance:
        # One lane may need some tens of steps only.
        return lanes > 1
    steps = loop.stepper.steps or cells * loop.stepper.steps_per_interval
    return lanes * steps >= (_WORTH if lanes > 1 else _WORTH_ALONE)


def _runs(edges: Float[Array, "K+1 L"], counts: Int[Array, "K L"], run: int):
    """Stretches of `run` cells, the last one filled up with cells of no steps."""
    cells = counts.shape[0]
    parts = -(-cells // run)
    place = np.arange(run + 1)[:, None] + run * np.arange(parts)
    padding = [(0, run * parts - cells), (0, 0)]
    edges = edges[np.minimum(place, cells)]
    counts = jnp.pad(counts, padding)[place[:-1]]
    return edges.reshape(run + 1, -1), counts.reshape(run, -1)


def in_turn(combined: Callable, found: Any, parts: int) -> Any:
    """What all stretches make together, lanes on the last axis; `combined(earlier,
    later)` joins two."""
    found = jax.tree.map(lambda x: x.reshape(*x.shape[:-1], parts, -1), found)

    def part(k):
        return jax.tree.map(
            lambda x: jax.lax.dynamic_index_in_dim(x, k, -2, keepdims=False), found
        )

    def add(k, earlier):
        return combined(earlier, part(k))

    return jax.lax.fori_loop(1, parts, add, part(0))
