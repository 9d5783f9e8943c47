"""One face for the bases of any model: the states of each superadiabatic order."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from .._types import Scalar
from ..models import AbstractHamiltonian, AbstractTwoLevel
from . import _many_level, _two_level


def superadiabatic_states(
    model: AbstractHamiltonian, t: Scalar, order: int
) -> Complex[Array, "N N"]:
    """States of the superadiabatic basis of the given order at time t, as columns.

    Order 0 is the adiabatic basis, the eigenstates of H(t). Columns are sorted by
    energy, lowest first. The gauge of two levels is (−sin θ/2, e^{iφ} cos θ/2) for
    the lower and (cos θ/2, e^{iφ} sin θ/2) for the upper state; of more levels, the
    largest component of the adiabatic state is real and positive.
    """
    return states_by_order(model, t, order)[-1]


def states_by_order(
    model: AbstractHamiltonian, t: Scalar, order: int
) -> Complex[Array, "orders N N"]:
    """The states of every order from 0 to `order`."""
    if isinstance(model, AbstractTwoLevel):
        found = _two_level.directions(model, t, order)
        return jax.vmap(_two_level.states)(found)
    return _many_level.states_by_order(model, t, order)


def projectors(states: Complex[Array, "... N N"]) -> Complex[Array, "... N N N"]:
    """|k><k| of each column k: free of the gauge."""
    return jnp.einsum("...ik,...jk->...kij", states, states.conj())


def energies(model: AbstractHamiltonian, t: Scalar) -> Float[Array, " N"]:
    """Adiabatic energies at t, lowest first."""
    if isinstance(model, AbstractTwoLevel):
        x, y, z = model.field(t)
        half = 0.5 * jnp.sqrt(x * x + y * y + z * z)
        return jnp.stack([-half, half])
    return jnp.linalg.eigvalsh(model(t))
