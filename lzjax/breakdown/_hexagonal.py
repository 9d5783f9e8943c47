"""The hexagonal network: a circle that overlaps its six neighbours."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike

from .._types import Scalar, as_scalar
from ._circles import CoupledCircles, _bend, _curvature
from ._network import Arc, Crossing, Network
from ._units import HBAR2_OVER_MASS

# The six shortest vectors in terms of the first two, 60° apart.
_STEPS = ((1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1))


class HexagonalNetwork(eqx.Module):
    r"""Nearly free electrons on a hexagonal lattice: lenses, triangles and circles.

    A circle of radius $G/2 < k_F < G/\sqrt3$ is cut by six Bragg planes into twelve
    arcs. Without breakdown there are lenses (two reflections, upper band) and, around
    the corners of the zone, triangles run as holes (three reflections, lower band).
    With it come the giant circle (twelve junctions crossed) and all between.

    **Arguments:** `potential`, `reciprocal_vector`, `mass`, `nodes` as in
    `CoupledCircles`; each Bragg plane is treated with two waves, and each junction as
    one on its own: lenses and triangles should hold more than a quantum or so.

    Called with an energy in eV, it gives the `Network` of one cell: arc 2j is the inner
    arc at 60° j, arc 2j + 1 the one after it. Its closed paths (`closed_paths`) are
    those of the infinite lattice.

    Source: Falicov & Stachowiak, Phys. Rev. 147, 505 (1966),
    doi:10.1103/PhysRev.147.505.
    """

    potential: Scalar = eqx.field(converter=as_scalar)
    reciprocal_vector: Scalar = eqx.field(converter=as_scalar)
    mass: Scalar = eqx.field(converter=as_scalar, default=1.0)
    nodes: int = eqx.field(static=True, default=128)

    def __call__(self, energy: ArrayLike) -> Network:
        energy, g = as_scalar(energy), self.reciprocal_vector
        scale = 0.5 * HBAR2_OVER_MASS / self.mass
        radius = jnp.sqrt(energy / scale)
        plane = CoupledCircles(self.potential, g, self.mass, nodes=self.nodes)
        half = jnp.arccos(0.5 * g / radius)
        segment = radius**2 * (half - jnp.sin(half) * jnp.cos(half))
        outer, lens = plane.areas(energy)
        # The gap moves the contours: per junction, by what it does to two circles.
        inner_shift = 0.5 * (lens - 2.0 * segment)
        outer_shift = 0.5 * (outer - 2.0 * (jnp.pi * radius**2 - segment))
        arcs = []
        for j in range(6):
            angle = np.pi / 3 * j
            arcs.append(_arc(radius, angle - half, angle + half, inner_shift))
            arcs.append(
                _arc(radius, angle + half, angle + np.pi / 3 - half, outer_shift)
            )
        phase = jnp.where(self.potential < 0, jnp.pi, 0.0)
        bend, field = _bend(plane, energy), plane.breakdown_field(energy)
        curvature = _curvature(plane, energy)
        vertices = [
            Crossing(
                ((2 * j - 1) % 12, 2 * j),
                ((2 * j + 6) % 12, (2 * j + 7) % 12),
                field,
                -bend,
                phase,
                _STEPS[j],
                curvature,
            )
            for j in range(6)
        ]
        lattice = g * jnp.array([[1.0, 0.0], [0.5, 0.5 * np.sqrt(3.0)]])
        return Network(arcs, vertices, lattice)


def _arc(radius, start, stop, shift):
    """An arc of a circle about the origin, and −∫k_y dk_x along it."""
    turn = stop - start
    sines = jnp.sin(2.0 * stop) - jnp.sin(2.0 * start)
    area = radius**2 * (0.5 * turn - 0.25 * sines)
    return Arc(area + shift, turn, 0.0, radius * (jnp.cos(stop) - jnp.cos(start)))
