"""Steps that turn by any angle, in a loop that is made for small ones."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from ..kernels import has_gpu


def shortened(group: Any, far: Int[Array, ""] | int, exponents: tuple) -> tuple:
    """The exponents, or if `far` is 1 those of the same turns by angles within reach of
    polynomials; of matrices, as they are: these have one way for all."""
    if not group.scalars:
        return exponents

    def function(exponents):
        return tuple(map(group.shortened, exponents))

    def in_place(far, exponents):
        # No copy, and next to no time, where nothing is to be done.
        return jax.lax.fori_loop(0, far, lambda _, x: function(x), exponents)

    def anywhere(far, exponents):
        found = function(exponents)
        return jax.tree.map(lambda x, y: jnp.where(far > 0, x, y), found, exponents)

    if not has_gpu():
        return in_place(far, exponents)  # right anywhere, and traced once
    return jax.lax.platform_dependent(far, exponents, cpu=in_place, default=anywhere)
