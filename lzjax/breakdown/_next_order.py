"""Junctions of nearly free electrons beyond straight bands."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._types import Scalar, as_array

_NODES = 16


def reflection_curvature(
    reciprocal_vector: ArrayLike, fermi_wave_vector: ArrayLike
) -> Float[Array, "*batch"]:
    r"""How the curvature of two circles moves the phase of a reflection between them.

    In the next order of the semiclassical expansion the reflection phase is
    $\varphi_S + c/l^2$ (the `curvature` of a `Crossing`), with

    $$c = \frac{12h^2k_F^2 - 4h^4 - 3k_F^4}{48\,h\,k_F^2\,(k_F^2 - h^2)^{3/2}},
      \qquad h = G/2$$

    **Arguments:** `reciprocal_vector`: G. `fermi_wave_vector`: $k_F > G/2$. 1/Å.

    **Returns:** c in Å².

    Two parts make it up: to first order in the potential the reflection is an integral
    over $e^{il^2(A_1 - A_2)}V/\sqrt{k_{y1}k_{y2}}$, whose stationary phase has at the
    next order $-(k_F^2 + 4h^2)/16hy^3$, $y^2 = k_F^2 - h^2$; and the arc from the
    junction to the top has the second-order phase $h/4y^3 - h^3/24k_F^2y^3$ on either
    side, which the inner arc loses. With it the levels of the chain agree with exact
    ones to 6·10⁻⁵ of the cyclotron energy, without it to 10⁻³.
    """
    h2 = 0.25 * as_array(reciprocal_vector) ** 2
    r2 = as_array(fermi_wave_vector) ** 2
    share = 12.0 * h2 * r2 - 4.0 * h2**2 - 3.0 * r2**2
    return share / (48.0 * jnp.sqrt(h2) * r2 * (r2 - h2) ** 1.5)


def forbidden_area(
    energy: Scalar, mean: Float[Array, " m"], split: Float[Array, " n"]
) -> Scalar:
    r"""The area inside the gap, $\int (k_{y-} - k_{y+})\,d\kappa$ at
    $k_x = i\kappa$, between the places where both bands meet.

    $k_{y\pm}^2 = e - s \mp d$; s and d² are analytic in $z = k_x^2$. Times ħ/e it is
    the breakdown field with the complex action in the place of straight bands.

    **Arguments:** `mean`, `split`: coefficients of s and d², those of the highest power
    of z first.
    """
    root = -split[-1] / split[-2]
    slope = jnp.polyder(split)
    for _ in range(4):
        root = root - jnp.polyval(split, root) / jnp.polyval(slope, root)
    # d² = (z − root)·rest: no difference of nearly equal numbers, no root of zero.
    rest = [split[0]]
    for coefficient in split[1:-1]:
        rest.append(rest[-1] * root + coefficient)
    angles = np.pi * ((np.arange(_NODES) + 0.5) / _NODES - 0.5)
    sine, cosine = np.sin(angles), np.cos(angles)
    z = root * sine**2
    across = jnp.sqrt(jnp.polyval(jnp.stack(rest), z))
    half = jnp.sqrt(-root) * cosine * across
    level = energy - jnp.polyval(mean, z)
    heights = jnp.sqrt(level + half) + jnp.sqrt(level - half)
    return jnp.sum(-2.0 * root * cosine**2 * across / heights) * np.pi / _NODES
