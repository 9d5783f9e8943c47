"""Many steps: the loop over lanes, and the derivative of it all."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array

from .._types import Scalar
from ._grid import one_step
from ._lanes import in_blocks
from ._steppers import AbstractStepper


class Loop(eqx.Module):
    """The loop over the steps of a grid, for one group and stepper.

    Lanes with fewer steps than their block end with steps of no length, which are
    exact identities.
    """

    group: Any = eqx.field(static=True)
    stepper: AbstractStepper = eqx.field(static=True)
    structure: Any = eqx.field(static=True)

    def build(self, leaves: tuple[Array, ...]) -> Any:
        return self.group(join(self.structure, leaves))

    def displaced(self, primals, u, change) -> Any:
        """The derivative of u with this displacement; primals as for `fixed`."""
        return self.build(tuple(primals[2:])).displaced(u, change)

    def example(self, axes, leaves) -> Any:
        """The group of the first lane of a block, for what all lanes share."""
        firsts = [_first(x, a) for x, a in zip(leaves, axes[2:], strict=True)]
        return self.build(tuple(firsts))

    def step(self, group, low: Scalar, high: Scalar, count, index, library: bool):
        """Step `index` of the `count` steps that fill the cell from low to high."""
        dt = jnp.where(count > 0, (high - low) / jnp.maximum(count, 1), 0.0)
        return one_step(group, self.stepper, low + index * dt, dt, library)

    def place(self, edges, ends, counts, i):
        """The cell that step i lies in: its number, edges, steps, and i within it."""
        if counts.shape[0] == 1:
            k, done = 0, 0
        else:
            passed = jnp.sum(ends <= i, dtype=jnp.int32)
            k = jnp.minimum(passed, counts.shape[0] - 1)
            done = ends[k] - counts[k]
        count = jnp.where(i < ends[-1], counts[k], 0)
        return k, edges[k], edges[k + 1], count, i - done

    def lanes(self, axes, edges, counts, leaves) -> Any:
        """Propagators of a block of lanes; `axes` of (edges, counts, *leaves)."""

        def evolve(library: bool):
            def step(carry, i, edges, ends, counts, *leaves):
                u, angle = carry
                _, low, high, count, index = self.place(edges, ends, counts, i)
                group = self.build(leaves)
                move, square = self.step(group, low, high, count, index, library)
                return move @ u, jnp.maximum(angle, square)

            start = (self.example(axes, leaves).identity(), jnp.zeros(()))
            return _loop(step, start, axes, edges, counts, leaves)

        return _optimistic(evolve, self.group.reach)

    def sensitive_lanes(self, moving, axes, edges, counts, leaves) -> Any:
        """As `lanes`, with the derivative of the propagator in what moves.

        Returns (u, edge_rates, leaf_rates): displacements of the group with the edges,
        and the numbers of the moving leaves, as a last axis. One pass forwards, with
        memory that does not grow with the steps.
        """
        edges_move, leaves_move = moving

        def evolve(library: bool):
            def step(carry, i, edges, ends, counts, *leaves):
                u, angle, edge_rates, leaf_rates = carry
                k, low, high, count, index = self.place(edges, ends, counts, i)

                def one(low, high, moved):
                    group = self.build(_replaced(leaves, leaves_move, moved))
                    return self.step(group, low, high, count, index, library)

                moved = tuple(leaves[j] for j in leaves_move)
                move, square, turns = _rates(one, edges_move, low, high, moved)
                group = self.build(leaves)
                # The displacement is linear in the step.
                rates = jax.vmap(
                    lambda turn: group.change(u, move, turn), in_axes=-1, out_axes=-1
                )(turns)
                if edges_move:
                    edge_rates = jax.tree.map(
                        lambda old, new: (
                            old.at[..., k]
                            .add(new[..., 0])
                            .at[..., k + 1]
                            .add(new[..., 1])
                        ),
                        group.carried(move, edge_rates),
                        rates,
                    )
                leaf_rates = jax.tree.map(
                    lambda old, new: old + new[..., 2 * edges_move :],
                    group.carried(move, leaf_rates),
                    rates,
                )
                angle = jnp.maximum(angle, square)
                return move @ u, angle, edge_rates, leaf_rates

            group = self.example(axes, leaves)
            still = group.still()
            cells = counts.shape[-1] + 1 if edges_move else 0
            numbers = sum(_first(leaves[j], axes[2 + j]).size for j in leaves_move)
            edge_rates, leaf_rates = _zeros(still, cells), _zeros(still, numbers)
            start = (group.identity(), jnp.zeros(()), edge_rates, leaf_rates)
            u, angle, *rates = _loop(step, start, axes, edges, counts, leaves)
            return (u, *rates), angle

        if self.group.always_general:
            return evolve(True)[0]
        return _optimistic(evolve, self.group.reach)


# Beyond this many numbers, memory speaks for one backward pass for each coordinate
# instead of one forward pass for each number.
_MANY = 256


def _rates(one: Callable, edges_move: bool, low, high, moved) -> Any:
    """A step, its squared angle, and the derivatives of the step in all that moves,
    along a new last axis. `one` gives the first two.

    The directions are the rows of a constant: nothing is stacked inside the loop,
    which would keep it from being fused.
    """
    numbers = ((low, high), moved) if edges_move else moved
    step = (lambda x: one(*x[0], x[1])) if edges_move else (lambda x: one(low, high, x))
    parts, structure = jax.tree.flatten(numbers)
    total = sum(part.size for part in parts)
    coordinates = jax.tree.leaves(jax.eval_shape(step, numbers)[0])
    if all(x.shape == () for x in coordinates) and total > _MANY:
        return _rates_backward(step, numbers)
    ends = np.cumsum([part.size for part in parts])[:-1]
    directions = [
        jnp.asarray(rows.reshape(total, *part.shape))
        for rows, part in zip(np.split(np.eye(total), ends, axis=1), parts, strict=True)
    ]

    def along(direction):
        move, turn, square = jax.jvp(step, (numbers,), (direction,), has_aux=True)
        return move, square, turn

    return jax.vmap(along, out_axes=(None, None, -1))(
        jax.tree.unflatten(structure, directions)
    )


def _rates_backward(step: Callable, numbers) -> Any:
    move, pull, square = jax.vjp(step, numbers, has_aux=True)
    coordinates, structure = jax.tree.flatten(move)
    units = [jnp.asarray(row) for row in np.eye(len(coordinates))]
    (rows,) = jax.vmap(pull)(jax.tree.unflatten(structure, units))
    flat = [row.reshape(len(coordinates), -1) for row in jax.tree.leaves(rows)]
    turns = jax.tree.unflatten(structure, list(jnp.concatenate(flat, axis=1)))
    return move, square, turns


def _replaced(leaves, places, values) -> tuple[Array, ...]:
    new = list(leaves)
    for place, value in zip(places, values, strict=True):
        new[place] = value
    return tuple(new)


def _zeros(tree: Any, numbers: int) -> Any:
    return jax.tree.map(lambda x: jnp.zeros((*x.shape, numbers), x.dtype), tree)


def _first(array, axis):
    return array if axis is None else array[0]


def _loop(step, start, axes, edges, counts, leaves):
    """`step` over all steps, for all lanes at once, as far as the longest needs."""
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
        # One pass gives both.
        u, change = _change(loop, primals, tangents)
        return u, loop.displaced(primals, u, change)

    run.defjvp(rule, symbolic_zeros=True)
    return run(edges, counts, *leaves)


def attach_derivative(loop: Loop, u, edges, counts, leaves) -> Any:
    """u, known already from this grid, with its derivative in edges and leaves."""

    @jax.custom_jvp
    def run(u, edges, counts, *leaves):
        return u

    def rule(primals, tangents):
        # Through `run` again: the second derivative needs that of u as well.
        u = run(*primals)
        _, change = _change(loop, primals[1:], tangents[1:])
        return u, loop.displaced(primals[1:], u, change)

    run.defjvp(rule, symbolic_zeros=True)
    return run(jax.lax.stop_gradient(u), edges, counts, *leaves)


def _change(loop: Loop, primals, tangents):
    """The propagator, and its displacement along the tangents."""
    edges, counts, *leaves = primals
    edge_tangent, _, *leaf_tangents = tangents
    edges_move = not isinstance(edge_tangent, SymbolicZero)
    leaves_move = tuple(
        j
        for j, tangent in enumerate(leaf_tangents)
        if not isinstance(tangent, SymbolicZero)
    )

    def block(axes, edges, counts, *leaves):
        moving = (edges_move, leaves_move)
        return loop.sensitive_lanes(moving, axes, edges, counts, leaves)

    u, edge_rates, leaf_rates = in_blocks(block, _cost)(edges, counts, *leaves)
    change = loop.build(tuple(leaves)).still()
    moves = [(edge_rates, edge_tangent)] if edges_move else []
    if leaves_move:
        tangents = [jnp.ravel(leaf_tangents[j]) for j in leaves_move]
        moves.append((leaf_rates, jnp.concatenate(tangents)))
    for rates, tangent in moves:
        change = jax.tree.map(lambda x, rate, d=tangent: x + rate @ d, change, rates)
    return u, change


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


def join(structure: Any, leaves: tuple[Array, ...]) -> Any:
    treedef, static, is_complex = structure
    rest = list(leaves)
    arrays = [
        rest.pop(0) + 1j * rest.pop(0) if two else rest.pop(0) for two in is_complex
    ]
    return eqx.combine(jax.tree.unflatten(treedef, arrays), static)
