"""Waveforms given by formulas: powers, polynomials, exponentials, chirped tones."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Scalar, as_array, as_complex_or_real_scalar, as_scalar
from ._waveforms import AbstractWaveform, Number


class PowerLaw(AbstractWaveform):
    """f(t) = rate · |t|^exponent, times sign(t) if `signed`.

    **Arguments:**

    - `rate`: energy per time^exponent.
    - `exponent`: positive, whole or not.
    - `signed`: `True` for a sweep that crosses zero, `False` for one that touches it
      and returns. There is no default: the two differ for every exponent.
    """

    rate: Scalar = eqx.field(converter=as_scalar)
    exponent: Scalar = eqx.field(converter=as_scalar)
    signed: bool = eqx.field(static=True, kw_only=True)

    def __call__(self, t: Scalar) -> Number:
        # Zero itself has no logarithm, and no derivative by the exponent.
        still = t == 0
        size = jnp.where(still, 0.0, jnp.abs(jnp.where(still, 1.0, t)) ** self.exponent)
        return self.rate * (jnp.sign(t) * size if self.signed else size)

    def breakpoints(self) -> Float[Array, " 1"]:
        return jnp.zeros(1)


class Polynomial(AbstractWaveform):
    """f(t) = Σ_k coefficients[k] · t^k, shape `(K,)`, the last one not zero."""

    coefficients: Float[Array, " K"] = eqx.field(converter=as_array)

    def __call__(self, t: Scalar) -> Number:
        total = self.coefficients[-1] + 0.0 * t
        for k in range(self.coefficients.shape[0] - 2, -1, -1):
            total = self.coefficients[k] + t * total
        return total

    def landmarks(self) -> Float[Array, " 3"]:
        # Fujiwara's bound: no zero, real or complex, lies further out.
        degree = self.coefficients.shape[0] - 1
        last = self.coefficients[-1]
        ratios = jnp.abs(self.coefficients[:-1] / jnp.where(last == 0, jnp.inf, last))
        powers = 1.0 / jnp.arange(degree, 0, -1, dtype=float)
        reach = 2.0 * jnp.max(ratios**powers, initial=0.0)
        return jax.lax.stop_gradient(jnp.stack([-reach, 0.0 * reach, reach]))


class Exponential(AbstractWaveform):
    """f(t) = amplitude · exp(−decay · t) + offset."""

    amplitude: Number = eqx.field(converter=as_complex_or_real_scalar)
    decay: Scalar = eqx.field(converter=as_scalar)
    offset: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def __call__(self, t: Scalar) -> Number:
        return self.amplitude * jnp.exp(-self.decay * t) + self.offset


class ChirpedTone(AbstractWaveform):
    """f(t) = amplitude · exp(i (angular_frequency · t + ½ chirp · t² + phase)).

    A complex waveform: as a coupling it turns in the xy plane.
    """

    amplitude: Number = eqx.field(converter=as_complex_or_real_scalar)
    angular_frequency: Scalar = eqx.field(converter=as_scalar)
    chirp: Scalar = eqx.field(converter=as_scalar, default=0.0)
    phase: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def __call__(self, t: Scalar) -> Number:
        angle = (self.angular_frequency + 0.5 * self.chirp * t) * t + self.phase
        return self.amplitude * jax.lax.complex(jnp.cos(angle), jnp.sin(angle))
