"""Thermal rates through a crossing of two harmonic diabatic curves."""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_positive
from .._types import as_array

# ln u of the velocity u in units of √(2k_BT/m). The trapezoidal rule on it converges
# exponentially; its ends leave e^{-34}, also of the small rates of weak coupling.
_LOGARITHMS = np.linspace(-34.0, 1.9, 360)


def marcus_rate(
    coupling: ArrayLike,
    reorganization_energy: ArrayLike,
    free_energy: ArrayLike,
    thermal_energy: ArrayLike,
) -> Float[Array, "*batch"]:
    r"""The rate from one harmonic diabatic curve to the other, to second order in the
    coupling.

    $$k = \frac{2\pi}{\hbar}\frac{V^2}{\sqrt{4\pi\lambda k_BT}}
      \exp\left(-\frac{(\lambda + \Delta G)^2}{4\lambda k_BT}\right)$$

    The thermal flux through the crossing, times the probability 1 − P_LZ to change the
    diabatic curve at each passage, to first order in V². For strong coupling it exceeds
    what can flow at all: at V = 1, λ = 8, ΔG = −2, k_BT = ω = 1 it is 0.203, the
    adiabatic limit 0.0517, and `landau_zener_rate` 0.0434.

    **Arguments:** `coupling`: V. `reorganization_energy`: λ. `free_energy`: ΔG, of the
    reaction. `thermal_energy`: $k_BT$, that is `kelvins * lz.molecules.KELVIN`.
    Energies, any shapes.

    **Returns:** 1/time, with ħ = 1. Classical nuclei: no tunnelling, which the inverted
    region (−ΔG > λ) needs.

    **Raises:** `ValueError` if a concrete λ or $k_BT$ is not positive.

    Source: Marcus & Sutin, Biochim. Biophys. Acta 811, 265 (1985), eq. 22,
    doi:10.1016/0304-4173(85)90014-X.
    """
    coupling = as_array(coupling)
    barrier, scale = _barrier(reorganization_energy, free_energy, thermal_energy)
    return math.sqrt(math.pi) * coupling**2 / scale * jnp.exp(-barrier)


def landau_zener_rate(
    coupling: ArrayLike,
    reorganization_energy: ArrayLike,
    free_energy: ArrayLike,
    thermal_energy: ArrayLike,
    angular_frequency: ArrayLike,
) -> Float[Array, "*batch"]:
    r"""The same rate for any coupling, with Zener's formula at every passage.

    $$k = \frac{\omega}{2\pi}\,e^{-E^\ddagger/k_BT}\int_0^\infty
      \frac{2p}{1 + p}\,e^{-\epsilon}\,d\epsilon, \quad
      p = 1 - \exp\left(-\frac{\pi V^2}{\hbar\omega\sqrt{\lambda k_BT\epsilon}}\right)$$

    with $E^\ddagger = (\lambda + \Delta G)^2/4\lambda$ and the kinetic energy
    $\epsilon k_BT$ at the crossing. 2p/(1 + p) sums all returns of one that got over,
    without coherence between them. It tends to `marcus_rate` for weak coupling and to
    the adiabatic $\frac{\omega}{2\pi}e^{-E^\ddagger/k_BT}$ for a strong one;
    `rate_adiabaticity` says which it is. That strong coupling also lowers the barrier
    (by about V) is not included.

    **Arguments:** as for `marcus_rate`; `angular_frequency`: ω of both curves.

    **Returns:** 1/time. To about 10⁻¹². **Raises:** as `marcus_rate`, and if a
    concrete ω is not positive.

    Source: Newton & Sutin, Annu. Rev. Phys. Chem. 35, 437 (1984),
    doi:10.1146/annurev.pc.35.100184.002253.
    """
    check_positive("angular_frequency", angular_frequency)
    coupling, frequency = as_array(coupling), as_array(angular_frequency)
    barrier, scale = _barrier(reorganization_energy, free_energy, thermal_energy)
    exponent = math.pi * coupling**2 / (frequency * scale)
    u = jnp.exp(jnp.asarray(_LOGARITHMS))
    change = -jnp.expm1(-exponent[..., None] / u.reshape((1,) * exponent.ndim + (-1,)))
    weight = 2.0 * u**2 * jnp.exp(-(u**2)) * (_LOGARITHMS[1] - _LOGARITHMS[0])
    transmission = jnp.vecdot(
        2.0 * change / (1.0 + change), jnp.broadcast_to(weight, change.shape)
    )
    return frequency / (2.0 * math.pi) * jnp.exp(-barrier) * transmission


def rate_adiabaticity(
    coupling: ArrayLike,
    reorganization_energy: ArrayLike,
    thermal_energy: ArrayLike,
    angular_frequency: ArrayLike,
) -> Float[Array, "*batch"]:
    r"""How adiabatic a thermal reaction is: Marcus' rate over the adiabatic one,

    $$\frac{k_\text{Marcus}}{k_\text{adiabatic}} =
      \frac{2\pi^{3/2}V^2}{\hbar\omega\sqrt{\lambda k_BT}}$$

    The crossover lies at one; far below it Marcus' rate holds. Arguments and errors as
    for `landau_zener_rate`.
    """
    check_positive("angular_frequency", angular_frequency)
    _, scale = _barrier(reorganization_energy, 0.0, thermal_energy)
    squared = as_array(coupling) ** 2
    return 2.0 * math.pi**1.5 * squared / (as_array(angular_frequency) * scale)


def _barrier(reorganization_energy, free_energy, thermal_energy):
    """E‡/k_BT and √(λ k_BT)."""
    check_positive("reorganization_energy", reorganization_energy)
    check_positive("thermal_energy", thermal_energy)
    whole, free, thermal = map(
        as_array, (reorganization_energy, free_energy, thermal_energy)
    )
    return (whole + free) ** 2 / (4.0 * whole * thermal), jnp.sqrt(whole * thermal)
