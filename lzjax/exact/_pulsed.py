"""Two levels under sweeps and pulses of special shapes, solved on paper (ħ = 1)."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_nonzero
from .._types import as_array
from ._functions import decay_ratio, scaled_cos_sqrt


def rosen_zener(
    coupling: ArrayLike, detuning: ArrayLike, width: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The flip probability of a sech pulse at constant detuning.

    $$H = \tfrac12\left(d_0\,\sigma_z
        + \Omega\,\mathrm{sech}(t/T)\,\sigma_x\right), \quad
      P = \sin^2\frac{\pi\Omega T}{2}\;\mathrm{sech}^2\frac{\pi d_0 T}{2}$$

    **Arguments:**

    - `coupling`: $\Omega$, the pulse's peak. Energy.
    - `detuning`: $d_0$. Energy.
    - `width`: $T$. Time.

    Source: Rosen & Zener, Phys. Rev. 40, 502 (1932), doi:10.1103/PhysRev.40.502.
    """
    coupling, detuning, width = map(as_array, (coupling, detuning, width))
    decay = jnp.exp(-0.5 * jnp.pi * jnp.abs(detuning * width))
    sech = 2.0 * decay / (1.0 + decay**2)
    return (jnp.sin(0.5 * jnp.pi * coupling * width) * sech) ** 2


