"""Populations and amplitudes of states along time, in any basis."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from ..bases import superadiabatic_states
from ..models import AbstractHamiltonian
from ..propagate._arguments import check_model
from ._transitions import _check_basis


def amplitudes(
    model: AbstractHamiltonian,
    states: ArrayLike,
    ts: ArrayLike,
    *,
    basis: str = "diabatic",
    order: int = 1,
) -> Complex[Array, "T N"]:
    """Components of the states at the times `ts` in a basis of the model.

    **Arguments:**

    - `states`: shape `(T, N)`, as `lz.evolve` returns them.
    - `ts`: their times, shape `(T,)`.
    - `basis`: `"diabatic"`, `"adiabatic"` (by energy, lowest first) or
      `"superadiabatic"` of the given `order`; for the gauge see
      `lz.bases.superadiabatic_states`.

    **Raises:** `ValueError` for wrong shapes or an unknown basis.
    """
    check_model(model)
    _check_basis(basis, order, model)
    kets, times = jnp.asarray(states, dtype=complex), jnp.asarray(ts, dtype=float)
    if times.ndim != 1 or kets.shape != (*times.shape, model.dim):
        raise ValueError(
            f"`states` must have shape (T, {model.dim}) with `ts` of shape (T,), got "
            f"{kets.shape} and {times.shape}."
        )
    if basis == "diabatic":
        return kets
    return _rotated(model, kets, times, 0 if basis == "adiabatic" else order)


def populations(
    model: AbstractHamiltonian,
    states: ArrayLike,
    ts: ArrayLike,
    *,
    basis: str = "diabatic",
    order: int = 1,
) -> Float[Array, "T N"]:
    """Squared moduli of `amplitudes`, which says what the arguments are."""
    parts = amplitudes(model, states, ts, basis=basis, order=order)
    return parts.real**2 + parts.imag**2


@eqx.filter_jit
def _rotated(model, kets, times, order: int):
    frames = jax.vmap(lambda t: superadiabatic_states(model, t, order))(times)
    return jnp.einsum("tik,ti->tk", frames.conj(), kets)
