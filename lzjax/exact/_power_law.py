"""Limits of sweeps ε = β sign(t)|t|^a and β|t|^a at constant coupling (ħ = 1)."""

import jax
import jax.numpy as jnp
from jaxtyping import ArrayLike

from .._types import as_array
from ._approximation import Approximation


def power_law_fast(
    gap: ArrayLike, rate: ArrayLike, exponent: ArrayLike, *, signed: bool
) -> Approximation:
    r"""The probability to change the diabatic state in a fast sweep.

    $$1 - P = \Gamma\left(1 + \tfrac1{a+1}\right)^2
      \left(\frac{a+1}{\beta}\right)^{2/(a+1)}\Delta^2$$

    for a sweep that crosses (`signed`), times cos²(π/(2(a+1))) for one that touches
    zero and returns. For the square root it is 1.3993257 x^{2/3} with x = Δ³/β².

    Valid to first order in itself: where it is below 0.1.

    Source: Garanin & Schilling, Phys. Rev. B 66, 174438 (2002),
    doi:10.1103/PhysRevB.66.174438.
    """
    gap, rate, exponent = map(as_array, (gap, rate, exponent))
    part = 1.0 / (exponent + 1.0)
    size = jnp.exp(jax.scipy.special.gammaln(1.0 + part))
    value = (size * ((exponent + 1.0) / jnp.abs(rate)) ** part * gap) ** 2
    if not signed:
        value = value * jnp.cos(0.5 * jnp.pi * part) ** 2
    return Approximation(
        value, value < 0.1, "the value is below 0.1, about its relative error"
    )


def power_law_slow(
    gap: ArrayLike, rate: ArrayLike, exponent: ArrayLike, *, signed: bool
) -> Approximation:
    r"""The probability to jump between the adiabatic states in a slow sweep.

    $$P = \left[\frac{\Gamma(1+a)\,c}{(\Delta\tau)^a}\right]^2, \quad
      \tau = (\Delta/\beta)^{1/a}, \quad c = \cos\frac{\pi a}{2}
      \text{ (signed)}, \ \sin\frac{\pi a}{2} \text{ (not)}$$

    A power, not an exponential, because |t|^a is not smooth at t = 0. For the square
    root it is π/(8x), x = Δ³/β². Where c = 0 the sweep is analytic and P is
    exponentially small: `dykhne_davis_pechukas`.

    In the diabatic basis it is the survival of a signed sweep, and the change of one
    that returns. Valid for Δτ > 10 and c ≠ 0: at a = ½ the error is 1 % at Δτ = 100,
    5 % at 10.

    Source: Garanin & Schilling, Phys. Rev. B 66, 174438 (2002),
    doi:10.1103/PhysRevB.66.174438.
    """
    gap, rate, exponent = map(as_array, (gap, rate, exponent))
    delay = jnp.abs(gap / rate) ** (1.0 / exponent) * jnp.abs(gap)
    angle = 0.5 * jnp.pi * exponent
    part = jnp.cos(angle) if signed else jnp.sin(angle)
    factor = jnp.exp(jax.scipy.special.gammaln(1.0 + exponent)) * part
    value = (factor / delay**exponent) ** 2
    valid = (delay > 10.0) & (jnp.abs(part) > 1e-6)
    return Approximation(
        value, valid, "Δτ > 10, and a sweep that is not analytic at t = 0"
    )
