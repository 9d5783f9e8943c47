"""SU(2) in four real numbers: the fast path of two levels."""

import math
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex

from .._types import Scalar
from ..models import AbstractTwoLevel

_DEGREE = 9


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
    # One doubling of the angle halves the range that the polynomials must cover.
    quarter = 0.25 * square
    cos, sinc = _horner(quarter, 0), _horner(quarter, 1)
    return 2.0 * cos * cos - 1.0, sinc * cos


def library_cos_sinc(square: Scalar) -> tuple[Scalar, Scalar]:
    """cos r and sin(r)/r from r², for any r."""
    small = square < 1.0
    near = polynomial_cos_sinc(jnp.where(small, square, 0.0))
    r = jnp.sqrt(jnp.where(small, 1.0, square))
    far = jnp.cos(r), jnp.sin(r) / r
    return jnp.where(small, near[0], far[0]), jnp.where(small, near[1], far[1])


class SU2(eqx.Module):
    """The group of two-level propagators."""

    model: AbstractTwoLevel
    fence: bool = eqx.field(static=True, default=False)

    # Largest r² for which the polynomials hold, with a margin.
    reach: ClassVar[float] = 2.9**2

    def generator(self, t: Scalar) -> Vector:
        x, y, z = self.model.field(t)
        return Vector(x, y, z)

    @staticmethod
    def bracket(a: Vector, b: Vector) -> Vector:
        """The commutator of the algebra: −(i/2)(a × b)·σ."""
        return Vector(
            a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x
        )

    def fenced(self) -> "SU2":
        """The same group for loops with derivatives: compilers would evaluate the
        polynomials again for each derivative, unless they meet a fence."""
        return SU2(self.model, True)

    def exponential(self, a: Vector, library: bool) -> tuple[Quaternion, Scalar]:
        """exp(−(i/2) a·σ), and the square of the angle that it turns by, r = |a|/2."""
        square = 0.25 * (a.x * a.x + a.y * a.y + a.z * a.z)
        cos_sinc = library_cos_sinc if library else polynomial_cos_sinc
        c, s = cos_sinc(square)
        if self.fence and not library:
            c, s = jax.lax.optimization_barrier((c, s))
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
        small = cls.inverse(u) @ (cls.inverse(move) @ moved) @ u
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
