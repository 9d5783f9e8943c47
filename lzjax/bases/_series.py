"""Truncated Taylor series in time: the arithmetic behind superadiabatic bases.

A series is an array whose leading axis holds the coefficients of 1, τ, τ², ...
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.jet import jet
from jaxtyping import Array, Float

from .._types import Scalar

Series = Float[Array, "K ..."]


def expand(function: Callable, t: Scalar, order: int) -> Series:
    """Taylor coefficients of `function` (a real array) at t, up to τ^order.

    Taylor-mode differentiation where every primitive has a rule for it, nested
    forward mode otherwise (slower to compile, the same numbers).
    """
    if order == 0:
        return function(t)[None]
    seeds = [jnp.ones_like(t)] + [jnp.zeros_like(t)] * (order - 1)
    try:
        value, derivatives = jet(function, (t,), (seeds,))
    except (NotImplementedError, KeyError, TypeError, AssertionError):
        value, *derivatives = _nested(function, order)(t)
    terms = [value] + [d / math.factorial(k) for k, d in enumerate(derivatives, 1)]
    return jnp.stack([jnp.asarray(term, dtype=float) for term in terms])


def _nested(function: Callable, order: int) -> Callable:
    if order == 0:
        return lambda t: (function(t),)
    lower = _nested(function, order - 1)

    def tower(t):
        values, tangents = jax.jvp(lower, (t,), (jnp.ones_like(t),))
        return (*values, tangents[-1])

    return tower


def lags(a: Series) -> Float[Array, "K K ..."]:
    """a[i − j], zero above the diagonal: the matrix that multiplies by a series."""
    k = np.arange(a.shape[0])
    lag = k[:, None] - k
    below = (lag >= 0).reshape(lag.shape + (1,) * (a.ndim - 1))
    return jnp.where(below, a[np.abs(lag)], 0.0)


def product(a: Float[Array, " K"], b: Series) -> Series:
    """a·b, truncated; a is a series of scalars."""
    return jnp.tensordot(lags(a), b, axes=1)


def dot(a: Float[Array, "K 3"], b: Float[Array, "K 3"]) -> Float[Array, " K"]:
    return jnp.einsum("ijc,jc->i", lags(a), b)


def cross(a: Float[Array, "K 3"], b: Float[Array, "K 3"]) -> Float[Array, "K 3"]:
    return jnp.sum(jnp.cross(lags(a), b[None]), axis=1)


def normalised(a: Float[Array, "K 3"]) -> Float[Array, "K 3"]:
    """a/|a|"""
    return product(square_root(reciprocal(dot(a, a))), a)


def derivative(a: Series) -> Series:
    """da/dτ; the last coefficient, which the truncation hides, becomes zero."""
    k = jnp.arange(1, a.shape[0], dtype=float)
    shifted = a[1:] * k.reshape((-1,) + (1,) * (a.ndim - 1))
    return jnp.concatenate([shifted, jnp.zeros_like(a[:1])])


def square_root(a: Float[Array, " K"]) -> Float[Array, " K"]:
    first = jnp.sqrt(a[0])

    # r² = a, solved for one coefficient after the other; those to come are zero.
    def solve(k, root):
        known = product(root.at[0].set(0.0), root.at[0].set(0.0))
        return root.at[k].set((a[k] - known[k]) / (2.0 * first))

    start = jnp.zeros_like(a).at[0].set(first)
    return jax.lax.fori_loop(1, a.shape[0], solve, start)


def reciprocal(a: Float[Array, " K"]) -> Float[Array, " K"]:
    def solve(k, inverse):
        return inverse.at[k].set(-product(a, inverse)[k] / a[0])

    start = jnp.zeros_like(a).at[0].set(1.0 / a[0])
    return jax.lax.fori_loop(1, a.shape[0], solve, start)
