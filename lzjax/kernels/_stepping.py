"""Many steps of many lanes as one GPU kernel, all state in registers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from .._types import is_single
from ._lanes import Layout, Scalarised

# Lanes of one block of a kernel: one for each thread of a warp group.
BLOCK = 128


class Cell(NamedTuple):
    """Equal steps from `low` on, each `dt` long."""

    low: Any
    dt: Any

    def step(self, index: Any) -> tuple[Any, Any]:
        """Start and length of step `index`."""
        return self.low + index * self.dt, self.dt


def left_over(low: Any, high: Any, count: Any, dt: Any) -> Any:
    """high − low − count·dt to all digits, in float32: what rounding keeps `count`
    steps of length `dt` from filling. Less than the rounding of times, and yet the
    phases of large windows want it: a step of this length closes the cell. None without
    steps.
    """
    width = high - low
    # What the rounding of the width has lost (Knuth's sum of two).
    start = high - width
    lost = (high - (width + start)) + (start - low)
    count = count.astype(width.dtype)
    # Of twelve bits each, products are exact (Dekker).
    many, long = (lax.reduce_precision(x, 8, 11) for x in (count, dt))
    rest = (width - many * long) - (count - many) * long
    rest = (rest - count * (dt - long)) + lost
    return lax.stop_gradient(jnp.where(count > 0, rest, 0.0))


class Stepping(NamedTuple):
    """What a kernel does with one lane, as elementwise operations on lanes.

    - `start(*numbers)`: what the loop carries.
    - `advance(index, *carry, *cell, *numbers)`: that after step `index`, a real
      number, of a `Cell`.
    - `carried`: how many numbers it carries.
    """

    start: Scalarised
    advance: Scalarised
    carried: int


def stepping(start: Callable, advance: Callable, numbers: int, dtype: Any) -> Stepping:
    """From functions of single real numbers, `start(numbers)` and
    `advance(index, carry, cell, numbers)` with rows of them.

    **Raises:** `NotScalarisable`.
    """
    one = jax.ShapeDtypeStruct((), np.dtype(dtype))
    row = (one,) * numbers
    carried = len(jax.eval_shape(start, row))

    def begun(*numbers):
        return start(numbers)

    def advanced(index, *rest):
        ends = carried, carried + len(Cell._fields)
        cell = Cell(*rest[ends[0] : ends[1]])
        return advance(index, rest[: ends[0]], cell, rest[ends[1] :])

    # Traced here: inside of a kernel, constants could not be told from lanes.
    every = (one,) * (1 + carried + len(Cell._fields)) + row
    found = Stepping(
        Scalarised(begun, Layout.of(row), neutral=True),
        Scalarised(advanced, Layout.of(every), neutral=True),
        carried,
    )
    jax.eval_shape(
        found.advance.plain, *[jax.ShapeDtypeStruct((1,), dtype) for _ in every]
    )
    return found


def run_kernel(
    steps: Stepping,
    edges: Float[Array, "K+1 L"],
    counts: Int[Array, "K L"],
    numbers: tuple[Float[Array, " L"], ...],
    interpret: bool = False,
) -> tuple[Float[Array, " L"], ...]:
    """Through all cells, each lane by as many steps as `counts` says; what is carried
    at the end.

    A block takes as long as the lane with most steps; what a lane computes does not
    depend on the others. `interpret`: imitated on a CPU.
    """
    # The interface is young: this function is all that uses it.
    from jax.experimental import pallas as pl
    from jax.experimental.pallas import mosaic_gpu as plgpu

    cells, lanes = counts.shape
    dtype = edges.dtype
    blocks = -(-lanes // BLOCK)
    whole = blocks * BLOCK

    def filled(x):
        return jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, whole - lanes)], mode="edge")

    edges, counts = filled(edges), filled(counts.astype(jnp.int32))
    rows = tuple(map(filled, numbers))
    by_block = counts.reshape(cells, blocks, BLOCK)
    fewest, most = by_block.min(axis=-1), by_block.max(axis=-1)
    lengths = jnp.diff(edges, axis=0) / jnp.maximum(counts, 1)
    tables = [edges[:-1], lengths, counts, fewest, most]
    if is_single(dtype):
        tables += [edges[1:], left_over(edges[:-1], edges[1:], counts, lengths)]
    closed = len(tables) - 5

    def body(*refs):
        lows, lengths, counts, fewest, most, *rest = refs
        ends, rest = rest[:closed], rest[closed:]
        block = lax.axis_index("block")
        place = pl.ds(block * BLOCK, BLOCK)
        values = tuple(ref[place] for ref in rest[: len(rows)])

        def constant(shape, number, dtype):
            # Like all others: what a loop carries keeps its layout.
            return 0.0 * values[0] + number

        def through(cell, carry):
            here = pl.ds(cell * whole + block * BLOCK, BLOCK)
            own, count = Cell(lows[here], lengths[here]), counts[here]

            def step(i, carry, own=own):
                index = jnp.broadcast_to(i.astype(dtype), (BLOCK,))
                return steps.advance.plain(
                    index, *carry, *own, *values, constant=constant
                )

            def step_of_some(i, carry):
                index = jnp.broadcast_to(i, (BLOCK,))
                return tuple(
                    jnp.where(index < count, new, old)
                    for new, old in zip(step(i, carry), carry, strict=True)
                )

            all_take, some_take = (x[cell * blocks + block] for x in (fewest, most))
            carry = lax.fori_loop(jnp.int32(0), all_take, step, carry)
            carry = lax.fori_loop(all_take, some_take, step_of_some, carry)
            if ends:
                carry = step(jnp.int32(0), carry, Cell(*(x[here] for x in ends)))
            return carry

        carry = steps.start.plain(*values, constant=constant)
        if cells == 1:
            carry = through(0, carry)
        else:
            carry = lax.fori_loop(jnp.int32(0), jnp.int32(cells), through, carry)
        for ref, value in zip(rest[len(rows) :], carry, strict=True):
            ref[place] = value

    kernel = plgpu.kernel(
        body,
        out_type=[jax.ShapeDtypeStruct((whole,), dtype)] * steps.carried,
        grid=(blocks,),
        grid_names=("block",),
        compiler_params=plgpu.CompilerParams(
            # The other semantics compile thirty times as long, to the same code.
            lowering_semantics=plgpu.LoweringSemantics.Lane,
            unsafe_no_auto_barriers=True,
        ),
        **({"interpret": plgpu.InterpretGPUParams()} if interpret else {}),
    )
    flat = (x.reshape(-1) for x in tables)
    return tuple(x[:lanes] for x in kernel(*flat, *rows))
