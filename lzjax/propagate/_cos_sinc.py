"""cos r and sin(r)/r from r²: polynomials, and half turns taken out."""

import math

import jax
import jax.numpy as jnp

from .._types import Scalar

_fence = jax.lax.optimization_barrier
# cos r and sin(r)/r as polynomials in r²: interpolation in Chebyshev's points of
# [0, 2.5²], exact at zero, wrong by at most 3e-16 and 2e-17 before rounding.
COS = (
    1.0,
    -0.49999999999999994,
    0.041666666666665554,
    -0.001388888888884138,
    2.4801587293776794e-05,
    -2.7557318580440086e-07,
    2.0876727180030166e-09,
    -1.1469933576630449e-11,
    4.766553519746852e-14,
    -1.4503314021434991e-16,
)
SINC = (
    1.0,
    -0.16666666666666666,
    0.00833333333333328,
    -0.00019841269841247097,
    2.755731922024723e-06,
    -2.5052108077431053e-08,
    1.6059029572947262e-10,
    -7.646775270905691e-13,
    2.80527779434349e-15,
    -7.687627288991658e-18,
)
_PI_HIGH = 3.1415926218032837
_PI_LOW = 3.178650954705639e-08
# d(sin r/r)/d(r²) in r², likewise, wrong by at most 6e-17.
_SLOPE = (
    -0.16666666666666666,
    0.016666666666666136,
    -0.0005952380952358335,
    1.1022927685876035e-05,
    -1.2526053886348489e-07,
    9.63541211136772e-10,
    -5.35262802476994e-12,
    2.2430128701562517e-14,
    -6.867275646267913e-17,
)
# The squared range of all three, with a margin.
REACH = 2.5**2


def _horner(coefficients: tuple[float, ...], x: Scalar) -> Scalar:
    # Even and odd powers apart: two short chains instead of a long one.
    square = x * x
    even, odd = coefficients[0::2], coefficients[1::2]
    parts = []
    for part in (even, odd):
        total = jnp.full_like(x, part[-1])
        for coefficient in part[-2::-1]:
            total = total * square + coefficient
        parts.append(total)
    return parts[0] + x * parts[1]


def polynomial_slope(square: Scalar) -> Scalar:
    """The derivative of sin(r)/r in r² from r², for r ≤ 2.5."""
    return _horner(_SLOPE, square)


def polynomial_cos_sinc(square: Scalar) -> tuple[Scalar, Scalar]:
    """cos r and sin(r)/r from r², for r ≤ 2.5: no root, no branch, no library call."""
    return _horner(COS, square), _horner(SINC, square)


@jax.custom_jvp
def cos_sinc(square: Scalar) -> tuple[Scalar, Scalar]:
    """cos r and sin(r)/r from r², for any r: the polynomials after half turns are
    taken out. The derivatives are closed forms, behind a fence: compilers would
    evaluate the polynomials again for each of them."""
    small = square < 1.0
    r = jnp.sqrt(jnp.where(small, 1.0, square))
    turns = jnp.round(r / math.pi)
    # π in two parts keeps all digits of the remainder.
    rest = (r - turns * _PI_HIGH) - turns * _PI_LOW
    inside = jnp.where(small, square, rest * rest)
    cos, sinc = polynomial_cos_sinc(inside)
    sign = 1.0 - 2.0 * jnp.abs(turns - 2.0 * jnp.round(0.5 * turns))
    cos = jnp.where(small, cos, sign * cos)
    sinc = jnp.where(small, sinc, sign * sinc * rest / r)
    return cos, sinc


@cos_sinc.defjvp
def _cos_sinc_jvp(primals, tangents):
    (square,), (change,) = primals, tangents
    cos, sinc = _fence(cos_sinc(square))
    slope = slope_of(square, cos, sinc)
    return (cos, sinc), (-0.5 * sinc * change, slope * change)


def slope_of(square: Scalar, cos: Scalar, sinc: Scalar) -> Scalar:
    """d(sin r/r)/d(r²) = (cos r − sin r/r) / 2r², without cancellation for small r."""
    small = square < REACH
    quotient = (cos - sinc) / (2.0 * jnp.where(small, 1.0, square))
    return jnp.where(small, polynomial_slope(square), quotient)
