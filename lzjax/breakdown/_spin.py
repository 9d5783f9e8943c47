"""Spin: Zeeman-split networks, and breakdown that turns the spin."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_positive, check_shape
from .._types import Scalar, as_array, as_scalar
from ..models import MultistateSweep, crossing_grid
from ..readout import transition_matrix
from ._arcs import plane, unit_vector
from ._bands import Vector3
from ._junctions import Junction
from ._network import Network
from ._units import CYCLOTRON, HBAR_EV_PS


class _Shifted(eqx.Module):
    network: Callable[[Scalar], Network]
    shift: Scalar

    def __call__(self, energy: ArrayLike) -> Network:
        return self.network(as_scalar(energy) - self.shift)


def spin_networks(
    network: Callable[[Scalar], Network], field: ArrayLike, g_factor: ArrayLike = 2.0
) -> tuple[Callable[[Scalar], Network], Callable[[Scalar], Network]]:
    r"""The networks of both spins, their energies split by $g\mu_BB$: (up, down).

    $$N_{\uparrow\downarrow}(E) = N\big(E \mp \tfrac12 g\mu_BB\big)$$

    Areas, junctions and with them B₀ are those at the shifted energy: each spin has its
    own breakdown field. Where only the areas' first order in the splitting matters, it
    is the `spin_factor` or `zeeman_phase`. **Arguments:** `field` in T, one number.
    """
    check_positive("field", field)
    # μ_B is ħe/2m_e, half of CYCLOTRON.
    shift = 0.25 * CYCLOTRON * as_scalar(g_factor) * as_scalar(field)
    return _Shifted(network, shift), _Shifted(network, -shift)


class SpinOrbitJunction(eqx.Module):
    r"""Two bands that nearly touch, coupled by a potential and by spin-orbit coupling.

    In a crystal with inversion and time reversal the coupling of the two bands is
    $\langle 2|H|1\rangle = V + i\,\lambda\cdot\sigma$ with real V and λ. Spins along
    the field keep or turn their direction at the junction:

    $$B_0^\text{keep} \propto V^2 + (\lambda\cdot\hat B)^2, \qquad
      B_0^\text{turn} \propto \lambda^2 - (\lambda\cdot\hat B)^2$$

    Where the Zeeman splitting keeps these crossings apart, each is a `Crossing` of its
    own in a `Network`, with its B₀ and the phase of its element of `coupling`; two
    spin-split bands with one element between them can be traced (`traced_network`). The
    sum of both fields, from the full gap $2\sqrt{V^2 + \lambda^2}$, does not depend on
    the direction of the spin: it alone says how much stays on its band.

    **Arguments:**

    - `potential`: V, eV. `spin_orbit`: λ, eV, shape `(3,)`.
    - `first`, `second`: velocities of the uncoupled bands. m/s, shape `(3,)`.
    - `g_factors`: of both bands, shape `(2,)`.

    Source: Proshin & Useinov, Phys. Usp. 38, 39 (1995),
    doi:10.1070/PU1995v038n01ABEH000064.
    """

    potential: Scalar = eqx.field(converter=as_scalar)
    spin_orbit: Vector3 = eqx.field(converter=as_array)
    first: Vector3 = eqx.field(converter=as_array)
    second: Vector3 = eqx.field(converter=as_array)
    g_factors: Float[Array, "2"] = eqx.field(converter=as_array, default=(2.0, 2.0))

    def coupling(self, direction: ArrayLike) -> Complex[Array, "2 2"]:
        """⟨2 s'|H|1 s⟩ `[s', s]`, (up, down) along the field's direction. eV."""
        along = unit_vector("direction", direction)
        # Which axes across the field only chooses the phase of a turn.
        a, b = plane(along) @ self.spin_orbit
        c = jnp.dot(along, self.spin_orbit)
        keep, turn = self.potential + 1j * c, 1j * a + b
        return jnp.array([[keep, turn], [-jnp.conj(turn), jnp.conj(keep)]])

    def breakdown_fields(self, direction: ArrayLike) -> tuple[Scalar, Scalar]:
        """B₀ of the gaps between states of the same and of opposite spin. T."""
        along = unit_vector("direction", direction)
        parallel = jnp.dot(self.spin_orbit, along) ** 2
        unit = Junction(2.0, self.first, self.second).breakdown_field(along)
        across = jnp.sum(self.spin_orbit**2) - parallel
        return unit * (self.potential**2 + parallel), unit * across

    def model(self, field: ArrayLike) -> MultistateSweep:
        """Levels 1↑, 1↓, 2↑, 2↓ in the field (T, shape `(3,)`), in rad/ps.

        The Zeeman splitting takes the crossings of opposite spins apart.
        """
        field = as_array(field)
        check_shape("field", field, (3,), "For many fields use jax.vmap.")
        strength = jnp.sqrt(jnp.sum(field**2))
        rate = Junction(1.0, self.first, self.second).sweep_rate(field)
        spins = jnp.array([0.25, -0.25]) * CYCLOTRON * strength / HBAR_EV_PS
        energies = self.g_factors[:, None] * spins[None, :]
        # `coupling` leads from band 1 to band 2; the grid wants ⟨1 s|H|2 s'⟩.
        block = jnp.conj(self.coupling(field)).T / HBAR_EV_PS
        return crossing_grid(rate / HBAR_EV_PS, energies[0], energies[1], block)

    def probabilities(self, field: ArrayLike, **options: Any) -> Float[Array, "4 4"]:
        r"""From 1↑, 1↓, 2↑, 2↓ to them, `[final, initial]`, by propagation.

        Exact for straight bands, also where the crossings of opposite spins overlap.
        Inside a band a spin turns in one direction only, the one that time allows, and
        on two ways, through either spin of the other band, that the order of time
        encloses between them. For crossings far apart they interfere to

        $$4\sin^2\!\tfrac{\phi}{2}\;q_\text{keep}\,q_\text{turn}\,P_\text{turn},
          \qquad \phi = \frac{g_1 g_2\,(\mu_BB)^2}{\hbar|\alpha|}$$

        and to nothing where the splitting is not resolved, φ ≪ 1, as time reversal
        and inversion demand. `options` as in `lz.transition_matrix`. Both g-factors
        must differ from zero.
        """
        return transition_matrix(self.model(field), **options)
