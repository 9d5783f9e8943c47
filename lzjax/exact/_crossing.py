"""One linear crossing: the probabilities that are known in closed form.

Throughout, H(t) = ½ (rate·t σz + gap σx) with ħ = 1.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_nonzero
from .._types import as_array
from ._functions import decay_ratio
from ._stokes import stokes_phase


def landau_zener(gap: ArrayLike, rate: ArrayLike) -> Float[Array, "*batch"]:
    r"""The probability to stay in the diabatic state, from t = −∞ to ∞.

    $$P = \exp\left(-\frac{\pi\,\mathrm{gap}^2}{2|\mathrm{rate}|}\right)$$

    It is also the probability to jump from one adiabatic state to the other; the
    probability to be found in the *other* diabatic state is `landau_zener_transition`.

    Of a complete sweep, and so are its derivatives: from −10 to 10 at gap = rate = 1
    the survival is 0.1880 instead of 0.2079, and its slope by the rate −3.33 instead of
    0.327. Fit a finite window by `lz.transition_matrix(model, t0, t1)`.

    **Arguments:**

    - `gap`: smallest distance of the adiabatic energies. Energy, any shape.
    - `rate`: how fast the diabatic energies separate, either sign, not zero. Energy
      per time, a shape that broadcasts against `gap`.

    **Raises:** `ValueError` if a concrete `rate` is zero.

    Source: Zener, Proc. R. Soc. A 137, 696 (1932), doi:10.1098/rspa.1932.0165.
    """
    return jnp.exp(-_exponent(gap, rate))


def landau_zener_transition(gap: ArrayLike, rate: ArrayLike) -> Float[Array, "*batch"]:
    r"""The probability to change the diabatic state, 1 − `landau_zener`.

    $$1 - P = 1 - e^{-\pi\,\mathrm{gap}^2 / (2|\mathrm{rate}|)}$$

    Accurate to relative precision also where it is tiny. Arguments, errors and source
    as for `landau_zener`.
    """
    return -jnp.expm1(-_exponent(gap, rate))


# Names that leave no doubt: one probability, as each of the two bases sees it.
p_diabatic_survival = p_adiabatic_jump = landau_zener
p_diabatic_change = p_adiabatic_stay = landau_zener_transition


def adiabaticity(gap: ArrayLike, rate: ArrayLike) -> Float[Array, "*batch"]:
    r"""The adiabaticity parameter δ = gap²/(4|rate|), so that P = e^{−2πδ}.

    Arguments and errors as for `landau_zener`.
    """
    gap, rate = as_array(gap), as_array(rate)
    check_nonzero("rate", rate)
    return gap**2 / (4.0 * jnp.abs(rate))


def half_crossing_diabatic(gap: ArrayLike, rate: ArrayLike) -> Float[Array, "*batch"]:
    r"""The probability to be in the initial diabatic state at t = 0, from t = −∞.

    $$P = \tfrac12\left(1 + e^{-\pi\delta}\right), \quad
      \delta = \frac{\mathrm{gap}^2}{4|\mathrm{rate}|}$$

    Arguments and errors as for `landau_zener`.

    Source: Vitanov, Phys. Rev. A 59, 988 (1999), doi:10.1103/PhysRevA.59.988.
    """
    return 0.5 * (1.0 + jnp.exp(-0.5 * _exponent(gap, rate)))


def half_crossing_adiabatic(gap: ArrayLike, rate: ArrayLike) -> Float[Array, "*batch"]:
    r"""The probability to have left the adiabatic state at t = 0, from t = −∞.

    $$P = \tfrac12\left(1 - \sqrt{1 - e^{-2\pi\delta}}\,\cos\chi\right), \quad
      \chi = 2\varphi_S(\delta/2) - \varphi_S(\delta), \quad
      \delta = \frac{\mathrm{gap}^2}{4|\mathrm{rate}|}$$

    with the Stokes phase $\varphi_S$. For a slow sweep it falls only as
    rate²/(4 gap⁴): to stop in the crossing is itself a sudden act. Evaluated without
    cancellation, so accurate to relative precision there too.

    The usual form, ½ − Re[e^{iπ/4} √(δ/2) π e^{−πδ/2} / (Γ(½−iδ/2) Γ(1+iδ/2))], is the
    same by the duplication formula of Γ.

    Arguments and errors as for `landau_zener`. At gap = 0, where the adiabatic states
    change places and P has a kink, the derivative is one of the two one-sided ones.

    Source: Vitanov, Phys. Rev. A 59, 988 (1999), doi:10.1103/PhysRevA.59.988.
    """
    gap, rate = as_array(gap), as_array(rate)
    angle = _half_crossing_angle(gap, rate)
    stay = landau_zener(gap, rate)
    root = jnp.abs(gap) * _root_of_transition_per_gap(gap, rate)
    # ½(1 − root·cos χ) with 1 − root = stay / (1 + root): no cancellation.
    return 0.5 * stay / (1.0 + root) + root * jnp.sin(0.5 * angle) ** 2


def jump_time(gap: ArrayLike, rate: ArrayLike) -> Float[Array, "*batch"]:
    r"""How long a crossing takes in the diabatic basis.

    $$\tau = \frac{P_\mathrm{tr}(\infty)}{\dot P_\mathrm{tr}(0)}
      = \frac{2\sqrt{1 - e^{-2\pi\delta}}}{|\mathrm{gap}|\,\sin\chi}$$

    with δ and χ of `half_crossing_adiabatic`. It tends to √(4π/|rate|) for a small gap
    and grows as 2 gap/|rate| for a large one.

    **Returns:** a time (ħ = 1), finite at gap = 0 too. Arguments and errors as for
    `landau_zener`.

    Source: Vitanov, Phys. Rev. A 59, 988 (1999), doi:10.1103/PhysRevA.59.988.
    """
    gap, rate = as_array(gap), as_array(rate)
    angle = _half_crossing_angle(gap, rate)
    return 2.0 * _root_of_transition_per_gap(gap, rate) / jnp.sin(angle)


def _exponent(gap, rate):
    return 2.0 * jnp.pi * adiabaticity(gap, rate)


def _half_crossing_angle(gap, rate):
    """χ: at t = 0 the two diabatic amplitudes have the phase π − χ between them."""
    delta = adiabaticity(gap, rate)
    return 2.0 * stokes_phase(0.5 * delta) - stokes_phase(delta)


def _root_of_transition_per_gap(gap, rate):
    """√(1 − P) / |gap|, smooth at gap = 0."""
    return jnp.sqrt(
        decay_ratio(_exponent(gap, rate)) * 0.5 * jnp.pi / jnp.abs(as_array(rate))
    )
