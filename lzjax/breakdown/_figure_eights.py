"""Two lobes that meet in one point: electron and hole, or one band's saddle."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike

from .._types import Scalar, as_scalar
from ._contours import closed_area
from ._network import Arc, Crossing, Network, Saddle
from ._units import FLUX, HBAR2_OVER_MASS


class TiltedDirac(eqx.Module):
    r"""An over-tilted (type-II) Dirac point between an electron and a hole pocket.

    $$H = w k_x + v k_y\,\sigma_x + (\lambda k_x^2 + \Delta/2)\,\sigma_z$$

    Two loops of opposite circulation: a figure-eight whose area is the difference of
    the pockets'. Broken through completely it has the Maslov phase 0 and, at Δ = 0, the
    Berry phase π.

    **Arguments:**

    - `tilt`, `velocity`: $w$ and $v$. eV Å.
    - `curvature`: $\lambda > 0$. eV Å².
    - `mass_gap`: $\Delta$, either sign: for Δ < 0 each pocket has the Berry phase π
      where it is not broken through. eV.
    - `nodes`: of the quadrature of areas.

    Called with an energy in eV, it gives the `Network`. The energy must be near zero:
    $w^2 - 4\lambda(|E| + |\Delta|/2)$ positive.

    Source: O'Brien, Diez & Beenakker, Phys. Rev. Lett. 116, 236401 (2016),
    doi:10.1103/PhysRevLett.116.236401.
    """

    tilt: Scalar = eqx.field(converter=as_scalar)
    velocity: Scalar = eqx.field(converter=as_scalar)
    curvature: Scalar = eqx.field(converter=as_scalar)
    mass_gap: Scalar = eqx.field(converter=as_scalar)
    nodes: int = eqx.field(static=True, default=64)

    def areas(self, energy: ArrayLike) -> tuple[Scalar, Scalar]:
        """The areas (electron pocket, hole pocket), both positive. 1/Å²."""
        roots = self._roots(as_scalar(energy))
        square = self._square(as_scalar(energy))
        electron = closed_area(square, roots[0], roots[1], self.nodes)
        hole = closed_area(square, roots[2], roots[3], self.nodes)
        return electron, hole

    def breakdown_field(self, energy: ArrayLike) -> Scalar:
        r"""$B_0 = (\hbar/e)\,2\int|\mathrm{Im}\,k_y|\,dk_x$ across the gap, in T."""
        energy = as_scalar(energy)
        roots, square = self._roots(energy), self._square(energy)
        forbidden = closed_area(lambda x: -square(x), roots[1], roots[2], self.nodes)
        return FLUX * forbidden

    def _square(self, energy):
        """k_y² on the contour of the energy."""
        w, v, c, m = self.tilt, self.velocity, self.curvature, 0.5 * self.mass_gap
        return lambda x: ((energy - w * x) ** 2 - (c * x**2 + m) ** 2) / v**2

    def _roots(self, energy):
        """The four zeros of k_y², rising: electron pocket, gap, hole pocket."""
        w, c, m = jnp.abs(self.tilt), self.curvature, 0.5 * self.mass_gap
        # E − w x = ±(c x² + m); written so that the small roots do not cancel.
        plus = jnp.sqrt(w**2 - 4.0 * c * (m - energy))
        minus = jnp.sqrt(w**2 - 4.0 * c * (m + energy))
        inner = 2.0 * (energy - m) / (w + plus), 2.0 * (m + energy) / (w + minus)
        return (
            -(w + plus) / (2.0 * c),
            jnp.minimum(*inner),
            jnp.maximum(*inner),
            (w + minus) / (2.0 * c),
        )

    def __call__(self, energy: ArrayLike) -> Network:
        electron, hole = self.areas(energy)
        bend = 2.0 * jnp.arctan2(jnp.abs(self.tilt), jnp.abs(self.velocity))
        # Transported around the hole pocket, the real state comes back with its sign
        # changed; around the electron pocket it does not.
        arcs = [Arc(electron, jnp.pi + bend), Arc(-hole, -jnp.pi - bend, jnp.pi)]
        coupling, curvature = self._coupling(as_scalar(energy))
        phase = jnp.where(coupling < 0, jnp.pi, 0.0)
        field = self.breakdown_field(energy)
        both = Crossing((1, 0), (0, 1), field, -bend, phase, (), curvature)
        return Network(arcs, [both])

    def _coupling(self, energy):
        """V₀ where the uncoupled bands cross, and how it changes along the paths.

        Between the two bands, displaced to either side of the crossing, the operator
        λk_x² has the elements λ(x₀² − v²k_y²/w²); in the mean over the stationary phase
        of the crossing k_y² is −i w/2vl² and the coupling V₀(1 + ic/l²).
        """
        ratio = jnp.abs(self.velocity / self.tilt)
        coupling = 0.5 * self.mass_gap + self.curvature * (energy / self.tilt) ** 2
        return coupling, 0.5 * self.curvature * ratio / coupling


class DoubleWell(eqx.Module):
    r"""Two equal pockets of one band that merge at a saddle.

    $$E = \frac{\hbar^2k_x^2}{2m_x} + \frac{\hbar^2}{2m_yb^2}(k_y^2 - b^2)^2$$

    In a field it is the quartic double well. The saddle lies at $\hbar^2b^2/2m_y$.

    **Arguments:** `mass_x`, `mass_y` in electron masses, `separation`: $b$ in 1/Å,
    `nodes` of the quadrature.

    Called with an energy in eV, above zero, it gives the `Network`; above the saddle
    the lobes are cut in the middle, where they are joined. The rule is uniform through
    the saddle, with an error of order $h = \sqrt{m_y/m_x}\,/(l^2b^2)$ of a spacing.
    """

    mass_x: Scalar = eqx.field(converter=as_scalar)
    mass_y: Scalar = eqx.field(converter=as_scalar)
    separation: Scalar = eqx.field(converter=as_scalar)
    nodes: int = eqx.field(static=True, default=64)

    @property
    def saddle_energy(self) -> Scalar:
        """The energy of the saddle. eV."""
        return 0.5 * HBAR2_OVER_MASS * self.separation**2 / self.mass_y

    def areas(self, energy: ArrayLike) -> tuple[Scalar, Scalar]:
        """(one lobe, forbidden region 2∫κ dk: negative above the saddle). 1/Å²."""
        root = jnp.sqrt(as_scalar(energy) / self.saddle_energy)
        lobe, forbidden = _quartic_areas(root, self.nodes)
        scale = jnp.sqrt(self.mass_x / self.mass_y) * self.separation**2
        return scale * lobe, scale * forbidden

    def __call__(self, energy: ArrayLike) -> Network:
        lobe, forbidden = self.areas(energy)
        arc = Arc(lobe, 2.0 * jnp.pi)
        return Network([arc, arc], [Saddle((0, 0), (1, 1), forbidden)])


def _quartic_areas(root: Scalar, nodes: int) -> tuple[Scalar, Scalar]:
    r"""Lobe and forbidden area of $x^2 + (y^2 - 1)^2 = \text{root}^2$.

    With s = y²: y = √(1 ± root) bound the lobe. The forbidden action
    $2\int\sqrt{(y^2-1)^2 - \text{root}^2}\,dy$ between ±√(1 − root), continued through
    root = 1, is a complete elliptic integral, regular there; in y = √(1 − root)·t it is
    $2(1-\text{root})\int_{-1}^1\sqrt{(1-t^2)(1+\text{root}-(1-\text{root})t^2)}\,dt$,
    which needs no change of form.
    """
    angles = (np.arange(nodes) + 0.5) * np.pi / nodes
    sine2, cosine2 = jnp.asarray(np.sin(angles) ** 2), jnp.asarray(np.cos(angles) ** 2)
    below = 1.0 - root
    core = jnp.sqrt(1.0 + root - below * cosine2)
    forbidden = 2.0 * below * jnp.sum(sine2 * core) * np.pi / nodes
    outer = jnp.sqrt(1.0 + root)
    inner = jnp.sqrt(jnp.maximum(below, 0.0))

    # y from 0 or the inner zero to the outer one; y = inner-to-outer on a cosine in s
    # would leave 1/√s at s = 0, so y itself is used, with a rule for the zero at the
    # outer end and, near the saddle, the nearby one at the inner end.
    x, weights = np.polynomial.legendre.leggauss(4 * nodes)
    u = jnp.asarray(0.5 * (x + 1.0))
    y = inner + (outer - inner) * u**2 * (3.0 - 2.0 * u)
    slope = (outer - inner) * 6.0 * u * (1.0 - u)
    square = (outer**2 - y**2) * (y**2 - below)
    lobe = 2.0 * jnp.dot(jnp.asarray(0.5 * weights), slope * jnp.sqrt(square))
    return lobe, forbidden
