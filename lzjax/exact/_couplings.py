"""Linear sweeps whose coupling turns, is complex, or whose level decays (ħ = 1)."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_nonzero
from .._types import as_array, as_complex_or_real_array
from ._approximation import Approximation
from ._crossing import landau_zener


def rotating_coupling(
    gap: ArrayLike, rate: ArrayLike, chirp: ArrayLike = 0.0
) -> Float[Array, "*batch"]:
    r"""The diabatic survival under a coupling $\Delta e^{i(\omega t + \kappa t^2/2)}$,
    over all times.

    $$P = \exp\left(-\frac{\pi|\Delta|^2}{2|\alpha - \kappa|}\right)$$

    Whatever ω: it only moves the crossing to `rotating_crossing_time`, which a
    finite window must contain. A chirp changes the rate, and its sign counts: at
    Δ = α = 1 the survival is 0.0432 for κ = ½, 0.2079 for 0, 0.4559 for −1.

    **Raises:** `ValueError` if a concrete chirp equals the rate: the levels then run
    parallel and never cross.

    Source: Berry, Proc. R. Soc. A 430, 405 (1990), doi:10.1098/rspa.1990.0096.
    """
    gap = jnp.abs(as_complex_or_real_array(gap))
    apart = as_array(rate) - as_array(chirp)
    check_nonzero("rate - chirp", apart)
    return landau_zener(gap, apart)


def rotating_crossing_time(
    rate: ArrayLike, angular_frequency: ArrayLike, chirp: ArrayLike = 0.0
) -> Float[Array, "*batch"]:
    """Where the crossing lies under a turning coupling: ω/(α − κ)."""
    apart = as_array(rate) - as_array(chirp)
    check_nonzero("rate - chirp", apart)
    return as_array(angular_frequency) / apart


def linear_polarisation_range(
    gap: ArrayLike, rate: ArrayLike
) -> tuple[Float[Array, "*batch"], Float[Array, "*batch"]]:
    r"""Between which survivals a coupling $\Delta\cos(\omega t + \varphi)$ can lie,
    over all times: $[(2P_1 - 1)^2,\ 1]$, $P_1 = e^{-\pi\Delta^2/8|\alpha|}$.

    Two crossings with half the gap, at ±ω/α, interfere with a phase that depends on
    ω and φ. For ω² ≫ α, Δ√α: crossings apart, and no Bloch-Siegert shift. At
    Δ = α = 1 it is [0.1228, 1] instead of the 0.2079 of a turning coupling.
    """
    once = landau_zener(0.5 * as_array(gap), rate)
    return (2.0 * once - 1.0) ** 2, jnp.ones_like(once)


def complex_symmetric_survival(
    gap: ArrayLike, rate: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The survival of a sweep whose coupling is complex *without* being conjugated,
    $H_{01} = H_{10} = (\Delta_R + i\Delta_I)/2$, over all times.

    $$|A|^2 = \exp\left(-\frac{\pi(\Delta_R^2 - \Delta_I^2)}{2|\alpha|}\right)$$

    Not a probability: H is not Hermitian, and it may exceed one. It is what
    `gap * sigma_x` makes of a complex gap. A Hermitian coupling has |Δ|² instead:
    `landau_zener(abs(gap), rate)`, as `LinearSweep` builds it.
    """
    square = jnp.real(as_complex_or_real_array(gap) ** 2)
    rate = as_array(rate)
    check_nonzero("rate", rate)
    return jnp.exp(-0.5 * jnp.pi * square / jnp.abs(rate))


def decaying_level_survival(
    gap: ArrayLike, rate: ArrayLike, decay: ArrayLike, t_end: ArrayLike = jnp.inf
) -> Approximation:
    r"""The survival of a stable diabatic level that crosses a decaying one, from
    `-t_end` to `t_end`: $H = \tfrac12(\alpha t\sigma_z + \Delta\sigma_x)
    - \tfrac i2\Gamma|1\rangle\langle1|$, start in level 0.

    $$-\ln P = \frac{\Delta^2}{|\alpha|}\arctan\frac{2|\alpha|t_\mathrm{end}}{\Gamma}$$

    At t_end = ∞ it is Zener's formula, exactly, for every Γ. That "the leak does not
    matter" needs all of: a stable start (of the decaying level 4·10⁻⁸ stay in it at
    Γ = ½, t = 20, not 0.216), decay of the *other diabatic* level only (of the upper
    adiabatic one, Γ = 0.2, it takes the lower one from 0.79 to 0.769), a complete
    sweep (|α|t ≫ Γ; at Γ = 10, t = 20 the survival is 0.265, not 0.208) and a single
    passage (a double one falls from 0.388 to 0.016 by Γ = 0.2).

    At a finite end it is the rate equation's tail; valid where the ripples
    Δ/(|α|t)·e^{−Γt/2} of a sharp start are below 0.01. Exact at any time:
    `finite_window_propagator` with its `decay`.

    Source: Akulin & Schleich, Phys. Rev. A 46, 4110 (1992),
    doi:10.1103/PhysRevA.46.4110.
    """
    gap, rate, decay, end = map(as_array, (gap, rate, decay, t_end))
    check_nonzero("rate", rate)
    speed = jnp.abs(rate)
    infinite = jnp.isinf(end)
    until = jnp.where(infinite, 1.0, end)
    angle = jnp.where(infinite, 0.5 * jnp.pi, jnp.arctan2(2.0 * speed * until, decay))
    ripple = gap / (speed * until) * jnp.exp(-0.5 * decay * until)
    value = jnp.exp(-(gap**2) / speed * angle)
    valid = (decay >= 0) & (infinite | (jnp.abs(ripple) < 0.01))
    condition = "decay ≥ 0, and ripples Δ/(rate·t_end)·exp(−decay·t_end/2) below 0.01"
    return Approximation(value, valid, condition)
