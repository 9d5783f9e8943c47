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
    return _in_order(numbers, numbers)


def order_of(numbers: Float[Array, " M"] | Int[Array, " M"]) -> Int[Array, " M"]:
    """The places of the numbers, that of the lowest first; of a permutation, its
    inverse."""
    if numbers.shape[0] > _FEW:
        return jnp.argsort(numbers)
    return _in_order(jnp.arange(numbers.shape[0]), numbers)


def _in_order(values: Array, numbers: Array) -> Array:
    """The values as the numbers beside them rise; of equal ones the first one first."""
    places = jnp.arange(numbers.shape[0])
    lower = numbers[None] < numbers[:, None]
    before = lower | (~lower.T & (places[None] < places[:, None]))
    here = jnp.sum(before, axis=1)[None] == places[:, None]
    return jnp.sum(jnp.where(here, values[None], 0), axis=1)
