"""Energy and entropy of states along a sweep."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from ..bases import energies
from ..models import AbstractHamiltonian
from ._states import amplitudes


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
    alone stays pure; its von Neumann entropy is zero at all times.
    """
    p = jnp.asarray(populations, dtype=float)
    return jnp.sum(jax.scipy.special.entr(p), axis=-1)
