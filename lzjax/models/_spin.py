"""Spins of any size in a swept field, and states that decouple from all others."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex

from .._checks import is_concrete
from .._types import as_scalar
from ._multistate import MultistateSweep


def spin_operators(spin: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sx, Sy, Sz in the order m = S, S − 1, …, −S, each of shape `(2S+1, 2S+1)`.

    **Raises:** `ValueError` if 2S is not a whole number from 1 up.
    """
    double = 2.0 * spin
    if not (double >= 1.0 and double == int(double)):
        raise ValueError(f"a spin is a half, one, three halves, ...; got {spin!r}.")
    m = spin - np.arange(int(double) + 1)
    # <m+1|S₊|m>
    step = np.sqrt(spin * (spin + 1.0) - m[1:] * (m[1:] + 1.0))
    up = np.diag(step, k=1).astype(complex)
    return 0.5 * (up + up.T), -0.5j * (up - up.T), np.diag(m).astype(complex)


def spin_sweep(spin: float, gap: ArrayLike, rate: ArrayLike) -> MultistateSweep:
    r"""The Landau-Zener-Majorana model $H = \alpha t\,S_z + \Delta\,S_x$, levels from
    m = S down; spin ½ is `LinearSweep(gap, rate)`.

    All levels cross at one point, and none decouples: for S = 1 at Δ = α = 1 the
    smallest of the nine probabilities is 0.043, Zener's squared, not zero (a state does
    decouple in `quadratic_zeeman_sweep` and `rhombic_sweep`). Nor is the way through
    the middle a product: it is 0.627, two passages of pairs say 0.915. Solved by
    `lz.exact.landau_zener_majorana`.

    Source: Majorana, Nuovo Cimento 9, 43 (1932), doi:10.1007/BF02960953.
    """
    x, _, z = spin_operators(spin)
    return _sweep(np.diagonal(z).real, x, rate, gap)


def quadratic_zeeman_sweep(
    spin: float, coupling: ArrayLike, rate: ArrayLike
) -> MultistateSweep:
    r"""$H = \alpha t\,S_z^2 + \Omega\,S_x$. For spin 1 the state (|1⟩ − |−1⟩)/√2
    decouples and two levels with the gap 2Ω are left: |0⟩ stays with
    `landau_zener(2Ω, α)`.

    m and −m are degenerate for ever, so there is no infinite window: see
    `decoupled_blocks`.
    """
    x, _, z = spin_operators(spin)
    return _sweep(np.diagonal(z).real ** 2, x, rate, coupling)


def rhombic_sweep(spin: float, strength: ArrayLike, rate: ArrayLike) -> MultistateSweep:
    r"""$H = \alpha t\,S_z + E(S_x^2 - S_y^2)$. For spin 1 the state |0⟩ decouples:
    |1⟩ stays with `landau_zener(2E, 2α)`.
    """
    x, y, z = spin_operators(spin)
    return _sweep(np.diagonal(z).real, x @ x - y @ y, rate, strength)


def _sweep(slopes, couplings, rate, strength) -> MultistateSweep:
    slopes = as_scalar(rate) * jnp.asarray(slopes)
    matrix = as_scalar(strength) * jnp.asarray(couplings)
    return MultistateSweep(slopes, jnp.zeros_like(slopes), matrix)


def decoupled_blocks(
    model: MultistateSweep, tolerance: float = 1e-9
) -> list[tuple[Complex[Array, "N K"], MultistateSweep]]:
    """The parts of a sweep that never couple to one another, in the basis that shows
    them.

    Found from the matrices that commute with H(t) at all times. On the host, from
    numbers: not for use under `jax.jit` or `jax.vmap`.

    **Returns:** for each part its states as columns and its own model, whose diabatic
    levels they are; the smallest part first. A part of one level is a state that
    decouples. Parts cannot be split further.

    **Raises:** `TypeError` under a transformation.
    """
    if not is_concrete(model):
        raise TypeError("decoupled_blocks needs numbers: call it outside of jit.")
    slopes = np.diag(np.asarray(model.slopes)).astype(complex)
    rest = np.diag(np.asarray(model.energies)) + np.asarray(model.couplings)
    scale = max(np.abs(slopes).max(), np.abs(rest).max(), 1e-300)
    symmetry = _symmetry(slopes / scale, rest / scale, tolerance)
    values, vectors = np.linalg.eigh(symmetry)
    borders = np.flatnonzero(np.diff(values) > 1e-6) + 1
    parts = []
    for columns in np.split(vectors, borders, axis=1):
        columns = columns @ _levels(columns, slopes, rest, tolerance * scale)
        moved = columns.conj().T @ slopes @ columns
        still = columns.conj().T @ rest @ columns
        off = still - np.diag(np.diagonal(still))
        off = 0.5 * (off + off.conj().T)
        off[np.abs(off) < tolerance * scale] = 0.0
        part = MultistateSweep(np.diagonal(moved).real, np.diagonal(still).real, off)
        parts.append((jnp.asarray(columns), part))
    return sorted(parts, key=lambda part: part[1].dim)


def _symmetry(a: np.ndarray, b: np.ndarray, tolerance: float) -> np.ndarray:
    """A Hermitian matrix that commutes with both, with no more symmetry than it must:
    its eigenspaces are the smallest invariant ones."""
    dim = a.shape[0]
    one = np.eye(dim)
    rows = [np.kron(m, one) - np.kron(one, m.T) for m in (a, b)]
    _, sizes, null = np.linalg.svd(np.concatenate(rows))
    found = null[sizes < tolerance * dim].conj().reshape(-1, dim, dim)
    # Any random mixture will do; this one is the same every time.
    weights = np.random.default_rng(0).normal(size=(2, len(found)))
    mixture = np.tensordot(weights[0] + 1j * weights[1], found, axes=1)
    return mixture + mixture.conj().T


def _levels(columns, slopes, rest, tolerance: float) -> np.ndarray:
    """The rotation of a block that makes its slopes diagonal, and where they are
    equal its energies."""
    values, turn = np.linalg.eigh(columns.conj().T @ slopes @ columns)
    borders = np.flatnonzero(np.diff(values) > tolerance) + 1
    groups = []
    for group in np.split(turn, borders, axis=1):
        inside = columns @ group
        groups.append(group @ np.linalg.eigh(inside.conj().T @ rest @ inside)[1])
    # Highest slope first, as the spins are.
    return np.concatenate(groups, axis=1)[:, ::-1]
