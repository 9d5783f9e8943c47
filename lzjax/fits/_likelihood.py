"""Deviance residuals of binomial counts, safe where data and prediction agree."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

# A prediction of exactly 0 or 1 would make a single contrary count impossible.
_GUARD = 1e-12
# Beyond this a "probability" is not rounding but a failure, and must show as one.
_TOLERATED = 1e-6


def guarded(p: Float[Array, "..."]) -> Float[Array, "..."]:
    """`p` squeezed into [1e-12, 1 - 1e-12]; NaN where it is no probability at all.

    Inside [0, 1] the map is affine, so that derivatives stay; numerical errors up to
    1e-6 beyond are cut off.
    """
    inside = _GUARD + (1 - 2 * _GUARD) * jnp.clip(p, 0.0, 1.0)
    return jnp.where(jnp.abs(p - 0.5) <= 0.5 + _TOLERATED, inside, jnp.nan)


def _excess(t: Float[Array, "..."], ratio: Float[Array, "..."]) -> Float[Array, "..."]:
    """t - log(1 + t) to full relative accuracy; `ratio` is 1 + t, for t near -1."""
    small = jnp.abs(t) < 0.01
    s = jnp.where(small, t, 0.0)
    # Horner's form of t²/2 - t³/3 + t⁴/4 - ...; the next term is below 1e-18 t².
    series = 0.0
    for k in range(10, 1, -1):
        series = (1 if k % 2 == 0 else -1) / k + s * series
    return jnp.where(small, s**2 * series, t - jnp.log(jnp.where(small, 1.0, ratio)))


@jax.custom_jvp
def signed_root_deviance(
    y: Float[Array, "..."], n: Float[Array, "..."], p: Float[Array, "..."]
) -> Float[Array, "..."]:
    r"""The deviance residual $\mathrm{sign}(y - p)\sqrt{d}$ of one binomial point.

    $$d = 2n\left[y\,\phi\!\left(\tfrac{p - y}{y}\right)
      + (1 - y)\,\phi\!\left(\tfrac{y - p}{1 - y}\right)\right],
      \quad \phi(t) = t - \ln(1 + t)$$

    Both terms are positive: unlike the textbook's sum of logarithms this one does not
    cancel where $y \approx p$. The derivative is
    $-n (y - p) / (p (1 - p) r)$, and $-\sqrt{n / (p (1 - p))}$ at $y = p$.

    Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., sec. 2.4 (1989).
    """
    d = _one_side(y, p, p - y) + _one_side(1 - y, 1 - p, y - p)
    return jnp.sign(y - p) * jnp.sqrt(2 * n * d)


def _one_side(y, p, more) -> Float[Array, "..."]:
    """y φ(more / y) with more = p - y, and its limit p at y = 0."""
    some = y > 0
    safe = jnp.where(some, y, 1.0)
    return jnp.where(some, safe * _excess(more / safe, p / safe), p)


@signed_root_deviance.defjvp
def _signed_root_deviance_jvp(primals, tangents):
    y, n, p = primals
    # Only the prediction is ever differentiated: data are constants.
    r = signed_root_deviance(y, n, p)
    far = r != 0
    ratio = n * (y - p) / (p * (1 - p) * jnp.where(far, r, 1.0))
    slope = -jnp.where(far, ratio, jnp.sqrt(n / (p * (1 - p))))
    return r, slope * tangents[2]
