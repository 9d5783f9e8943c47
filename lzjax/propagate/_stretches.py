"""Parallel in time: the steps of few lanes in stretches that run side by side."""

import functools
from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

# With fewer lanes a GPU has idle units; joining more stretches than these takes longer
# than it saves.
_ENOUGH = 1 << 16
_MOST = 512


def stretches(cells: int, lanes: int) -> int:
    """Into how many stretches each cell is cut, a power of two; one for many lanes."""
    count = 1
    while 2 * count * cells * lanes <= _ENOUGH and count < _MOST:
        count *= 2
    return count


def cut(
    edges: Float[Array, "K+1 L"],
    counts: Int[Array, "K L"],
    numbers: tuple[Float[Array, " L"], ...],
    count: int,
):
    """`count` stretches of each cell, each a lane with one cell; in the order of their
    times, the lanes of each side by side. Shapes `(2, M)`, `(1, M)` and `(M,)`."""
    part = jnp.arange(count + 1, dtype=counts.dtype)[None, :, None]
    # Not part · counts // count, which can leave the range of the integers.
    whole, rest = counts[:, None] // count, counts[:, None] % count
    first = part * whole + part * rest // count
    low, high = edges[:-1, None], edges[1:, None]
    length = (high - low) / jnp.maximum(counts[:, None], 1)
    places = jnp.where(first == counts[:, None], high, low + first * length)
    lows, highs = places[:, :-1].reshape(-1), places[:, 1:].reshape(-1)
    steps = jnp.diff(first, axis=1).reshape(1, -1)
    copies = count * counts.shape[0]
    tiled = tuple(jnp.tile(x, copies) for x in numbers)
    return jnp.stack([lows, highs]), steps, tiled


def joined(
    join: Callable[[tuple, tuple], tuple],
    parts: tuple[Float[Array, " M"], ...],
    cells: int,
    count: int,
) -> tuple[Float[Array, " L"], ...]:
    """What all stretches make together; `join(earlier, later)` joins two."""
    parts = tuple(x.reshape(cells, count, -1) for x in parts)
    while count > 1:
        parts = join(*(tuple(x[:, k::2] for x in parts) for k in (0, 1)))
        count //= 2
    return functools.reduce(
        join, [tuple(x[cell, 0] for x in parts) for cell in range(cells)]
    )
