"""A formula's value together with whether its conditions hold."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float

from .._types import readable


class Approximation(eqx.Module):
    """What an approximate formula gives, and a verdict on its use.

    - `value`: the number.
    - `valid`: whether the conditions of the formula hold here; same shape.
    - `condition`: the conditions in words, with the error that they leave.

    Nothing is raised by itself, so that it maps and differentiates; `.checked()`
    insists.
    """

    value: Float[Array, "*batch"]
    valid: Bool[Array, "*batch"]
    condition: str = eqx.field(static=True)

    def __init__(self, value: ArrayLike, valid: ArrayLike, condition: str):
        self.value, self.valid = jnp.broadcast_arrays(value, valid)
        self.condition = condition

    def __repr__(self) -> str:
        return readable(self)

    def checked(self) -> Float[Array, "*batch"]:
        """The value, or a `RuntimeError` where the formula does not hold."""
        message = f"a formula is used outside of its conditions: {self.condition}."
        return eqx.error_if(self.value, ~jnp.all(self.valid), message)
