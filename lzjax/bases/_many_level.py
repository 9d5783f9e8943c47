"""Adiabatic and superadiabatic states of N levels, by projectors."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex

from .._types import Scalar
from ..models import AbstractHamiltonian
from . import _series as series


def states_by_order(
    model: AbstractHamiltonian, t: Scalar, order: int
) -> Complex[Array, "orders N N"]:
    r"""Superadiabatic states at t for the orders 0 to `order`, columns by energy.

    The spectral projector of each level is carried to $i\dot P = [H, P]$, $P^2 = P$
    order by order in the slowness: $P = \sum_k P_k$ with
    $[H, P_{k+1}] = i\dot P_k$; the state is the projection of the adiabatic one.
    Levels must be non-degenerate at t.

    Source: Nenciu, Commun. Math. Phys. 152, 479 (1993), doi:10.1007/BF02096616.
    """
    dim = model.dim

    def halves(time):
        matrix = jnp.asarray(model(time), dtype=complex)
        return jnp.stack([matrix.real, matrix.imag])

    parts = series.expand(halves, t, order)
    matrices = parts[:, 0] + 1j * parts[:, 1]
    _, vectors = jnp.linalg.eigh(matrices[0])
    vectors = _gauge(vectors)
    matrices = vectors.conj().T @ matrices @ vectors
    energies = jnp.real(jnp.diagonal(matrices[0]))

    def columns(level):
        amplitudes = _projected(matrices, energies, level, order)
        norms = jnp.linalg.norm(amplitudes, axis=1, keepdims=True)
        return amplitudes / norms

    amplitudes = jax.vmap(columns, out_axes=2)(jnp.arange(dim))
    return vectors @ jax.vmap(_orthonormal)(amplitudes)


def _orthonormal(states: Complex[Array, "N N"]) -> Complex[Array, "N N"]:
    """The nearest orthonormal columns, by Newton steps: each order leaves an overlap
    of the size of the next."""
    for _ in range(6):
        states = (
            0.5 * states @ (3.0 * jnp.eye(states.shape[0]) - states.conj().T @ states)
        )
    return states


def _gauge(vectors: Complex[Array, "N N"]) -> Complex[Array, "N N"]:
    # The largest component of each state is real and positive.
    largest = jnp.argmax(jnp.abs(vectors), axis=0)
    pivot = jnp.take_along_axis(vectors, largest[None], axis=0)[0]
    return vectors * (jnp.conj(pivot) / jnp.abs(pivot))[None, :]


def _projected(matrices, energies, level, order) -> Complex[Array, "orders N"]:
    """P^{(n)} |level> in the eigenbasis of H(t), for n = 0 .. order."""
    dim = energies.shape[0]
    mine = jnp.arange(dim) == level
    gaps = energies[:, None] - energies[None, :]
    between = mine[:, None] != mine[None, :]
    gaps = jnp.where(between, gaps, 1.0)
    inside = mine[:, None] & mine[None, :]
    first = jnp.where(inside, 1.0, 0.0) + 0j

    def assemble(commutator, square):
        # [H₀, P] = commutator between the level and the rest; inside each block P is
        # what P² = P leaves: −square on the level, +square on the rest.
        block = jnp.where(inside, -square, square)
        return jnp.where(between, commutator / gaps, block)

    indices = jnp.arange(order + 1)

    # terms[k, m]: Taylor coefficient m of the correction of order k. Those still to
    # come are zero, so the sums below hold exactly what is known.
    def solve(position, terms):
        k, m = position // (order + 1), position % (order + 1)
        mine = terms[k][m - indices] * (indices <= m)[:, None, None]
        later = matrices * (indices > 0)[:, None, None]
        commutator = -jnp.sum(later @ mine - mine @ later, axis=0)
        ahead = terms[k - 1, jnp.minimum(m + 1, order)]
        known = (k > 0) & (m < order)
        commutator += jnp.where(known, 1j * (m + 1) * ahead, 0.0)
        lags = terms[k - indices][:, m - indices]
        below = (indices <= k)[:, None] & (indices <= m)[None, :]
        lags = lags * below[:, :, None, None]
        square = jnp.einsum("jiab,jibc->ac", terms, lags)
        return terms.at[k, m].set(assemble(commutator, square))

    start = jnp.zeros((order + 1, order + 1, dim, dim), complex).at[0, 0].set(first)
    terms = jax.lax.fori_loop(1, (order + 1) ** 2, solve, start)
    return jnp.cumsum(terms[:, 0], axis=0)[:, :, level]
