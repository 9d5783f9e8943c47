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

_fence = jax.lax.optimization_barrier
Series = Float[Array, "K ..."]


def expand(function: Callable, t: Scalar, order: int) -> Series:
    """Taylor coefficients of the arrays that `function` gives, all real and of one
    shape, at t up to τ^order: (order + 1, how many, ...).

    Taylor-mode differentiation where every primitive has a rule for it, nested
    forward mode otherwise (slower to compile, the same numbers).
    """
    if order == 0:
        return jnp.stack(function(t))[None]
    seeds = [jnp.ones_like(t)] + [jnp.zeros_like(t)] * (order - 1)
    try:
        values, derivatives = jet(function, (t,), (seeds,))
        each = [[v, *d] for v, d in zip(values, derivatives, strict=True)]
    except (NotImplementedError, KeyError, TypeError, AssertionError):
        each = [list(x) for x in zip(*_nested(function, order)(t), strict=True)]
    terms = [
        jnp.asarray(x[k], dtype=float) / math.factorial(k)
        for k in range(order + 1)
        for x in each
    ]
    return jnp.stack(terms).reshape(order + 1, len(each), *terms[0].shape)


def _nested(function: Callable, order: int) -> Callable:
    """Derivatives of all orders up to this one, each as `function` gives values."""
    if order == 0:
        return lambda t: (function(t),)
    lower = _nested(function, order - 1)

    def tower(t):
        values, tangents = jax.jvp(lower, (t,), (jnp.ones_like(t),))
        return (*values, tangents[-1])

    return tower


def product(a: Series, b: Series) -> Series:
    """a·b, element by element, truncated."""
    count = a.shape[0]
    # Slices of one array with zeros in front: compilers make one loop of them all.
    late = _fence(jnp.concatenate([jnp.zeros_like(b[:-1]), b]))
    total = a[0][None] * late[count - 1 :]
    for j in range(1, count):
        total = total + a[j][None] * late[count - 1 - j : 2 * count - 1 - j]
    return _fence(total)


def dot(a: Float[Array, "K 3 ..."], b: Float[Array, "K 3 ..."]) -> Series:
    return jnp.sum(product(a, b), axis=1)


def cross(a: Float[Array, "K 3 ..."], b: Float[Array, "K 3 ..."]) -> Series:
    def turned(x, *places):
        """Turned by both places, side by side: one product for all."""
        parts = [part for k in places for part in (x[:, k:], x[:, :k])]
        return _fence(jnp.concatenate(parts, axis=1))

    parts = product(turned(a, 1, 2), turned(b, 2, 1))
    return parts[:, :3] - parts[:, 3:]


def normalised(a: Float[Array, "K 3 ..."]) -> Float[Array, "K 3 ..."]:
    """a/|a|"""
    return product(inverse_root(dot(a, a))[:, None], a)


def derivative(a: Series) -> Series:
    """da/dτ; the last coefficient, which the truncation hides, becomes zero."""
    k = np.arange(1.0, a.shape[0]).reshape((-1,) + (1,) * (a.ndim - 1))
    return jnp.concatenate([a[1:] * k, jnp.zeros_like(a[:1])])


def inverse_root(a: Series) -> Series:
    """a^(-1/2), from a r' = -½ a' r coefficient by coefficient."""
    root = [1.0 / jnp.sqrt(a[0])]
    for k in range(1, a.shape[0]):
        total = sum((0.5 * j - k) * a[j] * root[k - j] for j in range(1, k + 1))
        root.append(total / (k * a[0]))
    return jnp.stack(root)
