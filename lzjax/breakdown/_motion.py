"""Motion of an electron in a field: trajectories in k, closed and open orbits."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from .._checks import check_finite, check_positive, check_shape
from .._types import Scalar, as_array, as_scalar
from ._arcs import refined_root, unit_vector
from ._bands import AbstractBand
from ._units import FLUX, HBAR2_OVER_MASS, LORENTZ, VELOCITY

Vector3 = Float[Array, "3"]


def trajectory(
    band: AbstractBand,
    k0: ArrayLike,
    field: ArrayLike,
    times: ArrayLike,
    *,
    steps: int = 16,
) -> Float[Array, "T 3"]:
    r"""k(t) of $\hbar\,\dot k = -e\,v(k)\times B$, without an electric field.

    Fourth-order Runge-Kutta, each step followed by a return to the energy surface: the
    energy is conserved to rounding, and so is k·B. The rest of the error falls with the
    fourth power of `steps`.

    **Arguments:**

    - `band`: with energies in eV.
    - `k0`: where it is at `times[0]`. 1/Å, shape `(3,)`.
    - `field`: $B$ in T, shape `(3,)`.
    - `times`: ps, shape `(T,)`.
    - `steps`: between two times.

    **Returns:** 1/Å, shape `(T, 3)`. Leading order in the field: no anomalous velocity.
    """
    k0, field, times = as_array(k0), as_array(field), as_array(times)
    check_shape("k0", k0, (3,), "For many starts use jax.vmap around this call.")
    check_shape("field", field, (3,))
    check_shape("times", times, (None,))
    check_finite("times", times)
    if steps < 1:
        raise ValueError(f"`steps` must be at least 1, got {steps}.")
    energy = band(k0)

    def rate(k):
        return -LORENTZ * jnp.cross(band.velocity(k), field)

    def interval(k, step):
        def one(k, _):
            return _onto(band, runge_kutta(rate, k, step), energy, field), None

        k, _ = jax.lax.scan(one, k, None, length=steps)
        return k, k

    _, rest = jax.lax.scan(interval, k0, jnp.diff(times) / steps)
    return jnp.concatenate([k0[None], rest])


class Orbit(eqx.Module):
    r"""The curve of constant energy through a point, in a plane across the field.

    - `points`: one turn in the sense of motion, equally spaced along the curve, the
      last one before the first. 1/Å, shape `(N, 3)`.
    - `normal`: the field's direction, shape `(3,)`.
    - `length`: of one turn. 1/Å.
    - `closed`: whether it came back; if not, the rest means nothing.

    Derivatives by the band and the energy of what follows from an orbit are right to
    third order.
    """

    band: AbstractBand
    points: Float[Array, "N 3"]
    normal: Vector3
    length: Scalar
    closed: Bool[Array, ""]

    @eqx.filter_jit
    def area(self, energy: ArrayLike | None = None) -> Scalar:
        r"""The signed area $A$, positive for an electron orbit. 1/Å².

        **Arguments:** `energy`: to shift the contour to a nearby energy; that of the
        orbit by default.

        Spectrally accurate in the number of points.
        """
        points = self._moved(energy)
        wave = jnp.fft.fftfreq(points.shape[0], 1.0 / points.shape[0])
        # The derivative's lone highest wave has no sign, so it has no slope.
        wave = jnp.where(jnp.abs(wave) * 2 == points.shape[0], 0.0, wave)
        slope = jnp.fft.ifft(2j * jnp.pi * wave[:, None] * jnp.fft.fft(points, axis=0),
                             axis=0).real  # fmt: skip
        centre = jax.lax.stop_gradient(jnp.mean(points, axis=0))
        doubled = jnp.mean(jnp.cross(points - centre[None], slope), axis=0)
        return self._checked(0.5 * jnp.dot(doubled, self.normal))

    def frequency(self) -> Scalar:
        r"""$F = \hbar|A|/2\pi e$ in T: oscillations go as F/B."""
        return FLUX / (2.0 * jnp.pi) * jnp.abs(self.area())

    @eqx.filter_jit
    def cyclotron_mass(self) -> Scalar:
        r"""$m^* = \frac{\hbar^2}{2\pi}\frac{dA}{dE}$ in electron masses; positive for
        electron and hole orbits alike, as A is signed."""
        energy = jax.lax.stop_gradient(self.band(self.points[0]))
        return HBAR2_OVER_MASS / (2.0 * jnp.pi) * jax.grad(self.area)(energy)

    def period(self, field: ArrayLike) -> Scalar:
        """Of one turn in the field (T). ps."""
        # ∮ dk / |v × B| is ħ²/(eB) dA/dE.
        check_positive("field", field)
        mass = self.cyclotron_mass()
        rate = LORENTZ * VELOCITY * HBAR2_OVER_MASS * as_scalar(field)
        return 2.0 * jnp.pi * mass / rate

    def _moved(self, energy):
        """The points, free to move along fixed normals with the band's numbers."""
        anchors = jax.lax.stop_gradient(self.points)
        fixed = jax.lax.stop_gradient(self.band)
        energy = fixed(anchors[0]) if energy is None else as_scalar(energy)

        def move(k):
            slope = _across(jax.grad(fixed)(k), self.normal)
            line = slope / jnp.sum(slope**2)

            def improved(data, step):
                band, energy = data
                value, rate = jax.value_and_grad(lambda x: band(k + x * line))(step)
                return step - (value - energy) / rate

            data = self.band, energy
            return k + refined_root(improved, data, jnp.zeros(()), 4) * line

        return jax.vmap(move)(anchors)

    def _checked(self, value):
        return eqx.error_if(
            value,
            ~self.closed,
            "the orbit did not close within `reach`: it is open, or longer.",
        )


