"""Many levels that cross: exact probabilities, and the network of single crossings.

Throughout, H = diag(slopes·t + energies) + couplings with ħ = 1, as in
`lz.models.MultistateSweep`: rates of single levels, matrix elements. Matrices are
`[final, initial]`.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Complex, Float

from .. import models
from .._checks import check_nonzero, is_concrete
from .._types import as_array
from ._approximation import Approximation
from ._crossing import landau_zener, landau_zener_transition
from ._functions import decay_ratio


def independent_crossings(
    slopes: ArrayLike, energies: ArrayLike, couplings: ArrayLike
) -> Float[Array, "N N"]:
    r"""Every crossing on its own, one after the other in time, without interference.

    Levels i and j cross at t = −(e_i − e_j)/(b_i − b_j) and exchange the part
    1 − p, $p = e^{-2\pi|V_{ij}|^2/|b_i - b_j|}$, of their populations. The order is
    that of time: a way through the levels that would go back in time gets nothing.

    Exact for one level that crosses parallel ones (`demkov_osherov`), whatever their
    distance. Otherwise it leaves out interference: where two ways enclose an area, or
    crossings are not far apart, it is not even close, and beside the exact answer of
    `lz.transition_matrix` it shows how much of that is coherent. Crossings that
    coincide and share a level have no order: use `bow_tie` or
    `landau_zener_majorana`.

    **Raises:** `ValueError` if concrete levels have such crossings.

    Source: Brundobler & Elser, J. Phys. A 26, 1211 (1993),
    doi:10.1088/0305-4470/26/5/037.
    """
    model = models.MultistateSweep(slopes, energies, couplings)
    if is_concrete(model):
        _check_order(model)
    return _populations(model)


def _check_order(model: models.MultistateSweep) -> None:
    slopes, energies, couplings = map(
        np.asarray, (model.slopes, model.energies, model.couplings)
    )
    i, j = np.triu_indices(model.dim, k=1)
    cross = (slopes[i] != slopes[j]) & (couplings[i, j] != 0)
    i, j = i[cross], j[cross]
    times = -(energies[i] - energies[j]) / (slopes[i] - slopes[j])
    near = 1e-12 * np.max(np.abs(times), initial=0.0)
    at_once = np.abs(times[:, None] - times[None, :]) <= near
    levels = [[a, b] for a, b in zip(i, j, strict=True)]
    for m, n in np.argwhere(np.triu(at_once, k=1)):
        if set(levels[m]) & set(levels[n]):
            raise ValueError(
                f"levels {levels[m][0]} and {levels[m][1]} cross at the same time, "
                f"{times[m]:g}, as {levels[n][0]} and {levels[n][1]}: crossings that "
                "share a level need an order. Solved exactly by lz.exact.bow_tie and "
                "landau_zener_majorana for some models, by lz.transition_matrix for "
                "all."
            )


@eqx.filter_jit
def _populations(model: models.MultistateSweep) -> Float[Array, "N N"]:
    first, second, stay, _ = _crossings(model)

    def cross(matrix, one):
        i, j, p = one
        row, other = matrix[i], matrix[j]
        mixed = p * row + (1.0 - p) * other, p * other + (1.0 - p) * row
        return matrix.at[i].set(mixed[0]).at[j].set(mixed[1]), None

    return jax.lax.scan(cross, jnp.eye(model.dim), (first, second, stay))[0]


@eqx.filter_jit
def _amplitudes(model: models.MultistateSweep) -> Complex[Array, "N N"]:
    """As `_populations`, with the phases of the changes and no others."""
    first, second, stay, change = _crossings(model)

    def cross(matrix, one):
        i, j, p, c = one
        row, other = matrix[i], matrix[j]
        kept = jnp.sqrt(p)
        mixed = kept * row - jnp.conj(c) * other, kept * other + c * row
        return matrix.at[i].set(mixed[0]).at[j].set(mixed[1]), None

    start = jnp.eye(model.dim, dtype=complex)
    return jax.lax.scan(cross, start, (first, second, stay, change))[0]


def _crossings(model: models.MultistateSweep):
    """All crossings in the order of time: levels, survivals, and the amplitude
    −i√(1−p) V/|V| to go from the first to the second level."""
    i, j = np.triu_indices(model.dim, k=1)
    apart = model.slopes[i] - model.slopes[j]
    cross = apart != 0
    apart = jnp.where(cross, apart, 1.0)
    times = jnp.where(cross, -(model.energies[i] - model.energies[j]) / apart, jnp.inf)
    order = jnp.argsort(jax.lax.stop_gradient(times))
    coupling = model.couplings[j, i]
    size = 2.0 * jnp.pi * (coupling.real**2 + coupling.imag**2) / jnp.abs(apart)
    stay = jnp.where(cross, jnp.exp(-size), 1.0)
    # √(1−p)/|V| is smooth where the coupling vanishes.
    share = jnp.sqrt(2.0 * jnp.pi / jnp.abs(apart) * decay_ratio(size))
    change = -1j * coupling * jnp.where(cross, share, 0.0)
    return jnp.asarray(i)[order], jnp.asarray(j)[order], stay[order], change[order]


def demkov_osherov(
    rate: ArrayLike, energies: ArrayLike, couplings: ArrayLike
) -> Float[Array, "N N"]:
    r"""One level through a band of parallel ones, from t = −∞ to ∞; exact.

    The product of single crossings, $p_k = e^{-2\pi|V_k|^2/|\alpha|}$, in the order in
    which the swept level meets them: stay with $\prod p_k$, end in level k with
    $p_1\cdots p_{k-1}(1 - p_k)$, zero against the order. At *any* distance of the
    levels, and whatever the phases of the couplings.

    **Arguments:** as for `lz.models.demkov_osherov`; levels 1, 2, … need different
    energies. **Raises:** `ValueError` if a concrete `rate` is zero.

    Source: Demkov & Osherov, Sov. Phys. JETP 26, 916 (1968).
    """
    check_nonzero("rate", rate)
    model = models.demkov_osherov(rate, energies, couplings)
    return independent_crossings(model.slopes, model.energies, model.couplings)


def band_survival(rate: ArrayLike, escape_integral: ArrayLike) -> Float[Array, ""]:
    r"""What is left in a level after a sweep through a whole continuum,
    $e^{-\int\Gamma(E)\,dE/|\alpha|}$, $\Gamma = 2\pi|V|^2\rho$; exact.

    The limit of `demkov_osherov` for many levels. A sweep that stops inside the band
    is not covered: with Γ = 0.3 on (−4, 4) at α = 1, stopped at 0, it keeps 0.3162,
    and the integral that far says 0.3012. See `lz.models.level_through_band`.

    **Arguments:** `escape_integral`: ∫Γ dE over the band, energy². **Raises:**
    `ValueError` if a concrete `rate` is zero.
    """
    check_nonzero("rate", rate)
    return jnp.exp(-as_array(escape_integral) / jnp.abs(as_array(rate)))


def generalized_bow_tie(
    slopes: ArrayLike, couplings: ArrayLike
) -> Float[Array, "N+1 N+1"]:
    r"""Levels through one point, coupled to two parallel ones, from t = −∞ to ∞; exact.

    Semiclassical amplitudes of all ways, $\sqrt{p_j}$ and $-i\sqrt{1 - p_j}$ with
    $p_j = e^{-2\pi|V_j|^2/|b_j|}$, added; the splitting drops out.

    **Arguments:** as for `lz.models.generalized_bow_tie`, level 0 the lower and 1
    the upper of the parallel levels.

    Source: Demkov & Ostrovsky, J. Phys. B 34, 2419 (2001),
    doi:10.1088/0953-4075/34/12/309.
    """
    check_nonzero("slopes", slopes)
    amplitudes = _amplitudes(models.generalized_bow_tie(slopes, couplings, 1.0))
    return amplitudes.real**2 + amplitudes.imag**2


def bow_tie(slopes: ArrayLike, couplings: ArrayLike) -> Float[Array, "N N"]:
    r"""Levels that all cross at one point, coupled to a horizontal one (level 0), from
    t = −∞ to ∞; exact.

    A bow-tie is a generalised one whose horizontal level is split by nothing:
    couplings over √2, and $p_j = e^{-\pi|V_j|^2/|b_j|}$, with π, not 2π. For three
    levels with slopes of opposite sign P₁₁ = p₁², P₂₁ = (1−p₁)(1−p₂),
    P₀₁ = (1−p₁)(p₁+p₂) and P₀₀ = (1−p₁−p₂)². The row and the column of the horizontal
    level follow because probabilities add to one.

    **Arguments:** as for `lz.models.bow_tie`. **Raises:** `ValueError` if a
    concrete slope is zero.

    Source: Ostrovsky & Nakamura, J. Phys. A 30, 6939 (1997),
    doi:10.1088/0305-4470/30/19/028.
    """
    check_nonzero("slopes", slopes)
    half = jnp.asarray(couplings, dtype=complex) / math.sqrt(2.0)
    split = models.generalized_bow_tie(slopes, half, 1.0)
    amplitudes = _amplitudes(split)[2:, 2:]
    moving = amplitudes.real**2 + amplitudes.imag**2
    into = 1.0 - jnp.sum(moving, axis=0)
    out_of = 1.0 - jnp.sum(moving, axis=1)
    stays = 1.0 - jnp.sum(out_of)
    top = jnp.concatenate([stays[None], into])
    return jnp.concatenate([top[None], jnp.column_stack([out_of, moving])])


def brundobler_elser(slopes: ArrayLike, couplings: ArrayLike) -> Approximation:
    r"""The survival of the levels of highest and lowest slope in *any* linear model,
    from t = −∞ to ∞; exact.

    $$P_i = \exp\Big(-2\pi\sum_{j}\frac{|V_{ij}|^2}{|b_i - b_j|}\Big)$$

    over the levels that do not run parallel. **Returns:** the value for every
    level, shape `(N,)`; `valid` for those of extremal slope only. In a band of
    parallel levels of extremal slope it holds for each.

    Source: Brundobler & Elser, J. Phys. A 26, 1211 (1993),
    doi:10.1088/0305-4470/26/5/037; proof: Volkov & Ostrovsky, J. Phys. B 38, 907
    (2005), doi:10.1088/0953-4075/38/7/011.
    """
    slopes, matrix = as_array(slopes), jnp.asarray(couplings, dtype=complex)
    apart = jnp.abs(slopes[:, None] - slopes[None, :])
    size = matrix.real**2 + matrix.imag**2
    cross = apart > 0
    terms = jnp.where(cross, size / jnp.where(cross, apart, 1.0), 0.0)
    value = jnp.exp(-2.0 * jnp.pi * jnp.sum(terms, axis=1))
    extremal = (slopes == jnp.max(slopes)) | (slopes == jnp.min(slopes))
    return Approximation(value, extremal, "a level of highest or lowest slope")


def no_go(slopes: ArrayLike, energies: ArrayLike) -> Bool[Array, "N N"]:
    """Which transitions `[final, initial]` are impossible, whatever the couplings.

    Inside a band of parallel levels of extremal slope, not coupled to one another, a
    transition must leave by an earlier crossing than it comes back by: to a higher
    level of the band of highest slope, or to a lower one of the lowest, it never
    does. Exactly zero from t = −∞ to ∞.

    Source: Sinitsyn, J. Phys. A 37, 10691 (2004), doi:10.1088/0305-4470/37/44/016;
    Volkov & Ostrovsky, J. Phys. B 38, 907 (2005), doi:10.1088/0953-4075/38/7/011.
    """
    slopes, energies = as_array(slopes), as_array(energies)
    parallel = slopes[:, None] == slopes[None, :]
    above = energies[:, None] > energies[None, :]
    below = energies[:, None] < energies[None, :]
    highest = (slopes == jnp.max(slopes))[:, None]
    lowest = (slopes == jnp.min(slopes))[:, None]
    return parallel & (highest & above | lowest & below) & ~(highest & lowest)


def landau_zener_majorana(
    spin: float, gap: ArrayLike, rate: ArrayLike
) -> Float[Array, "2S+1 2S+1"]:
    r"""A spin S in a swept field, $H = \alpha t S_z + \Delta S_x$, from t = −∞ to ∞.

    $$P_{m'm} = |d^S_{m'm}(\theta)|^2, \quad \cos^2\frac\theta2 =
      e^{-\pi\Delta^2/2|\alpha|}$$

    with Wigner's matrix: a spin S is 2S spins ½ that all turn alike. Levels from m = S
    down. Good to rounding up to spins of about ten; the terms then begin to cancel.

    **Raises:** `ValueError` if 2S is not a whole number from 1 up.

    Source: Majorana, Nuovo Cimento 9, 43 (1932), doi:10.1007/BF02960953.
    """
    stay, change = landau_zener(gap, rate), landau_zener_transition(gap, rate)
    coefficients = _squared_wigner(models.spin_operators(spin)[2].shape[0])
    degree = coefficients.shape[-1] - 1
    powers = [stay**n * change ** (degree - n) for n in range(degree + 1)]
    return jnp.asarray(coefficients) @ jnp.stack(powers)


def _squared_wigner(dim: int) -> np.ndarray:
    """|d|² as polynomials: coefficients of pⁿ(1−p)^{2S−n}, p = cos²(θ/2)."""
    double = dim - 1
    f = [math.factorial(n) for n in range(double + 1)]
    out = np.zeros((dim, dim, dim))
    for row in range(dim):
        for column in range(dim):
            # Powers of cos and sin: double − shift − 2k and shift + 2k. Of both
            # states, `up` spins of the 2S point up.
            up, down = double - column, column
            norm = math.sqrt(f[up] * f[down] * f[double - row] * f[row])
            amplitude = np.zeros(2 * double + 1)
            for k in range(double + 1):
                # k of the up spins turn down, and row − k of the down spins stay.
                stays, kept = up - k, row - k
                if min(stays, kept, down - kept) < 0:
                    continue
                weight = (-1) ** k * norm
                weight /= f[k] * f[stays] * f[kept] * f[down - kept]
                amplitude[stays + kept] += weight
            square = np.convolve(amplitude, amplitude)
            # cos to the power 2n; odd powers cannot occur.
            out[row, column] = square[0 : 2 * double + 1 : 2]
    return out
