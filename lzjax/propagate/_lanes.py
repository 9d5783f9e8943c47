"""Batches as lanes: any nesting of `jax.vmap` becomes blocks of alike lanes.

A loop over many lanes lasts as long as its longest lane. Here lanes are sorted by
what they cost and run in blocks, so that a lane waits only for lanes like itself.
What a lane computes never depends on its neighbours.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Bool

from ..kernels import has_gpu

# From so many lanes on they are sorted, also if one block holds them all.
_SORTED = 1 << 10


def in_blocks(
    run: Callable[..., Any],
    cost: int | None,
    width: int,
    width_on_gpu: int,
) -> Callable[..., Any]:
    """A single-lane function of arrays whose batches run in blocks of alike lanes.

    **Arguments:**

    - `run(axes, *arrays)`: the block function: for each array, `axes` says 0 where a
      leading lane axis is there and `None` where all lanes share the array. Returns
      a pytree of arrays with a leading lane axis.
    - `cost`: which array sums to what a lane costs, for the sorting; `None` where all
      cost the same.
    - `width`: how many lanes make a block, at most: as many as a core's cache holds.
    - `width_on_gpu`: the same on a GPU, where memory is the limit.
    """

    widths = (width, width_on_gpu)

    def alone(*arrays):
        out = run((0,) * len(arrays), *[array[None] for array in arrays])
        return jax.tree.map(lambda leaf: leaf[0], out)

    single = custom_vmap(alone)

    @single.def_vmap
    def single_rule(size, batched, *arrays):
        if not any(batched):  # as when only a tangent is batched
            return _marked(alone(*arrays), False)
        axes = tuple(0 if is_batched else None for is_batched in batched)
        return _marked(_many(run, cost, axes, widths)(*arrays), True)

    return single


def lane_count(axes: tuple[int | None, ...], arrays: tuple[Any, ...]) -> int:
    """How many lanes a block has: `axes` says 0 for the arrays that have them first."""
    return next(x.shape[0] for x, axis in zip(arrays, axes, strict=True) if axis == 0)


def chosen(lanes: Any, new: Any, old: Any) -> Any:
    """`new` where `lanes` is true, `old` elsewhere; trees with the lanes in front."""
    return jax.tree.map(
        lambda x, y: jnp.where(lanes.reshape(lanes.shape + (1,) * (x.ndim - 1)), x, y),
        new,
        old,
    )


def optimistic(*ways: Callable[[], tuple[Any, Bool[Array, " L"]]]) -> Any:
    """The cheapest way first; lanes that left its range again, by the next one.

    Each way gives its values, lanes in front, and which of them lie beyond its range.
    """
    value, beyond = ways[0]()
    if len(ways) == 1:
        return value

    def again():
        return chosen(beyond, optimistic(*ways[1:]), value)

    return jax.lax.cond(jnp.any(beyond), again, lambda: value)


def _marked(out: Any, batched: bool) -> tuple[Any, Any]:
    return out, jax.tree.map(lambda _: batched, out)


def _many(
    run: Callable,
    cost: int | None,
    axes: tuple[int | None, ...],
    widths: tuple[int, int],
) -> Callable:
    @custom_vmap
    def flat(*arrays):
        return _blocks(run, cost, axes, widths, arrays)

    @flat.def_vmap
    def flat_rule(size, batched, *arrays):
        if not any(batched):
            return _marked(_blocks(run, cost, axes, widths, arrays), False)
        lanes = next(
            array.shape[1 if is_batched else 0]
            for array, is_batched, axis in zip(arrays, batched, axes, strict=True)
            if axis == 0
        )
        merged, merged_axes = [], []
        for array, is_batched, axis in zip(arrays, batched, axes, strict=True):
            if axis == 0:
                if not is_batched:
                    array = jnp.broadcast_to(array, (size, *array.shape))
                array = array.reshape(size * lanes, *array.shape[2:])
            elif is_batched:
                array = jnp.repeat(array, lanes, axis=0)
            merged.append(array)
            merged_axes.append(0 if axis == 0 or is_batched else None)
        out = _many(run, cost, tuple(merged_axes), widths)(*merged)
        apart = jax.tree.map(lambda x: x.reshape(size, lanes, *x.shape[1:]), out)
        return _marked(apart, True)

    return flat


def _blocks(
    run: Callable,
    cost: int | None,
    axes: tuple,
    widths: tuple[int, int],
    arrays: tuple,
) -> Any:
    here, on_gpu = widths

    def by(width):
        return lambda *arrays: _shared_out(run, cost, axes, width, arrays)

    if here == on_gpu or not has_gpu():
        return by(here)(*arrays)
    return jax.lax.platform_dependent(*arrays, cuda=by(on_gpu), default=by(here))


def _shared_out(
    run: Callable, cost: int | None, axes: tuple, width: int, arrays: tuple
) -> Any:
    lanes = lane_count(axes, arrays)
    costs = None if cost is None or axes[cost] is None else arrays[cost]
    # Inside of kernels there are smaller blocks.
    if lanes <= width and (costs is None or lanes <= _SORTED):
        return run(axes, *arrays)
    order = jnp.arange(lanes)
    if costs is not None:
        order = jnp.argsort(jnp.sum(costs, axis=-1))
    blocks = -(-lanes // width)
    # Shares as equal as can be: the last block is not filled up with many idle lanes.
    width = -(-lanes // blocks)
    # The last block is filled up with copies of the dearest lane.
    padded = jnp.concatenate(
        [order, jnp.full(blocks * width - lanes, order[-1])]
    ).reshape(blocks, width)

    def block(members):
        return run(
            axes,
            *[
                array[members] if axis == 0 else array
                for array, axis in zip(arrays, axes, strict=True)
            ],
        )

    out = jax.lax.map(block, padded)
    # Lanes go back to where they came from.
    back = jnp.argsort(order)
    return jax.tree.map(
        lambda x: x.reshape(blocks * width, *x.shape[2:])[:lanes][back], out
    )
