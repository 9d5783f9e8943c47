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
    t: Scalar | Float[Array, " L"],
    dt: Scalar | Float[Array, " L"],
    leaves: tuple[Array, ...],
    lanes: int,
) -> tuple[Any, ...]:
    """The exponents of steps from t of length dt, so many lanes on their last axis.
    What depends on nothing but times that all lanes share is computed once for all.

    **Arguments:**

    - `build(leaves)`: the group of a lane; `axes` says 0 for the leaves that have
      lanes in front, and `None` where all lanes share one.
    """
    # Times, lengths and leaves, by whether they have lanes.
    each = *(0 if jnp.ndim(x) else None for x in (t, dt)), *axes
    first, length, *rest = firsts_of((t, dt, *leaves), each)
    firsts = tuple(rest)
    group = build(firsts)

    def generator(t, *leaves):
        return build(leaves).generator(t)

    shared = each[0] is None
    one, costly = quick(generator, first, *firsts, shared=shared)

    def kept(found):
        # Else compilers compute it anew for whatever is made of it.
        return _fence(found) if costly else found

    if not group.scalars:
        many = jax.vmap(one, (each[0], *axes), out_axes=-1, axis_size=lanes)
        return stepper.exponents(lambda t: kept(many(t, *leaves)), group.bracket, t, dt)

    def step(t, dt, *leaves):
        return stepper.exponents(lambda t: kept(one(t, *leaves)), group.bracket, t, dt)

    whole, _ = quick(step, first, length, *firsts, shared=shared)
    return jax.vmap(whole, each, out_axes=-1, axis_size=lanes)(t, dt, *leaves)


def firsts_of(arrays: Sequence[Any], axes: Sequence[int | None]) -> tuple:
    """Arrays of the first lane: `axes` says 0 for those that have lanes in front."""
    each = zip(arrays, axes, strict=True)
    return tuple(x if axis is None else x[0] for x, axis in each)
