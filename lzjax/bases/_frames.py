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


def moving_directions(
    model: AbstractTwoLevel, times: Float[Array, " T"], order: int
) -> tuple[Float[Array, "3 T"], Float[Array, "2 3 T"], Float[Array, "2 3 T"]]:
    """The field of two levels at many times, and the Bloch direction of the upper state
    with its time derivative: of the adiabatic state, and of the superadiabatic one of
    the given order."""
    fields = _fields(model, times, order + 1)
    found = _two_level.moving_directions(fields)
    return fields[0], found[0], found[order]


def _fields(model: AbstractTwoLevel, times: Float[Array, " T"], order: int):
    # Times last, where compilers vectorise.
    return jax.vmap(lambda t: _two_level.expanded(model, t, order), out_axes=-1)(times)


def frames_along(
    model: AbstractHamiltonian, times: Float[Array, " T"], order: int
) -> tuple[
    Float[Array, "T 3"] | Complex[Array, "T N N N"],
    Float[Array, " T"],
    Float[Array, "T N"],
]:
    """The adiabatic states at many times, free of gauge: of two levels the direction of
    the upper one, else the projectors |k><k| (k first). By how much the states of the
    given order (at least 1) differ from those of the order below. And the adiabatic
    energies. Not differentiable in batches."""
    if isinstance(model, AbstractTwoLevel):
        fields = _fields(model, times, order)
        size = jnp.sqrt(jnp.sum(fields[0] ** 2, axis=0))
        levels = jnp.stack([-0.5 * size, 0.5 * size], axis=-1)
        if order == 1:
            change = _two_level.first_change(*fields)
        else:
            change = _two_level.last_change(fields)
        return (fields[0] / size[None]).T, change, levels

    def at(t):
        states, levels = _many_level.states_and_energies(model, t, order)
        return projectors(states[jnp.asarray([0, -2, -1])]), levels

    states, levels = jax.vmap(at)(times)
    first, below, last = (states[:, k] for k in range(3))
    change = jnp.sum(jnp.abs(last - below) ** 2, axis=(-1, -2))
    return first, jnp.sqrt(jnp.max(change, axis=1)), levels


def diabatic_frame(
    model: AbstractHamiltonian, t: Scalar
) -> Float[Array, " 3"] | Complex[Array, "N N N"]:
    """The diabatic states by their energies, as `frames_along` has states."""
    if isinstance(model, AbstractTwoLevel):
        _, _, z = model.field(t)
        return jnp.stack([0.0, 0.0, jnp.where(z > 0, 1.0, -1.0)])
    levels = jnp.eye(model.dim)[jnp.argsort(jnp.real(jnp.diagonal(model(t))))]
    return levels[:, :, None] * levels[:, None, :]


def turns(frames: Array) -> Float[Array, " T-1"]:
    """One less the least probability that a state is the same at the next time."""
    if frames.ndim == 2:
        return 0.25 * jnp.sum((frames[1:] - frames[:-1]) ** 2, axis=1)
    kept = jnp.einsum("tkij,tkji->tk", frames[1:], frames[:-1]).real
    return 1.0 - jnp.min(kept, axis=1)


def populations(frame: Array) -> Float[Array, "N N"]:
    """Of the diabatic levels (last axis) in each state of one frame, by energy."""
    if frame.ndim == 1:
        half = 0.5 * frame[2]
        return jnp.array([[0.5 - half, 0.5 + half], [0.5 + half, 0.5 - half]])
    return jnp.real(jnp.diagonal(frame, axis1=1, axis2=2))


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
