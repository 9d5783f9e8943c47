"""One linear crossing beyond its probability: phases, time, work (ħ = 1).

Throughout, H(t) = ½ (rate·t σz + gap σx).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_nonzero, check_positive
from .._types import as_array
from ._approximation import Approximation
from ._crossing import adiabaticity, landau_zener
from ._stokes import stokes_phase


def landau_zener_scattering(
    gap: ArrayLike, rate: ArrayLike
) -> Complex[Array, "*batch 2 2"]:
    r"""The scattering matrix `[final, initial]` between adiabatic states (lower,
    upper), the dynamical phases ∓½∫√(ε² + gap²)dt counted from the crossing removed.

    $$S = \begin{pmatrix} \sqrt{1-P}\,e^{i\varphi_S} & \sqrt P \\
      -\sqrt P & \sqrt{1-P}\,e^{-i\varphi_S} \end{pmatrix}$$

    The Stokes phase is gauge dependent: this is the gauge of the continuous real
    states (−sin θ/2, cos θ/2) and (cos θ/2, sin θ/2), tan θ = gap/ε. In it a ground
    state ends with the relative phase π − φ_S of upper to lower, not φ_S (2.8145, not
    0.3271, at gap = rate = 1); another
    sign of one state turns it into −φ_S.

    **Arguments:** as for `landau_zener`, both positive.

    **Raises:** `ValueError` if a concrete `gap` or `rate` is not positive.

    Source: Ivakhnenko, Shevchenko & Nori, Phys. Rep. 995, 1 (2023), section 2.3,
    doi:10.1016/j.physrep.2022.10.002.
    """
    check_positive("gap", gap)
    check_positive("rate", rate)
    stay = landau_zener(gap, rate)
    phase = stokes_phase(adiabaticity(gap, rate))
    kept = jnp.sqrt(-jnp.expm1(jnp.log(stay))) * jnp.exp(1j * phase)
    jump = jnp.sqrt(stay) + 0j
    rows = jnp.stack([kept, jump], -1), jnp.stack([-jump, jnp.conj(kept)], -1)
    return jnp.stack(rows, -2)


def crossing_duration(gap: ArrayLike, rate: ArrayLike) -> Float[Array, "*batch"]:
    r"""An estimate of how long a crossing takes, $\max(1/\sqrt{|\alpha|},
    \Delta/|\alpha|)$; `jump_time` is the exact one in the diabatic basis.

    What happens during it must not change the sweep: already dephasing at a rate of
    0.1 over a `jump_time` of 3.08 turns a survival of 0.208 into 0.285.
    """
    gap, rate = jnp.abs(as_array(gap)), jnp.abs(as_array(rate))
    check_nonzero("rate", rate)
    return jnp.maximum(1.0 / jnp.sqrt(rate), gap / rate)


def weak_coupling_transition(
    gap: ArrayLike, rate: ArrayLike, t: ArrayLike
) -> Approximation:
    r"""The probability to have changed the diabatic state by the time t, from −∞, to
    first order in gap².

    $$P(t) = \frac{\pi\Delta^2}{4|\alpha|}\left[\left(\tfrac12 + C(u)\right)^2
      + \left(\tfrac12 + S(u)\right)^2\right], \quad u = \sqrt{|\alpha|/\pi}\;t$$

    with the Fresnel integrals C and S. Valid for πΔ²/2|α| ≪ 1, which is its relative
    error: at Δ = 0.01, α = 1, t = 2 it is 2.120901·10⁻⁴ instead of 2.120713·10⁻⁴.
    """
    gap, rate, t = map(as_array, (gap, rate, t))
    check_nonzero("rate", rate)
    speed = jnp.abs(rate)
    sine, cosine = jax.scipy.special.fresnel(jnp.sqrt(speed / jnp.pi) * t)
    whole = 0.5 * jnp.pi * gap**2 / speed
    value = 0.5 * whole * ((0.5 + cosine) ** 2 + (0.5 + sine) ** 2)
    valid = whole < 0.1
    return Approximation(
        value, valid, "π gap²/2|rate| < 0.1, which is about its relative error"
    )


def irreversible_work_rate(gap: ArrayLike, rate: ArrayLike) -> Float[Array, "*batch"]:
    r"""How fast irreversible work ⟨H⟩ − E_ground grows long after a crossing that
    began in the ground state: $\dot W = |\alpha| P$.

    At a finite time the work is `lz.readout.irreversible_work`; its rate still
    oscillates, by about gap²/rate²t². The entropy does not grow with it: the state
    stays pure, and its diagonal entropy −P ln P − (1−P) ln(1−P) is constant.
    """
    return jnp.abs(as_array(rate)) * landau_zener(gap, rate)


def magnus_survival(gap: ArrayLike, rate: ArrayLike) -> Float[Array, "*batch"]:
    r"""First-order Magnus in the interaction picture over all times,
    $\cos^2\left(\Delta\sqrt{\pi/2|\alpha|}\right)$: how wrong one big step is.

    At Δ = 0.5, α = 1 it gives 0.6561, the true survival is 0.6752.
    """
    gap, rate = as_array(gap), as_array(rate)
    check_nonzero("rate", rate)
    return jnp.cos(gap * jnp.sqrt(0.5 * jnp.pi / jnp.abs(rate))) ** 2
