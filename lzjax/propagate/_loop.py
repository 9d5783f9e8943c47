"""The compiled loop over the steps of all cells, for a block of lanes."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._types import Scalar, is_single
from ..kernels import Cell, left_over
from ._lanes import lanes_last

# So many steps are taken together, as compilers unroll; fewer where cells are many,
# and short.
TOGETHER = 4 if jax.__version_info__ >= (0, 11) else 2
FEW_CELLS = 16
# What to tell the compiler of a program that solves: `jax.jit(f, compiler_options=
# lz.COMPILER_OPTIONS)`. Where a CPU has registers of 512 bits, compilers use half of
# them unless told; the loops here are a tenth to a third faster with all. Only the
# outermost `jit` may say so, which is why lzjax does not by itself, but in sweeps.
COMPILER_OPTIONS: dict[str, bool | int | str] = {"xla_cpu_prefer_vector_width": 512}


class Steps(NamedTuple):
    """The `count` steps that fill a cell from `low` to `high`, in float32 all but
    `rest`; one for each lane."""

    low: Any
    high: Any
    count: Any
    length: Any
    rest: Any

    @classmethod
    def filling(cls, low, high, count) -> "Steps":
        length = (high - low) / jnp.maximum(count, 1)
        single = is_single(length)
        rest = left_over(low, high, count, length) if single else None
        return cls(low, high, count, length, rest)

    def step(self, index) -> tuple[Scalar, Scalar]:
        """Start and length of step `index`; of no length beyond `count`. In float32
        another one, short, closes the cell."""
        dt = jnp.where(index < self.count, self.length, 0.0)
        t, dt = Cell(self.low, dt).step(index)
        if self.rest is None:
            return t, dt
        beyond = jnp.where(index == self.count, self.rest, 0.0)
        inside = index < self.count
        return jnp.where(inside, t, self.high), jnp.where(inside, dt, beyond)


def looped(step, combined, start, edges, counts, together, neutral=None, reach=None):
    """All steps combined, cell by cell, for all lanes at once; in each cell as far
    as the lane with most steps needs.

    `step(far, steps, index, cell)` gives one of the `Steps` of all lanes, which are on
    its last axis, as they are of `start`; `combined((value, angle), step)` what both
    make, and the largest squared angle. To take several steps `together`, it must be
    associative, and `neutral` be what changes nothing.

    Where a lane turns by an angle beyond `reach`, all go through that cell again with
    `far` = 1 instead of 0: the steps are to be the same turns by angles within reach,
    and to the last bit the same where angles were. One loop for both is compiled once.
    """
    cells = counts.shape[-1]
    together = together if cells <= FEW_CELLS else min(together, 2)
    most = longest(edges, counts)
    # Cells first.
    edges, counts = edges.T, counts.T

    def through(cell, value):
        # Divided once a cell, not once a step.
        steps = Steps.filling(edges[cell], edges[cell + 1], counts[cell])
        steps = jax.lax.optimization_barrier(steps)
        still = jnp.zeros(jax.tree.leaves(start)[0].shape[-1:])

        def run(far):
            def one(index):
                return step(far, steps, index, cell)

            def body(i, carry):
                if together == 1:
                    return combined(carry, one(i))
                several = together * i + jnp.arange(together, dtype=i.dtype)
                moves = jax.vmap(one)(several)
                return combined(carry, _reduced(combined, neutral, moves))

            # Not //, which looks at signs.
            last = most[cell] + (together - 1)
            rounds = jax.lax.div(last, jnp.full_like(last, together))
            return jax.lax.fori_loop(0, rounds, body, (value, still))

        def tried(state):
            far, _, _ = state
            found, angle = run(far)
            return far + 1, (far == 0) & jnp.any(angle > reach), found

        if reach is None:
            return run(0)[0]
        state = jnp.int32(0), jnp.ones((), bool), value
        return jax.lax.while_loop(lambda state: state[1], tried, state)[2]

    if cells == 1:
        return through(0, start)
    return jax.lax.fori_loop(0, cells, through, start)


def longest(edges, counts):
    """How many steps the lane that has most takes in each cell."""
    most = jnp.max(counts.reshape(-1, counts.shape[-1]), axis=0)
    # In float32 one more closes the cell.
    return most + 1 if is_single(edges) else most


def on_lanes(start: Any, lanes: int) -> Any:
    """The same for each lane, lanes on the last axis."""
    return jax.tree.map(lambda x: lanes_last(x, None, lanes), start)


def larger(a: Scalar, b: Scalar) -> Scalar:
    """The maximum in two operations; what is not a number is found elsewhere."""
    return jnp.where(b > a, b, a)


def _reduced(combined: Callable, neutral: Any, moves: Any) -> Any:
    """Several steps as one, from the first to the last on the first axis.

    Compilers for CPUs make one loop over the lanes for each array that they fill, and
    compute anew in each what these share; a reduction over several arrays is one loop.
    Elsewhere the order within a reduction is not sure.
    """
    numbers, structure = jax.tree.flatten(moves)
    starts = jax.tree.leaves(neutral)

    def plain(*numbers):
        moves = jax.tree.unflatten(structure, numbers)
        each = [
            jax.tree.map(lambda x, k=k: x[k], moves) for k in range(len(numbers[0]))
        ]
        return tuple(jax.tree.leaves(functools.reduce(combined, each)))

    def reduction(*numbers):
        def both(earlier, later):
            pair = (jax.tree.unflatten(structure, x) for x in (earlier, later))
            return tuple(jax.tree.leaves(combined(*pair)))

        return tuple(jax.lax.reduce(numbers, tuple(starts), both, (0,)))

    done = jax.lax.platform_dependent(*numbers, cpu=reduction, default=plain)
    return jax.tree.unflatten(structure, done)
