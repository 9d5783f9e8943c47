"""Arcs as points: Newton steps, integrals along them, and their states."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_positive, check_shape, is_concrete
from .._types import Scalar, as_array
from ._bands import AbstractTwoBands, Vector3


def in_band(bands: AbstractTwoBands, sign: Scalar, k: Vector3) -> Scalar:
    """The lower (−1) or upper (1) band, with the sign as a number."""
    one, two, flip = bands.elements(k)
    split = jnp.sqrt(0.25 * (one - two) ** 2 + jnp.abs(flip) ** 2)
    return 0.5 * (one + two) + sign * split


def refined_root(improved: Callable, data: Any, guess: Array, steps: int) -> Array:
    """The fixed point in x of the Newton step `improved(data, x)`, with derivatives by
    the data that are right to third order."""
    still = jax.lax.stop_gradient(data)
    start = jax.lax.stop_gradient(guess)
    found = jax.lax.fori_loop(0, steps, lambda _, x: improved(still, x), start)
    # Each step with derivatives doubles the order to which they are right.
    return improved(data, improved(data, found))


def newton(function: Callable, data: Any, steps: int = 8) -> Array:
    """The zero in x of a `function(data, x)` of two numbers, near (0, 0)."""

    def improved(data, x):
        value = function(data, x)
        (a, b), (c, d) = jax.jacfwd(lambda x: function(data, x))(x)
        step = jnp.stack([d * value[0] - b * value[1], a * value[1] - c * value[0]])
        return x - step / (a * d - b * c)

    return refined_root(improved, data, jnp.zeros(2), steps)


def unit_vector(name: str, value: ArrayLike) -> Vector3:
    """The direction of a vector. **Raises:** `ValueError` if it has none."""
    value = as_array(value)
    check_shape(name, value, (3,), "For many use jax.vmap around this call.")
    length = jnp.sqrt(jnp.sum(value**2))
    check_positive(f"|{name}|", length)
    return value / length


def check_on_crossing(bands: AbstractTwoBands, k0: Vector3) -> None:
    """Refuse a concrete point where the uncoupled bands do not cross."""
    one, two, flip = bands.elements(k0)
    if not is_concrete((one, two, flip)):
        return
    apart, scale = float(abs(one - two)), float(abs(one) + abs(two) + abs(flip))
    if not apart <= 1e-6 * scale:
        raise ValueError(
            "the uncoupled bands must cross at `k0`, but their energies there are "
            f"{float(one)} and {float(two)} eV."
        )


def plane(normal: Vector3) -> Float[Array, "2 3"]:
    """Two unit vectors across the unit normal, x and y for a field along z."""
    # The axis that is furthest from the normal is never parallel to it.
    axis = jnp.eye(3)[jnp.argmin(jnp.abs(normal))]
    first = axis - normal * jnp.dot(axis, normal)
    first = first / jnp.sqrt(jnp.sum(first**2))
    return jnp.stack([first, jnp.cross(normal, first)])


def crossing(
    bands: AbstractTwoBands, energy: Scalar, frame: Array, guess: Vector3
) -> Vector3:
    """Where both uncoupled bands have the energy, in the plane of `frame` (2, 3)."""

    def excess(data, x):
        bands, energy = data
        one, two, _ = bands.elements(guess + x @ frame)
        return jnp.stack([one, two]) - energy

    return guess + newton(excess, (bands, energy)) @ frame


def lobatto(count: int) -> Float[np.ndarray, " N"]:
    """Chebyshev-Lobatto points in [0, 1], rising; dense at both ends."""
    return 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / (count - 1))


def quadrature(count: int) -> Float[Array, " N"]:
    """Clenshaw-Curtis weights on `lobatto` points, for an odd number of them."""
    size = count - 1
    angles = np.pi * np.arange(count) / size
    even = np.arange(2, size, 2)
    total = 1.0 - np.sum(2.0 * np.cos(np.outer(angles, even)) / (even**2 - 1.0), axis=1)
    total = total - np.cos(size * angles) / (size**2 - 1.0)
    total[[0, -1]] *= 0.5
    return jnp.asarray(total / size)


def derivative_matrix(count: int) -> Float[Array, "N N"]:
    """From values at `lobatto` points to the derivatives of their polynomial there."""
    x = lobatto(count)
    ends = np.ones(count)
    ends[[0, -1]] = 2.0
    signs = ends * (-1.0) ** np.arange(count)
    apart = x[:, None] - x[None, :] + np.eye(count)
    matrix = np.outer(signs, 1.0 / signs) / apart
    return jnp.asarray(matrix - np.diag(np.sum(matrix, axis=1)))


def angle_between(first: Vector3, second: Vector3, normal: Vector3) -> Scalar:
    """From the first direction to the second, positive around the normal."""
    across = jnp.dot(jnp.cross(first, second), normal)
    return jnp.arctan2(across, jnp.dot(first, second))


def argument(coupling: Array) -> Scalar:
    """arg W, exactly 0 or π for real numbers."""
    if jnp.iscomplexobj(coupling):
        return jnp.angle(coupling)
    return jnp.where(coupling < 0, jnp.pi, 0.0)


def wrapped(angle: Scalar) -> Scalar:
    """The same angle in [−π, π]."""
    return angle - 2.0 * jnp.pi * jnp.round(angle / (2.0 * jnp.pi))


def state_in(bands: AbstractTwoBands, sign: Scalar, k: Vector3) -> Complex[Array, "2"]:
    """The state of the lower (−1) or upper (1) band, in any gauge."""
    one, two, flip = bands.elements(k)
    half = 0.5 * (one - two)
    split = jnp.sqrt(half**2 + jnp.abs(flip) ** 2)
    # Of the two columns of the projector the one that does not cancel.
    is_one = sign * half >= 0
    large = jnp.sqrt(0.5 * (1.0 + jnp.abs(half) / split))
    small = 0.5 * sign / (split * large)
    first = jnp.where(is_one, large + 0j, small * jnp.conj(flip))
    second = jnp.where(is_one, small * flip, large + 0j)
    return jnp.stack([first, second])


def transported(states: Complex[Array, "N 2"], first: Array, last: Array) -> Scalar:
    """−Σ arg⟨u_j|u_{j+1}⟩ from a state with a positive component `first` to one with
    a positive component `last`, 0 or 1; around the loop if they are negative."""
    overlaps = jnp.sum(jnp.conj(states[:-1]) * states[1:], axis=1)
    closing = jnp.sum(jnp.conj(states[0]) * states[-1])
    ends = jnp.conj(states[0, first]) * states[-1, last]
    total = jnp.angle(jnp.where(first < 0, closing, ends)) - jnp.sum(
        jnp.angle(overlaps)
    )
    return wrapped(total)
