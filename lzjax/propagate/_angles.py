"""Steps that turn by any angle, in a loop that is made for small ones."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from ..kernels import has_gpu
from ._cos_sinc import ANY_ANGLE, SMALL_ANGLES, Trigonometry


def shortened(group: Any, far: Int[Array, ""] | int, exponents: tuple) -> tuple:
    """The exponents, or if `far` is 1 those of the same turns by angles within reach of
    polynomials; of matrices, as they are: these have one way for all."""
    if not group.scalars:
        return exponents
    return _if(far, lambda exponents: tuple(map(group.shortened, exponents)), exponents)


def either(far: Int[Array, ""] | int) -> Trigonometry:
    """What holds for small angles, or if `far` is 1 for all; for small ones to the last
    bit the same."""

    def chosen(function: Callable, quick: Callable, reach: float):
        def mended(values):
            # A fence: else compilers compute it anyway, before they ask.
            square, *found = jax.lax.optimization_barrier(values)
            right = zip(found, function(square), strict=True)
            return square, *(jnp.where(square > reach, y, x) for x, y in right)

        return lambda square: _if(far, mended, (square, *quick(square)))[1:]

    reach = SMALL_ANGLES.reach
    return Trigonometry(
        chosen(ANY_ANGLE.half, SMALL_ANGLES.half, reach),
        chosen(ANY_ANGLE.with_slope, SMALL_ANGLES.with_slope, 0.25 * reach),
        reach,
    )


def _if(far: Int[Array, ""] | int, function: Callable[[Any], Any], value: Any) -> Any:
    """`function(value)`, which looks like the value, if `far` is 1, else the value."""

    def in_place(far, value):
        # No copy, and next to no time, where nothing is to be done.
        return jax.lax.fori_loop(0, far, lambda _, x: function(x), value)

    def anywhere(far, value):
        found = function(value)
        return jax.tree.map(lambda x, y: jnp.where(far > 0, x, y), found, value)

    if not has_gpu():
        return in_place(far, value)  # right anywhere, and traced once
    return jax.lax.platform_dependent(far, value, cpu=in_place, default=anywhere)
