"""The adiabatic-impulse model as matrices: any sequence of passages (ħ = 1)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_nonzero, check_positive
from .._types import as_array
from ._approximation import Approximation
from ._crossing import landau_zener
from ._single_passage import landau_zener_scattering


def impulse_sequence(
    gaps: ArrayLike, rates: ArrayLike, phases: ArrayLike
) -> Complex[Array, "2 2"]:
    r"""The propagator of K crossings in turn, adiabatic basis (lower, upper).

    $$U = N_K\,Z_{K-1}\,N_{K-1}\cdots Z_1\,N_1, \quad
      Z = \mathrm{diag}(e^{i\zeta}, e^{-i\zeta})$$

    N is `landau_zener_scattering` where the detuning rises and its transpose where it
    falls; between two crossings the states gather $\zeta = \tfrac12\int(E_+ - E_-)dt$.
    Two crossings, up and down, transfer $4P(1-P)\sin^2(\zeta + \varphi_S)$.

    **Arguments:** `gaps` of each crossing, positive, shape `(K,)`; `rates`, negative
    where the detuning falls, shape `(K,)`; `phases` ζ between them, shape `(K-1,)`.

    Each crossing must be over before the next: detunings between them ≫ gap, √rate.
    Beside the full solution: `lz.readout.impulse_verdict`.

    **Raises:** `ValueError` for shapes that disagree or a concrete gap that is not
    positive, or a rate of zero.

    Source: Ivakhnenko, Shevchenko & Nori, Phys. Rep. 995, 1 (2023), section 2,
    doi:10.1016/j.physrep.2022.10.002.
    """
    gaps, rates, phases = as_array(gaps), as_array(rates), as_array(phases)
    shapes = gaps.shape, rates.shape, phases.shape
    if len(shapes[0]) != 1 or shapes != (shapes[0], shapes[0], (shapes[0][0] - 1,)):
        raise ValueError(
            "impulse_sequence needs gaps and rates of shape (K,) and phases of shape "
            f"(K-1,), got {shapes}."
        )
    check_positive("gaps", gaps)
    check_nonzero("rates", rates)
    matrices = jax.vmap(_passage)(gaps, rates)

    def follow(u, one):
        phase, passage = one
        free = jnp.diag(jnp.exp(1j * phase * jnp.array([1.0, -1.0])))
        return passage @ free @ u, None

    return jax.lax.scan(follow, matrices[0], (phases, matrices[1:]))[0]


def _passage(gap, rate):
    up = landau_zener_scattering(gap, jnp.abs(rate))
    return jnp.where(rate > 0, up, up.T)


def sinusoidal_passages(
    gap: ArrayLike,
    offset: ArrayLike,
    amplitude: ArrayLike,
    angular_frequency: ArrayLike,
) -> tuple[Float[Array, "*batch"], Approximation]:
    r"""What one passage under $\epsilon_0 + A\cos\omega t$ does: the rate there,
    $\alpha = A\omega\sqrt{1 - \epsilon_0^2/A^2}$, and its survival.

    Valid for |ε₀| + 2Δ < A and α slow enough for the detuning to be linear over the
    crossing, Aω² max(1/α, Δ²/α²)·|ε₀|/A < 1.

    Source: Shevchenko, Ashhab & Nori, Phys. Rep. 492, 1 (2010), eq. 10,
    doi:10.1016/j.physrep.2010.03.002.
    """
    gap, offset, amplitude, omega = map(
        as_array, (gap, offset, amplitude, angular_frequency)
    )
    crosses = jnp.abs(offset) < jnp.abs(amplitude)
    square = jnp.where(crosses, amplitude**2 - offset**2, 1.0)
    rate = jnp.abs(omega) * jnp.sqrt(square)
    time = jnp.maximum(1.0 / rate, gap**2 / rate**2)
    straight = jnp.abs(offset) * omega**2 * time < 1.0
    valid = crosses & straight & (jnp.abs(offset) + 2.0 * gap < jnp.abs(amplitude))
    value = jnp.where(crosses, landau_zener(gap, rate), 1.0)
    condition = "|offset| + 2 gap < amplitude, and a detuning that is linear there"
    return jnp.where(crosses, rate, 0.0), Approximation(value, valid, condition)