def allen_eberly(
    coupling: ArrayLike, chirp: ArrayLike, width: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The flip probability of a sech pulse whose detuning is swept as tanh.

    $$H = \tfrac12\left(B\tanh(t/T)\,\sigma_z
        + \Omega\,\mathrm{sech}(t/T)\,\sigma_x\right), \quad
      P = 1 - \cos^2\left(\tfrac{\pi T}{2}\sqrt{\Omega^2 - B^2}\right)
        \mathrm{sech}^2\frac{\pi B T}{2}$$

    The `demkov_kunike` pulse without static detuning. **Arguments:** `coupling`
    $\Omega$ and `chirp` $B$, energies; `width` $T$, a time.

    Source: Allen & Eberly, Optical Resonance and Two-Level Atoms, Wiley (1975).
    """
    return demkov_kunike(coupling, 0.0, chirp, width)


def demkov_kunike(
    coupling: ArrayLike, detuning: ArrayLike, chirp: ArrayLike, width: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The flip probability of a sech pulse over a tanh sweep with an offset.

    $$H = \tfrac12\left([d_0 + B\tanh(t/T)]\,\sigma_z
        + \Omega\,\mathrm{sech}(t/T)\,\sigma_x\right)$$

    $$P = \frac{\cosh\pi B T - \cos\left(\pi T\sqrt{\Omega^2 - B^2}\right)}
               {\cosh\pi B T + \cosh\pi d_0 T}$$

    The flip is between the diabatic states. Smooth in all arguments, also through
    $|\Omega| = |B|$, where the cosine turns hyperbolic.

    **Arguments:** `coupling` $\Omega$, `detuning` $d_0$ and `chirp` $B$, energies;
    `width` $T$, a time.

    Source: Demkov & Kunike, Vestn. Leningr. Univ. Fiz. Khim. 16, 39 (1969); Suominen &
    Garraway, Phys. Rev. A 45, 374 (1992), doi:10.1103/PhysRevA.45.374.
    """
    coupling, detuning, chirp, width = map(as_array, (coupling, detuning, chirp, width))
    swept = jnp.pi * jnp.abs(chirp * width)
    static = jnp.pi * jnp.abs(detuning * width)
    scale = jnp.maximum(swept, static)  # one factor e^{-scale} in every term
    angle_squared = (jnp.pi * width) ** 2 * (coupling**2 - chirp**2)
    top = _scaled_cosh(swept, scale) - scaled_cos_sqrt(angle_squared, scale)
    return top / (_scaled_cosh(swept, scale) + _scaled_cosh(static, scale))


def demkov_kunike_tanh(
    gap: ArrayLike, amplitude: ArrayLike, offset: ArrayLike, width: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The adiabatic jump of a tanh sweep at constant coupling (Demkov-Kunike 2).

    $$H = \tfrac12\left([D_0 + B\tanh(t/T)]\,\sigma_z + \Delta\,\sigma_x\right)$$

    $$P = \frac{\sinh[q(2B + E_- - E_+)]\,\sinh[q(2B - E_- + E_+)]}
               {\sinh 2qE_-\,\sinh 2qE_+}, \quad
      q = \frac{\pi T}{4}, \quad E_\pm = \sqrt{\Delta^2 + (D_0 \pm B)^2}$$

    **Arguments:**

    - `gap`: $\Delta$, not zero. Energy.
    - `amplitude`: $B$, either sign. Energy.
    - `offset`: $D_0$. Energy; beyond ±B the levels do not cross.
    - `width`: $T$, not zero. Time.

    **Returns:** the probability to end in the other adiabatic state.

    **Raises:** `ValueError` if a concrete `gap` or `width` is zero.

    Source: Demkov & Kunike, Vestn. Leningr. Univ. Fiz. Khim. 16, 39 (1969); Suominen &
    Garraway, Phys. Rev. A 45, 374 (1992), doi:10.1103/PhysRevA.45.374.
    """
    gap, amplitude, offset, width = map(as_array, (gap, amplitude, offset, width))
    check_nonzero("gap", gap)
    check_nonzero("width", width)
    b, q = jnp.abs(amplitude), 0.25 * jnp.pi * jnp.abs(width)
    below, above = jnp.hypot(gap, offset - b), jnp.hypot(gap, offset + b)
    # sinh y = ½ e^y (1 − e^{−2y}): the four exponentials are joined before they
    # can overflow.
    joined = jnp.exp(2.0 * q * (2.0 * b - below - above))
    top = _one_minus(q * (2 * b + below - above)) * _one_minus(
        q * (2 * b - below + above)
    )
    return joined * top / (_one_minus(2 * q * below) * _one_minus(2 * q * above))


def nikitin(
    splitting: ArrayLike, angle: ArrayLike, decay: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The adiabatic jump of Nikitin's exponential model, from t = −∞ to ∞.

    $$H = \tfrac12\left([\Delta E - A\cos\theta\,e^{-\gamma t}]\,\sigma_z
        + A\sin\theta\,e^{-\gamma t}\,\sigma_x\right), \quad
      P = \frac{e^{\pi\zeta(1 + \cos\theta)} - 1}{e^{2\pi\zeta} - 1}, \quad
      \zeta = \frac{\Delta E}{\gamma}$$

    The amplitude A only shifts the time. θ = π/2 is Demkov's model.

    **Arguments:**

    - `splitting`: $\Delta E$. Energy, at least zero.
    - `angle`: $\theta$, radians.
    - `decay`: $\gamma$, not zero. Inverse time, positive.

    **Raises:** `ValueError` if a concrete `decay` is zero.

    Source: Nikitin, Discuss. Faraday Soc. 33, 14 (1962), doi:10.1039/DF9623300014.
    """
    splitting, angle, decay = map(as_array, (splitting, angle, decay))
    check_nonzero("decay", decay)
    whole = 2.0 * jnp.pi * splitting / decay
    share = jnp.cos(0.5 * angle) ** 2  # (1 + cos θ)/2
    ratio = decay_ratio(share * whole) / decay_ratio(whole)
    return share * jnp.exp((share - 1.0) * whole) * ratio


def roland_cerf(
    gap: ArrayLike, speed: ArrayLike, detuning: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The adiabatic jump of a sweep that turns in step with its local gap.

    The field's direction moves as dθ/dt = κ·(local gap):
    $\epsilon(t) = \Delta\tan(\arcsin\kappa\Delta t)$ between $\mp\epsilon_m$. Then

    $$P = \frac{\kappa^2}{1 + \kappa^2}\,
      \sin^2\left(\frac{\sqrt{1 + \kappa^2}}{\kappa}
      \arctan\frac{\epsilon_m}{\Delta}\right)$$

    exactly, for every κ.

    **Arguments:**

    - `gap`: $\Delta$, the smallest gap. Energy.
    - `speed`: $\kappa$, not zero; the smaller, the slower. No unit (ħ = 1).
    - `detuning`: $\epsilon_m$, the detuning at both ends. Energy.

    **Raises:** `ValueError` if a concrete `speed` is zero.

    Source: Roland & Cerf, Phys. Rev. A 65, 042308 (2002),
    doi:10.1103/PhysRevA.65.042308.
    """
    gap, speed, detuning = map(as_array, (gap, speed, detuning))
    check_nonzero("speed", speed)
    norm = 1.0 + speed**2
    turned = jnp.arctan2(detuning, gap)
    oscillation = jnp.sin(jnp.sqrt(norm) / speed * turned) ** 2
    return speed**2 / norm * oscillation


def _scaled_cosh(x, scale):
    return 0.5 * (jnp.exp(x - scale) + jnp.exp(-x - scale))


def _one_minus(y):
    """1 − e^{−2y}."""
    return -jnp.expm1(-2.0 * y)
