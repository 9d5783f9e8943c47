"""Adiabatic and superadiabatic states of N levels."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from .._types import Scalar
from ..models import AbstractHamiltonian
from . import _series as series


class Corrections(NamedTuple):
    r"""Superadiabatic states at some time as $v_a = m_a + \sum_b m_b w_{ba}$ with the
    adiabatic ones m, not normalised; column a belongs to level a, by energy.

    - `adiabatic`: m, as columns. `energies`: theirs.
    - `by_order[k]`: what order k adds to w.
    - `turning[k]`: the same of the time derivative of v, for all orders but the last.
    """

    adiabatic: Complex[Array, "N N"]
    energies: Float[Array, " N"]
    by_order: Complex[Array, "orders N N"]
    turning: Complex[Array, "orders-1 N N"]


def corrections(model: AbstractHamiltonian, t: Scalar, order: int) -> Corrections:
    r"""The states that solve $i\dot v = (H - \lambda)v$ order by order in the slowness,
    for the orders 0 to `order`. Levels must be non-degenerate at t."""

    def halves(time):
        matrix = jnp.asarray(model(time), dtype=complex)
        return matrix.real, matrix.imag

    parts = series.expand(halves, t, order)
    matrices = parts[:, 0] + 1j * parts[:, 1]
    energies, vectors = jnp.linalg.eigh(matrices[0])
    vectors = _gauge(vectors)
    matrices = vectors.conj().T @ matrices @ vectors
    terms = _terms(matrices, energies, order)
    # Of order 0 alone there is no next coefficient, and no order that needs it.
    return Corrections(vectors, energies, terms[:, 0], terms[:-1, min(1, order)])


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
    return states_and_energies(model, t, order)[0]


def states_and_energies(
    model: AbstractHamiltonian, t: Scalar, order: int
) -> tuple[Complex[Array, "orders N N"], Float[Array, " N"]]:
    """`states_by_order` and the adiabatic energies."""
    found = corrections(model, t, order)
    w = found.by_order
    # P of a vector v = m + w is v v†/|v|², whose column of m is v/|v|².
    square = jnp.sum(series.product(w.conj(), w).real, axis=1)
    root = series.inverse_root(square.at[0].add(1.0))
    own = jnp.zeros_like(w).at[0].set(jnp.eye(model.dim))
    projected = series.product(series.product(root, root)[:, None] + 0j, own + w)
    amplitudes = jnp.cumsum(projected, axis=0)
    amplitudes /= jnp.linalg.norm(amplitudes, axis=1, keepdims=True)
    states = found.adiabatic @ jax.vmap(_orthonormal)(amplitudes)
    return states, found.energies


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


def _terms(matrices, energies, order: int) -> Complex[Array, "orders orders N N"]:
    """[k, m]: the Taylor coefficient of τ^m of what order k adds to w, k + m ≤ order,
    from those of H in its eigenbasis; the others are zero."""
    dim, count = energies.shape[0], order + 1
    between = ~np.eye(dim, dtype=bool)
    gaps = jnp.where(between, energies[:, None] - energies[None, :], 1.0)
    pairs = [(k, m) for k in range(count) for m in range(count - k)]
    # The last coefficient first, and zeros behind: what a sum over products of
    # coefficients needs is then one slice.
    behind = [(0, order)] + [(0, 0)] * 2
    turned = jnp.pad(matrices[::-1], behind)
    rates = jnp.zeros((2 * order + 1, 2 * order + 1, dim), complex)

    # Terms still to come are zero, so the sums hold exactly what is known.
    def solve(place, state):
        terms, rates = state
        k, m = (jnp.asarray(column)[place] for column in np.transpose(pairs))
        first = jnp.where(k == 0, 1.0, 0.0)
        lags = jax.lax.dynamic_slice_in_dim(turned, order - m, count)
        moved = jnp.sum(lags[..., None] * terms[k][:, None], axis=(0, 2))
        moved += first * matrices[m]
        # λ = (H v)_a
        rate = jnp.diagonal(moved)
        rates = rates.at[order - k, order - m].set(rate)
        size = (count, count, dim)
        lags = jax.lax.dynamic_slice(rates, (order - k, order - m, 0), size)
        carried = jnp.sum(lags[:, :, None] * terms, axis=(0, 1))
        ahead = (m + 1) * terms[jnp.maximum(k - 1, 0), jnp.minimum(m + 1, order)]
        right = carried - moved + 1j * (1.0 - first) * ahead
        term = jnp.where(between, right / gaps, 0.0)
        return terms.at[k, m].set(term), rates

    # The first is known: H has no elements between its own states.
    rates = rates.at[order, order].set(energies + 0j)
    start = jnp.zeros((count, count, dim, dim), complex)
    return jax.lax.fori_loop(1, len(pairs), solve, (start, rates))[0]
