"""The exact two-band amplitude of a junction, along the trajectory."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Complex

from .._checks import check_positive, check_shape
from .._types import Scalar, as_array, as_scalar
from ..models import TwoLevelFunction
from ..readout import scattering_matrix, transition_matrix
from ._arcs import check_on_crossing
from ._bands import AbstractTwoBands
from ._junctions import Junction
from ._motion import trajectory
from ._units import HBAR_EV_PS


class Passage(eqx.Module):
    """A junction as it is, beside the formula for straight bands.

    - `probability`: of breakdown, from the lower band to the upper one, by propagation.
    - `formula`: exp(−B₀/B) from the gap and the velocities at the junction.
    - `amplitudes`: between (lower, upper) `[final, initial]`, dynamical phases from the
      junction on removed; in the gauge of `lz.scattering_matrix`.
    """

    probability: Scalar
    formula: Scalar
    amplitudes: Complex[Array, "2 2"]

    def is_valid(self, tolerance: ArrayLike = 1e-2) -> Bool[Array, ""]:
        """Whether the formula is right to `tolerance` (of probability)."""
        return jnp.abs(self.probability - self.formula) <= as_scalar(tolerance)


def passage(
    bands: AbstractTwoBands,
    k0: ArrayLike,
    field: ArrayLike,
    window: tuple[ArrayLike, ArrayLike],
    *,
    samples: int = 64,
    order: int = 1,
    rtol: ArrayLike | None = None,
    **options: Any,
) -> Passage:
    r"""Through one junction with the two-band Schrödinger equation
    $i\hbar\dot\psi = H(k(t))\psi$.

    k(t) follows band 1 without the coupling, as an electron does that breaks through.
    Near tangency, where the sweep is far from linear within the gap, the result differs
    from exp(−B₀/B): ask `is_valid`.

    **Arguments:**

    - `bands`: with `elements(k)`.
    - `k0`: on the crossing of the uncoupled bands, reached at t = 0. 1/Å, shape `(3,)`.
    - `field`: T, shape `(3,)`.
    - `window`: (before, after) in ps, before < 0 < after: best to where the bands are
      furthest apart on either side, so that their detuning stands still
      and the ends are adiabatic.
    - `samples`: of H along the trajectory, interpolated by a Chebyshev series.
    - `order`: of the superadiabatic states that the probability is read in.
    - `rtol`, `options`: as in `lz.solve`.

    **Raises:** as `lz.transition_matrix`; `ValueError` if the uncoupled bands do not
    cross at `k0`, or the window does not hold t = 0.
    """
    k0, field = as_array(k0), as_array(field)
    check_shape("k0", k0, (3,))
    check_shape("field", field, (3,))
    check_on_crossing(bands, k0)
    check_positive("-window[0]", -as_scalar(window[0]))
    check_positive("window[1]", window[1])
    before, after = as_scalar(window[0]), as_scalar(window[1])
    model = _along(bands, k0, field, before, after, samples)
    options = {"rtol": rtol, **options}
    matrix = transition_matrix(
        model, before, after, basis="superadiabatic", order=order, **options
    )
    amplitudes = scattering_matrix(model, before, after, basis="adiabatic", **options)
    gap = 2.0 * jnp.abs(bands.elements(k0)[2])
    junction = Junction(
        gap, bands.diabatic(1).velocity(k0), bands.diabatic(2).velocity(k0)
    )
    return Passage(matrix[1, 0], junction.probability(field), amplitudes)


def _along(bands, k0, field, before, after, samples: int) -> TwoLevelFunction:
    """H(k(t)) as a two-level model, H = ½ w·σ with w in 1/ps."""
    angles = np.pi * (np.arange(samples) + 0.5) / samples
    places = np.cos(angles)[::-1]
    times = 0.5 * (before + after) + 0.5 * (after - before) * jnp.asarray(places)
    band = bands.diabatic(1)
    first = trajectory(band, k0, field, jnp.stack([jnp.zeros(()), times[0]]), steps=256)
    ks = trajectory(band, first[1], field, times, steps=8)

    def vector(k):
        one, two, flip = bands.elements(k)
        parts = [2.0 * jnp.real(flip), 2.0 * jnp.imag(flip), one - two]
        return jnp.stack(parts) / HBAR_EV_PS

    values = jax.vmap(vector)(ks)
    basis = np.cos(np.outer(np.arange(samples), angles[::-1])) * 2.0 / samples
    basis[0] *= 0.5
    numbers = {"series": jnp.asarray(basis) @ values, "window": (before, after)}
    return TwoLevelFunction(_series, numbers)


def _series(t, numbers):
    """Clenshaw's sum of the Chebyshev series of w."""
    before, after = numbers["window"]
    x = (2.0 * t - before - after) / (after - before)
    series = numbers["series"]

    def step(pair, coefficient):
        one, two = pair
        return (coefficient + 2.0 * x * one - two, one), None

    zero = jnp.zeros_like(series[0]) * x
    (one, two), _ = jax.lax.scan(step, (zero, zero), series[:0:-1])
    w = series[0] + x * one - two
    return w[0], w[1], w[2]
