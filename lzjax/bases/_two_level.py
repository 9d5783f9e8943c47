"""Adiabatic and superadiabatic states of two levels, as directions on the sphere."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from .._types import Scalar
from ..models import AbstractTwoLevel
from . import _series as series


def directions(field: Float[Array, "K 3 ..."]) -> Float[Array, "K 3 ..."]:
    """Bloch directions of the upper superadiabatic state, orders 0 to K − 1, from the
    Taylor coefficients of the field. All further axes are a batch."""
    return moving_directions(field)[:, 0]


@jax.custom_batching.custom_vmap
def last_change(field: Float[Array, "K 3 T"]) -> Float[Array, " T"]:
    """By how much the last order changes the projector of the one before. Of batches,
    which must not be differentiated, all points stand in one row: compilers vectorise
    along it."""
    found = directions(field)
    # The projectors are ½(1 ± n·σ).
    return jnp.sqrt(0.5 * jnp.sum((found[-1] - found[-2]) ** 2, axis=0))


@last_change.def_vmap
def _in_a_row(size: int, _, fields: Float[Array, "B K 3 T"]):
    row = jnp.moveaxis(fields, 0, -2)
    found = last_change(row.reshape(*row.shape[:2], -1))
    return found.reshape(size, -1), True


def moving_directions(field: Float[Array, "K 3 ..."]) -> Float[Array, "K 2 3 ..."]:
    r"""The same with their time derivatives, which hold for orders 0 to K − 2.

    Order 0 is the adiabatic one, $n_0 = w/|w|$. A frame that follows $n_k$ without
    twisting turns at $\Omega_k = \Omega_{k-1} + n_k \times
    (\dot n_k - \Omega_{k-1} \times n_k)$, and the field seen in it is
    $w - \Omega_k$: its direction is $n_{k+1}$.

    Source: Berry, Proc. R. Soc. A 429, 61 (1990), doi:10.1098/rspa.1990.0051; Lim &
    Berry, J. Phys. A 24, 3255 (1991), doi:10.1088/0305-4470/24/14/014.
    """

    # Each order costs one coefficient of the series; the loop keeps their number
    # and lets the last ones go wrong, which no earlier one sees.
    def follow(turning, _):
        direction = series.normalised(field - turning)
        slip = series.derivative(direction) - series.cross(turning, direction)
        return turning + series.cross(direction, slip), direction[:2]

    _, found = jax.lax.scan(follow, jnp.zeros_like(field), None, length=field.shape[0])
    return found


def first_change(
    field: Float[Array, "3 T"], slope: Float[Array, "3 T"]
) -> Float[Array, " T"]:
    r"""By how much the first order changes the projector of the adiabatic state. The
    field w gets $-n\times\dot n$ across it, of the size $|w\times\dot w|/|w|^2$, and
    $\tan\chi = |w\times\dot w|/|w|^3$ is the angle between both directions."""
    size = jnp.sqrt(jnp.sum(field**2, axis=0, keepdims=True))
    across = jnp.cross(field / size, slope / size, axis=0) / size
    square = jnp.sum(across**2, axis=0)
    secant = jnp.sqrt(1.0 + square)
    # 1 − cos χ, without the difference.
    return jnp.sqrt(square / (secant * (1.0 + secant)))


def expanded(
    model: AbstractTwoLevel, t: Scalar, order: int
) -> Float[Array, "order+1 3"]:
    """Taylor coefficients of the field at t."""
    return series.expand(
        lambda time: tuple(jnp.asarray(w, float) for w in model.field(time)), t, order
    )


def states(direction: Float[Array, " 3"]) -> Complex[Array, "2 2"]:
    """Columns: the lower and the upper state of a Bloch direction.

    Gauge: upper (cos θ/2, e^{iφ} sin θ/2), lower (−sin θ/2, e^{iφ} cos θ/2), with the
    polar angle θ and the azimuth φ of the upper state. For a real positive coupling
    it is the continuous real gauge.
    """
    x, y, z = direction
    flat = x * x + y * y
    polar = flat == 0.0
    radius = jnp.where(polar, 0.0, jnp.sqrt(jnp.where(polar, 1.0, flat)))
    # Each half angle from the larger one: no cancellation near the poles.
    larger = jnp.sqrt(0.5 * (1.0 + jnp.abs(z)))
    smaller = 0.5 * radius / larger
    cos, sin = jnp.where(z >= 0, larger, smaller), jnp.where(z >= 0, smaller, larger)
    safe = jnp.where(polar, 1.0, radius)
    phase = jnp.where(polar, 1.0, x / safe) + 1j * jnp.where(polar, 0.0, y / safe)
    return jnp.array([[-sin + 0j, cos + 0j], [phase * cos, phase * sin]])
