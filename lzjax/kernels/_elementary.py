"""Elementary functions built from the few that GPU kernels have.

Real and elementwise, in the precision of the argument, accurate to a few units in the
last place. Used are + - * /, comparisons and selections, `round`, `sqrt`, `exp`, `log`,
`sin`, `cos`, `tanh` and `atan2`: nothing that looks into the bits of a number, and no
table.

Derivatives are not their business: functions are differentiated first, then rewritten.
"""

import math
from collections.abc import Callable

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from .._types import is_single

Real = Float[Array, "..."]

_LOG2 = math.log(2.0)


def _polynomial(x: Real, coefficients: list[float]) -> Real:
    """Horner's scheme, the constant coefficient first."""
    total = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


def expm1(x: Real) -> Real:
    """eˣ − 1, by its series where eˣ is near one."""
    terms = 9 if is_single(x) else 16
    near = _polynomial(x, [1.0 / math.factorial(k + 1) for k in range(terms)])
    return jnp.where(jnp.abs(x) < 0.5, x * near, jnp.exp(x) - 1.0)


def log1p(x: Real) -> Real:
    """log(1 + x): what rounding takes from 1 + x is put back."""
    whole = 1.0 + x
    usual = (x > -1.0) & (whole < jnp.inf)
    safe = jnp.where(usual, whole, 1.0)
    lost = jnp.where(usual, x, 0.0) - (safe - 1.0)
    return jnp.where(usual, jnp.log(safe) + lost / safe, jnp.log(whole))


def _exponential_halves(x: Real) -> tuple[Real, Real]:
    # e^|x| / 2 and e^-|x| / 2; the root of e^|x| does not overflow before they do.
    root = jnp.exp(0.5 * jnp.abs(x))
    return 0.5 * root * root, 0.5 / root / root


def sinh(x: Real) -> Real:
    terms = 6 if is_single(x) else 10
    series = [1.0 / math.factorial(2 * k + 1) for k in range(terms)]
    grows, fades = _exponential_halves(x)
    far = jnp.sign(x) * (grows - fades)
    near = jnp.where(jnp.abs(x) < 1.0, x, 0.0)
    return jnp.where(jnp.abs(x) < 1.0, x * _polynomial(near * near, series), far)


def cosh(x: Real) -> Real:
    grows, fades = _exponential_halves(x)
    return grows + fades


def tan(x: Real) -> Real:
    return jnp.sin(x) / jnp.cos(x)


def atan(x: Real) -> Real:
    return jnp.arctan2(x, jnp.ones_like(x))


def asin(x: Real) -> Real:
    return jnp.arctan2(x, jnp.sqrt((1.0 - x) * (1.0 + x)))


def acos(x: Real) -> Real:
    return jnp.arctan2(jnp.sqrt((1.0 - x) * (1.0 + x)), x)


def asinh(x: Real) -> Real:
    size = jnp.abs(x)
    # Far out the square would overflow, and one is nothing beside it.
    far = size > 1.0 / jnp.finfo(x.dtype).eps
    a = jnp.where(far, 1.0, size)
    near = log1p(a + a * a / (1.0 + jnp.sqrt(1.0 + a * a)))
    return jnp.sign(x) * jnp.where(far, jnp.log(size) + _LOG2, near)


def acosh(x: Real) -> Real:
    far = x > 1.0 / jnp.finfo(x.dtype).eps
    above = jnp.where(far, 1.0, x) - 1.0
    near = log1p(above + jnp.sqrt(above * (2.0 + above)))
    return jnp.where(far, jnp.log(x) + _LOG2, near)


def atanh(x: Real) -> Real:
    size = jnp.abs(x)
    return 0.5 * jnp.sign(x) * log1p(2.0 * size / (1.0 - size))


def cbrt(x: Real) -> Real:
    size = jnp.abs(x)
    usual = (size > 0.0) & (size < jnp.inf)
    safe = jnp.where(usual, size, 1.0)
    root = jnp.exp(jnp.log(safe) / 3.0)
    # One step of Newton's method removes the error of the exponential.
    root = root - (root - safe / (root * root)) / 3.0
    return jnp.sign(x) * jnp.where(usual, root, size)


def floor(x: Real) -> Real:
    nearest = lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN)
    return jnp.where(nearest > x, nearest - 1.0, nearest)


def ceil(x: Real) -> Real:
    return -floor(-x)


def _truncated(x: Real) -> Real:
    return jnp.sign(x) * floor(jnp.abs(x))


