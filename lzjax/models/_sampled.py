"""Sampled waveforms, ramps and pulses; those with kinks say where they are."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from .._types import Scalar, as_complex_or_real_scalar, as_scalar
from ._waveforms import AbstractWaveform, Number


def _check_knots(kind: str, times, values, extra: int) -> None:
    if times.ndim != 1 or values.ndim != 1 or len(times) < 1:
        raise ValueError(
            f"{kind} needs one-dimensional `times` and `values`, got shapes "
            f"{times.shape} and {values.shape}; batch with jax.vmap instead."
        )
    if len(values) != len(times) + extra:
        wanted = "one value more than times" if extra else "one value for each time"
        raise ValueError(
            f"{kind} needs {wanted}, got {len(times)} times and {len(values)} values."
        )
    if isinstance(times, jax.core.Tracer):
        return
    if not np.all(np.diff(np.asarray(times)) > 0):
        raise ValueError(
            f"{kind} needs strictly increasing `times`, got {np.asarray(times)}."
        )


class PiecewiseLinear(AbstractWaveform):
    """Straight lines between samples; constant before the first and after the last.

    **Arguments:**

    - `times`: strictly increasing, shape `(K,)`.
    - `values`: the samples, shape `(K,)`, real or complex.
    """

    times: Float[Array, " K"]
    values: Inexact[Array, " K"]

    def __init__(self, times, values):
        self.times = jnp.asarray(times, dtype=float)
        self.values = jnp.asarray(values) * 1.0
        _check_knots("PiecewiseLinear", self.times, self.values, 0)

    def __call__(self, t: Scalar) -> Number:
        if self.times.shape[0] == 1:
            return self.values[0]
        # Counting the knots below t is elementwise, unlike a bisection.
        below = jnp.sum(self.times[1:-1] <= t, dtype=jnp.int32)
        t0, t1 = jax.lax.dynamic_slice(self.times, (below,), (2,))
        v0, v1 = jax.lax.dynamic_slice(self.values, (below,), (2,))
        return v0 + (v1 - v0) * jnp.clip((t - t0) / (t1 - t0), 0.0, 1.0)

    def breakpoints(self) -> Float[Array, " K"]:
        return jax.lax.stop_gradient(self.times)

    is_continuous = True


class PiecewiseConstant(AbstractWaveform):
    """Steps: `values[k]` between `times[k-1]` and `times[k]`.

    **Arguments:**

    - `times`: the times of the jumps, strictly increasing, shape `(K,)`.
    - `values`: the plateaus, shape `(K + 1,)`: before, between and after the jumps.

    The derivative in the time of a jump is right unless another breakpoint of the
    model lies exactly at that time and does not move with it.
    """

    times: Float[Array, " K"]
    values: Inexact[Array, " K+1"]

    def __init__(self, times, values):
        self.times = jnp.asarray(times, dtype=float)
        self.values = jnp.asarray(values) * 1.0
        _check_knots("PiecewiseConstant", self.times, self.values, 1)

    def __call__(self, t: Scalar) -> Number:
        return self.values[jnp.sum(self.times <= t, dtype=jnp.int32)]

    def breakpoints(self) -> Float[Array, " K"]:
        return self.times


class Ramp(AbstractWaveform):
    """A straight ramp from `start` at `t_start` to `stop` at `t_stop`, then held."""

    start: Number = eqx.field(converter=as_complex_or_real_scalar)
    stop: Number = eqx.field(converter=as_complex_or_real_scalar)
    t_start: Scalar = eqx.field(converter=as_scalar)
    t_stop: Scalar = eqx.field(converter=as_scalar)

    def __call__(self, t: Scalar) -> Number:
        part = jnp.clip((t - self.t_start) / (self.t_stop - self.t_start), 0.0, 1.0)
        return self.start + (self.stop - self.start) * part

    def breakpoints(self) -> Float[Array, " 2"]:
        return jax.lax.stop_gradient(jnp.stack([self.t_start, self.t_stop]))

    is_continuous = True


class TanhRamp(AbstractWaveform):
    """f(t) = offset + amplitude · tanh((t − centre) / width): a smooth ramp."""

    amplitude: Scalar = eqx.field(converter=as_scalar)
    width: Scalar = eqx.field(converter=as_scalar)
    centre: Scalar = eqx.field(converter=as_scalar, default=0.0)
    offset: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def __call__(self, t: Scalar) -> Number:
        return self.offset + self.amplitude * jnp.tanh((t - self.centre) / self.width)

    def landmarks(self) -> Float[Array, " 5"]:
        # Also where it bends: beside it a pulse is missed more easily.
        return _around(self.centre, 4.0 * self.width, 12.0 * self.width)


class TrapezoidPulse(AbstractWaveform):
    """Zero, a straight rise of length `rise` from `t_start`, `peak`, and a straight
    fall of the same length that ends at `t_stop`."""

    peak: Number = eqx.field(converter=as_complex_or_real_scalar)
    t_start: Scalar = eqx.field(converter=as_scalar)
    t_stop: Scalar = eqx.field(converter=as_scalar)
    rise: Scalar = eqx.field(converter=as_scalar)

    def __call__(self, t: Scalar) -> Number:
        edge = jnp.minimum(t - self.t_start, self.t_stop - t) / self.rise
        return self.peak * jnp.clip(edge, 0.0, 1.0)

    def breakpoints(self) -> Float[Array, " 4"]:
        inner = self.t_start + self.rise, self.t_stop - self.rise
        times = jnp.stack([self.t_start, *inner, self.t_stop])
        return jax.lax.stop_gradient(times)

    is_continuous = True


class GaussianPulse(AbstractWaveform):
    """f(t) = peak · exp(−(t − centre)² / (2 width²))."""

    peak: Number = eqx.field(converter=as_complex_or_real_scalar)
    width: Scalar = eqx.field(converter=as_scalar)
    centre: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def __call__(self, t: Scalar) -> Number:
        return self.peak * jnp.exp(-0.5 * ((t - self.centre) / self.width) ** 2)

    def landmarks(self) -> Float[Array, " 3"]:
        return _around(self.centre, 8.0 * self.width)


class SechPulse(AbstractWaveform):
    """f(t) = peak / cosh((t − centre) / width)."""

    peak: Number = eqx.field(converter=as_complex_or_real_scalar)
    width: Scalar = eqx.field(converter=as_scalar)
    centre: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def __call__(self, t: Scalar) -> Number:
        # exp(-|x|) form: cosh overflows far out, and its derivative is then NaN.
        fade = jnp.exp(-jnp.abs((t - self.centre) / self.width))
        return self.peak * 2.0 * fade / (1.0 + fade**2)

    def landmarks(self) -> Float[Array, " 3"]:
        return _around(self.centre, 30.0 * self.width)


def _around(centre: Scalar, *reaches: Scalar) -> Float[Array, " M"]:
    """The centre and both sides of it. What is left beyond the farthest one must not
    matter: steps there can be too long to see it, all alike, and nothing would tell."""
    before = [centre - reach for reach in reversed(reaches)]
    after = [centre + reach for reach in reaches]
    return jax.lax.stop_gradient(jnp.stack([*before, centre, *after]))
