"""Interferograms and resonance curves as experiments for `lz.fit`."""

from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import check_steps
from ..exact import double_passage_with_phase_noise, multiphoton_lines
from ._map import excited_population


class MapExperiment(eqx.Module):
    r"""The pixels of an interferogram, for `lz.fit`.

    $$y = \text{background} + \text{contrast}\cdot P\big(\Delta,\ \epsilon_0 =
      \text{lever}\cdot\text{offset} + \text{shift},\ A = \text{scale}\cdot
      \text{amplitude},\ \omega,\ T_1, T_2\big)$$

    **Arguments:**

    - `damped`: with T₁ and T₂; without, the coherent average, whose widths show the
      gap alone.
    - `steps`: `None` for the formula of the resonances, `lz.exact.multiphoton_lines`
      (Δ ≪ ω); a number of steps of a period for the full solution, as in
      `interferogram`, some hundred times the work.

    Controls: `offset` and `amplitude` (`Interferogram.controls`).
    Parameters: `gap`, `angular_frequency`, `lever_arm`, `offset_shift`,
    `amplitude_scale`, `contrast`, `background`, and where damped `relaxation_time` and
    `coherence_time`. Fix those that are known (`lz.Parameter(..., fixed=True)`).

    The formula depends on Δ²T₁ and T₂ alone: a map of a small gap identifies T₂ (line
    width at low power) and Δ²T₁ (the widening with power), not Δ and T₁ apart, and the
    fit says so. Give T₁ from a decay and Δ follows, or the other way round. Frequency
    and lever arm, and both against the scale, need one known too.
    """

    damped: bool = eqx.field(static=True, default=True)
    steps: int | None = eqx.field(static=True, default=None)
    controls: ClassVar[tuple[str, ...]] = ("offset", "amplitude")

    def __check_init__(self):
        check_steps("steps", self.steps)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of all parameters."""
        names = (
            "gap",
            "angular_frequency",
            "lever_arm",
            "offset_shift",
            "amplitude_scale",
            "contrast",
            "background",
        )
        return names + ("relaxation_time", "coherence_time") * self.damped

    def __call__(
        self, parameters: Mapping[str, Any], controls: Mapping[str, Array]
    ) -> Float[Array, " n"]:
        p = parameters
        offset = p["lever_arm"] * controls["offset"] + p["offset_shift"]
        amplitude = p["amplitude_scale"] * controls["amplitude"]
        gap, omega = p["gap"], p["angular_frequency"]
        infinite = jnp.asarray(jnp.inf)
        t1 = p["relaxation_time"] if self.damped else infinite
        t2 = p["coherence_time"] if self.damped else infinite
        if self.steps is None:
            found = multiphoton_lines(
                gap, offset, amplitude, omega, relaxation_time=t1, coherence_time=t2
            ).value
        else:
            found = jax.vmap(
                lambda e, a: excited_population(
                    gap, e, a, omega, t1, t2, steps=self.steps, damped=self.damped
                )
            )(offset, amplitude)
        return p["background"] + p["contrast"] * found


class FringeExperiment(eqx.Module):
    r"""The fringe of two passages with a Gaussian random phase, for `lz.fit`:
    $2p(1-p)\left[1 - e^{-\sigma^2/2}\cos(\varphi + \varphi_0)\right]$.

    Control: `phase`, the full relative phase φ = 2Φ that is scanned, rad. Parameters:
    `p` (the jump of one passage, below ½; p and 1 − p give the same fringe), `sigma`
    (standard deviation of the full phase), `phase_offset` (φ₀).

    With p = 0.3, σ = 0.7, φ₀ known, 16 phases and 1000 shots each p is known to 0.0042
    and σ to 0.019. Below σ = 0.1 the contrast does not show it.
    """

    parameters: ClassVar[tuple[str, ...]] = ("p", "sigma", "phase_offset")
    controls: ClassVar[tuple[str, ...]] = ("phase",)

    def __call__(
        self, parameters: Mapping[str, Any], controls: Mapping[str, Array]
    ) -> Float[Array, " n"]:
        half = 0.5 * (controls["phase"] + parameters["phase_offset"])
        return double_passage_with_phase_noise(
            parameters["p"], half, parameters["sigma"]
        )


class ResonanceCurve(eqx.Module):
    r"""Where n photons are in resonance with an avoided crossing: the drive's angular
    frequency at a detuning, as seen in photon-assisted tunnelling.

    $$\omega = \frac1n\sqrt{\text{lever}^2(x - x_0)^2 + \Delta^2}$$

    Weak drives: strong ones shift the line (`lz.exact.bloch_siegert_resonance`).

    **Arguments:** `photons`: n.

    Controls: `detuning`, x. Parameters: `gap` (Δ), `lever_arm`, `centre` (x₀).
    """

    photons: int = eqx.field(static=True, default=1)
    controls: ClassVar[tuple[str, ...]] = ("detuning",)
    parameters: ClassVar[tuple[str, ...]] = ("gap", "lever_arm", "centre")

    def __check_init__(self):
        check_steps("photons", self.photons)

    def __call__(
        self, parameters: Mapping[str, Any], controls: Mapping[str, Array]
    ) -> Float[Array, " n"]:
        p = parameters
        detuning = p["lever_arm"] * (controls["detuning"] - p["centre"])
        return jnp.hypot(detuning, p["gap"]) / self.photons
