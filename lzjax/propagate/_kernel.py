"""Blocks of lanes as GPU kernels: the whole loop in one, all state in registers."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..kernels import (
    Layout,
    NotScalarisable,
    Operations,
    operations,
    run_kernel,
    stepping,
    why_no_kernel,
)
from ._columns import Columns
from ._lanes import lane_count, optimistic
from ._rotations import Rotations
from ._stretches import cut, joined, stretches

# What is worth a kernel: beyond, state and step no longer fit into registers.
AMPLITUDES = 16
OPERATIONS = 8000
# Beyond so many derivatives, a loop with one pass backwards takes less.
DERIVATIVES = 32


class Inputs(NamedTuple):
    """What a kernel takes, lanes on the last axis of each: numbers lie in `layout`."""

    layout: Layout
    edges: Array
    counts: Array
    numbers: tuple[Array, ...]


def inputs(axes, edges, counts, leaves) -> Inputs:
    """The arrays of a block; `axes` says which have lanes, on the first axis."""
    lanes = lane_count(axes, (edges, counts, *leaves))

    def last(x, axis):
        if axis is None:
            return jnp.broadcast_to(x[..., None], (*x.shape, lanes))
        return jnp.moveaxis(x, 0, -1)

    layout = layout_of(leaves, axes[2:], edges.dtype)
    edges, counts, *leaves = map(last, (edges, counts, *leaves), axes)
    rows = [x.astype(edges.dtype).reshape(-1, lanes) for x in leaves]
    return Inputs(layout, edges, counts, tuple(row for x in rows for row in x))


def layout_of(leaves, axes=None, dtype=None) -> Layout:
    """Of the numbers of one lane; without axes, of leaves of one lane."""
    dtype = jnp.result_type(float) if dtype is None else dtype
    shapes = [
        jnp.shape(x)[0 if axis is None else 1 :]
        for x, axis in zip(leaves, axes or [None] * len(leaves), strict=True)
    ]
    return Layout.of(tuple(jax.ShapeDtypeStruct(shape, dtype) for shape in shapes))


def where_possible(
    loop, axes, moving: tuple[int, ...], otherwise: Callable, edges, counts, leaves
):
    """(u, rates) of a block as `otherwise(edges, counts, *leaves)` gives them, for the
    leaves in `moving`; where the program runs on a GPU that can, by kernels. What is
    differentiated again are the compiled loops: kernels have no derivatives."""
    if why_no_kernel():
        return otherwise(edges, counts, *leaves)
    layout = layout_of(leaves, axes[2:], edges.dtype)
    numbers = layout.places(moving)
    if len(numbers) > DERIVATIVES or why_not(loop, leaves, layout):
        return otherwise(edges, counts, *leaves)

    def kernels(edges, counts, *leaves):
        given = inputs(axes, edges, counts, leaves)
        found, form = ways(loop, given, numbers), form_of(loop, layout)
        if isinstance(form, Columns):
            likely = form.reached(form.ways[0], *given[1:3], given.numbers)
            found[0] = functools.partial(_if_likely, likely, found[0])
            # Beyond the last way, there is only the loop over matrices.
            found.append(lambda: (otherwise(edges, counts, *leaves), None))
        return optimistic(*found)

    @jax.custom_jvp
    def either(edges, counts, *leaves):
        return jax.lax.platform_dependent(
            edges, counts, *leaves, cuda=kernels, default=otherwise
        )

    either.defjvp(functools.partial(jax.jvp, otherwise))
    return either(edges, counts, *leaves)


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


def ways(loop, given: Inputs, moving: tuple[int, ...], interpret: bool = False):
    """Ways to find propagators and their rates, for `optimistic`: each by a kernel.

    **Arguments:**

    - `moving`: the numbers whose rates are wanted. More of them than registers hold
      take several kernels.

    **Returns:** functions of no arguments. Each gives ((u, rates), beyond), as
    `Loop.sensitive_lanes` does, and the lanes that are beyond its reach; the last one
    may have such, too.
    """
    form = form_of(loop, given.layout)
    edges, counts, numbers = form.spread(given.edges, given.counts, given.numbers)
    cells, lanes = counts.shape
    join = form.joined if isinstance(form, Rotations) else None
    count = stretches(cells, lanes) if join else 1
    if count > 1:
        edges, counts, numbers = cut(edges, counts, numbers, count)
    size = form.together
    groups = [moving[k : k + size] for k in range(0, len(moving), size)] or [()]

    def run(way, part):
        step = stepping_of(form, way, part, len(numbers))
        found = run_kernel(step, edges, counts, numbers, interpret)
        return joined(join, found, cells, count) if join and count > 1 else found

    def by(way):
        return form.collected(way, [run(way, part) for part in groups])

    return [functools.partial(by, way) for way in form.ways]


def stepping_of(form, way, moving: tuple[int, ...], numbers: int):
    return stepping(
        functools.partial(form.start, moving),
        functools.partial(form.advance, way, moving),
        numbers,
        form.dtype,
    )


def cost(
    loop, layout: Layout, moving: tuple[int, ...] = (), way: Any = None
) -> Operations:
    """Operations of one step of one lane, of two levels or of one state of N, in the
    first way of a kernel or in another. What is the same for all steps is not counted.

    **Raises:** `NotScalarisable`.
    """
    form = form_of(loop, layout)
    steps = stepping_of(form, way or form.ways[0], moving, 1 + len(layout.numbers))
    row = [jax.ShapeDtypeStruct((1,), d) for d in steps.advance.inputs.numbers]
    return operations(steps.advance.plain, *row, varying=1 + steps.carried)


def why_not(loop, leaves, layout: Layout) -> str | None:
    """Why a loop cannot be a kernel; `None` if it can."""
    if not all(jnp.issubdtype(jnp.result_type(x), jnp.floating) for x in leaves):
        return "it has parameters that are not real numbers"
    amplitudes = form_of(loop, layout).amplitudes
    if amplitudes > AMPLITUDES:
        return f"a state of {amplitudes} real numbers does not fit into registers"
    try:
        found = cost(loop, layout)
    except NotScalarisable as error:
        return f"its function uses {error}"
    if found.arithmetic > OPERATIONS:
        return f"a step takes {found.arithmetic} operations, more than {OPERATIONS}"
    return None
