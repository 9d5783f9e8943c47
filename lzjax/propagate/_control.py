"""Step control: a grid refined until it meets the tolerance, lane by lane."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .._types import Scalar
from ._lanes import chosen, in_blocks, lane_count
from ._loop import FEW_CELLS
from ._run import COUNTS, LANES_ON_GPU, Loop


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
    """Refine the grid until the last doubling changes the propagator within tolerance,
    or until rounding is all that is left.

    `turns` is the angle by which the window turns a state; the rounding of the phases
    grows with it. Not differentiable: see `attach_derivative`.
    """
    order = loop.stepper.order
    # Grids that are compared, in steps of the coarsest; where cells are many, they are
    # short, and two must do.
    scales = (1, 2, 4) if counts.shape[-1] <= FEW_CELLS else (1, 2)

    def block(axes, edges, counts, tolerance, turns, *leaves):
        lanes_axes = (axes[0], 0, *axes[4:])
        members = lane_count(axes, (edges, counts, tolerance, turns, *leaves))
        counts = jnp.broadcast_to(counts, (members, counts.shape[-1]))
        group = loop.example(lanes_axes, leaves)

        def unfinished(state):
            rounds, active, *_ = state
            return jnp.any(active) & (rounds < max_rounds)

        def refine(state):
            rounds, active, counts, u, error, spent = state
            taken = jnp.where(active[:, None], counts, 0)
            # One loop for all is compiled once.
            runs = jax.lax.map(
                lambda finer: loop.lanes(lanes_axes, edges, finer * taken, leaves),
                jnp.array(scales, taken.dtype),
            )
            *coarser, coarse, fine = (
                jax.tree.map(lambda x, k=k: x[k], runs) for k in range(len(scales))
            )
            gain = 1.0 / (2.0**order - 1.0)
            distance = jax.vmap(group.distance)
            change = distance(fine, coarse)
            trust = jnp.full(members, gain)
            for coarsest in coarser:
                # Where H is not smooth, or steps are long, errors fall more slowly.
                fall = distance(coarse, coarsest) / jnp.where(change > 0, change, 1.0)
                trust = jnp.maximum(gain, 1.0 / (jnp.maximum(fall, 1.5) - 1.0))
            change = trust * change
            fine = jax.vmap(lambda f, c: group.extrapolated(f, c, gain))(fine, coarse)
            u = chosen(active, fine, u)
            steps = scales[-1] * jnp.sum(taken, axis=-1)
            # Lengths of steps are rounded alike in a cell, all else at random.
            unit = 0.5 * jnp.finfo(change.dtype).eps
            rounding = unit * (0.2 * turns + jnp.sqrt(steps.astype(change.dtype)))
            # Twice: where steps are long, more than the leading error counts.
            error = jnp.where(active, 2.0 * change + rounding, error)
            spent = spent + sum(scales) * jnp.sum(taken, -1, jnp.int32)
            factor = 1.15 * (change / tolerance) ** (1.0 / order)
            factor = jnp.clip(jnp.nan_to_num(factor, nan=1.0), 1.3, 8.0)
            wanted = jnp.ceil(counts * factor[:, None])
            total = float(scales[-1]) * jnp.sum(wanted, axis=-1)
            active = active & (change > tolerance) & (total <= max_steps)
            active = active & ~(change < gain * rounding)
            counts = jnp.where(active[:, None], wanted.astype(jnp.int32), counts)
            return rounds + 1, active, counts, u, error, spent

        u = jax.tree.map(
            lambda x: jnp.broadcast_to(x, (members, *x.shape)), group.identity()
        )
        # A plan can be too careful: what fits is tried, and measured.
        counts = -(-2 * counts // scales[-1])
        total = scales[-1] * jnp.sum(counts.astype(float), axis=-1)
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
        return Controlled(u, error, scales[-1] * counts, spent)

    run = in_blocks(block, COUNTS, loop.width(leaves), LANES_ON_GPU)
    return jax.lax.stop_gradient(
        run(*jax.lax.stop_gradient((edges, counts, tolerance, turns, *leaves)))
    )
