"""Two levels in a kernel: four numbers, and three for each derivative; or, backwards,
three and a sum for each."""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ..kernels import Layout
from ._cos_sinc import ANY_ANGLE, Trigonometry, short
from ._grid import stepped
from ._loop import larger
from ._moved import exponents_in
from ._rates import changes_of, joined_rates, step_with_rates
from ._stretches import before_each, cut, joined, stretches
from ._su2 import SU2, Quaternion, Vector


def _opened(row) -> tuple[Quaternion, Any, list[Vector]]:
    rates = [Vector(*row[k : k + 3]) for k in range(5, len(row), 3)]
    return Quaternion(*row[:4]), row[4], rates


def _row(u: Quaternion, angle, rates: list[Vector]) -> tuple:
    return tuple(jax.tree.leaves((u, angle, rates)))


@dataclasses.dataclass(frozen=True)
class Rotations:
    """Carried: the quaternion, the largest squared angle of a step, and a rate for
    each number that moves."""

    loop: Any
    layout: Layout
    dtype: Any

    # So many derivatives fit into the registers.
    together: ClassVar[int] = 8
    # Beyond so many, a loop with one pass backwards takes less.
    derivatives: ClassVar[int] = 32
    # Real numbers of a state.
    amplitudes: ClassVar[int] = 4
    # Numbers that each lane is given, beside those of the model.
    more: ClassVar[int] = 1
    # The last way is for any angle.
    complete: ClassVar[bool] = True

    @property
    def ways(self) -> tuple[Trigonometry, ...]:
        return short(self.dtype), ANY_ANGLE

    def run(self, kernel, groups, given):
        """What is carried at the end, of each group of numbers that move. Few lanes run
        parallel in time."""
        edges, counts, numbers = given.edges, given.counts, given.numbers
        cells, lanes = counts.shape
        count = stretches(cells, lanes)
        if count > 1:
            edges, counts, numbers = cut(edges, counts, numbers, count)
        # The first number is only there to have one.
        numbers = (edges[0], *numbers)
        found = [kernel(self, part, edges, counts, numbers) for part in groups]
        if count > 1:
            found = [joined(self.joined, row, cells, count) for row in found]
        return found

    def start(self, moving, numbers):
        one, zero = jnp.ones_like(numbers[0]), jnp.zeros_like(numbers[0])
        return one, *(zero,) * (4 + 3 * len(moving))

    def advance(self, way, moving, index, carry, cell, numbers):
        exponents, moved = exponents_in(
            self.loop, self.layout, moving, index, cell, numbers[1:]
        )
        rates: list[Vector] = []
        if moving:
            found, changes = changes_of(SU2, exponents, moved, True)
            move, rates, square = step_with_rates(SU2, found, changes, True, way)
        else:
            move, square = stepped(SU2, exponents([]), way)
        return self.joined(carry, _row(move, square, rates))

    def joined(self, earlier, later):
        """What is carried after two stretches of steps, each from its own start."""
        (u, angle, rates), (move, square, more) = _opened(earlier), _opened(later)
        rates = joined_rates(SU2, True, u, rates, move, more)
        return _row(move @ u, larger(angle, square), rates)

    def collected(self, way, moving, found):
        """((u, rates), beyond) from what is carried at the end, kernel by kernel."""
        u, angle, _ = _opened(found[0])
        columns = [rate for out in found for rate in _opened(out)[2]]
        rates = None
        if columns:
            rates = jax.tree.map(lambda *x: jnp.stack(x, axis=-1), *columns)
        return (u, rates), ~(angle <= way.reach)


@dataclasses.dataclass(frozen=True)
class RotationsBackwards:
    """Carried: the cotangent of the displacement, turned by each step; the largest
    squared angle of a step; and a sum for each number that moves."""

    loop: Any
    layout: Layout
    dtype: Any

    together: ClassVar[int] = 32
    derivatives: ClassVar[int] = 64
    more: ClassVar[int] = 3
    complete: ClassVar[bool] = True

    @property
    def ways(self) -> tuple[Trigonometry, ...]:
        return short(self.dtype), ANY_ANGLE

    def run(self, kernel, groups, given):
        """As that of `Rotations`. Before a stretch, what comes earlier turns the
        cotangent."""
        edges, counts, numbers = given.edges, given.counts, given.numbers
        cells, lanes = counts.shape
        count, cotangent = stretches(cells, lanes), Vector(*given.cotangent)
        if count > 1:
            edges, counts, numbers = cut(edges, counts, numbers, count)
            forward = Rotations(self.loop, self.layout, self.dtype)
            moves = kernel(forward, (), edges, counts, (edges[0], *numbers))
            parts, still = cells * count, Quaternion(1.0, 0.0, 0.0, 0.0)
            u = before_each(lambda u, move: move @ u, _opened(moves)[0], still, parts)
            cotangent = jax.tree.map(lambda x: jnp.tile(x, parts), cotangent)
            cotangent = SU2.turned(u, cotangent)
        numbers = (*jax.tree.leaves(cotangent), *numbers)
        found = [kernel(self, part, edges, counts, numbers) for part in groups]
        if count > 1:
            found = [[x.reshape(cells * count, lanes) for x in row] for row in found]
            found = [
                (*row[:3], jnp.max(row[3], axis=0), *(jnp.sum(x, 0) for x in row[4:]))
                for row in found
            ]
        return found

    def start(self, moving, numbers):
        return *numbers[:3], *(jnp.zeros_like(numbers[0]),) * (1 + len(moving))

    def advance(self, way, moving, index, carry, cell, numbers):
        cotangent, angle, sums = Vector(*carry[:3]), carry[3], carry[4:]
        exponents, moved = exponents_in(
            self.loop, self.layout, moving, index, cell, numbers[3:]
        )
        found, pull = jax.vjp(exponents, moved)
        parts = []
        for exponent in found:
            angle = larger(angle, exponent.square())
            part, cotangent = SU2.pulled(exponent, cotangent, way)
            parts.append(part)
        (more,) = pull(tuple(parts))
        return *jax.tree.leaves(cotangent), angle, *map(jnp.add, sums, more)

    def collected(self, way, moving, found):
        """(cotangents of the moving leaves, beyond) from what is carried at the end,
        kernel by kernel."""
        sums = [x for row in found for x in row[4:]]
        return self.layout.part(moving).join(sums), ~(found[0][3] <= way.reach)
