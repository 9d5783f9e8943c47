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
        found = _two_level.directions(_two_level.expanded(model, t, order))
        return jax.vmap(_two_level.states)(found)
    return _many_level.states_by_order(model, t, order)


def moving_direction(
    model: AbstractTwoLevel, t: Scalar, order: int
) -> tuple[Float[Array, " 3"], Float[Array, " 3"], Float[Array, " 3"]]:
    """The Bloch direction of the upper state of two levels: adiabatic, superadiabatic
    of the given order, and the time derivative of the latter."""
    found = _two_level.moving_directions(_two_level.expanded(model, t, order + 1))
    return found[0, 0], found[order, 0], found[order, 1]


def frames_along(
    model: AbstractHamiltonian, times: Float[Array, " T"], order: int
) -> tuple[Complex[Array, "T N N N"], Float[Array, " T"]]:
    """The adiabatic projectors |k><k| (k first) at many times, and by how much those
    of the given order (at least 1) differ from those of the order below."""
    if isinstance(model, AbstractTwoLevel):
        fields = jax.vmap(lambda t: _two_level.expanded(model, t, order), out_axes=-1)(
            times
        )
        found = _two_level.directions(fields)
        # The projectors are ½(1 ± n·σ).
        change = jnp.sqrt(0.5 * jnp.sum((found[-1] - found[-2]) ** 2, axis=0))
        states = jax.vmap(_two_level.states, in_axes=1)(found[0])
        return projectors(states), change
    states = jax.vmap(lambda t: _many_level.states_by_order(model, t, order))(times)
    first, below, last = (projectors(states[:, k]) for k in (0, -2, -1))
    return first, jnp.sqrt(
        jnp.max(jnp.sum(jnp.abs(last - below) ** 2, axis=(-1, -2)), axis=1)
    )


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
