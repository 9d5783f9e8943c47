"""SU(2) in four real numbers: the fast path of two levels."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex

from .._types import Scalar
from ..models import AbstractTwoLevel
from ._cos_sinc import SMALL_ANGLES, Trigonometry, without_full_turns

_fence = jax.lax.optimization_barrier


class Vector(eqx.Module):
    """A vector of the algebra, −(i/2) w·σ, as three scalars."""

    x: Scalar
    y: Scalar
    z: Scalar

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other: "Vector") -> "Vector":
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def scaled(self, factor: Scalar) -> "Vector":
        return Vector(factor * self.x, factor * self.y, factor * self.z)

    __rmul__ = scaled

    def square(self) -> Scalar:
        """Of the length."""
        return self.x * self.x + self.y * self.y + self.z * self.z


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


class SU2(eqx.Module):
    """The group of two-level propagators."""

    model: AbstractTwoLevel

    # Elements are single numbers.
    scalars: ClassVar[bool] = True
    # What changes a step can be carried to the start.
    reversible: ClassVar[bool] = True
    # Lanes that a core's cache holds, of models with few numbers. Over 64, compilers
    # write out all loops, and take about a third longer.
    cached: ClassVar[int] = 128

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
    def shortened(a: Vector) -> Vector:
        """The same turn, by an angle within reach of the polynomials; to the last bit
        what it was, if it was within."""
        square = a.square()
        long = square > SMALL_ANGLES.reach
        length = jnp.sqrt(jnp.where(long, square, 1.0))
        return a.scaled(jnp.where(long, without_full_turns(length) / length, 1.0))

    @staticmethod
    def exponential(a: Vector, way: Trigonometry) -> tuple[Quaternion, Scalar]:
        """exp(−(i/2) a·σ), and the square of the angle |a| that it turns by."""
        a = _fence(a)
        square = a.square()
        c, s = way.half(square)
        return Quaternion(c, s * a.x, s * a.y, s * a.z), square

    @staticmethod
    def exponential_rates(a: Vector, changes: list[Vector], way: Trigonometry):
        """exp(a), its rates along `changes`, and |a|². A rate is the vector δ with the
        derivative exp(a)·(−i δ·σ). With v = a/2, r = |v|, c = cos r, s = sin(r)/r,

            δ = s c dv + (s² + 2 c ds/dr²) (v·dv) v − s² v × dv.
        """
        square = 0.25 * a.square()
        c, s, slope = _fence(way.with_slope(square))
        v = a.scaled(0.5)
        straight, across, along = _fence((s * c, s * s, s * s + 2.0 * c * slope))

        def rate(change):
            dv = change.scaled(0.5)
            stretch = _fence(along * (v.x * dv.x + v.y * dv.y + v.z * dv.z))
            turned = SU2.bracket(v, dv)
            return straight * dv + stretch * v - across * turned

        rates = [
            rate(change) if change.x.ndim == v.x.ndim else jax.vmap(rate)(change)
            for change in changes
        ]
        return Quaternion(c, s * v.x, s * v.y, s * v.z), rates, 4.0 * square

    @staticmethod
    def pulled(a: Vector, cotangent: Vector, way: Trigonometry):
        """What a cotangent of the displacement makes one of a, by the transpose of the
        map in `exponential_rates`; and the cotangent turned by exp(a), as it stands
        for what comes later. With r = |v| and w the cotangent, these are half of

            s c w + (s² + 2 c ds/dr²) (v·w) v + s² v × w,

        and w (1 − 2 s² r²) + 2 s² (v·w) v + 2 s c v × w."""
        square = 0.25 * a.square()
        c, s, slope = _fence(way.with_slope(square))
        v, w = a.scaled(0.5), cotangent
        straight, across = s * c, s * s
        inner = v.x * w.x + v.y * w.y + v.z * w.z
        turned = SU2.bracket(v, w)
        along = (across + 2.0 * c * slope) * inner
        pulled = straight * w + along * v + across * turned
        later = (
            (1.0 - 2.0 * across * square) * w
            + (2.0 * across * inner) * v
            + (2.0 * straight) * turned
        )
        return pulled.scaled(0.5), later

    @staticmethod
    def size(a: Vector) -> Scalar:
        """How fast the generator turns a state: half the length of the field."""
        return 0.5 * jnp.sqrt(a.square())

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

    @staticmethod
    def extrapolated(fine: Quaternion, coarse: Quaternion, gain: float) -> Quaternion:
        """What the leading error of both leads to; not normalised."""
        return jax.tree.map(lambda f, c: f + gain * (f - c), fine, coarse)

    @staticmethod
    def joined(u: Quaternion, rate: Vector, later: Quaternion, more: Vector) -> Vector:
        """The rate of later·u, from those of both: carried to the start, they add."""
        c, x, y, z = u.c, u.x, u.y, u.z
        # The inverse of u turns what comes later.
        return Vector(
            rate.x
            + (1.0 - 2.0 * (y * y + z * z)) * more.x
            + 2.0 * ((x * y + c * z) * more.y + (x * z - c * y) * more.z),
            rate.y
            + (1.0 - 2.0 * (x * x + z * z)) * more.y
            + 2.0 * ((x * y - c * z) * more.x + (y * z + c * x) * more.z),
            rate.z
            + (1.0 - 2.0 * (x * x + y * y)) * more.z
            + 2.0 * ((x * z + c * y) * more.x + (y * z - c * x) * more.y),
        )

    @staticmethod
    def turned(u: Quaternion, cotangent: Vector) -> Vector:
        """The cotangent of a displacement as it stands for what comes after u."""
        return SU2.joined(SU2.inverse(u), SU2.still(), u, cotangent)

    @staticmethod
    def still() -> Vector:
        """No change."""
        return Vector(jnp.zeros(()), jnp.zeros(()), jnp.zeros(()))

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
