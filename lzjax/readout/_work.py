"""Energy and entropy of states along a sweep."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._types import readable
from ..bases import energies
from ..models import AbstractHamiltonian
from ._states import amplitudes
from ._transitions import transition_matrix


def irreversible_work(
    model: AbstractHamiltonian, states: ArrayLike, ts: ArrayLike
) -> Float[Array, " T"]:
    """⟨H(t)⟩ − E_ground(t): the work done beyond that of an infinitely slow sweep
    which began in the ground state.

    **Arguments:** `states`, shape `(T, N)`, and their times `ts`, shape `(T,)`, as
    `lz.evolve` returns and takes them.

    **Raises:** `ValueError` for wrong shapes.
    """
    # Checks the shapes too.
    kets = amplitudes(model, states, ts)
    return _excess(model, kets, jnp.asarray(ts, dtype=float))


@eqx.filter_jit
def _excess(model, kets, times):
    def at(ket, t):
        return jnp.real(ket.conj() @ model(t) @ ket) - energies(model, t)[0]

    return jax.vmap(at)(kets, times)


def diagonal_entropy(populations: ArrayLike) -> Float[Array, "*batch"]:
    """−Σ p ln p of `populations`, shape `(..., N)`, in nats.

    The entropy of a measurement in that basis. A state that evolves by a Hamiltonian
    alone stays pure; its von Neumann entropy is zero at all times. After a passage this
    one is constant too (0.5111 at gap = rate = 1), while work goes on being done at a
    constant rate, `lz.exact.irreversible_work_rate`.
    """
    p = jnp.asarray(populations, dtype=float)
    return jnp.sum(jax.scipy.special.entr(p), axis=-1)


class WorkStatistics(eqx.Module):
    """Work of a sweep between two measurements of the energy.

    - `work`: E_final − E_initial for every pair, shape `(N, N)`.
    - `probability`: of each pair, `[final, initial]`; sums to one.
    - `free_energy_change`: of the equilibria at both ends.
    - `beta`: the inverse temperature of the start.
    """

    work: Float[Array, "N N"]
    probability: Float[Array, "N N"]
    free_energy_change: Float[Array, ""]
    beta: Float[Array, ""]

    def __repr__(self) -> str:
        return readable(self)

    @property
    def mean(self) -> Float[Array, ""]:
        """⟨W⟩, at least the change of the free energy."""
        return jnp.sum(self.probability * self.work)

    @property
    def jarzynski(self) -> Float[Array, ""]:
        """⟨exp(−β(W − ΔF))⟩, which is one for every sweep."""
        exponent = -self.beta * (self.work - self.free_energy_change)
        return jnp.sum(self.probability * jnp.exp(exponent))


def work_statistics(
    model: AbstractHamiltonian,
    t0: ArrayLike,
    t1: ArrayLike,
    *,
    beta: ArrayLike,
    **options: Any,
) -> WorkStatistics:
    r"""Two-point work of a sweep from thermal equilibrium at the inverse temperature
    β, over a finite window.

    For a symmetric sweep of two levels, of the splitting E at both ends,
    ⟨W⟩ = E·P_jump·tanh(βE/2). `options` are those of `lz.transition_matrix`.

    **Raises:** as `lz.transition_matrix`.

    Source: Talkner, Lutz & Hänggi, Phys. Rev. E 75, 050102 (2007),
    doi:10.1103/PhysRevE.75.050102.
    """
    start, stop, beta = (jnp.asarray(x, dtype=float) for x in (t0, t1, beta))
    jumps = transition_matrix(model, start, stop, basis="adiabatic", **options)
    first, last = energies(model, start), energies(model, stop)
    thermal = jax.nn.softmax(-beta * first)
    ends = [jax.nn.logsumexp(-beta * levels) for levels in (first, last)]
    return WorkStatistics(
        last[:, None] - first[None, :],
        jumps * thermal[None, :],
        (ends[0] - ends[1]) / beta,
        beta,
    )