def orbit(
    band: AbstractBand,
    k0: ArrayLike,
    direction: ArrayLike,
    *,
    reach: ArrayLike,
    points: int = 256,
    steps: int = 2000,
) -> Orbit:
    """The closed orbit through `k0` in a field along `direction`.

    **Arguments:**

    - `k0`: a point on it. 1/Å, shape `(3,)`.
    - `direction`: of the field, any length, shape `(3,)`.
    - `reach`: the longest orbit that is looked for. 1/Å.
    - `points`: of the result; more where the curve has narrow bends.
    - `steps`: of the search along `reach`.

    **Returns:** an `Orbit`, whose `closed` says whether it came back.

    **Raises:** `ValueError` for a zero direction, a wrong shape or too few points.
    """
    k0, normal = as_array(k0), unit_vector("direction", direction)
    check_shape("k0", k0, (3,), "For many starts use jax.vmap around this call.")
    check_positive("reach", reach)
    if points < 8 or steps < 8:
        raise ValueError(
            f"`points` and `steps` must be at least 8, got {points} and {steps}."
        )
    return _orbit(band, k0, normal, as_scalar(reach), points, steps)


@eqx.filter_jit
def _orbit(band, k0, normal, reach, points: int, steps: int):
    still, k0 = jax.lax.stop_gradient((band, k0))
    energy = still(k0)

    def tangent(k):
        # The motion −v × B, at unit speed.
        along = jnp.cross(normal, jax.grad(still)(k))
        return along / jnp.sqrt(jnp.sum(along**2))

    def advance(k, step):
        return _onto(still, runge_kutta(tangent, k, step), energy, normal)

    start = tangent(k0)
    step = reach / steps

    def ahead(k):
        return jnp.dot(k - k0, start)

    def search(state):
        k, travelled, _ = state
        after = advance(k, step)
        near = jnp.sum((after - k0) ** 2) < (2.0 * step) ** 2
        back = near & (ahead(k) < 0) & (ahead(after) >= 0)
        return jnp.where(back, k, after), travelled + jnp.where(back, 0.0, step), back

    def going(state):
        return ~state[2] & (state[1] < reach)

    begin = (k0, jnp.zeros(()), jnp.asarray(False))
    k, travelled, closed = jax.lax.while_loop(going, search, begin)
    # Newton's method for the last part of a step: d(ahead)/d(step) is one at k0.
    part = -ahead(k)
    for _ in range(4):
        part = part - ahead(advance(k, part))
    length = travelled + part
    fine = max(1, -(-steps // points))

    def spaced(k, _):
        def one(k, _):
            return advance(k, length / (points * fine)), None

        return jax.lax.scan(one, k, None, length=fine)[0], k

    _, curve = jax.lax.scan(spaced, k0, None, length=points)
    return Orbit(band, curve, normal, length, closed)


@eqx.filter_jit
def surface_point(
    band: AbstractBand,
    energy: ArrayLike,
    centre: ArrayLike,
    direction: ArrayLike,
    reach: ArrayLike,
    *,
    cells: int = 200,
) -> Vector3:
    """Where a ray from `centre` first meets the surface of constant energy.

    **Arguments:** `energy` in eV; `centre`, `direction`: 1/Å and any, shape `(3,)`;
    `reach`: how far to look, 1/Å, in `cells` cells.

    **Raises:** `RuntimeError` if it does not meet it.
    """
    centre, unit = as_array(centre), unit_vector("direction", direction)
    check_positive("reach", reach)
    energy, reach = as_scalar(energy), as_scalar(reach)

    def excess(distance):
        return band(centre + distance * unit) - energy

    places = reach * jnp.asarray(np.linspace(0.0, 1.0, cells + 1))
    signs = jnp.sign(jax.vmap(excess)(places))
    change = signs[1:] * signs[:-1] <= 0
    first = eqx.error_if(
        jnp.argmax(change), ~jnp.any(change), "the ray does not meet the surface."
    )
    side = signs[first]

    def solve(function, guess):
        def halve(_, bracket):
            low, high = bracket
            middle = 0.5 * (low + high)
            same = jnp.sign(function(middle)) == side
            return jnp.where(same, middle, low), jnp.where(same, high, middle)

        low, high = jax.lax.fori_loop(0, 60, halve, (places[first], places[first + 1]))
        return 0.5 * (low + high)

    distance = jax.lax.custom_root(
        excess, places[first], solve, lambda g, y: y / g(jnp.ones_like(y))
    )
    return centre + distance * unit


def runge_kutta(rate: Callable, k, step):
    one = rate(k)
    two = rate(k + 0.5 * step * one)
    three = rate(k + 0.5 * step * two)
    four = rate(k + step * three)
    return k + step / 6.0 * (one + 2.0 * two + 2.0 * three + four)


def _onto(band, k, energy, normal):
    """Back to the energy surface, within the plane across `normal`."""
    slope = _across(jax.grad(band)(k), normal)
    return k + slope * (energy - band(k)) / jnp.sum(slope**2)


def _across(vector, normal):
    return vector - normal * jnp.dot(vector, normal) / jnp.sum(normal**2)
