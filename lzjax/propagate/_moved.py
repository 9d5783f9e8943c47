"""A step in a kernel, as a function of the numbers that move."""

import dataclasses
from collections.abc import Callable
from typing import Any

from ._quick import quick
from ._rules import replaced


def exponents_in(
    loop, layout, moving: tuple[int, ...], index, cell, numbers
) -> tuple[Callable[[list], tuple[Any, ...]], list]:
    """The exponents of step `index` of a cell as a function of the numbers in `moving`,
    and these."""

    def exponents(moved):
        group = loop.build(layout.join(replaced(numbers, moving, moved)))
        t, dt = cell.step(index)
        generator, _ = quick(group.generator, t)
        return loop.stepper.exponents(generator, group.bracket, t, dt)

    return exponents, [numbers[j] for j in moving]


@dataclasses.dataclass(frozen=True)
class Shifted:
    """The loop over steps of a model whose leaves are a number s, tangents of the
    leaves in `places`, and those of another loop, to which s times the tangents is
    added. Its derivative in s, at zero, is that along the tangents."""

    loop: Any
    places: tuple[int, ...]

    @property
    def group(self) -> Any:
        return self.loop.group

    @property
    def stepper(self) -> Any:
        return self.loop.stepper

    def build(self, leaves) -> Any:
        split = 1 + len(self.places)
        s, tangents, own = leaves[0], leaves[1:split], leaves[split:]
        pairs = zip(self.places, tangents, strict=True)
        return self.loop.build(
            tuple(replaced(own, self.places, [own[j] + s * x for j, x in pairs]))
        )
