"""Two levels in a kernel: four numbers, and three for each derivative."""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ..kernels import Layout
from ._cos_sinc import ANY_ANGLE, Trigonometry, short
from ._grid import stepped
from ._loop import larger
from ._quick import quick
from ._rates import changes_of, joined_rates, step_with_rates
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
    # Real numbers of a state.
    amplitudes: ClassVar[int] = 4

    @property
    def ways(self) -> tuple[Trigonometry, ...]:
        return short(self.dtype), ANY_ANGLE

    def spread(self, edges, counts, numbers):
        """A lane is a lane. The first number is only there to have one."""
        return edges, counts, (edges[0], *numbers)

    def start(self, moving, numbers):
        one, zero = jnp.ones_like(numbers[0]), jnp.zeros_like(numbers[0])
        return one, *(zero,) * (4 + 3 * len(moving))

    def advance(self, way, moving, index, carry, cell, numbers):
        stepper, numbers = self.loop.stepper, list(numbers[1:])

        def exponents(moved):
            every = list(numbers)
            for j, x in zip(moving, moved, strict=True):
                every[j] = x
            group = self.loop.build(self.layout.join(every))
            t, dt = cell.step(index)
            generator, _ = quick(group.generator, t)
            return stepper.exponents(generator, group.bracket, t, dt)

        rates: list[Vector] = []
        if moving:
            moved = [numbers[j] for j in moving]
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

    def collected(self, way, found):
        """((u, rates), beyond) from what is carried at the end, kernel by kernel."""
        u, angle, _ = _opened(found[0])
        columns = [rate for out in found for rate in _opened(out)[2]]
        rates = None
        if columns:
            rates = jax.tree.map(lambda *x: jnp.stack(x, axis=-1), *columns)
        return (u, rates), ~(angle <= way.reach)
