"""A linear sweep with noise or dephasing: the limits that are known (ħ = 1).

Throughout, H(t) = ½ (rate·t σz + gap σx), and probabilities are to stay in the
diabatic state from t = −∞ to ∞, averaged over the noise.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_nonzero
from .._types import as_array
from ._approximation import Approximation
from ._crossing import landau_zener


def slow_gap_noise(
    gap: ArrayLike, spread: ArrayLike, rate: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The survival when the gap is Gaussian from sweep to sweep, Δ with the standard
    deviation J; exact.

    $$\langle P\rangle = \frac{1}{\sqrt{1 + \pi J^2/|\alpha|}}
      \exp\left(-\frac{\pi\Delta^2}{2(|\alpha| + \pi J^2)}\right)$$

    An inhomogeneous gap, or transverse noise slower than the crossing. Noise of the
    *detuning* that is slow only moves the crossing: `landau_zener` holds.

    Source: Kayanuma, J. Phys. Soc. Jpn. 54, 2037 (1985), doi:10.1143/JPSJ.54.2037.
    """
    gap, spread, rate = map(as_array, (gap, spread, rate))
    check_nonzero("rate", rate)
    speed = jnp.abs(rate)
    wide = speed + jnp.pi * spread**2
    return jnp.sqrt(speed / wide) * jnp.exp(-0.5 * jnp.pi * gap**2 / wide)


def fast_gap_noise(
    gap: ArrayLike,
    spread: ArrayLike,
    rate: ArrayLike,
    *,
    correlation_rate: ArrayLike = jnp.inf,
    t_end: ArrayLike = jnp.inf,
) -> Approximation:
    r"""The survival under transverse Gaussian noise that is fast, Δ + J(t) with
    $\langle J(t)J(0)\rangle = J^2e^{-\lambda|t|}$, λ ≫ √α, J, Δ.

    $$\langle P\rangle = \tfrac12\left[1 + e^{-2J^2\theta/|\alpha|}
      \left(2e^{-\pi\Delta^2/2|\alpha|} - 1\right)\right], \quad
      \theta = \arctan\frac{|\alpha|T}{\lambda}$$

    θ is π/2 for a complete sweep, which takes |α|T ≫ λ, not √α: at
    λ = 80, T = 400 a gapless sweep with J = 0.6 survives with 0.68600, while π/2 says
    0.66136.

    **Arguments:** `spread` J; `correlation_rate` λ and `t_end` T, both or neither:
    the window is −T to T. Valid if λ > 10 max(√|α|, J, Δ).

    Source: Kayanuma, J. Phys. Soc. Jpn. 54, 2037 (1985), doi:10.1143/JPSJ.54.2037;
    Pokrovsky & Sinitsyn, Phys. Rev. B 67, 144303 (2003),
    doi:10.1103/PhysRevB.67.144303.
    """
    gap, spread, rate, fast, end = map(
        as_array, (gap, spread, rate, correlation_rate, t_end)
    )
    check_nonzero("rate", rate)
    speed = jnp.abs(rate)
    complete = jnp.isinf(end)
    part = jnp.arctan2(
        speed * jnp.where(complete, 1.0, end), jnp.where(complete, 1.0, fast)
    )
    angle = jnp.where(complete, 0.5 * jnp.pi, part)
    kept = jnp.exp(-2.0 * spread**2 / speed * angle)
    value = 0.5 * (1.0 + kept * (2.0 * landau_zener(gap, rate) - 1.0))
    slowest = jnp.maximum(jnp.sqrt(speed), jnp.maximum(jnp.abs(spread), jnp.abs(gap)))
    valid = fast > 10.0 * slowest
    return Approximation(value, valid, "correlation_rate > 10 max(√rate, spread, gap)")


def strong_dephasing(
    gap: ArrayLike, rate: ArrayLike, dephasing: ArrayLike
) -> Approximation:
    r"""The survival under strong dephasing between the diabatic states,
    $\tfrac12(1 + e^{-\pi\Delta^2/|\alpha|})$, whatever its rate γ ≫ Δ, √α.

    Rates $W = \tfrac12\Delta^2\gamma/(\epsilon^2 + \gamma^2)$ between the levels fill
    them alike; a slow sweep ends with ½, not with a full transition. At γ = 40,
    Δ = α = 1 the survival is 0.52160 as said; at γ = 1 it is 0.49566, at 0.3 0.38453.
    A finite window ends with a tail of γ/(αT).

    Valid if γ > 10 max(√|α|, Δ).

    Source: Kayanuma, J. Phys. Soc. Jpn. 53, 108 (1984), doi:10.1143/JPSJ.53.108.
    """
    gap, rate, dephasing = map(as_array, (gap, rate, dephasing))
    check_nonzero("rate", rate)
    value = 0.5 * (1.0 + jnp.exp(-jnp.pi * gap**2 / jnp.abs(rate)))
    slowest = jnp.maximum(jnp.sqrt(jnp.abs(rate)), jnp.abs(gap))
    valid = dephasing > 10.0 * slowest
    return Approximation(value, valid, "dephasing > 10 max(√rate, gap)")


def energy_basis_dephasing(
    gap: ArrayLike, rate: ArrayLike, dephasing: ArrayLike
) -> Approximation:
    r"""The jump between adiabatic states in a slow sweep that is dephased between
    *them*, at the rate γ of the coherence.

    $$P = \frac{\pi|\alpha|\gamma(2\Delta + b)}{4\Delta b(\Delta + b)^2}, \quad
      b = \sqrt{\Delta^2 + \gamma^2}$$

    Linear in the rate, not exponentially small: at α = 0.02, γ = 0.5, Δ = 1 it is
    4.88·10⁻³ (exactly 4.86·10⁻³) where Zener's formula says 8·10⁻³⁵. To solve for
    it: an `lz.Lindblad` of `lz.models.AdiabaticFrame`.

    Valid if |α| < Δ²/10 and P above Zener's value.

    Source: Avron, Fraas, Graf & Grech, Commun. Math. Phys. 305, 633 (2011),
    doi:10.1007/s00220-011-1269-y.
    """
    gap, rate, dephasing = map(as_array, (gap, rate, dephasing))
    check_nonzero("gap", gap)
    size, speed = jnp.abs(gap), jnp.abs(rate)
    b = jnp.hypot(size, dephasing)
    top = jnp.pi * speed * dephasing * (2.0 * size + b)
    value = top / (4.0 * size * b * (size + b) ** 2)
    valid = (speed < 0.1 * size**2) & (value > landau_zener(gap, rate))
    return Approximation(
        value, valid, "rate < gap²/10, and a value above that of Zener's formula"
    )
