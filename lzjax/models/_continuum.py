"""A level among many: swept through a band, or coupled to an oscillator."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike

from .._types import as_array, as_scalar
from ._multistate import MultistateSweep, demkov_osherov


def level_through_band(
    rate: ArrayLike, edges: ArrayLike, escape_rates: ArrayLike
) -> MultistateSweep:
    r"""A level αt swept through a continuum, in N discrete levels, one in the middle
    of each cell of energy.

    **Arguments:**

    - `edges`: of the cells, rising, shape `(N+1,)`.
    - `escape_rates`: $\Gamma = 2\pi|V|^2\rho$ in each cell, shape `(N,)`; a cell of
      width w couples by V = √(Γw/2π).

    A complete sweep leaves exp(−∫Γ dE/α) in level 0, for any N:
    `lz.exact.band_survival`.
    A sweep that stops inside sees a continuum for as long as N levels do not revive,
    a time 2π/w after the start; halve the cells until nothing changes (for hundreds of
    them `lz.propagate.evolve_state` is the fast way). There it is
    *not* the integral up to the place it stopped at (0.3162 instead of 0.3012 in the
    middle of a flat band with Γ = 0.3 from −4 to 4).

    Source: Demkov & Osherov, Sov. Phys. JETP 26, 916 (1968); Macek & Cavagnero,
    Phys. Rev. A 58, 348 (1998), doi:10.1103/PhysRevA.58.348.

    **Raises:** `ValueError` for shapes that disagree.
    """
    edges, escape = as_array(edges), as_array(escape_rates)
    if edges.ndim != 1 or escape.shape != (edges.shape[0] - 1,):
        raise ValueError(
            "level_through_band needs edges of shape (N+1,) and escape_rates of shape "
            f"(N,), got {edges.shape} and {escape.shape}."
        )
    couplings = jnp.sqrt(escape * jnp.diff(edges) / (2.0 * jnp.pi))
    return demkov_osherov(rate, 0.5 * (edges[1:] + edges[:-1]), couplings)


def cavity_crossing(
    rate: ArrayLike, coupling: ArrayLike, frequency: ArrayLike, *, photons: int
) -> MultistateSweep:
    r"""A swept qubit in a cavity, $H = \tfrac12\alpha t\,\sigma_z + g\,\sigma_x(b +
    b^\dagger) + \Omega\,b^\dagger b$, with up to `photons` − 1 photons.

    Level `n` is up with n photons, level `photons + n` down with n. From |up, 0⟩ it
    stays up with exp(−2πg²/α), whatever Ω: `lz.exact.landau_zener(2g, α)`.

    Source: Saito, Wubs, Kohler, Hänggi & Kayanuma, Europhys. Lett. 76, 22 (2006),
    doi:10.1209/epl/i2006-10232-4.
    """
    step = np.sqrt(np.arange(1.0, photons))
    flip = np.diag(step, 1) + np.diag(step, -1)
    matrix = as_scalar(coupling) * jnp.asarray(np.kron([[0, 1], [1, 0]], flip))
    return _beside_oscillator(rate, frequency, matrix)


def dissipative_crossing(
    gap: ArrayLike,
    rate: ArrayLike,
    coupling: ArrayLike,
    frequency: ArrayLike,
    *,
    photons: int,
) -> MultistateSweep:
    r"""A sweep of the gap Δ that an oscillator shakes along z,
    $H = \tfrac12(\alpha t\,\sigma_z + \Delta\,\sigma_x) + g\,\sigma_z(b + b^\dagger)
    + \Omega\,b^\dagger b$, in *displaced* number states.

    Level `n` is up, level `photons + n` down, each with n quanta of the oscillator as
    it is displaced by that state, −g/Ω or g/Ω. In them the shaking is gone from the
    diagonal and the gap is dressed by the overlaps. From up and its own ground state
    it stays up as without the oscillator, `lz.exact.landau_zener(gap, rate)`; from an
    excited one it does not (0.4460 instead of 0.2079 from n = 1 at Δ = α = Ω = 1,
    g = ½). An oscillator that is driven, in a coherent state |β⟩ of many quanta, is
    absorbed from as from a classical drive of amplitude 4g|β|: `DitheredSweep`.

    Source: Wubs, Saito, Kohler, Hänggi & Kayanuma, Phys. Rev. Lett. 97, 200404
    (2006), doi:10.1103/PhysRevLett.97.200404.
    """
    # ⟨n|D|m⟩ between oscillators displaced by −g/Ω and +g/Ω: exp of a matrix that is
    # truncated further out, so that what is kept is right.
    size = photons + 40
    up = jnp.asarray(np.diag(np.sqrt(np.arange(1.0, size)), -1))
    shift = 2.0 * as_scalar(coupling) / as_scalar(frequency)
    values, vectors = np.linalg.eigh(1j * np.asarray(up - up.T))
    turned = jnp.exp(-1j * shift * jnp.asarray(values))
    overlap = (jnp.asarray(vectors) * turned[None]) @ jnp.asarray(vectors).conj().T
    overlap = jnp.real(overlap[:photons, :photons])
    half = 0.5 * as_scalar(gap)
    matrix = half * jnp.kron(jnp.array([[0.0, 1.0], [0.0, 0.0]]), overlap)
    return _beside_oscillator(rate, frequency, matrix + matrix.T)


def _beside_oscillator(rate, frequency, couplings) -> MultistateSweep:
    photons = couplings.shape[0] // 2
    n, ones = jnp.arange(photons, dtype=float), jnp.ones(photons)
    slopes = 0.5 * as_scalar(rate) * jnp.concatenate([ones, -ones])
    energies = as_scalar(frequency) * jnp.concatenate([n, n])
    return MultistateSweep(slopes, energies, couplings)
