r"""Interferograms as Fourier transforms: decay of coherence and calibration at once.

Below saturation a row of a map is a sum of Lorentzians of the weights
$J_n^2(A/\omega)$. Along the offset its transform is, by Graf's addition theorem,

$$F(\tau, A) \propto e^{-\tau/T_2}\,J_0\!\left(A\kappa(\tau)\right), \quad
  \kappa(\tau) = \frac{2}{\omega}\left|\sin\frac{\omega\tau}{2}\right|,$$

so that along the amplitude it lives on the lemon-shaped arcs $|k_A| = \kappa(\tau)$,
and at the revivals τ = 2πm/ω shows exp(−τ/T₂) with no calibration of the amplitude.

Source: Rudner, Shytov, Levitov, Berns, Oliver, Valenzuela & Orlando, Phys. Rev. Lett.
101, 190502 (2008).
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_positive
from .._types import as_array, as_scalar
from ._map import Interferogram

# Revivals count from this factor above the noise.
_ABOVE_NOISE = 4.0


def arcs(times: ArrayLike, angular_frequency: ArrayLike) -> Float[Array, "*batch"]:
    r"""$\kappa(\tau) = (2/\omega)\,|\sin(\omega\tau/2)|$, the half height of the lemons
    in a `tomogram` at the time τ."""
    omega = as_scalar(angular_frequency)
    return 2.0 / omega * jnp.abs(jnp.sin(0.5 * omega * as_array(times)))


def offset_transform(map_: Interferogram, times: ArrayLike) -> Float[Array, "A K"]:
    r"""$F(\tau, A) = \int P(\epsilon_0, A)\cos(\epsilon_0\tau)\,d\epsilon_0$ for each
    amplitude, less the mean of the row; shape `(A, K)`.

    By trapezoids over the offsets of the map: it must cover the fan, |ε₀| > A, and
    several points a line.
    """
    offsets, rows = map_.offsets, map_.populations
    rows = rows - jnp.mean(rows, axis=1, keepdims=True)
    weights = _trapezoids(offsets)
    waves = jnp.cos(jnp.outer(offsets, as_array(times)))
    return (rows * weights[None, :]) @ waves


def tomogram(
    map_: Interferogram, times: ArrayLike, wavenumbers: ArrayLike
) -> Float[Array, "W K"]:
    r"""The transform along both axes, $\int F(\tau, A)\cos(k_A A)\,dA$, shape `(W, K)`:
    large on the `arcs`, and decaying as exp(−τ/T₂) along them."""
    waves = jnp.cos(jnp.outer(as_array(wavenumbers), map_.amplitudes))
    weights = _trapezoids(map_.amplitudes)[None, :]
    return (waves * weights) @ offset_transform(map_, times)


def _trapezoids(x: Float[Array, " n"]) -> Float[Array, " n"]:
    steps = jnp.diff(x)
    zero = jnp.zeros(1)
    return 0.5 * (jnp.concatenate([zero, steps]) + jnp.concatenate([steps, zero]))


class Decay(eqx.Module):
    """An exponential decay through the revivals of an interferogram.

    - `coherence_time`: T₂ as the revivals show it, with its standard error
      `coherence_time_error` from their scatter.
    - `times`, `revivals`: what was fitted, shape `(K,)`.
    """

    coherence_time: float
    coherence_time_error: float
    times: Float[np.ndarray, " K"]
    revivals: Float[np.ndarray, " K"]


def revival_decay(map_: Interferogram, angular_frequency: float) -> Decay:
    r"""T₂ from the revivals of the offset transform at τ = 2πm/ω, no fit of the map.

    Needs neither gap nor T₁ nor the calibration of the amplitude, only the offset in
    the units of ω. It is the decay of the widths that are seen, shorter than T₂ where
    the lines are broadened by their power, $\Delta_n^2T_1T_2 \gtrsim 1$. With
    T₂ = 20/ω, A from 0 to 8ω and offsets to ±12ω it returns 20.00/ω at
    Δ²T₁T₂ = 0.001, 18.4/ω at 1 and 13.6/ω at 10.

    **Raises:** `ValueError` if the offsets are not equally spaced, or fewer than three
    revivals stand out of the noise. On the host; not differentiable.
    """
    check_positive("angular_frequency", angular_frequency)
    steps = np.diff(np.asarray(map_.offsets))
    if np.ptp(steps) > 1e-6 * steps[0]:
        raise ValueError("the transform needs equally spaced offsets.")
    # Points so far apart cannot tell τ from `fold` − τ.
    fold, period = 2.0 * np.pi / steps[0], 2.0 * np.pi / angular_frequency
    times = period * np.arange(1, int(0.5 * fold / period) + 1)
    seen = np.sum(np.asarray(offset_transform(map_, times)), axis=0)
    clear = int(np.sum(seen > _ABOVE_NOISE * _noise(map_)))
    if clear < 3:
        raise ValueError(
            f"only {clear} of {len(times)} revivals stand out of the noise; three are "
            "needed. The coherence time is about a period of the drive, or the map is "
            "too coarse or too noisy."
        )

    def shape(log_rate):
        rate = np.exp(log_rate)
        waves = np.exp(-rate * times) + np.exp(-rate * (fold - times))
        return waves / -np.expm1(-rate * fold)

    def residual(log_rate):
        wave = shape(log_rate)
        return seen - wave * (wave @ seen) / (wave @ wave)

    rates = np.log(np.geomspace(0.01 / times[-1], 10.0 / period, 200))
    best = rates[np.argmin([np.sum(residual(r) ** 2) for r in rates])]
    for _ in range(20):
        slope = (residual(best + 1e-4) - residual(best - 1e-4)) / 2e-4
        best -= np.clip(slope @ residual(best) / (slope @ slope), -0.1, 0.1)
    variance = np.sum(residual(best) ** 2) / (len(times) - 2)
    time = float(np.exp(-best))
    error = time * float(np.sqrt(variance / (slope @ slope)))
    return Decay(time, error, times, seen)


def _noise(map_: Interferogram) -> float:
    """What independent noise of the pixels adds to the summed transform: from second
    differences along the offset, which take out what is smooth."""
    values = np.asarray(map_.populations)
    rough = np.median(np.abs(np.diff(values, 2, axis=1))) / (0.6745 * np.sqrt(6.0))
    weights = np.asarray(_trapezoids(map_.offsets))
    return float(rough * np.sqrt(0.5 * values.shape[0] * np.sum(weights**2)))


def amplitude_scale(
    map_: Interferogram, angular_frequency: float, bounds: tuple[float, float]
) -> float:
    r"""What turns the amplitude's setting into an energy: the scale s at which the
    transform follows $J_0(sA\kappa(\tau))$ best, for all τ of the first half period.

    For start values; `lz.fit` of a `MapExperiment` gives it with its error.

    **Arguments:** `bounds`: the range to search, both positive. On the host.
    """
    low, high = bounds
    check_positive("bounds", np.array([low, high]))
    times = np.linspace(0.1, 0.5, 17) * 2.0 * np.pi / angular_frequency
    seen = np.asarray(offset_transform(map_, times))
    reach = np.asarray(arcs(times, angular_frequency))
    amplitudes = np.asarray(map_.amplitudes)
    angles = (np.arange(256) + 0.5) * np.pi / 256

    def match(scale):
        x = scale * amplitudes[:, None] * reach
        wave = np.mean(np.cos(x[..., None] * np.sin(angles)), axis=-1)
        overlap = np.sum(seen * wave, axis=0)
        return np.sum(overlap * np.abs(overlap) / np.sum(wave**2, axis=0))

    for _ in range(3):
        scales = np.geomspace(low, high, 41)
        best = int(np.argmax([match(scale) for scale in scales]))
        low, high = scales[max(best - 1, 0)], scales[min(best + 1, 40)]
    return float(scales[best])
