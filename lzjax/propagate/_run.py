"""Many steps: the loop over lanes, step control, and the derivative of it all."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Float, Int

from .._types import Scalar
from ._grid import one_step
from ._lanes import in_blocks
from ._steppers import AbstractStepper


class Controlled(NamedTuple):
    """What step control found: propagator, error estimate, chunks, steps taken."""

    u: Any
    error: Scalar
    counts: Int[Array, " K"]
    spent: Int[Array, ""]


class Loop(eqx.Module):
    """The loop over the steps of a grid, for one group, stepper and chunk length.

    A chunk is `per_chunk` equal steps in one cell. Lanes with fewer chunks than their
    block end with steps of no length, which are exact identities.
    """

    group: Callable = eqx.field(static=True)
    stepper: AbstractStepper = eqx.field(static=True)
    per_chunk: int = eqx.field(static=True)
    structure: Any = eqx.field(static=True)

    def build(self, leaves: tuple[Array, ...]) -> Any:
        return self.group(_join(self.structure, leaves))

    def example(self, axes, leaves) -> Any:
        """The group of the first lane of a block, for what all lanes share."""
        firsts = [_first(x, a) for x, a in zip(leaves, axes[2:], strict=True)]
        return self.build(tuple(firsts))

    def chunk(self, group, low: Scalar, high: Scalar, count, index, library: bool):
        """Chunk `index` of the `count` chunks that fill the cell from low to high."""
        steps = jnp.maximum(count * self.per_chunk, 1)
        dt = jnp.where(count > 0, (high - low) / steps, 0.0)
        u, angle = None, jnp.zeros(())
        for j in range(self.per_chunk):
            t = low + (index * self.per_chunk + j) * dt
            step, square = one_step(group, self.stepper, t, dt, library)
            u = step if u is None else step @ u
            angle = jnp.maximum(angle, square)
        return u, angle

    def step_by_step(self, counts):
        """The same loop and grid in chunks of one step: quicker to compile."""
        return dataclasses.replace(self, per_chunk=1), counts * self.per_chunk

    def place(self, edges, ends, counts, i):
        """The cell that chunk i lies in: its edges, its chunks, and which one it is."""
        if counts.shape[0] == 1:
            k, done = 0, 0
        else:
            k = jnp.minimum(jnp.sum(ends <= i), counts.shape[0] - 1)
            done = ends[k] - counts[k]
        count = jnp.where(i < ends[-1], counts[k], 0)
        return k, edges[k], edges[k + 1], count, i - done

    def lanes(self, axes, edges, counts, leaves) -> Any:
        """Propagators of a block of lanes; `axes` of (edges, counts, *leaves)."""

        def evolve(library: bool):
            loop, chunks = self.step_by_step(counts) if library else (self, counts)

            def step(carry, i, edges, ends, counts, *leaves):
                u, angle = carry
                _, *cell = loop.place(edges, ends, counts, i)
                move, square = loop.chunk(loop.build(leaves), *cell, library)
                return move @ u, jnp.maximum(angle, square)

            start = (self.example(axes, leaves).identity(), jnp.zeros(()))
            return _loop(step, start, axes, edges, chunks, leaves)

        return _optimistic(evolve, self.group.reach)

    def sensitive_lanes(self, moving, axes, edges, counts, leaves) -> Any:
        """As `lanes`, with the derivative of the propagator in what moves.

        Returns (u, edge_rates, leaf_rates): for the edges, and for each moving leaf,
        a displacement of the group with the leaf's numbers as a last axis (none for a
        scalar). One pass forwards, with memory that does not grow with the steps.
        """
        edges_move, leaves_move = moving
        self, counts = self.step_by_step(counts)

        def evolve(library: bool):
            def step(carry, i, edges, ends, counts, *leaves):
                u, angle, edge_rates, leaf_rates = carry
                k, low, high, count, index = self.place(edges, ends, counts, i)

                def chunk(low, high, moved):
                    group = self.build(_replaced(leaves, leaves_move, moved)).fenced()
                    return self.chunk(group, low, high, count, index, library)

                group = self.build(leaves)
                moved = tuple(leaves[j] for j in leaves_move)
                move, square = chunk(low, high, moved)

                def change(low, high, moved):
                    return group.change(u, move, chunk(low, high, moved)[0])

                def carry_on(rates, new):
                    return jax.tree.map(jnp.add, group.carried(move, rates), new)

                local = _rates(lambda moved: change(low, high, moved), moved)
                leaf_rates = carry_on(leaf_rates, local)
                if edges_move:
                    at_low, at_high = _rates(lambda e: change(*e, moved), (low, high))
                    edge_rates = jax.tree.map(
                        lambda rate, a, b: rate.at[..., k].add(a).at[..., k + 1].add(b),
                        group.carried(move, edge_rates),
                        at_low,
                        at_high,
                    )
                angle = jnp.maximum(angle, square)
                return move @ u, angle, edge_rates, leaf_rates

            group = self.example(axes, leaves)
            still = group.still()
            edge_rates = ()
            if edges_move:
                edge_rates = _zeros(still, (counts.shape[-1] + 1,))
            sizes = [_first(leaves[j], axes[2 + j]).shape for j in leaves_move]
            leaf_rates = tuple(_zeros(still, _flat(shape)) for shape in sizes)
            start = (group.identity(), jnp.zeros(()), edge_rates, leaf_rates)
            u, angle, *rates = _loop(step, start, axes, edges, counts, leaves)
            return (u, *rates), angle

        return _optimistic(evolve, self.group.reach)


# From here on one backward pass for each coordinate beats one forward pass for each
# number.
_MANY = 8


def _rates(change: Callable, moved: tuple[Array, ...]) -> tuple[Any, ...]:
    """Derivatives of a displacement, one pytree for each argument.

    Scalars stay scalars: stacking them would keep the loop from being fused.
    """
    coordinates = jax.tree.leaves(jax.eval_shape(change, moved))
    scalar = all(leaf.shape == () for leaf in coordinates)
    if scalar and sum(x.size for x in moved) > _MANY:
        return _rates_backward(change, moved)

    def along(j, direction):
        def one(x):
            return change((*moved[:j], x, *moved[j + 1 :]))

        return jax.jvp(one, (moved[j],), (direction,))[1]

    def rate(j):
        x = moved[j]
        if x.shape == ():
            return along(j, jnp.ones_like(x))
        directions = jnp.eye(x.size, dtype=x.dtype).reshape(-1, *x.shape)
        return jax.vmap(lambda d: along(j, d), out_axes=-1)(directions)

    return tuple(rate(j) for j in range(len(moved)))


def _rates_backward(change: Callable, moved: tuple[Array, ...]) -> tuple[Any, ...]:
    out, pull = jax.vjp(change, moved)
    numbers, structure = jax.tree.flatten(out)
    rows = []
    for k in range(len(numbers)):
        unit = [jnp.ones(()) if k == m else jnp.zeros(()) for m in range(len(numbers))]
        (row,) = pull(jax.tree.unflatten(structure, unit))
        rows.append([x if x.shape == () else x.ravel() for x in row])
    return tuple(
        jax.tree.unflatten(structure, [row[j] for row in rows])
        for j in range(len(moved))
    )


def _replaced(leaves, places, values) -> tuple[Array, ...]:
    new = list(leaves)
    for place, value in zip(places, values, strict=True):
        new[place] = value
    return tuple(new)


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    return () if shape == () else (math.prod(shape),)


def _zeros(tree: Any, shape: tuple[int, ...]) -> Any:
    return jax.tree.map(lambda x: jnp.zeros((*x.shape, *shape), x.dtype), tree)


def _first(array, axis):
    return array if axis is None else array[0]


def _loop(step, start, axes, edges, counts, leaves):
    """`step` over all chunks, for all lanes at once, as far as the longest needs."""
    ends = jnp.cumsum(counts, axis=-1)
    edges_axis, counts_axis, *leaf_axes = axes
    lanes = next(
        x.shape[0]
        for x, axis in zip((edges, counts, *leaves), axes, strict=True)
        if axis == 0
    )
    carry = jax.tree.map(lambda x: jnp.broadcast_to(x, (lanes, *x.shape)), start)
    mapped = jax.vmap(
        step, in_axes=(0, None, edges_axis, counts_axis, counts_axis, *leaf_axes)
    )

    def body(i, carry):
        return mapped(carry, i, edges, ends, counts, *leaves)

    return jax.lax.fori_loop(0, jnp.max(ends), body, carry)


def _optimistic(evolve: Callable, reach: float) -> Any:
    """Polynomials first; lanes that left their range again, by the library."""
    value, angle = evolve(False)
    beyond = angle > reach

    def again():
        exact, _ = evolve(True)

        def pick(old, new):
            where = beyond.reshape(beyond.shape + (1,) * (old.ndim - 1))
            return jnp.where(where, new, old)

        return jax.tree.map(pick, value, exact)

    return jax.lax.cond(jnp.any(beyond), again, lambda: value)


def fixed(loop: Loop, edges, counts, leaves: tuple[Array, ...]) -> Any:
    """The propagator on a given grid; differentiable in edges and leaves."""

    @jax.custom_jvp
    def run(edges, counts, *leaves):
        def block(axes, edges, counts, *leaves):
            return loop.lanes(axes, edges, counts, leaves)

        return in_blocks(block, _cost)(edges, counts, *leaves)

    def rule(primals, tangents):
        return _sensitive(loop, primals, tangents)

    run.defjvp(rule, symbolic_zeros=True)
    return run(edges, counts, *leaves)


def attach_derivative(loop: Loop, u, edges, counts, leaves) -> Any:
    """u, known already from this grid, with its derivative in edges and leaves."""

    @jax.custom_jvp
    def run(u, edges, counts, *leaves):
        return u

    def rule(primals, tangents):
        out, change = _sensitive(loop, primals[1:], tangents[1:])
        return primals[0], change

    run.defjvp(rule, symbolic_zeros=True)
    return run(jax.lax.stop_gradient(u), edges, counts, *leaves)


def _sensitive(loop: Loop, primals, tangents):
    edges, counts, *leaves = primals
    edge_tangent, _, *leaf_tangents = tangents
    edges_move = not isinstance(edge_tangent, SymbolicZero)
    leaves_move = tuple(
        j for j, tangent in enumerate(leaf_tangents)
        if not isinstance(tangent, SymbolicZero)
    )

    def block(axes, edges, counts, *leaves):
        moving = (edges_move, leaves_move)
        return loop.sensitive_lanes(moving, axes, edges, counts, leaves)

    u, edge_rates, leaf_rates = in_blocks(block, _cost)(edges, counts, *leaves)
    group = loop.build(tuple(leaves))
    change = group.still()
    moves = [(edge_rates, edge_tangent)] if edges_move else []
    moves += [
        (rates, jnp.ravel(leaf_tangents[j]) if leaf_tangents[j].ndim else leaf_tangents[j])
        for rates, j in zip(leaf_rates, leaves_move, strict=True)
    ]
    for rates, tangent in moves:
        change = jax.tree.map(
            lambda total, rate, d=tangent: total + (rate @ d if d.ndim else rate * d),
            change,
            rates,
        )
    return u, group.displaced(u, change)


def controlled(
    loop: Loop,
    edges: Float[Array, " K+1"],
    counts: Int[Array, " K"],
    tolerance: Scalar,
    leaves: tuple[Array, ...],
    max_steps: int,
    max_rounds: int,
) -> Controlled:
    """Refine the grid until doubling it changes the propagator within tolerance.

    Not differentiable: see `attach_derivative`.
    """
    order = loop.stepper.order

    def block(axes, edges, counts, tolerance, *leaves):
        lanes_axes = (axes[0], 0, *axes[3:])
        members = next(
            x.shape[0]
            for x, axis in zip((edges, counts, tolerance, *leaves), axes, strict=True)
            if axis == 0
        )
        counts = jnp.broadcast_to(counts, (members, counts.shape[-1]))
        group = loop.example(lanes_axes, leaves)

        def unfinished(state):
            rounds, active, *_ = state
            return jnp.any(active) & (rounds < max_rounds)

        def refine(state):
            rounds, active, counts, u, error, spent = state
            chunks = jnp.where(active[:, None], counts, 0)
            # One loop for both is compiled once.
            both = jax.lax.map(
                lambda finer: loop.lanes(lanes_axes, edges, finer * chunks, leaves),
                jnp.array([1, 2], chunks.dtype),
            )
            coarse, fine = (jax.tree.map(lambda x, k=k: x[k], both) for k in (0, 1))
            change = jax.vmap(group.distance)(fine, coarse) / (2.0**order - 1.0)
            u = jax.tree.map(
                lambda old, new: jnp.where(
                    active.reshape((-1,) + (1,) * (old.ndim - 1)), new, old
                ),
                u,
                fine,
            )
            error = jnp.where(active, change, error)
            spent = spent + 3 * loop.per_chunk * jnp.sum(chunks, -1, jnp.int32)
            factor = 1.15 * (change / tolerance) ** (1.0 / order)
            factor = jnp.clip(jnp.nan_to_num(factor, nan=1.0), 1.3, 8.0)
            wanted = jnp.ceil(counts * factor[:, None])
            total = 2.0 * loop.per_chunk * jnp.sum(wanted, axis=-1)
            active = active & (change > tolerance) & (total <= max_steps)
            counts = jnp.where(active[:, None], wanted.astype(jnp.int32), counts)
            return rounds + 1, active, counts, u, error, spent

        u = jax.tree.map(
            lambda x: jnp.broadcast_to(x, (members, *x.shape)), group.identity()
        )
        total = 2.0 * loop.per_chunk * jnp.sum(counts.astype(float), axis=-1)
        state = (
            0,
            total <= max_steps,
            counts,
            u,
            jnp.full(members, jnp.inf),
            jnp.zeros(members, jnp.int32),
        )
        _, _, counts, u, error, spent = jax.lax.while_loop(unfinished, refine, state)
        return Controlled(u, error, 2 * counts, spent)

    def cost(edges, counts, tolerance, *leaves):
        return jnp.sum(counts).astype(float)

    run = in_blocks(block, cost)
    return jax.lax.stop_gradient(
        run(*jax.lax.stop_gradient((edges, counts, tolerance, *leaves)))
    )


def _cost(edges, counts, *leaves):
    return jnp.sum(counts).astype(float)


def split(model: Any) -> tuple[tuple[Array, ...], Any]:
    """A model as real arrays and the (static) structure that puts it together."""
    arrays, static = eqx.partition(model, eqx.is_array)
    leaves, treedef = jax.tree.flatten(arrays)
    is_complex = tuple(bool(jnp.iscomplexobj(leaf)) for leaf in leaves)
    real: list[Array] = []
    for leaf, two in zip(leaves, is_complex, strict=True):
        real += [jnp.real(leaf), jnp.imag(leaf)] if two else [leaf]
    return tuple(real), (treedef, static, is_complex)


def _join(structure: Any, leaves: tuple[Array, ...]) -> Any:
    treedef, static, is_complex = structure
    rest = list(leaves)
    arrays = [
        rest.pop(0) + 1j * rest.pop(0) if two else rest.pop(0) for two in is_complex
    ]
    return eqx.combine(jax.tree.unflatten(treedef, arrays), static)
