"""Nearly free electrons: two circles, the linear chain, the hexagonal network."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike

from .._checks import check_one_of, check_positive
from .._types import Scalar, as_scalar
from ._contours import closed_area, open_area
from ._network import Arc, Crossing, Network
from ._next_order import forbidden_area, reflection_curvature
from ._units import FLUX, HBAR2_OVER_MASS

# Where the bands of a chain are sampled, in (G/8)², to go on to imaginary k_x.
_PLACES = np.linspace(0.0, 1.0, 6)


class CoupledCircles(eqx.Module):
    r"""Two circles, G apart, coupled where they cross: a lens inside an outer orbit.

    $$H = \frac{\hbar^2}{2m}\left(k_x^2 + k_y^2 + \tfrac14 G^2\right)
      - \frac{\hbar^2 G k_x}{2m}\,\sigma_z + V\sigma_x$$

    In a field this is the quantum Rabi model, whose exact levels test the network.

    **Arguments:**

    - `potential`: $V$, half the gap. eV.
    - `reciprocal_vector`: $G$. 1/Å.
    - `mass`: in electron masses.
    - `parity`: 1 or −1 for the states that are even or odd under
      $k \to -k$ together with σx (two arcs); `None` for all of them (four).
    - `nodes`: of the quadrature of areas. More for a smaller gap.

    Called with an energy in eV, above $\hbar^2G^2/8m + |V|$, it gives the `Network`.
    """

    potential: Scalar = eqx.field(converter=as_scalar)
    reciprocal_vector: Scalar = eqx.field(converter=as_scalar)
    mass: Scalar = eqx.field(converter=as_scalar, default=1.0)
    parity: int | None = eqx.field(static=True, default=None)
    nodes: int = eqx.field(static=True, default=128)

    def __check_init__(self):
        check_one_of("parity", self.parity, (None, 1, -1))

    def areas(self, energy: ArrayLike) -> tuple[Scalar, Scalar]:
        """The areas (outer orbit, lens) with the gap open. 1/Å²."""
        scale = 0.5 * HBAR2_OVER_MASS / self.mass
        e, v = as_scalar(energy) / scale, self.potential / scale
        h = 0.5 * self.reciprocal_vector
        root = jnp.sqrt(4.0 * e * h**2 + v**2)

        def split(x):
            return jnp.sqrt(4.0 * h**2 * x**2 + v**2)

        def closed(sign):
            end = jnp.sqrt(e + h**2 + sign * root)
            return closed_area(
                lambda x: e - x**2 - h**2 + sign * split(x), -end, end, self.nodes
            )

        return closed(1.0), closed(-1.0)

    def breakdown_field(self, energy: ArrayLike) -> Scalar:
        """B₀ in T of each of the two junctions, by the action inside the gap; for a
        small potential `nearly_free_breakdown_field`."""
        scale = 0.5 * HBAR2_OVER_MASS / self.mass
        e, v = as_scalar(energy) / scale, self.potential / scale
        h2 = 0.25 * self.reciprocal_vector**2
        mean, split = jnp.stack([jnp.ones(()), h2]), jnp.stack([4.0 * h2, v**2])
        return FLUX * forbidden_area(e, mean, split)

    def __call__(self, energy: ArrayLike) -> Network:
        outer, lens = self.areas(energy)
        bend = _bend(self, as_scalar(energy))
        field, curvature = self.breakdown_field(energy), _curvature(self, energy)
        sign = jnp.where(self.potential < 0, jnp.pi, 0.0)
        # An outer arc turns by π + bend, an arc of the lens by π − bend.
        big = Arc(0.5 * outer, jnp.pi + bend)
        small = Arc(0.5 * lens, jnp.pi - bend)
        if self.parity is not None:
            phase = sign + (0.0 if self.parity == 1 else jnp.pi)
            both = Crossing((0, 1), (1, 0), field, -bend, phase, (), curvature)
            return Network([big, small], [both])
        # Arcs: left and right outer (0, 1), left and right circle's inner (2, 3). At
        # each junction the path that comes from an outer arc is the first.
        top = Crossing((1, 3), (2, 0), field, -bend, sign, (), curvature)
        bottom = Crossing((0, 2), (3, 1), field, -bend, sign, (), curvature)
        return Network([big, big, small, small], [top, bottom])


class LinearChain(eqx.Module):
    r"""A chain of circles, each coupled to the next: lenses between two open sheets.

    $$H = \frac{p^2}{2m} + 2V\cos(Gx)$$

    **Arguments:**

    - `potential`, `reciprocal_vector`, `mass`: as in `CoupledCircles`.
    - `bloch_phase`: $\theta$, of the magnetic translation by G; levels form bands in
      it. It equals $G x_0$ for a parabola centred at $-x_0$.
    - `waves`: odd number of plane waves for the bands in x.
    - `nodes`: of the quadrature of areas.

    Called with an energy in eV, above the gap at $k_x = G/2$ and below that at
    $k_x = G$, it gives the `Network` of four arcs.

    Source: Pippard, Proc. R. Soc. A 270, 1 (1962), doi:10.1098/rspa.1962.0200.
    """

    potential: Scalar = eqx.field(converter=as_scalar)
    reciprocal_vector: Scalar = eqx.field(converter=as_scalar)
    mass: Scalar = eqx.field(converter=as_scalar, default=1.0)
    bloch_phase: Scalar = eqx.field(converter=as_scalar, default=0.0)
    waves: int = eqx.field(static=True, default=9)
    nodes: int = eqx.field(static=True, default=64)

    def __check_init__(self):
        if self.waves < 3 or self.waves % 2 == 0:
            raise ValueError(f"`waves` must be odd and at least 3, got {self.waves}.")

    def bands(self, x: Scalar) -> tuple[Scalar, Scalar]:
        """The two lowest bands in units of ħ²/2m, `x` from the zone boundary."""
        scale = 0.5 * HBAR2_OVER_MASS / self.mass
        v, g = self.potential / scale, self.reciprocal_vector
        order = np.arange(self.waves) - (self.waves - 1) // 2 - 0.5
        hop = np.eye(self.waves, k=1) + np.eye(self.waves, k=-1)
        energies = jnp.linalg.eigvalsh(
            jnp.diag((x + g * jnp.asarray(order)) ** 2) + v * hop
        )
        return energies[0], energies[1]

    def areas(self, energy: ArrayLike) -> tuple[Scalar, Scalar]:
        """(half the area between the open sheets in one zone, lens). 1/Å²."""
        scale = 0.5 * HBAR2_OVER_MASS / self.mass
        e, g = as_scalar(energy) / scale, self.reciprocal_vector
        end = _lens_end(self, e)

        def lower(x):
            return e - jax.vmap(lambda y: self.bands(y)[0])(x)

        def upper(x):
            return e - jax.vmap(lambda y: self.bands(y)[1])(x)

        lens = closed_area(upper, -end, end, self.nodes)
        return open_area(lower, g, self.nodes), lens

    def breakdown_field(self, energy: ArrayLike) -> Scalar:
        """B₀ in T, by the action inside the gap between the two lowest bands."""
        scale = 0.5 * HBAR2_OVER_MASS / self.mass
        unit = self.reciprocal_vector / 8.0
        low, high = jax.vmap(self.bands)(unit * jnp.sqrt(_PLACES))
        inverse = jnp.asarray(np.linalg.inv(np.vander(_PLACES)))
        mean = inverse @ (0.5 * (low + high))
        split = inverse @ (0.25 * (high - low) ** 2)
        e = as_scalar(energy) / scale
        return FLUX * unit * forbidden_area(e, mean, split)

    def __call__(self, energy: ArrayLike) -> Network:
        sheet, lens = self.areas(energy)
        bend = _bend(self, as_scalar(energy))
        field, curvature = self.breakdown_field(energy), _curvature(self, energy)
        sign = jnp.where(self.potential < 0, jnp.pi, 0.0)
        # Arcs: top and bottom of the circle (0, 1), left and right inner (2, 3).
        turn, shared = self.bloch_phase, (field, -bend)
        top = Crossing((0, 2), (3, 0), *shared, sign + turn, (-1,), curvature)
        bottom = Crossing((1, 3), (2, 1), *shared, sign - turn, (1,), curvature)
        flat, round_ = Arc(sheet, bend), Arc(0.5 * lens, jnp.pi - bend)
        return Network([flat, flat, round_, round_], [top, bottom])


def _bend(model, energy: Scalar) -> Scalar:
    """The angle between the two circles where they cross."""
    scale = 0.5 * HBAR2_OVER_MASS / model.mass
    h = 0.5 * model.reciprocal_vector
    height = jnp.sqrt(energy / scale - h**2)
    check_positive("the height of the crossing", height)
    return 2.0 * jnp.arctan2(h, height)


def _curvature(model, energy: ArrayLike) -> Scalar:
    scale = 0.5 * HBAR2_OVER_MASS / model.mass
    radius = jnp.sqrt(as_scalar(energy) / scale)
    return reflection_curvature(model.reciprocal_vector, radius)


def _lens_end(chain: LinearChain, e: Scalar) -> Scalar:
    """Where the second band reaches the energy, from the zone boundary."""
    scale = 0.5 * HBAR2_OVER_MASS / chain.mass
    v, h = chain.potential / scale, 0.5 * chain.reciprocal_vector
    two_waves = jnp.sqrt(e + h**2 - jnp.sqrt(4.0 * e * h**2 + v**2))

    def distance(x):
        return chain.bands(x)[1] - e

    def newton(function, x):
        for _ in range(6):
            value, slope = jax.value_and_grad(function)(x)
            x = x - value / slope
        return x

    return jax.lax.custom_root(
        distance, two_waves, newton, lambda linear, y: y / linear(jnp.ones_like(y))
    )
