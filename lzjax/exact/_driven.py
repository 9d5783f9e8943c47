"""Dithered and periodically driven crossings: photon resonances (ħ = 1).

Throughout ε(t) = offset, or rate·t, + amplitude · cos(angular_frequency·t + phase).
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_nonzero, check_positive, is_concrete
from .._types import as_array
from ._approximation import Approximation

# Points of Bessel's integral, and the largest |A/ω| for which they suffice: its
# trapezoids converge exponentially beyond |x| + |n| points.
_POINTS = 512
_REACH = 160.0
# The orders that they give; J_n(160) is below 1e-17 from n = 210 on.
_ORDERS = np.fft.fftfreq(_POINTS, 1.0 / _POINTS)
_SINES = np.sin(2.0 * np.pi / _POINTS * np.arange(_POINTS))


def _bessels(x):
    """J_n(x) for all `_ORDERS`, x a scalar: the Fourier series of exp(ix sin θ)."""
    return jnp.real(jnp.fft.fft(jnp.exp(1j * x * jnp.asarray(_SINES)))) / _POINTS


def _ratio(amplitude, omega):
    ratio = amplitude / omega
    if is_concrete(ratio) and np.any(np.abs(np.asarray(ratio)) > _REACH):
        raise ValueError(
            f"amplitude / angular_frequency must be at most {_REACH:g} for the sums "
            f"over photons, got {np.max(np.abs(np.asarray(ratio)))}."
        )
    return ratio


def photon_gap(
    gap: ArrayLike,
    photons: ArrayLike,
    amplitude: ArrayLike,
    angular_frequency: ArrayLike,
) -> Approximation:
    r"""The gap of the n-photon resonance, $|\Delta J_n(A/\omega)|$.

    It is where ε₀ = nω, or αt = −nω in a dithered sweep. Valid for Δ < ω/10: at A = 3ω
    and n = 0, 1, 2 the gap of the quasienergies is within 0.4 % of it for Δ = ω/10,
    within 4 % for Δ = 0.3 ω.

    With J₀ alone a dither may close the gap, at A/ω = 2.4048: true in a window
    |αt| < ω/2 around the central resonance (survival 0.99992 at Δ = 0.4, α = 0.05,
    ω = 20), not for a complete sweep (0.39 at ω = 4), which meets all resonances:
    `dithered_sweep_weak`.

    Source: Shevchenko, Ashhab & Nori, Phys. Rep. 492, 1 (2010), section 4,
    doi:10.1016/j.physrep.2010.03.002.
    """
    gap, photons, amplitude, omega = map(
        as_array, (gap, photons, amplitude, angular_frequency)
    )
    check_nonzero("angular_frequency", omega)

    @jnp.vectorize
    def weight(n, ratio):
        return _bessels(ratio)[jnp.asarray(n, dtype=int) % _POINTS]

    value = jnp.abs(gap * weight(photons, _ratio(amplitude, omega)))
    valid = jnp.abs(gap) < 0.1 * jnp.abs(omega)
    return Approximation(value, valid, "gap < angular_frequency / 10")


def coherent_destruction_ratio(index: int = 1) -> float:
    r"""A/ω at the index-th zero of J₀, where a drive around ε₀ = 0 stops tunnelling:
    2.4048255577 for the first.

    In the limit Δ → 0; the degeneracy of the quasienergies moves by order (Δ/ω)²
    (2.40192 at Δ = 0.1 ω).

    Source: Grossmann, Dittrich, Jung & Hänggi, Phys. Rev. Lett. 67, 516 (1991),
    doi:10.1103/PhysRevLett.67.516.
    """
    if index < 1:
        raise ValueError(f"the zeros count from 1, got {index}.")
    # McMahon's expansion, then Newton's method, J₀' = −J₁.
    start = (index - 0.25) * np.pi
    x = start + 1.0 / (8.0 * start)
    angles = 2.0 * np.pi / _POINTS * np.arange(_POINTS)
    for _ in range(8):
        value = np.mean(np.cos(x * _SINES))
        slope = np.mean(np.cos(angles - x * _SINES))
        x += value / slope
    return float(x)


def bessel_zeros(order: int, count: int) -> np.ndarray:
    """The first positive zeros of J_n: the A/ω at which the n-photon line goes dark.

    **Raises:** `ValueError` if order < 0 or count < 1, or the zeros lie beyond 160.
    """
    if order < 0 or count < 1:
        raise ValueError(f"`order` >= 0 and `count` >= 1 expected: {order}, {count}.")
    angles = 2.0 * np.pi / _POINTS * np.arange(_POINTS)

    def bessel(x):
        return np.mean(np.cos(order * angles - x[:, None] * _SINES), axis=1)

    # No zero below n, and neighbours more than 2.5 apart.
    x = np.arange(max(order, 1), _REACH, 0.5)
    values = bessel(x)
    (changes,) = np.nonzero(values[1:] * values[:-1] < 0)
    if len(changes) < count:
        raise ValueError(
            f"J_{order} has {len(changes)} zeros up to {_REACH:g}, not {count}."
        )
    low = x[changes[:count]]
    high, sign = low + 0.5, np.sign(values[changes[:count]])
    for _ in range(50):
        middle = 0.5 * (low + high)
        same = bessel(middle) * sign > 0
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return 0.5 * (low + high)


def dithered_sweep_weak(
    gap: ArrayLike,
    rate: ArrayLike,
    amplitude: ArrayLike,
    angular_frequency: ArrayLike,
    phase: ArrayLike = 0.0,
) -> Approximation:
    r"""The probability to change the diabatic state in a complete dithered sweep, to
    first order in gap²: all resonances, coherently.

    $$1 - P = \frac{\pi\Delta^2}{2|\alpha|}\Big|\sum_n J_n(A/\omega)\,
      e^{in\varphi - in^2\omega^2/2\alpha}\Big|^2$$

    The phase φ of the dither matters: at α = 0.5, A = 3, ω = 2, Δ = 0.01 it is
    5.8·10⁻⁶ for φ = 0 and 1.6·10⁻⁴ for φ = 1.1. Averaged over φ the dither does
    nothing, ΣJ_n² = 1. Valid where πΔ²/2|α| < 0.1, about its relative error.

    **Raises:** `ValueError` if a concrete rate or angular frequency is zero, or
    A/ω > 160.
    """
    gap, rate, amplitude, omega, phase = map(
        as_array, (gap, rate, amplitude, angular_frequency, phase)
    )
    check_nonzero("rate", rate)
    check_nonzero("angular_frequency", omega)
    n = jnp.asarray(_ORDERS)

    @jnp.vectorize
    def share(ratio, phase, delay):
        total = jnp.sum(_bessels(ratio) * jnp.exp(1j * (n * phase - n**2 * delay)))
        return total.real**2 + total.imag**2

    shares = share(_ratio(amplitude, omega), phase, 0.5 * omega**2 / rate)
    whole = 0.5 * jnp.pi * gap**2 / jnp.abs(rate)
    value = whole * shares
    valid = whole < 0.1
    return Approximation(value, valid, "π gap²/2|rate| < 0.1")


def multiphoton_lines(
    gap: ArrayLike,
    offset: ArrayLike,
    amplitude: ArrayLike,
    angular_frequency: ArrayLike,
    *,
    relaxation_time: ArrayLike = jnp.inf,
    coherence_time: ArrayLike = jnp.inf,
) -> Approximation:
    r"""The time-averaged population of the other level under a drive, as a sum of
    resonances.

    $$\bar P = \tfrac12\sum_n\frac{\Delta_n^2}{\Delta_n^2 +
      \frac{T_2}{T_1}(\epsilon_0 - n\omega)^2 + \frac1{T_1T_2}}, \quad
      \Delta_n = \Delta J_n(A/\omega)$$

    With both times infinite the coherent lines, T₂/T₁ = 1: Lorentzians of the half
    width Δ_n. Damping broadens them by their power: half width
    $\sqrt{\Delta_n^2T_1/T_2 + 1/T_2^2}$.

    **Arguments:** `relaxation_time` T₁ and `coherence_time` T₂ ≤ 2T₁, both or
    neither. Valid where Δ < ω/10 (errors of order (Δ/ω)², and of the tails of
    other lines).

    Source: Shevchenko, Ashhab & Nori, Phys. Rep. 492, 1 (2010), eq. 43,
    doi:10.1016/j.physrep.2010.03.002.
    """
    gap, offset, amplitude, omega, t1, t2 = map(
        as_array,
        (gap, offset, amplitude, angular_frequency, relaxation_time, coherence_time),
    )
    check_positive("angular_frequency", omega)
    check_positive("relaxation_time", t1)
    check_positive("coherence_time", t2)
    coherent = jnp.isinf(t1) & jnp.isinf(t2)
    t1, t2 = (jnp.where(coherent, 1.0, t) for t in (t1, t2))
    stretch, floor = t2 / t1, jnp.where(coherent, 0.0, 1.0 / (t1 * t2))
    n = jnp.asarray(_ORDERS)

    @jnp.vectorize
    def lines(gap, offset, ratio, omega, stretch, floor):
        square = (gap * _bessels(ratio)) ** 2
        below = square + stretch * (offset - n * omega) ** 2 + floor
        dark = below == 0
        return 0.5 * jnp.sum(jnp.where(dark, 0.0, square / jnp.where(dark, 1.0, below)))

    value = lines(gap, offset, _ratio(amplitude, omega), omega, stretch, floor)
    valid = jnp.abs(gap) < 0.1 * omega
    return Approximation(value, valid, "gap < angular_frequency / 10")


def bloch_siegert_resonance(gap: ArrayLike, amplitude: ArrayLike) -> Approximation:
    r"""The frequency at which a drive of the detuning, $\tfrac12(\Delta\sigma_x +
    A\cos\omega t\,\sigma_z)$, is in resonance: $\omega = \Delta + A^2/16\Delta$.

    Above Δ because of the counter-rotating half of the drive. At Δ = 1, A = 0.2 it
    is 1.0025; exactly 1.00249. Valid for A < Δ/2.

    Source: Bloch & Siegert, Phys. Rev. 57, 522 (1940), doi:10.1103/PhysRev.57.522.
    """
    gap, amplitude = as_array(gap), as_array(amplitude)
    check_nonzero("gap", gap)
    size = jnp.abs(gap)
    value = size + amplitude**2 / (16.0 * size)
    valid = jnp.abs(amplitude) < 0.5 * size
    return Approximation(value, valid, "amplitude < gap / 2")


def many_periods(
    propagator: Complex[Array, "2 2"], periods: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The probability to have changed the state after N periods, from the
    propagator of one, $U = e^{i\chi}\begin{pmatrix} a & -b^* \\ b & a^*
    \end{pmatrix}$; exact.

    $$P_N = |b|^2\,\frac{\sin^2 N\phi}{\sin^2\phi}, \quad \cos\phi = \mathrm{Re}\,a$$

    In whatever basis the propagator is given in; `periods` of any shape.

    Source: Bychkov & Dykhne, Sov. Phys. JETP 31, 928 (1970); Shevchenko, Ashhab &
    Nori (2010), section 3.
    """
    flips, sine, cosine = _one_period(propagator)
    angle = jnp.arctan2(sine, cosine)
    n = as_array(periods)
    still = sine == 0
    square = jnp.where(still, 1.0, sine) ** 2
    return jnp.where(still, flips * n**2, flips * jnp.sin(n * angle) ** 2 / square)


