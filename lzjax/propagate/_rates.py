"""One step with its derivatives in all that moves."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ._cos_sinc import Trigonometry

# Beyond this many numbers, memory speaks for one backward pass for each coordinate
# instead of one forward pass for each number.
_MANY = 16


def step_with_rates(
    group,
    exponents: tuple,
    changes: list,
    apart: bool,
    way: Trigonometry,
) -> Any:
    """A step, its rates of the group, and the largest squared angle.

    **Arguments:**

    - `exponents`, `changes`: of the step, first one first; see `changes_of`.
    - `apart`: rates are a list with one entry for each number, one a lane; else a
      list of one, with the numbers along a new first axis.
    """
    # Else compilers evaluate the model anew for every component.
    exponents, changes = jax.lax.optimization_barrier((exponents, changes))
    u, rates, angle = group.exponential_rates(
        exponents[0], [x[0] for x in changes], way
    )
    for k, exponent in enumerate(exponents[1:], start=1):
        move, more, square = group.exponential_rates(
            exponent, [x[k] for x in changes], way
        )
        rates = joined_rates(group, apart, u, rates, move, more)
        u, angle = move @ u, jnp.maximum(angle, square)
    return u, rates, angle


def joined_rates(group, apart: bool, u, rates: list, move, more: list) -> list:
    """The rates of move·u, from those of both; for `apart` see `step_with_rates`."""
    joined = group.joined if apart else jax.vmap(group.joined, (None, 0, None, 0))
    return [joined(u, old, move, new) for old, new in zip(rates, more, strict=True)]


def changes_of(group, exponents_of: Callable, numbers: Any, apart: bool) -> Any:
    """The exponents of a step and how they change, for each number or with the numbers
    along a new first axis; for `apart` see `step_with_rates`.

    `exponents_of(numbers)`: numbers have lanes on their first axis, exponents on their
    last.
    """
    parts, structure = jax.tree.flatten(numbers)

    def flat(*parts):
        return exponents_of(jax.tree.unflatten(structure, parts))

    if apart:
        # One by one: what does not depend on a number vanishes from its derivative.
        changes = []
        for j, part in enumerate(parts):
            before, after = parts[:j], parts[j + 1 :]
            exponents, change = jax.jvp(
                lambda x, before=before, after=after: flat(*before, x, *after),
                (part,),
                (jnp.ones_like(part),),
            )
            changes.append(change)
        return exponents, changes
    lanes = parts[0].shape[0]
    sizes = [part.size // lanes for part in parts]
    total = sum(sizes)
    if group.scalars and total > _MANY:
        return _changes_backward(flat, parts)
    # The directions are the rows of a constant: nothing is stacked inside the loop,
    # which would keep it from being fused.
    directions = tuple(
        jnp.broadcast_to(rows.reshape(total, 1, *part.shape[1:]), (total, *part.shape))
        for rows, part in zip(
            np.split(np.eye(total), np.cumsum(sizes)[:-1], axis=1), parts, strict=True
        )
    )
    exponents, change = jax.vmap(
        lambda direction: jax.jvp(flat, tuple(parts), direction), out_axes=(None, 0)
    )(directions)
    return exponents, [change]


def _changes_backward(flat: Callable, parts: list[Array]) -> Any:
    exponents, pull = jax.vjp(flat, *parts)
    coordinates, structure = jax.tree.flatten(exponents)
    lanes = coordinates[0].shape
    units = [
        jnp.broadcast_to(row[:, None], (len(coordinates), *lanes))
        for row in np.eye(len(coordinates))
    ]
    rows = jax.vmap(pull)(jax.tree.unflatten(structure, units))
    flat_rows = [row.reshape(*row.shape[:2], -1) for row in rows]
    whole = jnp.concatenate(flat_rows, axis=-1).swapaxes(1, 2)
    return exponents, [jax.tree.unflatten(structure, list(whole))]
