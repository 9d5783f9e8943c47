"""A few numbers in order. Compilers keep a loop in one kernel, which is compiled and
run faster than many, unless a library sorts inside of it."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

# Of more numbers, comparing all with all takes longer than sorting.
_FEW = 32


def rising(numbers: Float[Array, " M"]) -> Float[Array, " M"]:
    """The numbers, lowest first; differentiable."""
    if numbers.shape[0] > _FEW:
        return jnp.sort(numbers)
    return jnp.sum(jnp.where(_places(numbers), numbers[None], 0.0), axis=1)


def order_of(numbers: Float[Array, " M"] | Int[Array, " M"]) -> Int[Array, " M"]:
    """The places of the numbers, that of the lowest first; of a permutation, its
    inverse."""
    if numbers.shape[0] > _FEW:
        return jnp.argsort(numbers)
    places = jnp.arange(numbers.shape[0])
    return jnp.sum(jnp.where(_places(numbers), places[None], 0), axis=1)


def _places(numbers: Array) -> Array:
    """Which number (last axis) stands where; of equal ones the first one first."""
    count = jnp.arange(numbers.shape[0])
    lower = numbers[None] < numbers[:, None]
    before = lower | (~lower.T & (count[None] < count[:, None]))
    return jnp.sum(before, axis=1)[None] == count[:, None]