def many_periods_average(propagator: Complex[Array, "2 2"]) -> Float[Array, ""]:
    r"""The average of `many_periods` over many N, $\frac{|b|^2}{2(|b|^2 +
    (\mathrm{Im}\,a)^2)}$; exact, zero for a propagator of one.
    """
    flips, sine, _ = _one_period(propagator)
    square = sine**2
    still = square == 0
    return jnp.where(still, 0.0, 0.5 * flips / jnp.where(still, 1.0, square))


def _one_period(propagator):
    """|b|², sin φ ≥ 0 and cos φ, whatever the phase of the determinant."""
    u = jnp.asarray(propagator, dtype=complex)
    u = u / jnp.sqrt(u[0, 0] * u[1, 1] - u[0, 1] * u[1, 0])
    flips = u[1, 0].real ** 2 + u[1, 0].imag ** 2
    # sin φ from itself: cos φ near one says nothing.
    square = flips + u[0, 0].imag ** 2
    still = square == 0
    sine = jnp.where(still, 0.0, jnp.sqrt(jnp.where(still, 1.0, square)))
    return flips, sine, u[0, 0].real


def incoherent_passages(p: ArrayLike, passages: ArrayLike) -> Float[Array, "*batch"]:
    r"""The probability to be in the other adiabatic state after N passages with no
    memory of the phase between them, $\tfrac12[1 - (1 - 2p)^N]$.

    **Arguments:** `p`, the jump probability of one passage; `passages`, whole.
    """
    p, passages = as_array(p), as_array(passages)
    left = 1.0 - 2.0 * p
    # A whole power of a negative number, kept real and differentiable.
    sign = jnp.where((left < 0) & (passages % 2 == 1), -1.0, 1.0)
    zero = left == 0
    size = jnp.where(zero, 0.0, jnp.abs(jnp.where(zero, 1.0, left)) ** passages)
    size = jnp.where(zero & (passages == 0), 1.0, size)
    return 0.5 * (1.0 - sign * size)
