"""Levels of a network: bracketed roots of its secular determinant."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_positive
from .._types import Scalar, as_scalar
from ._network import Network

# Halvings of the window: to the last digit of a double.
_HALVINGS = 52


def levels(
    network: Callable[[Scalar], Network],
    field: ArrayLike,
    start: ArrayLike,
    stop: ArrayLike,
    count: int,
) -> Float[Array, " count"]:
    r"""The first `count` energies from `start` on with $\det(1 - S\Phi) = 0$.

    Each level is found by bisecting the counting function of the eigenphases
    (`Network.staircase`), so that none is missed and coinciding ones count as often as
    they occur. Derivatives of any order, by the model and by the field, follow from the
    implicit function theorem for the secular determinant; where levels coincide they do
    not exist (infinite).

    **Arguments:**

    - `network`: energy (eV) -> closed `Network`; a module or a function that closes
      over its parameters. Eigenphases must rise with energy, as those of all orbits do
      whose signed areas do.
    - `field`: T, one number; `jax.vmap` this call for many.
    - `start`, `stop`: the window in eV, within which `network` must be valid.
    - `count`: how many.

    **Returns:** energies in eV, rising.

    **Raises:** `RuntimeError` if the window holds fewer; `ValueError` for leads.
    """
    if count < 1:
        raise ValueError(f"`count` must be at least 1, got {count}.")
    check_positive("stop - start", as_scalar(stop) - as_scalar(start))
    field, start, stop = as_scalar(field), as_scalar(start), as_scalar(stop)
    return _levels(network, field, start, stop, int(count))


@eqx.filter_jit
def _levels(network, field, start, stop, count: int):
    first = network(start).staircase(field)
    held = network(stop).staircase(field) - first
    start = eqx.error_if(
        start,
        ~(held >= count),
        "the window holds fewer levels than `count` (or the network is not valid in "
        "all of it): raise `stop` or lower `count`.",
    )

    def level(n):
        def halve(_, bracket):
            low, high = bracket
            middle = 0.5 * (low + high)
            is_above = network(middle).staircase(field) >= n
            return jnp.where(is_above, low, middle), jnp.where(is_above, middle, high)

        def bisect(_, guess):
            low, high = jax.lax.fori_loop(0, _HALVINGS, halve, (start, stop))
            return 0.5 * (low + high)

        return jax.lax.custom_root(
            lambda energy: network(energy).secular(field),
            0.5 * (start + stop),
            bisect,
            lambda linear, y: y / linear(jnp.ones_like(y)),
        )

    return jax.vmap(level)(first + 1.0 + jnp.arange(count))
