"""Many levels that move at constant rates: the multistate Landau-Zener problem."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import is_concrete
from .._types import Scalar, as_array, as_scalar
from ._base import AbstractHamiltonian


class MultistateSweep(AbstractHamiltonian):
    r"""N levels that move at constant rates, with constant couplings,
    $H_{ij} = (b_i t + e_i)\,\delta_{ij} + V_{ij}$.

    No factor ½ here: b are rates of levels, V matrix elements (half gaps). Two levels
    stay diabatic with exp(−2π|V|²/|b₀ − b₁|).

    **Arguments:**

    - `slopes`: b, energy per time, shape `(N,)`.
    - `energies`: e, at t = 0, shape `(N,)`.
    - `couplings`: V, Hermitian, nothing on the diagonal, shape `(N, N)`.

    Levels that run parallel need different energies for an infinite window.

    **Raises:** `ValueError` for shapes that disagree or couplings that are not
    Hermitian with an empty diagonal.

    Source: Brundobler & Elser, J. Phys. A 26, 1211 (1993),
    doi:10.1088/0305-4470/26/5/037.
    """

    slopes: Float[Array, " N"]
    energies: Float[Array, " N"]
    couplings: Complex[Array, "N N"]

    convention: ClassVar[str] = "H = diag(slopes·t + energies) + couplings, ħ = 1"

    def __init__(self, slopes: ArrayLike, energies: ArrayLike, couplings: ArrayLike):
        self.slopes, self.energies = as_array(slopes), as_array(energies)
        self.couplings = jnp.asarray(couplings, dtype=complex)
        shapes = self.slopes.shape, self.energies.shape, self.couplings.shape
        dim = shapes[0][0] if len(shapes[0]) == 1 else None
        if shapes != ((dim,), (dim,), (dim, dim)):
            raise ValueError(
                "MultistateSweep needs slopes and energies of shape (N,) and couplings "
                f"of shape (N, N), got {shapes}; batch with jax.vmap."
            )
        if is_concrete(self.couplings):
            matrix = np.asarray(self.couplings)
            if not np.allclose(matrix, matrix.conj().T, rtol=0, atol=1e-12):
                raise ValueError("MultistateSweep needs Hermitian couplings.")
            if np.any(np.diagonal(matrix) != 0):
                raise ValueError(
                    "the couplings of a MultistateSweep have no diagonal: give that as "
                    "`energies`."
                )

    @property
    def dim(self) -> int:  # type: ignore[override]
        return self.slopes.shape[-1]

    def __call__(self, t: Scalar) -> Complex[Array, "N N"]:
        return jnp.diag(self.slopes * t + self.energies) + self.couplings

    def landmarks(self) -> Float[Array, " 2"]:
        # The first and the last crossing of any two diabatic levels.
        apart = self.slopes[:, None] - self.slopes[None, :]
        above = self.energies[:, None] - self.energies[None, :]
        cross = apart != 0
        times = jnp.where(cross, -above / jnp.where(cross, apart, 1.0), 0.0)
        first = jnp.min(jnp.where(cross, times, jnp.inf))
        last = jnp.max(jnp.where(cross, times, -jnp.inf))
        any_at_all = jnp.any(cross)
        marks = jnp.stack([first, last])
        return jax.lax.stop_gradient(jnp.where(any_at_all, marks, 0.0))


def demkov_osherov(
    rate: ArrayLike, energies: ArrayLike, couplings: ArrayLike
) -> MultistateSweep:
    r"""One level that sweeps through a band of parallel ones, the equal-slope model.

    Level 0 has the energy αt; levels 1, 2, … stay at `energies`, shape `(N-1,)`,
    and couple to it by `couplings`, shape `(N-1,)`, real or complex, not to each other.
    With two of them it is the V system (and, upside down, the Λ system). Solved by
    `lz.exact.demkov_osherov` at any separation.

    Source: Demkov & Osherov, Sov. Phys. JETP 26, 916 (1968).
    """
    energies = as_array(energies)
    slopes = jnp.zeros(energies.shape[0] + 1).at[0].set(as_scalar(rate))
    return MultistateSweep(
        slopes, jnp.concatenate([jnp.zeros(1), energies]), star(couplings)
    )


def v_system(
    rate: ArrayLike, energies: ArrayLike, couplings: ArrayLike
) -> MultistateSweep:
    """A level swept across two others: `demkov_osherov` with two `energies`.

    To survive the first crossing and change at the second has the probability
    p₁(1 − p₂) whatever their distance: the crossings may overlap.

    **Raises:** `ValueError` if there are not two energies and two couplings.
    """
    if np.shape(energies) != (2,) or np.shape(couplings) != (2,):
        raise ValueError(
            "a V system has two energies and two couplings, got shapes "
            f"{np.shape(energies)} and {np.shape(couplings)}; see demkov_osherov."
        )
    return demkov_osherov(rate, energies, couplings)


def chain(
    slopes: ArrayLike, energies: ArrayLike, couplings: ArrayLike
) -> MultistateSweep:
    """Levels in which each couples to the next only, a cascade; `couplings` of shape
    `(N-1,)`.

    That the transition to the end is the product of the steps needs causal order
    (each crossing after the one before), crossings far apart, and no other way: in
    the wrong order it is zero, with all crossings at one point something else. With
    slopes 1, 0, −1, couplings 0.3 and 0.4, and the second crossing later than the first
    by 10, 1, 0 and −3, the true transition is 0.27694, 0.18301, 0.09730 and 0.01565,
    for a product of 0.27386.
    `lz.exact.independent_crossings` multiplies in the order of time.
    """
    steps = jnp.asarray(couplings, dtype=complex)
    upper = jnp.diag(jnp.conj(steps), k=1)
    return MultistateSweep(slopes, energies, upper + upper.conj().T)


def bow_tie(slopes: ArrayLike, couplings: ArrayLike) -> MultistateSweep:
    r"""All levels cross at one point; level 0 is horizontal and couples to the others.

    **Arguments:** `slopes` of levels 1, 2, …, different and not zero, shape
    `(N-1,)`; `couplings` to level 0, shape `(N-1,)`. Solved by `lz.exact.bow_tie`.

    Source: Ostrovsky & Nakamura, J. Phys. A 30, 6939 (1997),
    doi:10.1088/0305-4470/30/19/028.
    """
    slopes = jnp.concatenate([jnp.zeros(1), as_array(slopes)])
    return MultistateSweep(slopes, jnp.zeros_like(slopes), star(couplings))


def generalized_bow_tie(
    slopes: ArrayLike, couplings: ArrayLike, splitting: ArrayLike
) -> MultistateSweep:
    r"""A bow-tie whose horizontal level is split: levels 0 and 1 lie at
    −`splitting`/2 and +`splitting`/2, both couple to every other by `couplings`.

    Solved by `lz.exact.generalized_bow_tie`, whatever the splitting.

    Source: Demkov & Ostrovsky, J. Phys. B 34, 2419 (2001),
    doi:10.1088/0953-4075/34/12/309.
    """
    slopes = jnp.concatenate([jnp.zeros(2), as_array(slopes)])
    dim = slopes.shape[0]
    half = 0.5 * as_scalar(splitting)
    energies = jnp.zeros(dim).at[0].set(-half).at[1].set(half)
    row = jnp.asarray(couplings, dtype=complex)
    matrix = jnp.zeros((dim, dim), complex).at[2:, :2].set(row[:, None])
    return MultistateSweep(slopes, energies, matrix + matrix.conj().T)


def crossing_grid(
    rate: ArrayLike, energies_a: ArrayLike, energies_b: ArrayLike, couplings: ArrayLike
) -> MultistateSweep:
    r"""Two bands of parallel levels that cross: those of `energies_a` at +α/2, then
    those of `energies_b` at −α/2; `couplings[i, j]` between level i of a and j of b.

    The survival of each level is that of `lz.exact.brundobler_elser`; against the
    order of time a transition inside a band is impossible, `lz.exact.no_go`.

    Source: Demkov, Kurasov & Ostrovsky, J. Phys. A 28, 4361 (1995),
    doi:10.1088/0305-4470/28/15/011.
    """
    a, b = as_array(energies_a), as_array(energies_b)
    half = 0.5 * as_scalar(rate)
    slopes = jnp.concatenate([half * jnp.ones_like(a), -half * jnp.ones_like(b)])
    dim, split = slopes.shape[0], a.shape[0]
    block = jnp.asarray(couplings, dtype=complex)
    matrix = jnp.zeros((dim, dim), complex).at[:split, split:].set(block)
    return MultistateSweep(slopes, jnp.concatenate([a, b]), matrix + matrix.conj().T)


def star(couplings: ArrayLike) -> Complex[Array, "N N"]:
    """A coupling matrix in which level 0 alone couples, H_{j0} = couplings[j − 1]."""
    column = jnp.asarray(couplings, dtype=complex)
    dim = column.shape[0] + 1
    matrix = jnp.zeros((dim, dim), complex).at[1:, 0].set(column)
    return matrix + matrix.conj().T
