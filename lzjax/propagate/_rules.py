"""What the rules of primitives share."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax.interpreters import ad
from jaxtyping import Array


def in_front(arrays: Sequence[Array], places: Sequence[Any]) -> tuple[int, list, list]:
    """How many lanes a batch has; the arrays with their lanes on the first axis; and
    whether each has any. `places` are as batching rules get them."""
    batched = [isinstance(place, int) for place in places]
    front = [
        jnp.moveaxis(x, place, 0) if yes else x
        for x, place, yes in zip(arrays, places, batched, strict=True)
    ]
    return front[batched.index(True)].shape[0], front, batched


def changing(tangents: Sequence[Any]) -> list[int]:
    """The places of those that are not known to be zero."""
    return [
        j
        for j, x in enumerate(tangents)
        if not isinstance(x, ad.Zero) and jnp.issubdtype(x.dtype, jnp.inexact)
    ]


def replaced(arrays: Sequence[Any], places: Sequence[int], values: Sequence[Any]):
    """The arrays, with other values at these places."""
    new = list(arrays)
    for place, value in zip(places, values, strict=True):
        new[place] = value
    return new