def _exact_sum(a: Real, b: Real) -> tuple[Real, Real]:
    """a + b as a rounded sum and its rounding error (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _split(x: Real) -> tuple[Real, Real]:
    # The first digits and the rest (Veltkamp). One digit less than half of them are
    # first ones: compilers that contract what follows may leave one more.
    scaled = (2.0**13 + 1.0 if is_single(x) else 2.0**28 + 1.0) * x
    high = scaled - (scaled - x)
    return high, x - high


def _residual(x: Real, a: Real, b: Real) -> Real:
    """x − a·b where the two are nearly equal, without the rounding of a·b.

    The leading partial product is exact, so it does not matter whether a compiler
    contracts it with the subtraction that follows.
    """
    (a1, a2), (b1, b2) = _split(a), _split(b)
    return ((x - a1 * b1) - a1 * b2 - a2 * b1) - a2 * b2


def rem(x: Real, y: Real) -> Real:
    """The remainder with the sign of x, as C's fmod; exact while x/y has no more
    digits than a number."""
    rest, size = _residual(x, _truncated(x / y), y), jnp.abs(y)
    # The quotient may have been rounded across a whole number.
    rest = jnp.where(rest * jnp.sign(x) < 0.0, rest + jnp.sign(x) * size, rest)
    rest = jnp.where(jnp.abs(rest) >= size, rest - jnp.sign(x) * size, rest)
    return jnp.where(jnp.abs(x) < size, x, rest)


def _scaled_by_two(x: Real) -> tuple[Real, Real]:
    """x = m·2ᵏ with m between √½ and √2; without looking at bits."""
    k = jnp.zeros_like(x)
    for power in (64, 32, 16, 8, 4, 2, 1) if is_single(x) else (
        512, 256, 128, 64, 32, 16, 8, 4, 2, 1
    ):  # fmt: skip
        big, small = x >= 2.0**power, x < 2.0**-power
        factor = jnp.where(big, 2.0**-power, jnp.where(small, 2.0**power, 1.0))
        x = x * factor
        k = k + jnp.where(big, 1.0 * power, jnp.where(small, -1.0 * power, 0.0))
    upper, lower = x > math.sqrt(2.0), x < math.sqrt(0.5)
    x = x * jnp.where(upper, 0.5, jnp.where(lower, 2.0, 1.0))
    return x, k + jnp.where(upper, 1.0, jnp.where(lower, -1.0, 0.0))


def _logarithm_in_two(x: Real) -> tuple[Real, Real]:
    """log x for x > 0 as a sum of two numbers, to about ten digits more than one."""
    m, k = _scaled_by_two(x)
    # log m = 2 atanh s with s = (m − 1)/(m + 1), to twice the digits.
    f = m - 1.0
    below, rounded = _exact_sum(m, jnp.ones_like(m))
    s = f / below
    s_low = (_residual(f, s, below) - s * rounded) / below
    terms = 6 if is_single(x) else 13
    series = _polynomial(s * s, [2.0 / (2 * n + 3) for n in range(terms)])
    # The first part of log 2 has zeros at its end: k times it is exact.
    log2 = 0.693145751953125 if is_single(x) else 0.6931471803691238
    low = 1.42860682030941723e-06 if is_single(x) else 1.9082149292705877e-10
    total, rest = _exact_sum(k * log2, 2.0 * s)
    rest = rest + (k * low + (2.0 * s_low + s * s * s * series))
    high = total + rest
    return high, rest - (high - total)


def power(x: Real, y: Real) -> Real:
    """xʸ: for x < 0 only where y is a whole number, else NaN."""
    usual = (jnp.abs(x) > 0.0) & (jnp.abs(x) < jnp.inf)
    size = jnp.where(usual, jnp.abs(x), 1.0)
    high, low = _logarithm_in_two(size)
    # The exponent as an exact product and the small rest of it.
    (y1, y2), (high1, high2) = _split(y), _split(high)
    exponent = y1 * high1
    rest = y1 * high2 + y2 * high1 + y2 * high2 + y * low
    # Where nothing is left, or too much, the last digits do not matter.
    beyond = jnp.abs(y * high) > (104.0 if is_single(x) else 746.0)
    value = jnp.exp(jnp.where(beyond, y * high, exponent))
    # Not a second `exp`: XLA makes one of two, and the digits are lost.
    less = value * rest * _polynomial(rest, [1.0, 1 / 2, 1 / 6, 1 / 24])
    value = value + jnp.where(beyond, 0.0, less)
    vanishes = (x == 0.0) == (y > 0.0)
    value = jnp.where(usual, value, jnp.where(vanishes, 0.0, jnp.inf))
    whole = floor(y) == y
    odd = whole & (floor(0.5 * y) != 0.5 * y)
    value = jnp.where(x < 0.0, jnp.where(odd, -value, value), value)
    value = jnp.where((x < 0.0) & ~whole, jnp.nan, value)
    value = jnp.where((x != x) | (y != y), jnp.nan, value)
    return jnp.where((x == 1.0) | (y == 0.0), 1.0, value)


# By the name of the primitive: what a GPU kernel lacks.
REWRITTEN: dict[str, Callable[..., Real]] = {
    "acos": acos,
    "acosh": acosh,
    "asin": asin,
    "asinh": asinh,
    "atan": atan,
    "atanh": atanh,
    "cbrt": cbrt,
    "ceil": ceil,
    "cosh": cosh,
    "expm1": expm1,
    "floor": floor,
    "log1p": log1p,
    "pow": power,
    "rem": rem,
    "sinh": sinh,
    "tan": tan,
}
