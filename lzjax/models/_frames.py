"""A two-level model seen from its own eigenstates, or turning with its drive; and the
drive that follows its eigenstates."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from .._types import Scalar
from ._base import AbstractTwoLevel, Field
from ._waveforms import AbstractWaveform, as_waveform


class _Counter(AbstractTwoLevel):
    inner: AbstractTwoLevel

    def field(self, t: Scalar) -> Field:
        (x, y, z), (dx, dy, dz) = _moving_field(self.inner, t)
        square = x * x + y * y + z * z
        return (
            (y * dz - z * dy) / square,
            (z * dx - x * dz) / square,
            (x * dy - y * dx) / square,
        )

    def breakpoints(self) -> Float[Array, " K"]:
        return self.inner.breakpoints()

    def landmarks(self) -> Float[Array, " K"]:
        return self.inner.landmarks()


def counter_diabatic(model: AbstractTwoLevel) -> AbstractTwoLevel:
    r"""The model with the drive that keeps it adiabatic at any speed,
    $w + (w \times \dot w)/|w|^2$ for $H = \tfrac12 w\cdot\sigma$.

    Its states follow the eigenstates of the *bare* model exactly: read them with
    those. For a linear sweep the extra field is −αΔ/(α²t² + Δ²) along y. At Δ = 1,
    α = 20 from −1 to 1 the bare sweep jumps with 0.923, this one with 6·10⁻²⁸, and with
    the wrong sign of the drive 0.122 are left.

    **Raises:** `TypeError` if the model has no field.

    Source: Demirplak & Rice, J. Phys. Chem. A 107, 9937 (2003), doi:10.1021/jp030708a;
    Berry, J. Phys. A 42, 365303 (2009), doi:10.1088/1751-8113/42/36/365303.
    """
    _check("counter_diabatic", model)
    total = model + _Counter(model)
    assert isinstance(total, AbstractTwoLevel)  # two fields add to a field
    return total


class AdiabaticFrame(AbstractTwoLevel):
    r"""A two-level model in the basis of its own eigenstates,
    $H' = \tfrac12(E(t)\,\sigma_z - \dot\theta\,\sigma_y)$.

    Level 0 is the *upper* adiabatic state (cos θ/2, sin θ/2), level 1 the lower one
    (−sin θ/2, cos θ/2), with tan θ = coupling/detuning: the continuous real gauge.
    The derivative coupling θ̇/2 drives all transitions. Dephasing or relaxation of
    the instantaneous eigenstates are constant `lz.dissipation.Jumps` here.

    **Arguments:** `model`: a two-level model with a real coupling; a field with a y
    component gives NaN, which a solver reports.

    **Raises:** `TypeError` if the model has no field.
    """

    model: AbstractTwoLevel

    def __check_init__(self):
        _check("AdiabaticFrame", self.model)

    def field(self, t: Scalar) -> Field:
        (x, y, z), (dx, _, dz) = _moving_field(self.model, t)
        square = x * x + z * z
        turning = (dx * z - x * dz) / square
        planar = jnp.where(y == 0, 0.0, jnp.nan)
        return planar, -turning, jnp.sqrt(square)

    def breakpoints(self) -> Float[Array, " K"]:
        return self.model.breakpoints()

    def landmarks(self) -> Float[Array, " K"]:
        return self.model.landmarks()


class InteractionPicture(AbstractTwoLevel):
    r"""A two-level model in the frame that turns by a phase $\varphi(t)$ about z,
    $\psi' = e^{i\varphi\sigma_z/2}\psi$: detuning $\epsilon - \dot\varphi$, coupling
    $\Delta\,e^{-i\varphi}$ for $H = \tfrac12(\epsilon\sigma_z + \mathrm{Re}\,\Delta\,
    \sigma_x + \mathrm{Im}\,\Delta\,\sigma_y)$.

    Populations of the diabatic levels are the same at all times. With the phase of a
    drive, $(A/\omega)\sin(\omega t)$ for $A\cos(\omega t)$, steps no longer have to
    follow it. That saves up to three of four steps where the drive is much faster than
    all else (a frequency of ten gaps or more, an amplitude about the frequency), and
    each takes 1.4 times as long; elsewhere it takes more of them, for a Magnus step
    integrates the phase as it is.

    **Arguments:**

    - `model`: a two-level model with a field.
    - `phase`: φ(t), a real waveform, without jumps.

    **Raises:** `TypeError` if the model has no field.
    """

    model: AbstractTwoLevel
    phase: AbstractWaveform = eqx.field(converter=as_waveform)

    def __check_init__(self):
        _check("InteractionPicture", self.model)

    def field(self, t: Scalar) -> Field:
        x, y, z = self.model.field(t)
        t = jnp.asarray(t, dtype=float)
        angle, rate = jax.jvp(self._angle, (t,), (jnp.ones_like(t),))
        cos, sin = jnp.cos(angle), jnp.sin(angle)
        return x * cos + y * sin, y * cos - x * sin, z - rate

    def _angle(self, t: Scalar) -> Scalar:
        return jnp.asarray(self.phase(t), dtype=float)

    def in_laboratory(
        self, propagator: Any, t0: ArrayLike, t1: ArrayLike
    ) -> Complex[Array, "2 2"]:
        """The propagator of `model` from the one in this frame, both from t0 to t1
        (finite)."""
        signs = jnp.array([0.5, -0.5])
        before = jnp.exp(1j * signs * self._angle(jnp.asarray(t0, dtype=float)))
        after = jnp.exp(-1j * signs * self._angle(jnp.asarray(t1, dtype=float)))
        return after[:, None] * propagator * before[None, :]

    def breakpoints(self) -> Float[Array, " K"]:
        return jnp.concatenate([self.model.breakpoints(), self.phase.breakpoints()])

    def landmarks(self) -> Float[Array, " K"]:
        return jnp.concatenate([self.model.landmarks(), self.phase.landmarks()])


def _check(name: str, model: AbstractTwoLevel) -> None:
    if not isinstance(model, AbstractTwoLevel):
        raise TypeError(
            f"{name} needs a two-level model with a field, got "
            f"{type(model).__name__}; see lz.TwoLevel and lz.TwoLevelFunction."
        )


def _moving_field(model: AbstractTwoLevel, t: Scalar) -> tuple[Field, Field]:
    """The field and how fast it changes."""

    def field(time):
        return tuple(jnp.asarray(w, dtype=float) for w in model.field(time))

    t = jnp.asarray(t, dtype=float)
    return jax.jvp(field, (t,), (jnp.ones_like(t),))
