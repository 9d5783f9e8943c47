"""Extremal orbits along the field's direction, which oscillations single out."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Float

from .._checks import check_positive
from .._types import as_array, as_scalar
from ._arcs import unit_vector
from ._bands import AbstractBand
from ._motion import orbit, surface_point
from ._units import FLUX


class ExtremalOrbits(eqx.Module):
    """Where the area across the field is stationary.

    - `positions`: along the field from the centre. 1/Å, shape `(n,)`.
    - `areas`: signed, 1/Å². `masses`: in electron masses.
    - `curvatures`: d²A/dk∥², dimensionless: oscillations have the weight |A''|^(−1/2).
    """

    positions: Float[np.ndarray, " n"]
    areas: Float[np.ndarray, " n"]
    masses: Float[np.ndarray, " n"]
    curvatures: Float[np.ndarray, " n"]

    @property
    def frequencies(self) -> Float[np.ndarray, " n"]:
        """Onsager's F = ħ|A|/2πe. T."""
        return np.asarray(onsager_frequency(self.areas))


def onsager_frequency(area: ArrayLike) -> Float[np.ndarray, "*batch"]:
    r"""$F = \hbar|A|/2\pi e$ in T, from an area in 1/Å²."""
    return FLUX / (2.0 * jnp.pi) * jnp.abs(as_array(area))


def extremal_orbits(
    band: AbstractBand,
    energy: ArrayLike,
    direction: ArrayLike,
    *,
    half_range: float,
    reach: float,
    inner: ArrayLike,
    centre: ArrayLike = (0.0, 0.0, 0.0),
    slices: int = 33,
    points: int = 128,
) -> ExtremalOrbits:
    """All extremal orbits around an axis along the field.

    The area of every slice is traced, a Chebyshev series through them gives where its
    slope vanishes.

    **Arguments:**

    - `energy`: eV. `direction`: of the field, shape `(3,)`.
    - `half_range`: how far along the field to look on either side of `centre`. 1/Å.
    - `reach`: longest orbit, 1/Å; also how far from the axis to look for the surface.
    - `inner`: a direction across the field in which every slice meets the orbit first.
    - `centre`: on the axis. 1/Å.
    - `slices`, `points`: how finely.

    **Raises:** `RuntimeError` if a slice has no closed orbit.
    """
    normal, inner = unit_vector("direction", direction), unit_vector("inner", inner)
    inner, centre = inner - normal * jnp.dot(inner, normal), as_array(centre)
    check_positive("half_range", half_range)
    # Along the field it would be rounding.
    across = jnp.where(jnp.sum(inner**2) > 1e-12, inner, 0.0)
    inner = unit_vector("inner across the field", across)
    nodes = np.polynomial.chebyshev.chebpts1(slices)
    areas, masses = _slices(
        band,
        as_scalar(energy),
        centre[None] + half_range * jnp.asarray(nodes)[:, None] * normal[None],
        normal,
        inner,
        as_scalar(reach),
        points,
    )
    series = np.polynomial.chebyshev.Chebyshev.interpolate
    area = series(lambda _: np.asarray(areas), slices - 1)
    mass = series(lambda _: np.asarray(masses), slices - 1)
    roots = area.deriv().roots()
    real = np.abs(roots.imag) < 1e-8
    places = np.sort(roots[real & (np.abs(roots.real) <= 1.0)].real)
    return ExtremalOrbits(
        half_range * places,
        area(places),
        mass(places),
        area.deriv(2)(places) / half_range**2,
    )


@eqx.filter_jit
def _slices(band, energy, centres, normal, inner, reach, points: int):
    def one(centre):
        start = surface_point(band, energy, centre, inner, reach)
        found = orbit(band, start, normal, reach=reach, points=points)
        return found.area(), found.cyclotron_mass()

    return jax.vmap(one)(centres)
