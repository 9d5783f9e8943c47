"""Two-level models by their usual names, composed of waveforms.

H = ½ (detuning σz + coupling σx), ħ = 1. Where there is a closed form, the function of
the same name in `lzjax.exact` takes the same arguments.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import ArrayLike

from .._types import as_scalar
from ._sampled import PiecewiseConstant, PiecewiseLinear, SechPulse, TanhRamp
from ._shapes import ChirpedTone, Exponential, Polynomial, PowerLaw
from ._two_level import TwoLevel
from ._waveforms import FunctionWaveform, Linear, Sinusoid


def power_law_sweep(
    gap: ArrayLike, rate: ArrayLike, exponent: ArrayLike, *, signed: bool
) -> TwoLevel:
    r"""$\epsilon = \beta\,\mathrm{sign}(t)|t|^a$ (`signed`) or $\beta|t|^a$, constant
    coupling: the nonlinear crossings of Garanin and Schilling.

    One number decides: Δτ with τ = (Δ/β)^{1/a}. For the square root, a = ½, it is
    x = Δ³/β². Its infinite speed at t = 0 does *not* make the survival one: signed,
    it is 0.93766, 0.31359 and 0.00396 at x = 0.01, 1 and 100. Unsigned, the levels
    touch and part again: the survival is never below 0.90167. Nor does zero speed make
    it zero: it is 0.1281 for a = 2 and 0.1095 for a = 3, signed, at Δτ = 1. Limits for
    small and large Δτ: `lz.exact.power_law_fast`, `power_law_slow`.

    Source: Garanin & Schilling, Phys. Rev. B 66, 174438 (2002),
    doi:10.1103/PhysRevB.66.174438.
    """
    return TwoLevel(PowerLaw(rate, exponent, signed=signed), gap)


def parabolic_sweep(gap: ArrayLike, curvature: ArrayLike, offset: ArrayLike) -> Any:
    r"""$\epsilon = bt^2 + c$: two crossings (bc < 0), a glancing one (c = 0), or
    tunnelling between levels that never meet (bc > 0).

    There is no closed form. Two separate passages (`lz.exact.adiabatic_impulse`)
    are a good picture only while √(−c/b) is far longer than `crossing_duration`: at
    Δ = b = 1 the change is 0.01213 for c = −4 (two passages say 0.01251), 0.53279 for
    c = 0 and 0.08563 for c = 1, where the levels never meet.

    Source: Suominen, Opt. Commun. 93, 126 (1992).
    """
    zero = jnp.zeros(())
    return TwoLevel(Polynomial(_stack(offset, zero, curvature)), gap)


def cubic_sweep(gap: ArrayLike, rate: ArrayLike, cubic: ArrayLike) -> TwoLevel:
    r"""$\epsilon = \alpha t + ct^3$: one crossing whose rate is not constant.

    With Δ = α = 1 the local rate alone says 0.20788; the survival is 0.20559, 0.19986,
    0.31511 and 0.62359 at c = 0.01, 0.1, 1 and 10. See `lz.exact.local_landau_zener`.
    """
    zero = jnp.zeros(())
    return TwoLevel(Polynomial(_stack(zero, rate, zero, cubic)), gap)


def demkov_kunike_tanh(
    gap: ArrayLike, amplitude: ArrayLike, offset: ArrayLike, width: ArrayLike
) -> TwoLevel:
    r"""$\epsilon = D_0 + B\tanh(t/T)$, constant coupling (Demkov-Kunike 2)."""
    return TwoLevel(TanhRamp(amplitude, width, offset=offset), gap)


def rosen_zener(coupling: ArrayLike, detuning: ArrayLike, width: ArrayLike) -> TwoLevel:
    r"""A pulse $\Omega\,\mathrm{sech}(t/T)$ at constant detuning."""
    return demkov_kunike(coupling, detuning, 0.0, width)


def allen_eberly(coupling: ArrayLike, chirp: ArrayLike, width: ArrayLike) -> TwoLevel:
    r"""A pulse $\Omega\,\mathrm{sech}(t/T)$ under $\epsilon = B\tanh(t/T)$."""
    return demkov_kunike(coupling, 0.0, chirp, width)


def demkov_kunike(
    coupling: ArrayLike, detuning: ArrayLike, chirp: ArrayLike, width: ArrayLike
) -> TwoLevel:
    r"""A pulse $\Omega\,\mathrm{sech}(t/T)$ under $\epsilon = d_0 + B\tanh(t/T)$
    (Demkov-Kunike 1)."""
    return TwoLevel(TanhRamp(chirp, width, offset=detuning), SechPulse(coupling, width))


def nikitin(
    splitting: ArrayLike, angle: ArrayLike, decay: ArrayLike, amplitude: ArrayLike = 1.0
) -> TwoLevel:
    r"""$\epsilon = \Delta E - A\cos\theta\,e^{-\gamma t}$, coupling
    $A\sin\theta\,e^{-\gamma t}$; θ = π/2 is Demkov's model. A only shifts the time."""
    angle, amplitude = as_scalar(angle), as_scalar(amplitude)
    return TwoLevel(
        Exponential(-amplitude * jnp.cos(angle), decay, splitting),
        Exponential(amplitude * jnp.sin(angle), decay),
    )


