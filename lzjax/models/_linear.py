"""The linear sweep, and the constructors that translate other conventions into it."""

import math
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._types import (
    Scalar,
    as_complex_or_real_scalar,
    as_scalar,
)
from ._base import AbstractTwoLevel, Field
from ._waveforms import Number

_PLANCK = 6.62607015e-34  # J s, exact in the SI
_HBAR = _PLANCK / (2.0 * math.pi)


def as_xy(coupling: Number) -> tuple[Scalar, Scalar]:
    """The field's x and y component of a coupling; H₁₀ = coupling / 2.

    A complex coupling is always built Hermitian.
    """
    if jnp.iscomplexobj(coupling):
        return jnp.real(coupling), jnp.imag(coupling)
    return coupling, jnp.zeros_like(coupling)


class LinearSweep(AbstractTwoLevel):
    r"""Two levels that cross once, at a constant rate: the Landau-Zener problem.

    $$H(t) = \tfrac12 \begin{pmatrix} \alpha t & \Delta^* \\ \Delta & -\alpha t
    \end{pmatrix}$$

    **Arguments:**

    - `gap`: $\Delta$, the adiabatic splitting at t = 0; complex is allowed, then
      the gap is its modulus. Energy, scalar.
    - `rate`: $\alpha$, how fast the energy *difference* of the diabatic levels
      grows; either sign. Energy per time, scalar.

    Level 0 is the one with energy +αt/2. Infinite-time probability to stay in a
    diabatic level: exp(−π|Δ|²/2|α|).

    Half of all published exponents differ from this one by a factor of 2 or 4,
    because `gap` may mean the half gap (the matrix element) and `rate` that of one
    level. Each `from_...` takes one such convention, named, and returns this one. A
    part of H that is the same for both levels is dropped. With Δ = α = 1 the smallest
    splitting is 1, not "2Δ", and the survival 0.2079; 2Δ would give 0.0019.

    Two levels are enough only if all others are far: a third one at W = 25Δ, coupled
    to both by V₃ = Δ, makes the jump at Δ = α = 1 0.2651 (−20 to 20), as
    `MultistateSweep` has it. It shrinks the gap to about Δ − 2V₃²/W, which says 0.2646.

    Source: Zener, Proc. R. Soc. A 137, 696 (1932), doi:10.1098/rspa.1932.0165.
    """

    gap: Number = eqx.field(converter=as_complex_or_real_scalar)
    rate: Scalar = eqx.field(converter=as_scalar)

    convention: ClassVar[str] = (
        "H = ½ (rate·t σz + gap σx), gap the full splitting, rate that of the energy "
        "difference, ħ = 1"
    )

    def field(self, t: Scalar) -> Field:
        x, y = as_xy(self.gap)
        return x, y, self.rate * t

    def landmarks(self) -> Float[Array, " 1"]:
        return jnp.zeros(1)

    @classmethod
    def from_coupling(cls, coupling: ArrayLike, rate: ArrayLike) -> "LinearSweep":
        r"""From the matrix element V (half the gap) and the rate of the *difference*:
        $H = \begin{pmatrix} \alpha t/2 & V \\ V & -\alpha t/2 \end{pmatrix}$.

        The gap is 2V, and −ln P = 2πV²/|α|.
        """
        return cls(2.0 * _number(coupling), rate)

    @classmethod
    def from_level_rates(
        cls, coupling: ArrayLike, rate_0: ArrayLike, rate_1: ArrayLike
    ) -> "LinearSweep":
        r"""From the matrix element V and the rate of *each* level:
        $H = \begin{pmatrix} b_0 t & V \\ V & b_1 t \end{pmatrix}$.

        The gap is 2V, the rate b₀ − b₁, and −ln P = 2πV²/|b₀ − b₁|. The matrix
        [[αt, V], [V, −αt]] is `from_level_rates(V, α, −α)`: −ln P = πV²/|α|, not
        2πV²/|α| as often printed for it. At V = ½, α = 1 it survives with 0.4559, not
        0.2079, and *changes* the diabatic level with 0.5441: P is not the probability
        to be found in the other diabatic level.
        """
        return cls(2.0 * _number(coupling), as_scalar(rate_0) - as_scalar(rate_1))

    @classmethod
    def from_slopes(
        cls,
        coupling: ArrayLike,
        slope_0: ArrayLike,
        slope_1: ArrayLike,
        velocity: ArrayLike,
    ) -> "LinearSweep":
        r"""From two potential curves crossed at constant velocity, x = vt:
        $H = \begin{pmatrix} F_0 x & V \\ V & F_1 x \end{pmatrix}$.

        −ln P = 2πV²/(v|F₀ − F₁|). Only the difference of the slopes matters.
        """
        slopes = as_scalar(slope_0) - as_scalar(slope_1)
        return cls(2.0 * _number(coupling), as_scalar(velocity) * slopes)

    @classmethod
    def from_conical_intersection(
        cls, strength: ArrayLike, impact_parameter: ArrayLike, velocity: ArrayLike
    ) -> "LinearSweep":
        r"""From a straight path past a conical intersection: $H = g(x\sigma_z +
        y\sigma_x)$ with x = vt, y = b. −ln P = πgb²/v.
        """
        double = 2.0 * as_scalar(strength)
        return cls(double * as_scalar(impact_parameter), double * as_scalar(velocity))

    @classmethod
    def from_dirac(
        cls, velocity: ArrayLike, force: ArrayLike, momentum: ArrayLike
    ) -> "LinearSweep":
        r"""From a Dirac particle in a field (graphene, Schwinger pairs): $H = v(Ft\,
        \sigma_z + k\sigma_x)$, with the momentum k across the force F.
        −ln P = πvk²/|F|.
        """
        double = 2.0 * as_scalar(velocity)
        return cls(double * as_scalar(momentum), double * as_scalar(force))

    @classmethod
    def from_frequencies(cls, gap: ArrayLike, rate: ArrayLike) -> "LinearSweep":
        """From ordinary frequencies: `gap` in Hz (cycles per time, not radians),
        `rate` of the difference in Hz per time. −ln P = π² gap²/|rate|.

        Times of the model are in the same unit: MHz and MHz/µs give µs.
        """
        turn = 2.0 * math.pi
        return cls(turn * _number(gap), turn * as_scalar(rate))

    @classmethod
    def from_joules(cls, gap: ArrayLike, rate: ArrayLike) -> "LinearSweep":
        """From SI units: `gap` in J, `rate` of the difference in J/s; times of the
        model are in s. −ln P = π gap²/(2ħ|rate|).
        """
        return cls(_number(gap) / _HBAR, as_scalar(rate) / _HBAR)


def _number(value: ArrayLike) -> Any:
    return as_complex_or_real_scalar(value)
