"""Steps that turn by any angle, in a loop that is made for small ones."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

Far = Int[Array, ""] | int


def shortened(group, far: Far, exponents: tuple) -> tuple:
    """The exponents, or if `far` is 1, those of the same turns by small angles."""
    return where_far(group, far, lambda x: tuple(map(group.shortened, x)), exponents)


def shortened_with(group, far: Far, exponents: tuple, changes: list) -> tuple:
    """Likewise with their changes: see `changes_of`."""

    def both(found):
        exponents, changes = found
        turns = tuple(map(group.shortened, exponents))
        return turns, [tuple(map(along, exponents, x)) for x in changes]

    def along(a, change):
        def one(change):
            return jax.jvp(group.shortened, (a,), (change,))[1]

        return one(change) if change.x.ndim == a.x.ndim else jax.vmap(one)(change)

    return where_far(group, far, both, (exponents, changes))


def shortened_back(group, far: Far, exponents: tuple, cotangents: tuple) -> tuple:
    """Cotangents of exponents, from those of what `shortened` makes of these."""

    def both(cotangents):
        pairs = zip(exponents, cotangents, strict=True)
        return tuple(jax.vjp(group.shortened, a)[1](x)[0] for a, x in pairs)

    return where_far(group, far, both, cotangents)


def where_far(group, far: Far, function: Callable, value: Any) -> Any:
    """`function(value)` if `far` is 1 and the group asks for it; else the value."""
    if not group.scalars:
        return value

    def in_place(far, value):
        # No copy, and next to no time, where nothing is to be done.
        return jax.lax.fori_loop(0, far, lambda _, x: function(x), value)

    def anywhere(far, value):
        found = function(value)
        return jax.tree.map(lambda x, y: jnp.where(far > 0, x, y), found, value)

    return jax.lax.platform_dependent(far, value, cpu=in_place, default=anywhere)
