"""Geometric phases of an orbit: Berry, orbital moment, Zeeman."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import ArrayLike

from .._checks import check_one_of
from .._types import Scalar, as_array
from ._arcs import in_band, state_in, wrapped
from ._bands import AbstractTwoBands, Vector3
from ._motion import Orbit


class OrbitPhases(NamedTuple):
    r"""Phases of an orbit in $l^2A - \pi + \gamma_\text{Berry} +
    \gamma_\text{moment} = 2\pi n$. rad."""

    berry: Scalar
    moment: Scalar

    @property
    def total(self) -> Scalar:
        """Both: what an `Arc` takes as its `phase`."""
        return self.berry + self.moment


def orbit_phases(bands: AbstractTwoBands, which: str, orbit: Orbit) -> OrbitPhases:
    r"""The Berry phase of a closed orbit and that of its orbital moment.

    $$\gamma_\text{Berry} = i\oint\langle u|\nabla_k u\rangle\cdot dk, \qquad
      \gamma_\text{moment} = \frac1\hbar\oint m\cdot B\,dt$$

    with $m = -\tfrac{ie}{2\hbar}\langle\nabla_k u|\times(H - E)|\nabla_k u\rangle$.
    Both are independent of the field's strength. Without the second, levels of bands
    without inversion symmetry are wrong at the same order: for a gapped Dirac cone only
    their sum is π.

    **Arguments:** `bands`; `which`: the "lower" or "upper" one, on which the `orbit`
    lies. The error of the Berry phase falls as the fourth power of the orbit's points.

    Source: Fuchs, Piéchon, Goerbig & Montambaux, Eur. Phys. J. B 77, 351 (2010),
    doi:10.1140/epjb/e2010-00259-2.
    """
    check_one_of("which", which, ("lower", "upper"))
    sign = jnp.asarray(-1.0 if which == "lower" else 1.0)
    states = jax.vmap(lambda k: state_in(bands, sign, k))(orbit.points)
    fine, coarse = _wilson(states), _wilson(states[::2])
    # Richardson's extrapolation, on the branch of the finer one.
    berry = fine - wrapped(coarse - fine) / 3.0
    rates = jax.vmap(lambda k: moment_rate(bands, sign, k, orbit.normal))(orbit.points)
    step = orbit.length / orbit.points.shape[0]
    return OrbitPhases(berry, jnp.sum(rates) * step)


def zeeman_phase(mass: ArrayLike, g_factor: ArrayLike, spin: ArrayLike) -> Scalar:
    r"""$\gamma_\text{Zeeman} = -\pi g\,s\,m^*/m_e$ with $s = \pm\tfrac12$: the shift of
    the energy by $g\mu_B B s$, as a phase."""
    return -jnp.pi * as_array(g_factor) * as_array(spin) * as_array(mass)


def _wilson(states):
    """−Σ arg⟨u_j|u_{j+1}⟩ around the orbit, in (−π, π]."""
    overlaps = jnp.sum(jnp.conj(states) * jnp.roll(states, -1, axis=0), axis=1)
    angle = -jnp.sum(jnp.angle(overlaps))
    return jnp.pi - jnp.mod(jnp.pi - angle, 2.0 * jnp.pi)


def moment_rate(bands: AbstractTwoBands, sign: Scalar, k: Vector3, normal: Vector3):
    """m·n/(e v) at k in the lower (−1) or upper (1) band: the phase per length."""
    own, other = state_in(bands, sign, k), state_in(bands, -sign, k)
    slopes = jax.jacfwd(lambda x: _parts(bands, x))(k)
    # ⟨other|∂H|own⟩ along the three axes.
    matrix = slopes[0] + 1j * slopes[1]
    elements = jnp.einsum("a,abi,b->i", jnp.conj(other), matrix, own)
    gap = in_band(bands, -sign, k) - in_band(bands, sign, k)
    curl = jnp.dot(jnp.cross(jnp.conj(elements), elements), normal)
    moment = jnp.real(-0.5j * curl) / gap
    slope = jax.grad(lambda k: in_band(bands, sign, k))(k)
    across = slope - normal * jnp.dot(slope, normal)
    return moment / jnp.sqrt(jnp.sum(across**2))


def _parts(bands, k):
    matrix = bands.matrix(k)
    return jnp.stack([jnp.real(matrix), jnp.imag(matrix)])
