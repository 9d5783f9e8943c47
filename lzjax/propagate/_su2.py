"""SU(2) in four real numbers: the fast path of two levels."""

import math
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex

from .._types import Scalar
from ..models import AbstractTwoLevel

_fence = jax.lax.optimization_barrier
_DEGREE = 9
_PI_HIGH = 3.1415926218032837
_PI_LOW = 3.178650954705639e-08
# Taylor coefficients of d(sin r/r)/d(r²) in r².
_SERIES = [(-1.0) ** k * k / math.factorial(2 * k + 1) for k in range(1, 11)]


class Vector(eqx.Module):
    """A vector of the algebra, −(i/2) w·σ, as three scalars."""

    x: Scalar
    y: Scalar
    z: Scalar

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other: "Vector") -> "Vector":
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def __rmul__(self, factor: Scalar) -> "Vector":
        return Vector(factor * self.x, factor * self.y, factor * self.z)


class Quaternion(eqx.Module):
    """A rotation, c − i (x σx + y σy + z σz) with c² + x² + y² + z² = 1."""

    c: Scalar
    x: Scalar
    y: Scalar
    z: Scalar

    def __matmul__(self, other: "Quaternion") -> "Quaternion":
        a, b = self, other
        return Quaternion(
            a.c * b.c - a.x * b.x - a.y * b.y - a.z * b.z,
            a.c * b.x + a.x * b.c + a.y * b.z - a.z * b.y,
            a.c * b.y + a.y * b.c + a.z * b.x - a.x * b.z,
            a.c * b.z + a.z * b.c + a.x * b.y - a.y * b.x,
        )


def _horner(x: Scalar, offset: int) -> Scalar:
    # Σ (−x)ᵏ / (2k + offset)!
    total = jnp.full_like(x, (-1.0) ** _DEGREE / math.factorial(2 * _DEGREE + offset))
    for k in range(_DEGREE - 1, -1, -1):
        total = total * x + (-1.0) ** k / math.factorial(2 * k + offset)
    return total


def polynomial_cos_sinc(square: Scalar) -> tuple[Scalar, Scalar]:
    """cos r and sin(r)/r from r², for r ≤ 2.9: no root, no branch, no library call."""
    # One doubling of the angle halves the range that the polynomials must cover. The
    # fences and the division keep compilers from evaluating the polynomials anew for
    # each component of the rotation; the division also makes it a unit one.
    quarter = _fence(0.25 * square)
    cos, sinc = _fence((_horner(quarter, 0), _horner(quarter, 1)))
    norm = cos * cos + quarter * sinc * sinc
    return (cos * cos - quarter * sinc * sinc) / norm, sinc * cos / norm


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
    # d(sin r/r)/d(r²) = (cos r − sin r/r) / 2r², which cancels for small r.
    small = square < 0.5
    quotient = (cos - sinc) / (2.0 * jnp.where(small, 1.0, square))
    series = jnp.full_like(square, _SERIES[-1])
    for coefficient in _SERIES[-2::-1]:
        series = series * square + coefficient
    slope = jnp.where(small, series, quotient)
    return (cos, sinc), (-0.5 * sinc * change, slope * change)


class SU2(eqx.Module):
    """The group of two-level propagators."""

    model: AbstractTwoLevel

    # Largest r² for which the polynomials hold, with a margin.
    reach: ClassVar[float] = 2.9**2
    # Derivatives go without the bare polynomials: one loop fewer to compile.
    always_general: ClassVar[bool] = True

    def generator(self, t: Scalar) -> Vector:
        x, y, z = self.model.field(t)
        return Vector(x, y, z)

    @staticmethod
    def bracket(a: Vector, b: Vector) -> Vector:
        """The commutator of the algebra: −(i/2)(a × b)·σ."""
        return Vector(
            a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x
        )

    @staticmethod
    def exponential(a: Vector, library: bool) -> tuple[Quaternion, Scalar]:
        """exp(−(i/2) a·σ), and the square of the angle that it turns by, r = |a|/2."""
        a = _fence(a)
        square = 0.25 * (a.x * a.x + a.y * a.y + a.z * a.z)
        c, s = cos_sinc(square) if library else polynomial_cos_sinc(square)
        s = 0.5 * s
        return Quaternion(c, s * a.x, s * a.y, s * a.z), square

    @staticmethod
    def size(a: Vector) -> Scalar:
        """How fast the generator turns a state: half the length of the field."""
        return 0.5 * jnp.sqrt(a.x * a.x + a.y * a.y + a.z * a.z)

    def identity(self) -> Quaternion:
        one, zero = jnp.ones(()), jnp.zeros(())
        return Quaternion(one, zero, zero, zero)

    @staticmethod
    def inverse(u: Quaternion) -> Quaternion:
        return Quaternion(u.c, -u.x, -u.y, -u.z)

    @staticmethod
    def distance(u: Quaternion, v: Quaternion) -> Scalar:
        """Spectral norm of the difference of two propagators."""
        return jnp.sqrt(
            (u.c - v.c) ** 2 + (u.x - v.x) ** 2 + (u.y - v.y) ** 2 + (u.z - v.z) ** 2
        )

    @classmethod
    def change(cls, u: Quaternion, move: Quaternion, moved: Quaternion) -> Vector:
        """How u changes, as u·(1 + change), if the next step is `moved`, not `move`.

        Carried to the start of the window like this, all changes simply add up.
        """
        small = cls.inverse(move @ u) @ moved @ u
        return Vector(small.x, small.y, small.z)

    @staticmethod
    def still() -> Vector:
        """No change."""
        return Vector(jnp.zeros(()), jnp.zeros(()), jnp.zeros(()))

    @staticmethod
    def carried(move: Quaternion, rates: Any) -> Any:
        """Earlier changes do not depend on later steps."""
        return rates

    @staticmethod
    def displaced(u: Quaternion, change: Vector) -> Quaternion:
        """The derivative of u·(1 + change), to first order in the change."""
        return u @ Quaternion(jnp.zeros_like(change.x), change.x, change.y, change.z)

    @staticmethod
    def matrix(u: Quaternion) -> Complex[Array, "2 2"]:
        return jnp.array(
            [[u.c - 1j * u.z, -u.y - 1j * u.x], [u.y - 1j * u.x, u.c + 1j * u.z]]
        )

    def normalised(self, u: Quaternion) -> Quaternion:
        """u with the rounding of many products taken out of its norm."""
        norm = u.c * u.c + u.x * u.x + u.y * u.y + u.z * u.z
        scale = 1.0 / jnp.sqrt(norm)
        return Quaternion(scale * u.c, scale * u.x, scale * u.y, scale * u.z)
