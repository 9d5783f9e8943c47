"""Derivatives of a block of lanes in what moves, with memory that does not grow with
the steps: all rates at once, along one direction, or backwards.

The derivative of the propagator is u·(1 + δ); displacements δ of the steps, carried to
the start of the window, add up. A cotangent of δ is therefore known where the window
starts: it goes through the steps forwards, turned by each, and nothing is undone.
Where propagators have no inverse to carry anything by, it goes backwards in time, by
checkpoints.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ._angles import either
from ._checkpoints import retraced
from ._cos_sinc import ANY_ANGLE, SMALL_ANGLES
from ._lanes import lane_count
from ._loop import Steps, larger, longest, looped, on_lanes
from ._rates import changes_of, joined_rates, step_with_rates
from ._rules import replaced

# Up to so many numbers change one by one, each with arrays of its own.
_FEW = 8


class Moving(NamedTuple):
    """What derivatives are wanted in: edges of the cells, and some of the leaves."""

    edges: bool
    leaves: tuple[int, ...]

    def of(self, edges, leaves) -> tuple:
        """These among all."""
        return (edges,) * self.edges + tuple(leaves[j] for j in self.leaves)


class _Block(NamedTuple):
    """A block of lanes in which what moves has a lane axis each: derivatives are kept
    lane by lane."""

    loop: Any
    moving: Moving
    axes: tuple[int | None, ...]
    edges: Array
    counts: Array
    leaves: tuple[Array, ...]

    @classmethod
    def own(cls, loop, moving: Moving, axes, edges, counts, leaves, more=()):
        """The block, and `more` arrays with lanes in front, which stand last in
        `axes`."""
        arrays = [edges, counts, *leaves, *more]
        lanes = lane_count(axes, arrays)
        axes, whole = list(axes), 2 + len(leaves)
        places = [0] * moving.edges + [2 + j for j in moving.leaves]
        for j in (*places, *range(whole, len(arrays))):
            if axes[j] is None:
                arrays[j] = jnp.broadcast_to(arrays[j], (lanes, *arrays[j].shape))
                axes[j] = 0
        edges, counts, *leaves = arrays[:whole]
        block = cls(loop, moving, tuple(axes[:whole]), edges, counts, tuple(leaves))
        return block, tuple(arrays[whole:])

    @property
    def group(self) -> Any:
        """Of the first lane."""
        return self.loop.example(self.axes, self.leaves)

    @property
    def lanes(self) -> int:
        return lane_count(self.axes, (self.edges, self.counts, *self.leaves))

    @property
    def moved(self) -> tuple[Array, ...]:
        """The leaves that move."""
        return tuple(self.leaves[j] for j in self.moving.leaves)

    def step(self, steps: Steps, index) -> tuple[Callable, tuple]:
        """The exponents of a step as a function of numbers, and these: the ends of the
        cell, if they move, then the leaves that do."""

        def exponents_of(numbers):
            own = steps
            if self.moving.edges:
                low, high = numbers[:2]
                own = Steps.filling(low, high, steps.count)
            moved = numbers[2 * self.moving.edges :]
            every = tuple(replaced(self.leaves, self.moving.leaves, moved))
            return self.loop.exponents(self.axes, self.lanes, own, index, every)

        return exponents_of, (steps.low, steps.high) * self.moving.edges + self.moved

    def pulled(self, steps: Steps, index, cell) -> tuple[Any, Callable]:
        """The exponents of a step, and a function of totals, as `nothing` begins them,
        and of cotangents of these exponents, that adds what these are of the totals."""
        exponents_of, moved = self.step(steps, index)
        last = tuple(jnp.moveaxis(x, 0, -1) for x in moved)
        exponents, pull = jax.vjp(
            lambda last: exponents_of(tuple(jnp.moveaxis(x, -1, 0) for x in last)), last
        )

        def added(totals, parts):
            (found,) = pull(parts)
            if not self.moving.edges:
                return tuple(map(jnp.add, totals, found))
            low, high, *found = found
            sides = totals[0].at[cell].add(low).at[cell + 1].add(high)
            return (sides, *map(jnp.add, totals[1:], found))

        return jax.lax.optimization_barrier(exponents), added

    def nothing(self) -> tuple[Array, ...]:
        """Zeros for the cotangents of what moves, lanes on the last axis."""
        sides = (jnp.zeros_like(self.edges.T),) * self.moving.edges
        return (*sides, *(jnp.zeros_like(jnp.moveaxis(x, 0, -1)) for x in self.moved))

    def through(self, step, combined, start) -> Any:
        """As `looped`, step by step; `step(way, *place)` also gives the squared angle
        that is to be within reach."""

        def one(far, *place):
            return step(either(far), *place)

        def both(carry, here):
            (value, angle), (move, square) = carry, here
            return combined(value, move), larger(angle, square)

        # Matrices have one way for all angles.
        reach = SMALL_ANGLES.reach if self.group.scalars else None
        return looped(one, both, start, self.edges, self.counts, 1, reach=reach)


def all_rates(loop, moving: Moving, axes, edges, counts, leaves) -> Any:
    """Propagators of the lanes and their displacements with every number that moves.

    Returns (u, rates), lanes in front, rates with the edges, if these move, then with
    the numbers of the moving leaves, as a last axis. One pass forwards.
    """
    block, _ = _Block.own(loop, moving, axes, edges, counts, leaves)
    group = block.group
    total = block.edges.shape[-1] * moving.edges + sum(x[0].size for x in block.moved)
    apart = not moving.edges and total <= _FEW

    def combined(earlier, later):
        (u, rates), (move, more) = earlier, later
        return move @ u, joined_rates(group, apart, u, rates, move, more)

    def step(way, steps, index, cell):
        given = block.step(steps, index)
        exponents_of, numbers = _one_by_one(*given) if apart else given
        exponents, changes = changes_of(group, exponents_of, numbers, apart)
        move, rates, square = step_with_rates(group, exponents, changes, apart, way)
        if moving.edges:
            rates = [_by_edge(rates[0], cell, block.edges.shape[-1])]
        return jax.lax.optimization_barrier((move, rates)), square

    still = group.still()
    if apart:
        rates = [still] * total
    else:
        rates = [jax.tree.map(lambda x: jnp.zeros((total, *x.shape)), still)]
    start = on_lanes((group.identity(), rates), block.lanes)
    u, rates = block.through(step, combined, start)
    if apart:
        rates = [jax.tree.map(lambda *x: jnp.stack(x), *rates)]
    # Numbers, matrix, lanes: now lanes, matrix, numbers.
    rates = jax.tree.map(lambda x: jnp.moveaxis(x, (0, -1), (-1, 0)), rates[0])
    return in_front(u), rates


def along(loop, moving: Moving, axes, edges, counts, leaves, tangents) -> Any:
    """As `all_rates`, but the displacements along one direction alone, as if it were
    one number; `tangents` of what moves stand last in `axes`."""
    block, tangents = _Block.own(loop, moving, axes, edges, counts, leaves, tangents)
    group = block.group

    def combined(earlier, later):
        (u, rates), (move, more) = earlier, later
        return move @ u, joined_rates(group, True, u, rates, move, more)

    def step(way, steps, index, cell):
        exponents_of, numbers = block.step(steps, index)
        direction = tangents
        if moving.edges:
            sides = tangents[0].T
            direction = (sides[cell], sides[cell + 1], *tangents[1:])
        exponents, change = jax.jvp(exponents_of, (numbers,), (direction,))
        move, rates, square = step_with_rates(group, exponents, [change], True, way)
        return jax.lax.optimization_barrier((move, rates)), square

    start = on_lanes((group.identity(), [group.still()]), block.lanes)
    u, (rate,) = block.through(step, combined, start)
    return in_front(u), jax.tree.map(lambda x: x[..., None], in_front(rate))


def backward(
    structure, loop, moving: Moving, axes, edges, counts, leaves, numbers
) -> tuple:
    """Cotangents of what moves, lanes in front, from those of displacements of this
    structure, whose numbers stand last in `axes`."""
    block, numbers = _Block.own(loop, moving, axes, edges, counts, leaves, numbers)
    group = block.group

    def step(way, *place):
        exponents, added = block.pulled(*place)
        squares = [exponent.square() for exponent in exponents]
        return (way, exponents, added), functools.reduce(larger, squares)

    def turned(carry, here):
        (cotangent, totals), (way, exponents, added) = carry, here
        parts = []
        for exponent in exponents:
            part, cotangent = group.pulled(exponent, cotangent, way)
            parts.append(part)
        cotangent, parts = jax.lax.optimization_barrier((cotangent, tuple(parts)))
        return cotangent, added(totals, parts)

    start = _on_last(structure, numbers), block.nothing()
    _, totals = block.through(step, turned, start)
    return tuple(jnp.moveaxis(x, -1, 0) for x in totals)


def by_checkpoints(
    structure, loop, moving: Moving, axes, edges, counts, leaves, numbers
) -> tuple:
    """As `backward`, of propagators that cannot be undone: their cotangent goes from
    the last step to the first, with those that were kept or are found again."""
    block, numbers = _Block.own(loop, moving, axes, edges, counts, leaves, numbers)
    group = block.group
    most = longest(block.edges, block.counts)
    ends = jnp.cumsum(most)

    def place(k):
        """Of step k of all cells in turn."""
        if len(most) == 1:
            cell, index = 0, k
        else:
            cell = jnp.sum(k >= ends)
            index = k - (ends[cell] - most[cell])
        low, high = block.edges.T[cell], block.edges.T[cell + 1]
        return Steps.filling(low, high, block.counts.T[cell]), index, cell

    def advanced(k, u):
        steps, index, _ = place(k)
        exponents_of, moved = block.step(steps, index)
        for exponent in jax.lax.optimization_barrier(exponents_of(moved)):
            u = group.exponential(exponent, ANY_ANGLE)[0] @ u
        return u

    def turned(k, u, carry):
        cotangent, totals = carry
        exponents, added = block.pulled(*place(k))
        before = [u]
        for exponent in exponents[:-1]:
            before.append(group.exponential(exponent, ANY_ANGLE)[0] @ before[-1])
        parts: tuple = ()
        for exponent, u in zip(exponents[::-1], before[::-1], strict=True):
            part, cotangent = group.pulled_from(exponent, u, cotangent, ANY_ANGLE)
            parts = (part, *parts)
        cotangent, parts = jax.lax.optimization_barrier((cotangent, parts))
        return cotangent, added(totals, parts)

    start = on_lanes(group.identity(), block.lanes)
    carry = _on_last(structure, numbers), block.nothing()
    _, totals = retraced(advanced, turned, start, carry, ends[-1])
    return tuple(jnp.moveaxis(x, -1, 0) for x in totals)


def _on_last(structure, numbers) -> Any:
    """A displacement from its numbers, lanes on the last axis instead of the first."""
    return jax.tree.unflatten(structure, [jnp.moveaxis(x, 0, -1) for x in numbers])


def _one_by_one(function: Callable, arrays) -> tuple[Callable, tuple[Array, ...]]:
    """A function of arrays with lanes in front, as one of single numbers of the lanes:
    what does not depend on a number can vanish from the derivative by it."""
    shapes = [x.shape for x in arrays]
    numbers = tuple(
        column for x in arrays for column in x.reshape(x.shape[0], -1).swapaxes(0, 1)
    )

    def of_numbers(numbers):
        rest = list(numbers)
        every = []
        for shape in shapes:
            columns = [rest.pop(0) for _ in range(math.prod(shape[1:]))]
            if len(shape) > 1:
                every.append(jnp.stack(columns, axis=-1).reshape(shape))
            else:
                every += columns
        return function(tuple(every))

    return of_numbers, numbers


def in_front(u: Any) -> Any:
    """The lanes on the first axis."""
    return jax.tree.map(lambda x: jnp.moveaxis(x, -1, 0), u)


def _by_edge(rates: Any, cell, edges: int) -> Any:
    """Derivatives in the ends of the cell, the first two, among those in all edges."""

    def placed(x):
        own = jnp.zeros((edges, *x.shape[1:]), x.dtype)
        own = own.at[cell].add(x[0]).at[cell + 1].add(x[1])
        return jnp.concatenate([own, x[2:]])

    return jax.tree.map(placed, rates)
