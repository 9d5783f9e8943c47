"""Batches as lanes: any nesting of `jax.vmap` becomes blocks of alike lanes.

A loop over many lanes lasts as long as its longest lane. Here lanes are sorted by
what they cost and run in blocks, so that a lane waits only for lanes like itself.
What a lane computes never depends on its neighbours.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array

from ..kernels import has_gpu
from ._rules import changing, in_front, replaced

# Lanes that a register holds at most.
_REGISTER = 8
# From so many lanes on they are sorted, also if one block holds them all.
_SORTED = 1 << 10


def in_blocks(
    run: Callable[..., Any],
    cost: int | None,
    width: int,
    width_on_gpu: int,
    like: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """A single-lane function of arrays whose batches run in blocks of alike lanes.

    **Arguments:**

    - `run(axes, *arrays)`: the block function: for each array, `axes` says 0 where a
      leading lane axis is there and `None` where all lanes share the array. Returns
      a pytree of arrays with a leading lane axis. It closes over nothing traced.
    - `cost`: which array sums to what a lane costs, for the sorting; `None` where all
      cost the same.
    - `width`: how many lanes make a block, at most: as many as a core's cache holds.
    - `width_on_gpu`: the same on a GPU, where memory is the limit.
    - `like(*arrays)`: something that looks like what a lane gives, where that is
      faster to trace.
    """

    def alone(*arrays):
        return _alone(run, arrays)

    def single(*arrays):
        arrays = tuple(map(jnp.asarray, arrays))
        shapes, structure = jax.tree.flatten(jax.eval_shape(like or alone, *arrays))
        blocks = _Blocks(run, cost, (width, width_on_gpu), None, tuple(shapes))
        return jax.tree.unflatten(structure, _in_blocks.bind(*arrays, blocks=blocks))

    return single


def _alone(run: Callable, arrays: tuple) -> Any:
    out = run((0,) * len(arrays), *[array[None] for array in arrays])
    return jax.tree.map(lambda leaf: leaf[0], out)


@dataclasses.dataclass(frozen=True, eq=False)
class _Blocks:
    """What is to be done with arrays, see `in_blocks`.

    - `axes`: `None` for one lane.
    - `shapes`: of what one lane gives.
    - `values`: so many arrays, the first ones, decide on so many of the results.
    """

    run: Callable[..., Any]
    cost: int | None
    widths: tuple[int, int]
    axes: tuple[int | None, ...] | None
    shapes: tuple[jax.ShapeDtypeStruct, ...]
    values: tuple[int, int] = (0, 0)


def _executed(*arrays, blocks: _Blocks) -> list[Array]:
    if blocks.axes is None:
        return jax.tree.leaves(_alone(blocks.run, arrays))
    here, on_gpu = blocks.widths

    def by(width):
        return lambda *arrays: jax.tree.leaves(_shared_out(blocks, width, arrays))

    if here == on_gpu or not has_gpu():
        return by(here)(*arrays)
    return jax.lax.platform_dependent(*arrays, cuda=by(on_gpu), default=by(here))


def _abstract(*arrays, blocks: _Blocks):
    lanes = () if blocks.axes is None else (lane_count(blocks.axes, arrays),)
    return [jax.core.ShapedArray((*lanes, *x.shape), x.dtype) for x in blocks.shapes]


def _batched(arrays, places, *, blocks: _Blocks):
    out = _in_one_row(arrays, places, blocks)
    # Where only tangents have lanes, values have none.
    inputs, outputs = blocks.values
    alike = 0 if any(isinstance(x, int) for x in places[:inputs]) else outputs
    axes = [None] * alike + [0] * (len(out) - alike)
    return [x[0] for x in out[:alike]] + out[alike:], axes


def _in_one_row(arrays, places, blocks: _Blocks) -> list[Array]:
    """Of all lanes, with those that are new in front."""
    size, front, is_batched = in_front(arrays, places)
    if blocks.axes is None:
        axes = tuple(0 if yes else None for yes in is_batched)
        many = dataclasses.replace(blocks, axes=axes)
        return _in_blocks.bind(*front, blocks=many)
    lanes = next(
        x.shape[1 if yes else 0]
        for x, yes, axis in zip(front, is_batched, blocks.axes, strict=True)
        if axis == 0
    )
    merged, merged_axes = [], []
    for x, yes, axis in zip(front, is_batched, blocks.axes, strict=True):
        if axis == 0:
            x = x if yes else jnp.broadcast_to(x, (size, *x.shape))
            x = x.reshape(size * lanes, *x.shape[2:])
        elif yes:
            x = jnp.repeat(x, lanes, axis=0)
        merged.append(x)
        merged_axes.append(0 if axis == 0 or yes else None)
    many = dataclasses.replace(blocks, axes=tuple(merged_axes))
    out = _in_blocks.bind(*merged, blocks=many)
    return [x.reshape(size, lanes, *x.shape[1:]) for x in out]


def _jvp(primals, tangents, *, blocks: _Blocks):
    """Values and their changes in the same blocks."""
    count = len(primals)
    moving = changing(tangents)
    smooth = [k for k, x in enumerate(blocks.shapes) if _is_smooth(x)]

    def run(axes, *arrays):
        lanes = lane_count(axes, arrays)
        own, axes = list(arrays), list(axes)
        for j, k in zip(moving, range(count, len(arrays)), strict=True):
            # Either has lanes if the other has.
            for place in (j, k):
                if axes[place] is None and (axes[j] == 0 or axes[k] == 0):
                    shape = (lanes, *own[place].shape)
                    own[place] = jnp.broadcast_to(own[place], shape)
            axes[j] = 0 if axes[j] == 0 or axes[k] == 0 else None

        def of_moving(*some):
            every = replaced(own[:count], moving, some)
            return jax.tree.leaves(blocks.run(tuple(axes[:count]), *every))

        out, change = jax.jvp(
            of_moving, tuple(own[j] for j in moving), tuple(own[count:])
        )
        return [*out, *(change[k] for k in smooth)]

    axes = blocks.axes
    axes = None if axes is None else (*axes, *(axes[j] for j in moving))
    shapes = (*blocks.shapes, *(blocks.shapes[k] for k in smooth))
    size = len(blocks.shapes)
    both = dataclasses.replace(
        blocks, run=run, axes=axes, shapes=shapes, values=(count, size)
    )
    out = _in_blocks.bind(*primals, *(tangents[j] for j in moving), blocks=both)
    changes: list[Any] = [
        ad.Zero(jax.core.ShapedArray(x.shape, jax.dtypes.float0)) for x in out[:size]
    ]
    for k, change in zip(smooth, out[size:], strict=True):
        changes[k] = change
    return out[:size], changes


def _is_smooth(x) -> bool:
    return jnp.issubdtype(x.dtype, jnp.inexact)


_in_blocks = Primitive("lzjax_in_blocks")
_in_blocks.multiple_results = True
_in_blocks.def_impl(_executed)
_in_blocks.def_abstract_eval(_abstract)
ad.primitive_jvps[_in_blocks] = _jvp
batching.primitive_batchers[_in_blocks] = _batched
mlir.register_lowering(_in_blocks, mlir.lower_fun(_executed, multiple_results=True))


def lane_count(axes: Sequence[int | None], arrays: Sequence[Any]) -> int:
    """How many lanes a block has: `axes` says 0 for the arrays that have them first."""
    return next(x.shape[0] for x, axis in zip(arrays, axes, strict=True) if axis == 0)


def lanes_last(array: Array, axis: int | None, lanes: int) -> Array:
    """With so many lanes on the last axis: `axis` says 0 if they are on the first, and
    `None` if all share the array."""
    if axis is None:
        return jnp.broadcast_to(array[..., None], (*array.shape, lanes))
    return jnp.moveaxis(array, 0, -1)


def chosen(lanes: Any, new: Any, old: Any) -> Any:
    """`new` where `lanes` is true, `old` elsewhere; trees with the lanes in front."""
    return jax.tree.map(
        lambda x, y: jnp.where(lanes.reshape(lanes.shape + (1,) * (x.ndim - 1)), x, y),
        new,
        old,
    )


def _rounded_up(number: int, unit: int) -> int:
    return -(-number // unit) * unit


def _shared_out(blocks: _Blocks, width: int, arrays: tuple) -> Any:
    run, axes, cost = blocks.run, blocks.axes, blocks.cost
    assert axes is not None  # one lane alone is not shared out
    lanes = lane_count(axes, arrays)
    costs = None if cost is None or axes[cost] is None else arrays[cost]
    # Inside of kernels there are smaller blocks.
    if lanes <= width and (costs is None or lanes <= _SORTED):
        return run(axes, *arrays)
    count = -(-lanes // width)
    # Shares as equal as can be: the last block is not filled up with many idle lanes.
    # Registers hold several lanes: what is left of these would go one by one.
    width = min(_rounded_up(-(-lanes // count), _REGISTER), width)
    count = -(-lanes // width)
    # The last block is filled up with copies of the last lane, the dearest one.
    idle = count * width - lanes

    def filled(x):
        last = jnp.broadcast_to(x[-1:], (idle, *x.shape[1:]))
        return jnp.concatenate([x, last]).reshape(count, width, *x.shape[1:])

    def emptied(x):
        return x.reshape(count * width, *x.shape[2:])[:lanes]

    batched = [x for x, axis in zip(arrays, axes, strict=True) if axis == 0]

    def block(members):
        own = iter(members)
        every = zip(arrays, axes, strict=True)
        return run(axes, *[next(own) if axis == 0 else x for x, axis in every])

    if costs is None:
        out = jax.lax.map(block, [filled(x) for x in batched])
        return jax.tree.map(emptied, out)
    order = jnp.argsort(jnp.sum(costs, axis=-1))
    out = jax.lax.map(lambda which: block([x[which] for x in batched]), filled(order))
    # Lanes go back to where they came from.
    back = jnp.argsort(order)
    return jax.tree.map(lambda x: emptied(x)[back], out)
