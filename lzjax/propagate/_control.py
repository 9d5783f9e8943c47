"""Step control: a grid refined until it meets the tolerance, lane by lane."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .._types import Scalar
from ._lanes import in_blocks
from ._run import Loop


class Controlled(NamedTuple):
    """What step control found: propagator, error estimate, grid, steps taken."""

    u: Any
    error: Scalar
    counts: Int[Array, " K"]
    spent: Int[Array, ""]


def controlled(
    loop: Loop,
    edges: Float[Array, " K+1"],
    counts: Int[Array, " K"],
    tolerance: Scalar,
    turns: Scalar,
    leaves: tuple[Array, ...],
    max_steps: int,
    max_rounds: int,
) -> Controlled:
    """Refine the grid until doubling it changes the propagator within tolerance, or
    until rounding is all that is left.

    `turns` is the angle by which the window turns a state; the rounding of the phases
    grows with it. Not differentiable: see `attach_derivative`.
    """
    order = loop.stepper.order

    def block(axes, edges, counts, tolerance, turns, *leaves):
        lanes_axes = (axes[0], 0, *axes[4:])
        arrays = (edges, counts, tolerance, turns, *leaves)
        members = next(
            x.shape[0] for x, axis in zip(arrays, axes, strict=True) if axis == 0
        )
        counts = jnp.broadcast_to(counts, (members, counts.shape[-1]))
        group = loop.example(lanes_axes, leaves)

        def unfinished(state):
            rounds, active, *_ = state
            return jnp.any(active) & (rounds < max_rounds)

        def refine(state):
            rounds, active, counts, u, error, spent = state
            taken = jnp.where(active[:, None], counts, 0)
            # One loop for both is compiled once.
            both = jax.lax.map(
                lambda finer: loop.lanes(lanes_axes, edges, finer * taken, leaves),
                jnp.array([1, 2], taken.dtype),
            )
            coarse, fine = (jax.tree.map(lambda x, k=k: x[k], both) for k in (0, 1))
            gain = 1.0 / (2.0**order - 1.0)
            change = gain * jax.vmap(group.distance)(fine, coarse)
            fine = jax.vmap(lambda f, c: group.extrapolated(f, c, gain))(fine, coarse)
            u = jax.tree.map(
                lambda old, new: jnp.where(
                    active.reshape((-1,) + (1,) * (old.ndim - 1)), new, old
                ),
                u,
                fine,
            )
            steps = jnp.sum(2 * taken, axis=-1)
            unit = 0.5 * jnp.finfo(change.dtype).eps
            rounding = unit * (turns + jnp.sqrt(steps.astype(change.dtype)))
            # Twice: where steps are long, more than the leading error counts.
            error = jnp.where(active, 2.0 * change + rounding, error)
            spent = spent + 3 * jnp.sum(taken, -1, jnp.int32)
            factor = 1.15 * (change / tolerance) ** (1.0 / order)
            factor = jnp.clip(jnp.nan_to_num(factor, nan=1.0), 1.3, 8.0)
            wanted = jnp.ceil(counts * factor[:, None])
            total = 2.0 * jnp.sum(wanted, axis=-1)
            active = active & (change > tolerance) & (total <= max_steps)
            active = active & ~(change < gain * rounding)
            counts = jnp.where(active[:, None], wanted.astype(jnp.int32), counts)
            return rounds + 1, active, counts, u, error, spent

        u = jax.tree.map(
            lambda x: jnp.broadcast_to(x, (members, *x.shape)), group.identity()
        )
        # A plan can be too careful: what fits is tried, and measured.
        total = 2.0 * jnp.sum(counts.astype(float), axis=-1)
        fits = jnp.floor(counts * jnp.minimum(max_steps / total, 1.0)[:, None])
        counts = jnp.where(counts > 0, jnp.maximum(fits, 1.0), 0.0).astype(jnp.int32)
        state = (
            0,
            jnp.ones(members, bool),
            counts,
            u,
            jnp.full(members, jnp.inf),
            jnp.zeros(members, jnp.int32),
        )
        _, _, counts, u, error, spent = jax.lax.while_loop(unfinished, refine, state)
        return Controlled(u, error, 2 * counts, spent)

    def cost(edges, counts, *rest):
        return jnp.sum(counts).astype(float)

    run = in_blocks(block, cost, loop.width(leaves))
    return jax.lax.stop_gradient(
        run(*jax.lax.stop_gradient((edges, counts, tolerance, turns, *leaves)))
    )
