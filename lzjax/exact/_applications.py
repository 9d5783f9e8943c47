"""Where a crossing decides about something else (ħ = 1)."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_not_negative, check_positive
from .._types import as_array
from ._approximation import Approximation

# 2 + W(−2e⁻²) with Lambert's function: where πΔ²/2α makes P tell most about Δ.
_BEST_EXPONENT = 1.5936242600400401


def gate_fidelity(jump: ArrayLike) -> Float[Array, "*batch"]:
    r"""The average fidelity of an adiabatic two-level gate whose phases are corrected,
    $F = \tfrac16(4(1 - P) + 2)$, with the adiabatic jump P of its sweep.

    Source: Nielsen, Phys. Lett. A 303, 249 (2002), doi:10.1016/S0375-9601(02)01272-0.
    """
    return (4.0 * (1.0 - as_array(jump)) + 2.0) / 6.0


def most_informative_rate(gap: ArrayLike) -> Float[Array, "*batch"]:
    r"""The rate at which single sweeps, counted, tell most about the gap.

    The Fisher information of one survival, $P'^2/P(1-P)$, is largest where
    $\pi\Delta^2/2\alpha = 2 + W(-2e^{-2}) = 1.59362$, that is P = 0.20319. A single
    sweep only ever determines Δ²/α: the rate must be known.
    """
    return 0.5 * math.pi * as_array(gap) ** 2 / _BEST_EXPONENT


def kibble_zurek_density(quench_time: ArrayLike) -> Approximation:
    r"""Defects per site after a slow quench of the transverse Ising chain,
    $n = 1/(2\pi\sqrt{2\tau_Q})$.

    Every momentum is a Landau-Zener sweep, `lz.models.ising_quench_mode`; their mean
    jump is the density. At τ_Q = 10 a chain of 40 modes has 0.035853, this formula
    0.035588; it is 0.7 % low there, 3.5 % at τ_Q = 3, 16 % at 1. Valid from 3 up.
    Units: the coupling of the spins is one.

    Source: Dziarmaga, Phys. Rev. Lett. 95, 245701 (2005),
    doi:10.1103/PhysRevLett.95.245701.
    """
    quench_time = as_array(quench_time)
    check_positive("quench_time", quench_time)
    value = 1.0 / (2.0 * math.pi * jnp.sqrt(2.0 * quench_time))
    condition = "a slow quench, quench_time ≥ 3, from where it errs by less than 4 %"
    return Approximation(value, quench_time >= 3.0, condition)


def belyaev_lebedev(
    smallest_gap: ArrayLike, curvature: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The jump at a minimum of the adiabatic splitting Z(t), from that alone,
    $P = \exp\left(-\tfrac\pi2\sqrt{Z^3/\ddot Z}\right)$.

    Zener's formula for a linear crossing, without diabatic curves or couplings.

    **Arguments:** Z and its second derivative by time at the minimum, both positive.

    Source: Belyaev & Lebedev, Phys. Rev. A 84, 014701 (2011),
    doi:10.1103/PhysRevA.84.014701.
    """
    gap, curvature = as_array(smallest_gap), as_array(curvature)
    check_positive("smallest_gap", gap)
    check_positive("curvature", curvature)
    return jnp.exp(-0.5 * math.pi * jnp.sqrt(gap**3 / curvature))


def cross_section_function(x: ArrayLike) -> Float[Array, "*batch"]:
    r"""The Landau-Zener cross-section of a collision over its geometric size,
    $G(x) = E_3(x) - E_3(2x)$, with exponential integrals.

    The sum over impact parameters of 2p(1 − p), the crossing passed twice, over
    4πR²(1 − U/E); x is the exponent −ln p of a head-on collision. Largest, 0.11311,
    at x = 0.42433.

    **Raises:** `ValueError` if a concrete x is negative.

    Source: Landau, Phys. Z. Sowjetunion 2, 46 (1932); Olson, Smith & Bauer, Appl.
    Opt. 10, 1848 (1971), doi:10.1364/AO.10.001848.
    """
    x = as_array(x)
    check_not_negative("x", x)
    return jax.scipy.special.expn(3, x) - jax.scipy.special.expn(3, 2.0 * x)
