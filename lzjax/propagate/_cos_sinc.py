"""cos r and sin(r)/r from r²: polynomials, and half turns taken out."""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Scalar

_fence = jax.lax.optimization_barrier
# cos r and sin(r)/r as polynomials in r²: interpolation in Chebyshev's points of
# [0, 3.15²], exact at zero, wrong by at most 1.5e-16 and 1.4e-15, for r ≤ 2 by 5e-16,
# before rounding.
COS = (
    1.0,
    -0.5,
    0.04166666666666638,
    -0.0013888888888879266,
    2.4801587300344765e-05,
    -2.7557319142477893e-07,
    2.0876753914757294e-09,
    -1.1470674987555485e-11,
    4.778471420005809e-14,
    -1.5532302419623838e-16,
    3.6909973989840813e-19,
)
SINC = (
    1.0,
    -0.16666666666666655,
    0.008333333333331252,
    -0.00019841269840710146,
    2.7557319166006182e-06,
    -2.505210537453611e-08,
    1.6058955910909948e-10,
    -7.64565271401005e-13,
    2.7962695987263265e-15,
    -7.390207700771169e-18,
)
_PI_HIGH = 3.1415926218032837
_PI_LOW = 3.178650954705639e-08
# d(sin r/r)/d(r²) in r², likewise, wrong by at most 3e-17.
_SLOPE = (
    -0.16666666666666666,
    0.016666666666666663,
    -0.0005952380952380496,
    1.1022927689471825e-05,
    -1.2526054180028893e-07,
    9.635425643098389e-10,
    -5.352995372722337e-12,
    2.24883529945035e-14,
    -7.365374493239789e-17,
    1.7760305212968329e-19,
)
# The squared range of all three: half a turn of r, with a margin.
REACH = 3.15**2

# The same three, shorter: in [0, 1.8²] for float64, wrong by at most 2e-16, and in
# [0, 1.2²] for float32, wrong by at most 2e-8.
_SHORT = {
    8: (
        (
            1.0,
            -0.49999999999999994,
            0.04166666666666446,
            -0.0013888888888745582,
            2.4801587266179305e-05,
            -2.755731492591586e-07,
            2.0876473467002404e-09,
            -1.1460370408410167e-11,
            4.581099047818609e-14,
        ),
        (
            1.0,
            -0.16666666666666666,
            0.008333333333333217,
            -0.00019841269841194175,
            2.755731920529127e-06,
            -2.5052106116400014e-08,
            1.6058894186560063e-10,
            -7.641689115073686e-13,
            2.706846947575814e-15,
        ),
        (
            -0.16666666666666666,
            0.016666666666666635,
            -0.0005952380952371015,
            1.1022927684684896e-05,
            -1.2526053282745507e-07,
            9.635345930524895e-10,
            -5.349365981351418e-12,
            2.1667762841629704e-14,
        ),
    ),
    4: (
        (
            1.0,
            -0.49999999094264935,
            0.041666465323179,
            -0.0013881884848779425,
            2.4019730679524e-05,
        ),
        (
            1.0,
            -0.1666666658404991,
            0.008333314968733234,
            -0.00019834883264299773,
            2.684490222797098e-06,
        ),
        (
            -0.16666666666666666,
            0.016666655170823642,
            -0.0005950943083618085,
            1.0755709236210415e-05,
        ),
    ),
}
_SHORT_REACH = {8: 1.8**2, 4: 1.2**2}


def _chain(coefficients: tuple[float, ...], x: Scalar) -> Scalar:
    total = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


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
    cos, sinc = (_horner(x, inside) for x in _SHORT[8][:2])
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
    return jnp.where(small, _horner(_SLOPE, square), quotient)


# The angle after which a spinor is what it was.
TURN = 4.0 * math.pi


def without_full_turns(angle: Scalar) -> Scalar:
    """The angle less the nearest multiple of 4π; within 2π also where rounding is
    larger than that."""
    turns = jnp.round(angle / TURN)
    rest = (angle - turns * (4.0 * _PI_HIGH)) - turns * (4.0 * _PI_LOW)
    return jnp.clip(rest, -0.5 * TURN, 0.5 * TURN)


# π in three parts: products with the first two are exact for all that has an error
# below one in float32, and in float64.
_PI = (3.140625, 9.670257568359375e-4, 6.278329573009626e-07)


def _half_turns(x: Scalar) -> tuple[Scalar, Scalar]:
    """x less the nearest multiple of π, and the sign that the multiple makes."""
    turns = jnp.round(x * (1.0 / math.pi))
    rest = x
    for part in _PI:
        rest = rest - turns * part
    half = 0.5 * turns
    return rest, 1.0 - 4.0 * (half - jnp.floor(half))


@jax.custom_jvp
def quick_cos(x: Scalar) -> Scalar:
    """cos x in arithmetic that compilers vectorise, wrong by at most 4e-16 beside what
    the rounding of x does."""
    rest, sign = _half_turns(x)
    return sign * _chain(_SHORT[8][0], rest * rest)


@jax.custom_jvp
def quick_sin(x: Scalar) -> Scalar:
    """sin x likewise."""
    rest, sign = _half_turns(x)
    return sign * rest * _chain(_SHORT[8][1], rest * rest)


quick_cos.defjvps(lambda change, _, x: -quick_sin(x) * change)
quick_sin.defjvps(lambda change, _, x: quick_cos(x) * change)


class Trigonometry(NamedTuple):
    """A way to compute what the exponential of a turn by an angle needs.

    - `half(a²)`: cos(a/2) and sin(a/2)/a.
    - `with_slope(r²)`: cos r, sin(r)/r, and the derivative of the latter in r².
    - `reach`: the largest a² = 4 r² for which these hold.
    """

    half: Callable[[Scalar], tuple[Scalar, Scalar]]
    with_slope: Callable[[Scalar], tuple[Scalar, Scalar, Scalar]]
    reach: float


def _by_halves(square: Scalar) -> tuple[Scalar, Scalar]:
    cos, sinc = cos_sinc(0.25 * square)
    return cos, 0.5 * sinc


def _polynomials(evaluate: Callable, cos, sinc, slope, reach: float) -> Trigonometry:
    """No root, no branch, no library call."""
    # Powers of two are exact: the halves cost nothing.
    half_cos = tuple(c * 0.25**k for k, c in enumerate(cos))
    half_sinc = tuple(c * 0.5 * 0.25**k for k, c in enumerate(sinc))
    return Trigonometry(
        lambda square: (evaluate(half_cos, square), evaluate(half_sinc, square)),
        lambda square: tuple(evaluate(x, square) for x in (cos, sinc, slope)),
        4.0 * reach,
    )


def _with_slope(square: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    cos, sinc = cos_sinc(square)
    return cos, sinc, slope_of(square, cos, sinc)


ANY_ANGLE = Trigonometry(_by_halves, _with_slope, math.inf)
SMALL_ANGLES = _polynomials(_horner, COS, SINC, _SLOPE, REACH)


def short(dtype) -> Trigonometry:
    """The fewest operations: where each counts, and steps are many."""
    size = np.dtype(dtype).itemsize
    return _polynomials(_chain, *_SHORT[size], _SHORT_REACH[size])


def short_degree(dtype) -> int:
    """The degree in the angle."""
    return 2 * len(_SHORT[np.dtype(dtype).itemsize][1]) - 1
