"""What the eye reads in an interferogram: the fan, its lines, and their dark points."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Int

from .._checks import check_positive
from .._types import as_array
from ._map import Interferogram

# A maximum counts as a line above this share of the highest one.
_VISIBLE = 0.2


def fan_boundary(offsets: ArrayLike) -> Float[Array, "*batch"]:
    r"""The amplitude from which on the drive reaches the crossing, A = |ε₀|: the edges
    of the fan ("V") in which there is interference."""
    return jnp.abs(as_array(offsets))


def inside_fan(offsets: ArrayLike, amplitudes: ArrayLike) -> Bool[Array, "*batch"]:
    """Whether the drive reaches the crossing, |ε₀| < A."""
    return fan_boundary(offsets) < jnp.abs(as_array(amplitudes))


class ResonanceLines(eqx.Module):
    r"""Lines at $\epsilon_0 = \text{centre} + n\,\text{spacing}$, read from a map.

    - `photons`: n, counted from the line nearest to the fan's centre, shape `(K,)`.
    - `positions`: where they were seen, in the units of the offset, shape `(K,)`.
    - `spacing`, `spacing_error`: that of one photon, and its standard error from the
      scatter of the positions. Where the offset is a voltage, $\omega$/spacing is the
      lever arm.
    - `centre`, `centre_error`: of the line n = 0.
    """

    photons: Int[np.ndarray, " K"]
    positions: Float[np.ndarray, " K"]
    spacing: float
    spacing_error: float
    centre: float
    centre_error: float


def resonance_lines(map_: Interferogram) -> ResonanceLines:
    """The lines of a map and their spacing, from its mean over the amplitude.

    **Raises:** `ValueError` if fewer than three lines stand out. On the host; not
    differentiable.
    """
    offsets = np.asarray(map_.offsets)
    profile = np.mean(np.asarray(map_.populations), axis=0)
    positions, heights = _maxima(offsets, profile)
    if len(positions) < 3:
        raise ValueError(
            f"found {len(positions)} lines along the offset, at {positions}; three are "
            "needed. Take more offsets a photon, or a wider map."
        )
    middle = np.sum(positions * heights) / np.sum(heights)
    # Lines may be missing, so the smallest distances set the spacing.
    spacing = np.median(np.sort(np.diff(positions))[: max(1, len(positions) // 2)])
    start = positions[np.argmin(np.abs(positions - middle))]
    photons = np.rint((positions - start) / spacing).astype(int)
    design = np.stack([np.ones(len(photons)), photons], axis=1)
    (centre, spacing), _, _, _ = np.linalg.lstsq(design, positions, rcond=None)
    residuals = positions - design @ [centre, spacing]
    variance = np.sum(residuals**2) / (len(positions) - 2)
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    return ResonanceLines(
        photons,
        positions,
        float(spacing),
        float(errors[1]),
        float(centre),
        float(errors[0]),
    )


def dark_amplitudes(
    map_: Interferogram, photons: int, angular_frequency: float
) -> Float[np.ndarray, " K"]:
    r"""The amplitudes at which the n-photon line goes dark, from the minima of the map
    along it: those with $J_n(A/\omega) = 0$.

    Compare with `angular_frequency * lz.exact.bessel_zeros(n, ...)`: their ratio
    calibrates the amplitude. The map's offset must be in the units of ω.

    **Raises:** `ValueError` if the line is not in the map.
    """
    check_positive("angular_frequency", angular_frequency)
    offsets, place = np.asarray(map_.offsets), photons * angular_frequency
    if not offsets[0] <= place <= offsets[-1]:
        raise ValueError(
            f"the line of {photons} photons is at the offset {place}, outside of the "
            f"map from {offsets[0]} to {offsets[-1]}."
        )
    values = np.asarray(map_.populations)
    line = np.array([np.interp(place, offsets, row) for row in values])
    found, _ = _extrema(np.asarray(map_.amplitudes), -line)
    # Beyond |n| the first maximum follows; what is darker before is no zero.
    return found[found > angular_frequency * max(abs(photons), 1)]


def _extrema(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places and values of the local maxima, by parabolas through three points."""
    inner = np.arange(1, len(y) - 1)
    inner = inner[(y[inner] > y[inner - 1]) & (y[inner] >= y[inner + 1])]
    places, values = [], []
    for k in inner:
        middle = x[k]
        curve = np.polyfit(x[k - 1 : k + 2] - middle, y[k - 1 : k + 2], 2)
        shift = -curve[1] / (2.0 * curve[0])
        places.append(middle + shift)
        values.append(np.polyval(curve, shift))
    return np.array(places), np.array(values)


def _maxima(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The extrema that stand out from the lowest value."""
    base = np.min(y)
    places, values = _extrema(x, y)
    heights = values - base
    kept = heights > _VISIBLE * (np.max(y) - base)
    return places[kept], heights[kept]
