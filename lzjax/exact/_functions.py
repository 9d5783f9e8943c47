"""Two functions that are smooth where the textbook expression for them is not."""

import jax.numpy as jnp
from jaxtyping import Array, Float

_MANY = Float[Array, "*batch"]


def decay_ratio(x: _MANY) -> _MANY:
    """(1 − e^{−x}) / x, and 1 at x = 0; with all derivatives finite there."""
    small = jnp.abs(x) < 1e-2
    # Both branches of `where` are differentiated, so neither may divide by zero.
    safe = jnp.where(small, 1.0, x)
    # The first dropped term is x⁷/8! < 3e-19 at the border.
    series = 1.0 + 0.0 * x
    for n in (7, 6, 5, 4, 3, 2):
        series = 1.0 - x * series / n
    return jnp.where(small, series, -jnp.expm1(-safe) / safe)


def scaled_cos_sqrt(x: _MANY, scale: _MANY) -> _MANY:
    """cos(√x) e^{−scale}, where cos(√x) = cosh(√−x) for x < 0.

    `scale` keeps the hyperbolic side finite. Smooth through x = 0.
    """
    small = jnp.abs(x) < 1e-2
    safe = jnp.where(small, 1.0, x)
    root = jnp.sqrt(jnp.abs(safe))
    grown = 0.5 * (jnp.exp(root - scale) + jnp.exp(-root - scale))
    oscillating = jnp.cos(root) * jnp.exp(-scale)
    # Taylor series in x; the first dropped term is x⁶/12! < 3e-21 at the border.
    series = 1.0 + 0.0 * x
    for n in (10, 8, 6, 4, 2):
        series = 1.0 - x * series / (n * (n - 1))
    outside = jnp.where(safe > 0, oscillating, grown)
    return jnp.where(small, series * jnp.exp(-scale), outside)
