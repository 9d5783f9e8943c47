"""Spectra of oscillations in 1/B, with the bias of a finite range under control."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_one_of, check_positive, check_shape
from .._types import Scalar, as_array

WINDOWS = ("hann", "blackman", "none")


class Spectrum(NamedTuple):
    """Frequencies in T and the amplitudes of a signal there, both of shape `(n,)`.

    `resolution`: the width in T, 1/(range of 1/B) times that of the window: lines
    closer than this are not separated by the transform; see `line_amplitudes`.
    """

    frequencies: Float[Array, " n"]
    amplitudes: Complex[Array, " n"]
    resolution: Scalar


class Lines(NamedTuple):
    """Lines of known frequency in a signal.

    - `amplitudes`: complex; the signal is the real part of
      $\\sum_j a_j e^{2\\pi i F_j/B}$. Shape `(n,)`.
    - `leakage`: the largest share of one line that the window alone would let into
      another. It is removed here; in a plain transform it is the bias.
    - `residual`: root mean square of what the lines leave.
    """

    amplitudes: Complex[Array, " n"]
    leakage: Scalar
    residual: Scalar


def spectrum(
    inverse_field: ArrayLike,
    signal: ArrayLike,
    *,
    window: str = "hann",
    padding: int = 8,
) -> Spectrum:
    """The Fourier transform of a signal that is evenly sampled in 1/B.

    A lone line of amplitude a shows a peak of modulus |a| at its frequency.

    **Arguments:** `inverse_field`: 1/T, evenly spaced, shape `(n,)`. `signal`: as long;
    its mean is removed. `window`: "hann", "blackman" or "none". `padding`: the
    transform is of that many times the length.

    **Raises:** `ValueError` if the fields are not even in 1/B, or lengths differ.
    """
    x, y = _checked(inverse_field, signal, window)
    if padding < 1:
        raise ValueError(f"`padding` must be at least 1, got {padding}.")
    if not _is_even(inverse_field):
        raise ValueError(
            "`inverse_field` must be evenly spaced: interpolate the signal in 1/B."
        )
    return _spectrum(x, y, window, padding)


@eqx.filter_jit
def _spectrum(x, y, window: str, padding: int) -> Spectrum:
    weight = _weight(x, window)
    spacing = (x[-1] - x[0]) / (x.shape[0] - 1)
    size = padding * x.shape[0]
    y = (y - jnp.sum(weight * y) / jnp.sum(weight)) * weight
    frequencies = jnp.fft.rfftfreq(size, 1.0) / jnp.abs(spacing)
    values = 2.0 * jnp.fft.rfft(y, size) / jnp.sum(weight)
    values = values * jnp.exp(-2j * jnp.pi * frequencies * x[0])
    width = {"hann": 2.0, "blackman": 3.0, "none": 1.0}[window]
    return Spectrum(frequencies, values, width / jnp.abs(x[-1] - x[0]))


def line_amplitudes(
    inverse_field: ArrayLike,
    signal: ArrayLike,
    frequencies: ArrayLike,
    *,
    window: str = "hann",
) -> Lines:
    """Amplitudes of lines of known frequencies and a constant, by weighted least
    squares of all at once: unlike peaks of a transform they do not leak.

    **Arguments:** as `spectrum`, fields in any spacing; `frequencies` in T, positive,
    shape `(m,)`.
    """
    x, y = _checked(inverse_field, signal, window)
    frequencies = as_array(frequencies)
    check_shape("frequencies", frequencies, (None,))
    check_positive("frequencies", frequencies)
    if 2 * frequencies.shape[0] + 1 > x.shape[0]:
        raise ValueError(
            f"{x.shape[0]} points cannot determine {frequencies.shape[0]} lines."
        )
    return _lines(x, y, frequencies, window)


@eqx.filter_jit
def _lines(x, y, frequencies, window: str) -> Lines:
    weight = _weight(x, window)
    waves = jnp.exp(2j * jnp.pi * x[:, None] * frequencies[None, :])
    columns = [jnp.ones_like(x)[:, None], jnp.real(waves), -jnp.imag(waves)]
    matrix, root = jnp.concatenate(columns, axis=1), jnp.sqrt(weight)
    found = jnp.linalg.lstsq(matrix * root[:, None], y * root)[0]
    count = frequencies.shape[0]
    overlap = jnp.abs(jnp.conj(waves).T @ (weight[:, None] * waves)) / jnp.sum(weight)
    left = y - matrix @ found
    return Lines(
        found[1 : 1 + count] + 1j * found[1 + count :],
        jnp.max(overlap - jnp.eye(count)),
        jnp.sqrt(jnp.sum(weight * left**2) / jnp.sum(weight)),
    )


def _checked(inverse_field, signal, window):
    check_one_of("window", window, WINDOWS)
    x, y = as_array(inverse_field), as_array(signal)
    check_shape("inverse_field", x, (None,))
    check_shape("signal", y, x.shape)
    if x.shape[0] < 3:
        raise ValueError(f"a spectrum needs at least 3 points, got {x.shape[0]}.")
    return x, y


def _weight(x, window: str):
    part = (x - jnp.min(x)) / (jnp.max(x) - jnp.min(x))
    angle = 2.0 * jnp.pi * part
    return {
        "hann": 0.5 - 0.5 * jnp.cos(angle),
        "blackman": 0.42 - 0.5 * jnp.cos(angle) + 0.08 * jnp.cos(2.0 * angle),
        "none": jnp.ones_like(x),
    }[window]


def _is_even(values) -> bool:
    steps = np.diff(np.asarray(values, float))
    return bool(np.all(np.abs(steps - steps.mean()) <= 1e-6 * np.abs(steps.mean())))
