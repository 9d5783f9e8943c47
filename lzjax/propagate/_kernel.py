"""Blocks of lanes as GPU kernels: the whole loop in one, all state in registers."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from ..kernels import (
    Layout,
    NotScalarisable,
    Operations,
    operations,
    run_kernel,
    stepping,
    why_no_kernel,
)
from ._columns import Columns, ColumnsBackwards
from ._lanes import chosen, lane_count, lanes_last
from ._rotations import Rotations, RotationsBackwards

# What is worth a kernel: beyond, state and step no longer fit into registers.
AMPLITUDES = 16
OPERATIONS = 10_000


class Inputs(NamedTuple):
    """What a kernel takes, lanes on the last axis of each: numbers lie in `layout`.
    Backwards, also the cotangent of the displacement."""

    layout: Layout
    edges: Array
    counts: Array
    numbers: tuple[Array, ...]
    cotangent: tuple[Array, ...]


def inputs(axes, edges, counts, leaves, cotangent=()) -> Inputs:
    """The arrays of a block; `axes` says which have lanes, on the first axis."""
    arrays = (edges, counts, *leaves, *cotangent)
    lanes, split = lane_count(axes, arrays), 2 + len(leaves)

    layout = layout_of(leaves, axes[2:split], edges.dtype)
    arrays = tuple(lanes_last(x, a, lanes) for x, a in zip(arrays, axes, strict=True))
    edges, counts = arrays[:2]
    rows = [x.astype(edges.dtype).reshape(-1, lanes) for x in arrays[2:split]]
    numbers = tuple(row for x in rows for row in x)
    return Inputs(layout, edges, counts, numbers, arrays[split:])


def layout_of(leaves, axes=None, dtype=None) -> Layout:
    """Of the numbers of one lane; without axes, of leaves of one lane."""
    dtype = jnp.result_type(float) if dtype is None else dtype
    shapes = [
        jnp.shape(x)[0 if axis is None else 1 :]
        for x, axis in zip(leaves, axes or [None] * len(leaves), strict=True)
    ]
    return Layout.of(tuple(jax.ShapeDtypeStruct(shape, dtype) for shape in shapes))


def where_possible(
    make: Callable,
    loop,
    axes,
    moving: tuple[int, ...],
    otherwise: Callable,
    edges,
    counts,
    leaves,
    cotangent=(),
):
    """What `otherwise(edges, counts, *leaves, *cotangent)` gives of a block, for the
    leaves in `moving`; where the program runs on a GPU that can, by kernels of the form
    `make(loop, layout)`. What is differentiated again are the compiled loops: kernels
    have no derivatives."""
    arrays, split = (edges, counts, *leaves, *cotangent), 2 + len(leaves)
    if why_no_kernel():
        return otherwise(*arrays)
    layout = layout_of(leaves, axes[2:split], edges.dtype)
    if why_not(loop, leaves, layout):
        return otherwise(*arrays)
    form, numbers = make(loop, layout), layout.places(moving)
    if len(numbers) > form.derivatives or (cotangent and _too_much(form, numbers)):
        return otherwise(*arrays)

    def kernels(edges, counts, *arrays):
        own, more = arrays[: split - 2], arrays[split - 2 :]
        given = inputs(axes, edges, counts, own, more)
        found = ways(form, given, moving)
        if not form.complete:
            likely = form.reached(
                form.ways[0], given.edges, given.counts, given.numbers
            )
            found[0] = functools.partial(_if_likely, likely, found[0])
            found.append(lambda: (otherwise(edges, counts, *arrays), None))
        return optimistic(*found)

    @jax.custom_jvp
    def either(*arrays):
        return jax.lax.platform_dependent(*arrays, cuda=kernels, default=otherwise)

    either.defjvp(functools.partial(jax.jvp, otherwise))
    return either(*arrays)


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


def _if_likely(likely, way: Callable):
    """What the way gives, or all lanes as beyond it."""

    def none():
        values, beyond = jax.eval_shape(way)
        zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), values)
        return zeros, jnp.ones(beyond.shape, bool)

    return jax.lax.cond(likely, way, none)


def form_of(loop, layout: Layout) -> Rotations | Columns:
    """What a kernel for this loop carries from step to step."""
    dtype = next(iter(layout.dtypes), np.dtype(jnp.result_type(float)))
    if loop.group.scalars:
        return Rotations(loop, layout, dtype)
    identity = jax.eval_shape(
        lambda *row: loop.build(layout.join(row)).identity(),
        *[jax.ShapeDtypeStruct((), dtype) for _ in layout.numbers],
    )
    return Columns(loop, layout, dtype, identity)


def backwards_of(loop, layout: Layout) -> RotationsBackwards | ColumnsBackwards:
    """What a kernel for its gradient carries."""
    form = form_of(loop, layout)
    if isinstance(form, Columns):
        return ColumnsBackwards(form)
    return RotationsBackwards(loop, layout, form.dtype)


def ways(form, given: Inputs, moving: tuple[int, ...], interpret: bool = False):
    """Ways to find what a form is for, for `optimistic`: each by a kernel.

    **Arguments:**

    - `moving`: the leaves whose derivatives are wanted. More of their numbers than
      registers hold take several kernels.

    **Returns:** functions of no arguments. Each gives what `form.collected` does: the
    values, and the lanes that are beyond its reach; the last one may have such, too.
    """
    numbers, size = form.layout.places(moving), form.together
    groups = [numbers[k : k + size] for k in range(0, len(numbers), size)] or [()]

    def by(way, steps):
        def kernel(own, part, edges, counts, numbers):
            step = steps[part] if own is form else stepping_of(own, way, part)
            return run_kernel(step, edges, counts, numbers, interpret)

        return form.collected(way, moving, form.run(kernel, groups, given))

    found = []
    for way in form.ways:
        try:
            steps = {part: stepping_of(form, way, part) for part in groups}
        except NotScalarisable:
            # Too long to be written out, and so are those that reach farther.
            break
        found.append(functools.partial(by, way, steps))
    return found


def stepping_of(form, way, moving: tuple[int, ...]):
    return stepping(
        functools.partial(form.start, moving),
        functools.partial(form.advance, way, moving),
        form.more + len(form.layout.numbers),
        form.dtype,
    )


def cost(form, moving: tuple[int, ...] = (), way: Any = None) -> Operations:
    """Operations of one step of one lane, of two levels or of one state of N, in the
    first way of a kernel or in another. What is the same for all steps is not counted.

    **Raises:** `NotScalarisable`.
    """
    steps = stepping_of(form, way or form.ways[0], moving)
    row = [jax.ShapeDtypeStruct((1,), d) for d in steps.advance.inputs.numbers]
    return operations(steps.advance.plain, *row, varying=1 + steps.carried)


def why_not(loop, leaves, layout: Layout) -> str | None:
    """Why a loop cannot be a kernel; `None` if it can."""
    if not all(jnp.issubdtype(jnp.result_type(x), jnp.floating) for x in leaves):
        return "it has parameters that are not real numbers"
    form = form_of(loop, layout)
    if form.amplitudes > AMPLITUDES:
        return f"a state of {form.amplitudes} real numbers does not fit into registers"
    return _too_much(form)


def _too_much(form, moving: tuple[int, ...] = ()) -> str | None:
    """What in a step is too much for a kernel."""
    try:
        found = cost(form, moving[: form.together])
    except NotScalarisable as error:
        return f"its function uses {error}"
    if found.arithmetic > OPERATIONS:
        return f"a step takes {found.arithmetic} operations, more than {OPERATIONS}"
    return None