def _locally_adiabatic(t, numbers):
    gap, speed = numbers
    sine = speed * gap * t
    return gap * sine / jnp.sqrt(1.0 - sine**2)


def roland_cerf(gap: ArrayLike, speed: ArrayLike) -> TwoLevel:
    r"""The locally adiabatic sweep $\epsilon = \Delta\tan(\arcsin\kappa\Delta t)$, in
    which the field turns at κ times the gap of the moment.

    It exists for |t| < 1/κΔ; the detuning ε_m is reached at
    $t = \sin(\arctan(\epsilon_m/\Delta))/\kappa\Delta$.
    """
    gap, speed = as_scalar(gap), as_scalar(speed)
    return TwoLevel(FunctionWaveform(_locally_adiabatic, (gap, speed)), gap)


def rotating_coupling(
    gap: ArrayLike,
    rate: ArrayLike,
    angular_frequency: ArrayLike,
    chirp: ArrayLike = 0.0,
) -> TwoLevel:
    r"""A linear sweep whose coupling turns, $\Delta\,e^{i(\omega t + \kappa t^2/2)}$.

    In the frame that turns with it the coupling stands still and the detuning is
    (α − κ)t − ω: the crossing moves to t = ω/(α − κ) and its rate changes by the
    chirp. `lz.exact.rotating_coupling` is the survival. A chirped coupling turns ever
    faster, so it has finite windows only; for infinite ones take `in_rotating_frame`.
    """
    return TwoLevel(Linear(rate), ChirpedTone(gap, angular_frequency, chirp))


def in_rotating_frame(
    gap: ArrayLike,
    rate: ArrayLike,
    angular_frequency: ArrayLike,
    chirp: ArrayLike = 0.0,
) -> TwoLevel:
    r"""`rotating_coupling` in the frame that turns with the coupling. Populations of
    the diabatic levels are the same at all times."""
    turning = -as_scalar(angular_frequency)
    return TwoLevel(Linear(as_scalar(rate) - as_scalar(chirp), turning), gap)


def linearly_polarised_coupling(
    gap: ArrayLike,
    rate: ArrayLike,
    angular_frequency: ArrayLike,
    phase: ArrayLike = 0.0,
) -> TwoLevel:
    r"""A linear sweep with the coupling $\Delta\cos(\omega t + \varphi)$.

    It is the sum of two that turn against each other: crossings at t = ±ω/α, each
    with the gap Δ/2, which interfere. See `lz.exact.linear_polarisation_range`.
    """
    return TwoLevel(Linear(rate), Sinusoid(gap, angular_frequency, phase))


def double_passage(
    gap: ArrayLike,
    rate: ArrayLike,
    turning_detuning: ArrayLike,
    end_detuning: ArrayLike,
    coupling_sign: ArrayLike = 1.0,
) -> TwoLevel:
    r"""A triangular sweep: up at `rate` from ε = `end_detuning`, which is reached at
    $t = -(\epsilon_m - \epsilon_e)/\alpha$, to the turning detuning $\epsilon_m$ at
    t = 0, and back.

    On the way back the coupling is times `coupling_sign`; −1 is the
    Majorana-Stückelberg echo. It does not raise the largest transition, 4P(1 − P),
    but moves it by half a fringe. Only H → −H undoes the passage. The sign is that of
    the geometric phase of a conical intersection between the passages.

    Source: Shevchenko, Ashhab & Nori, Phys. Rep. 492, 1 (2010),
    doi:10.1016/j.physrep.2010.03.002.
    """
    top, end = as_scalar(turning_detuning), as_scalar(end_detuning)
    reach = (top - end) / as_scalar(rate)
    knots = _stack(-reach, jnp.zeros(()), reach)
    back = as_scalar(gap) * as_scalar(coupling_sign)
    return TwoLevel(
        PiecewiseLinear(knots, _stack(end, top, end)),
        PiecewiseConstant(jnp.zeros(1), _stack(gap, back)),
    )


def _stack(*numbers: ArrayLike) -> Any:
    return jnp.stack([as_scalar(number) for number in numbers])
