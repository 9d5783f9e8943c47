"""The exponents of one step, of many lanes at once."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Scalar
from ._quick import quick
from ._steppers import AbstractStepper

_fence = jax.lax.optimization_barrier


def exponents_on_lanes(
    stepper: AbstractStepper,
    build: Callable[..., Any],
    axes: tuple[int | None, ...],
    t: Float[Array, " L"],
    dt: Scalar | Float[Array, " L"],
    leaves: tuple[Array, ...],
) -> tuple[Any, ...]:
    """The exponents of steps from t of length dt, lanes on their last axis.

    **Arguments:**

    - `build(leaves)`: the group of a lane; `axes` says 0 for the leaves that have
      lanes in front, and `None` where all lanes share one.
    """
    firsts = firsts_of(leaves, axes)
    group = build(firsts)

    def generator(t, *leaves):
        return build(leaves).generator(t)

    one, costly = quick(generator, t[0], *firsts)

    def kept(found):
        # Else compilers compute it anew for whatever is made of it.
        return _fence(found) if costly else found

    if not group.scalars:
        many = jax.vmap(one, (0, *axes), out_axes=-1)
        return stepper.exponents(lambda t: kept(many(t, *leaves)), group.bracket, t, dt)

    def step(t, dt, *leaves):
        return stepper.exponents(lambda t: kept(one(t, *leaves)), group.bracket, t, dt)

    axis = 0 if jnp.ndim(dt) else None
    whole, _ = quick(step, t[0], *firsts_of((dt,), (axis,)), *firsts)
    return jax.vmap(whole, (0, axis, *axes), out_axes=-1)(t, dt, *leaves)


def firsts_of(arrays: Sequence[Any], axes: Sequence[int | None]) -> tuple:
    """Arrays of the first lane: `axes` says 0 for those that have lanes in front."""
    each = zip(arrays, axes, strict=True)
    return tuple(x if axis is None else x[0] for x, axis in each)
