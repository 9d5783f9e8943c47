"""Quantum oscillations: Lifshitz-Kosevich factors, and sums over closed paths."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_nonzero, check_not_negative, check_positive
from .._types import Scalar, as_array, as_scalar
from ._junctions import breakdown_probability, reflection_probability
from ._network import Network
from ._paths import ClosedPaths
from ._units import BOLTZMANN, CYCLOTRON, ELEMENTARY_CHARGE, FLUX

_KELVIN = BOLTZMANN / ELEMENTARY_CHARGE  # eV
NetworkOfEnergy = Callable[[Scalar], Network]


def thermal_factor(
    temperature: ArrayLike, mass: ArrayLike, field: ArrayLike, harmonic: ArrayLike = 1
) -> Float[Array, "*batch"]:
    r"""$R_T = X/\sinh X$, $X = 2\pi^2 p\,k_BT\,m^*/\hbar eB$.

    **Arguments:** K, electron masses, T, and the harmonic $p$; shapes that broadcast.

    Source: Lifshitz & Kosevich, Sov. Phys. JETP 2, 636 (1956).
    """
    check_not_negative("temperature", temperature)
    x = 2.0 * jnp.pi * _action(temperature, mass, field, harmonic)
    return _x_over_sinh(x)


def dingle_factor(
    dingle_temperature: ArrayLike,
    mass: ArrayLike,
    field: ArrayLike,
    harmonic: ArrayLike = 1,
) -> Float[Array, "*batch"]:
    r"""$R_D = \exp(-2\pi^2 p\,k_BT_D\,m^*/\hbar eB)$; arguments as `thermal_factor`.

    Source: Dingle, Proc. R. Soc. A 211, 517 (1952), doi:10.1098/rspa.1952.0056.
    """
    check_not_negative("dingle_temperature", dingle_temperature)
    return jnp.exp(-2.0 * jnp.pi * _action(dingle_temperature, mass, field, harmonic))


def spin_factor(
    mass: ArrayLike, g_factor: ArrayLike = 2.0, harmonic: ArrayLike = 1
) -> Float[Array, "*batch"]:
    r"""$R_S = \cos(\pi p\,g\,m^*/2m_e)$."""
    product = as_array(mass) * as_array(g_factor) * as_array(harmonic)
    return jnp.cos(0.5 * jnp.pi * product)


def breakdown_factor(
    breakdown_field: ArrayLike,
    field: ArrayLike,
    tunnellings: ArrayLike,
    reflections: ArrayLike,
) -> Float[Array, "*batch"]:
    r"""$|R_{MB}| = P^{n_t/2}\,q^{n_r/2}$ of an orbit through like junctions.

    Its sign and phase come from the network: `ClosedPaths.weights`.
    """
    through = breakdown_probability(breakdown_field, field)
    stay = reflection_probability(breakdown_field, field)
    return through ** (0.5 * as_array(tunnellings)) * stay ** (
        0.5 * as_array(reflections)
    )


def curvature_factor(field: ArrayLike, curvature: ArrayLike) -> Float[Array, "*batch"]:
    r"""$\sqrt{2\pi eB/\hbar|A''|}$, in 1/Å: the length along the field that adds up in
    phase, by which a two-dimensional result becomes one of an extremal orbit in three
    (over 2π, with the phase π/4 of the sign of A''). See `extremal_orbits`."""
    check_positive("field", field)
    check_nonzero("curvature", curvature)
    return jnp.sqrt(2.0 * jnp.pi * as_array(field) / FLUX / jnp.abs(curvature))


def density_of_states(
    network: NetworkOfEnergy,
    energy: ArrayLike,
    field: ArrayLike,
    broadening: ArrayLike,
) -> Scalar:
    r"""The density of levels with the half width Γ, all orders of all orbits at once.

    $$d = \frac{1}{2\pi}\sum\Phi' - \frac1\pi\,\mathrm{Im}\,\frac{d}{dE}
      \ln\det\left(1 - S\Phi e^{-\Gamma\Phi'}\right)$$

    **Arguments:**

    - `network`: energy (eV) -> `Network`.
    - `field`: T, one number; `jax.vmap` this call for many.
    - `broadening`: Γ = πk_B T_D > 0, of Lorentzian levels. eV.

    **Returns:** per eV and quantum of flux; times B/(h/e) it is per area.
    """
    check_positive("broadening", broadening)
    energy, field = as_scalar(energy), as_scalar(field)
    broadening, one = as_scalar(broadening), jnp.ones_like(energy)

    def phases_and_slopes(energy):
        return jax.jvp(lambda e: network(e).phases(field), (energy,), (one,))

    def transfer(energy):
        phases, slopes = phases_and_slopes(energy)
        factors = jnp.exp(1j * phases - broadening * slopes)
        return network(energy).scattering(field) * factors[None, :]

    matrix, slope = jax.jvp(transfer, (energy,), (one,))
    identity = jnp.eye(matrix.shape[0])
    trace = jnp.trace(jnp.linalg.solve(identity - matrix, slope))
    smooth = jnp.sum(phases_and_slopes(energy)[1]) / (2.0 * jnp.pi)
    return smooth + jnp.imag(trace) / jnp.pi


class Damping(eqx.Module):
    """What weakens oscillations beside breakdown.

    **Arguments:** `temperature` and `dingle_temperature` in K; `g_factor` of the
    Zeeman splitting gμ_B B (0 for none).
    """

    temperature: Scalar = eqx.field(converter=as_scalar, default=0.0)
    dingle_temperature: Scalar = eqx.field(converter=as_scalar, default=0.0)
    g_factor: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def __call__(self, masses: Float[Array, " C"], field: Scalar) -> Float[Array, " C"]:
        """R_T R_D R_S of orbits with these masses."""
        thermal = thermal_factor(self.temperature, jnp.abs(masses), field)
        dingle = dingle_factor(self.dingle_temperature, jnp.abs(masses), field)
        return thermal * dingle * spin_factor(masses, self.g_factor)


def density_oscillation(
    network: NetworkOfEnergy,
    paths: ClosedPaths,
    energy: ArrayLike,
    field: ArrayLike,
    damping: Damping | None = None,
) -> Scalar:
    r"""$\Delta d = \tfrac1\pi\,\mathrm{Re}\sum_c \Phi_c'\,w_c/r_c\,R_TR_DR_S$, the
    oscillating density of states of chosen orbits, per eV and quantum of flux.

    The conductivity follows it, see `conductivity_oscillation`.
    """
    slopes, waves, _ = _parts(network, paths, energy, field, damping)
    return jnp.sum(slopes * waves) / jnp.pi


def potential_oscillation(
    network: NetworkOfEnergy,
    paths: ClosedPaths,
    energy: ArrayLike,
    field: ArrayLike,
    damping: Damping | None = None,
) -> Scalar:
    r"""$\Delta\Omega = \frac{1}{2\pi^2l^2}\,\mathrm{Re}\sum_c \frac{w_c}{r_c\Phi_c'}
    R_TR_DR_S$, the oscillating grand potential of a layer. eV/Å²."""
    slopes, waves, field = _parts(network, paths, energy, field, damping)
    return field / FLUX / (2.0 * jnp.pi**2) * jnp.sum(waves / slopes)


def magnetisation_oscillation(
    network: NetworkOfEnergy,
    paths: ClosedPaths,
    energy: ArrayLike,
    field: ArrayLike,
    damping: Damping | None = None,
) -> Scalar:
    """ΔM = −∂ΔΩ/∂B of a layer at a fixed chemical potential, by differentiation of all
    field dependences, breakdown and reflection phases too. eV/(T Å²).
    Arguments as `density_oscillation`."""

    def potential(field):
        return potential_oscillation(network, paths, energy, field, damping)

    return -jax.grad(potential)(as_scalar(field))


def _parts(network, paths, energy, field, damping):
    """(Φ' in 1/eV, Re w/r with all damping) of all paths, and the field."""
    check_positive("field", field)
    energy, field = as_scalar(energy), as_scalar(field)
    masses = paths.masses(network, energy)
    slopes = 2.0 * jnp.pi * masses / (CYCLOTRON * field)
    # Not a default of the arguments: its arrays would start JAX at import.
    weakened = (Damping() if damping is None else damping)(masses, field)
    waves = jnp.real(paths.weights(network(energy), field)) * weakened
    return slopes, waves, field


def _action(temperature, mass, field, harmonic):
    """π p k_B T / ħω_c."""
    check_positive("field", field)
    check_nonzero("mass", mass)
    quantum = CYCLOTRON * as_array(field) / as_array(mass)
    return jnp.pi * as_array(harmonic) * _KELVIN * as_array(temperature) / quantum


def _x_over_sinh(x):
    """Smooth at zero, and zero where sinh overflows."""
    small = jnp.abs(x) < 1e-3
    safe = jnp.where(small, 1.0, jnp.abs(x))
    decay = jnp.exp(-safe)
    return jnp.where(
        small, 1.0 - x**2 / 6.0, 2.0 * safe * decay / (-jnp.expm1(-2.0 * safe))
    )
