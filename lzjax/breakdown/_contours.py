"""Areas of contours that are symmetric in k_y, from k_y² as a function of k_x."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._types import Scalar


def closed_area(
    square: Callable[[Float[Array, " n"]], Float[Array, " n"]],
    left: Scalar,
    right: Scalar,
    nodes: int,
) -> Scalar:
    r"""$2\int_\text{left}^\text{right}\sqrt{f(x)}\,dx$ between two simple zeros of f.

    With $x$ on a cosine the integrand is smooth and the midpoint rule converges
    exponentially; derivatives are right to all orders if the zeros are differentiable.
    """
    angles = (np.arange(nodes) + 0.5) * np.pi / nodes
    middle, half = 0.5 * (left + right), 0.5 * (right - left)
    heights = jnp.sqrt(square(middle - half * np.cos(angles)))
    return 2.0 * half * jnp.dot(jnp.asarray(np.sin(angles)), heights) * np.pi / nodes


def open_area(
    square: Callable[[Float[Array, " n"]], Float[Array, " n"]],
    period: Scalar,
    nodes: int,
) -> Scalar:
    r"""$\int\sqrt{f}\,dx$ over one period of an open sheet, by the midpoint rule."""
    places = (np.arange(nodes) + 0.5) / nodes - 0.5
    return period * jnp.mean(jnp.sqrt(square(period * places)))
