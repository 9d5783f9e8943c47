"""Two-level models, H = ½ (detuning σz + coupling σx)."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Scalar, as_complex_or_real_scalar, as_scalar
from ._base import AbstractTwoLevel, Field
from ._linear import as_xy
from ._waveforms import AbstractWaveform, Number, as_arrays, as_waveform


class TwoLevel(AbstractTwoLevel):
    r"""Two levels from two waveforms, $H = \tfrac12(\epsilon(t)\,\sigma_z +
    \mathrm{Re}\,\Delta(t)\,\sigma_x + \mathrm{Im}\,\Delta(t)\,\sigma_y)$.

    **Arguments:**

    - `detuning`: $\epsilon(t)$, waveform or number. Energy.
    - `coupling`: $\Delta(t)$, waveform or number, real or complex. Energy.
    """

    convention: ClassVar[str] = "H = ½ (detuning σz + coupling σx), ħ = 1"

    detuning: AbstractWaveform = eqx.field(converter=as_waveform)
    coupling: AbstractWaveform = eqx.field(converter=as_waveform)

    def field(self, t: Scalar) -> Field:
        x, y = as_xy(self.coupling(t))
        return x, y, self.detuning(t)

    def breakpoints(self) -> Float[Array, " K"]:
        return jnp.concatenate(
            [self.detuning.breakpoints(), self.coupling.breakpoints()]
        )

    def landmarks(self) -> Float[Array, " K"]:
        return jnp.concatenate([self.detuning.landmarks(), self.coupling.landmarks()])


class DrivenTwoLevel(AbstractTwoLevel):
    r"""A detuning driven sinusoidally through the crossing,
    $\epsilon(t) = \epsilon_0 + A\cos(\omega t + \varphi)$, with a constant gap.

    Source: Shevchenko, Ashhab & Nori, Phys. Rep. 492, 1 (2010), eq. 1,
    doi:10.1016/j.physrep.2010.03.002.
    """

    convention: ClassVar[str] = (
        "H = ½ ([offset + amplitude·cos(angular_frequency·t + phase)] σz + gap σx), "
        "ħ = 1"
    )

    gap: Number = eqx.field(converter=as_complex_or_real_scalar)
    offset: Scalar = eqx.field(converter=as_scalar)
    amplitude: Scalar = eqx.field(converter=as_scalar)
    angular_frequency: Scalar = eqx.field(converter=as_scalar)
    phase: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def field(self, t: Scalar) -> Field:
        x, y = as_xy(self.gap)
        angle = self.angular_frequency * t + self.phase
        return x, y, self.offset + self.amplitude * jnp.cos(angle)


class DitheredSweep(AbstractTwoLevel):
    r"""A linear sweep with a dither on top,
    $\epsilon(t) = \alpha t + A\cos(\omega t + \varphi)$, with a constant gap.

    A complete sweep crosses every photon resonance ε = nω, with gaps Δ·Jₙ(A/ω);
    the central one alone (Δ·J₀) is right only inside |αt| < ω. At Δ = 0.4,
    α = 0.05 and A = ω = 4 a complete sweep survives with 0.5214; J₀ alone says 0.0527,
    and without the dither it is 0.0066.
    """

    convention: ClassVar[str] = (
        "H = ½ ([rate·t + amplitude·cos(angular_frequency·t + phase)] σz + gap σx), "
        "ħ = 1"
    )

    gap: Number = eqx.field(converter=as_complex_or_real_scalar)
    rate: Scalar = eqx.field(converter=as_scalar)
    amplitude: Scalar = eqx.field(converter=as_scalar)
    angular_frequency: Scalar = eqx.field(converter=as_scalar)
    phase: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def field(self, t: Scalar) -> Field:
        x, y = as_xy(self.gap)
        angle = self.angular_frequency * t + self.phase
        return x, y, self.rate * t + self.amplitude * jnp.cos(angle)

    def landmarks(self) -> Float[Array, " 3"]:
        # The dither makes the detuning vanish between these times.
        reach = jnp.abs(self.amplitude / jnp.where(self.rate == 0, 1.0, self.rate))
        return jax.lax.stop_gradient(jnp.stack([-reach, 0.0 * reach, reach]))


class TwoLevelFunction(AbstractTwoLevel):
    """A user's own two-level model on the fast path: the field as a function.

    **Arguments:**

    - `function`: pure JAX function `(t, parameters) -> (wx, wy, wz)`, H = ½ w·σ.
    - `parameters`: any pytree; its array leaves are differentiated and batched.
    - `breakpoints`: times of kinks and jumps, shape `(K,)`; no step straddles one.
    """

    function: Callable[[Scalar, Any], Any] = eqx.field(static=True)
    parameters: Any
    kinks: Float[Array, " K"]

    def __init__(self, function, parameters=None, breakpoints=()):
        self.function = function
        self.parameters = as_arrays(parameters)
        self.kinks = jnp.asarray(breakpoints, dtype=float).reshape(-1)

    def field(self, t: Scalar) -> Field:
        field = self.function(t, self.parameters)
        try:
            x, y, z = field
        except (TypeError, ValueError) as error:
            raise ValueError(
                "the function of a TwoLevelFunction must return the three field "
                f"components (wx, wy, wz), got {field!r}; for a matrix use "
                "lz.HamiltonianFunction."
            ) from error
        return jnp.asarray(x) * 1.0, jnp.asarray(y) * 1.0, jnp.asarray(z) * 1.0

    def breakpoints(self) -> Float[Array, " K"]:
        return self.kinks
