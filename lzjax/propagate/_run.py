"""Many steps: the loop over lanes, and the derivative of it all."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array

from .._types import Scalar
from ..kernels import Cell, left_over
from . import _kernel
from ._cos_sinc import ANY_ANGLE, SMALL_ANGLES, Trigonometry
from ._exponents import exponents_on_lanes, first_of
from ._grid import stepped
from ._lanes import in_blocks, lane_count, optimistic
from ._leaves import join
from ._loop import TOGETHER, larger, looped
from ._rates import few_scalars, joined_rates, step_with_rates
from ._steppers import AbstractStepper

# Where the steps of a lane, its cost, stand among what blocks take.
COUNTS = 1
# Lanes that a GPU takes at once.
LANES_ON_GPU = 1 << 22


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

    def width(self, leaves: tuple[Array, ...]) -> int:
        """How many lanes make a block whose numbers stay in a core's cache."""
        sizes = jax.eval_shape(lambda: self.build(leaves).identity())
        return max(self.group.cached // jax.tree.leaves(sizes)[0].size, 8)

    def example(self, axes, leaves) -> Any:
        """The group of the first lane of a block, for what all lanes share."""
        firsts = [first_of(x, a) for x, a in zip(leaves, axes[2:], strict=True)]
        return self.build(tuple(firsts))

    @staticmethod
    def place(low: Scalar, high: Scalar, count, index) -> tuple[Scalar, Scalar]:
        """Start and length of step `index` of the `count` steps that fill the cell
        from low to high; of no length beyond these. In float32 another one, short,
        closes it."""
        whole = (high - low) / jnp.maximum(count, 1)
        dt = jnp.where(index < count, whole, 0.0)
        t, dt = Cell(low, dt).step(index)
        if dt.dtype.itemsize > 4:
            return t, dt
        rest = left_over(low, high, count, whole)
        beyond = jnp.where(index == count, rest, 0.0)
        return jnp.where(index < count, t, high), jnp.where(index < count, dt, beyond)

    def exponents(self, axes, lanes: int, place, leaves) -> Any:
        """The exponents of one step of all lanes, which are on the last axis."""
        t, dt = self.place(*place)
        t = jnp.broadcast_to(t, (lanes,))
        return exponents_on_lanes(self.stepper, self.build, axes[2:], t, dt, leaves)

    def lanes(self, axes, edges, counts, leaves) -> Any:
        """Propagators of a block of lanes; `axes` of (edges, counts, *leaves)."""

        def otherwise(edges, counts, *leaves):
            return self._lanes(axes, edges, counts, leaves), None

        return _kernel.where_possible(self, axes, (), otherwise, edges, counts, leaves)[
            0
        ]

    def _lanes(self, axes, edges, counts, leaves) -> Any:
        group = self.example(axes, leaves)
        lanes = lane_count(axes, (edges, counts, *leaves))

        def combined(earlier, later):
            (u, angle), (move, square) = earlier, later
            return move @ u, larger(angle, square)

        def evolve(way: Trigonometry):
            def step(place, cell):
                exponents = self.exponents(axes, lanes, place, leaves)
                return stepped(group, exponents, way)

            start = (group.identity(), jnp.zeros(()))
            together = min(TOGETHER, way.together) if group.scalars else 1
            u, angle = looped(
                step, combined, start, axes, edges, counts, leaves, together
            )
            return _in_front(u), angle > way.reach

        # Matrices have one way for all angles.
        quick = [SMALL_ANGLES] if group.scalars else []
        ways = [functools.partial(evolve, way) for way in (*quick, ANY_ANGLE)]
        return optimistic(*ways)

    def sensitive_lanes(self, moving, axes, edges, counts, leaves) -> Any:
        """As `lanes`, with the derivative of the propagator in what moves.

        Returns (u, rates): displacements of the group with the edges, if these move,
        then with the numbers of the moving leaves, as a last axis. One pass forwards,
        with memory that does not grow with the steps.
        """
        edges_move, leaves_move = moving

        def otherwise(edges, counts, *leaves):
            return self._sensitive_lanes(moving, axes, edges, counts, leaves)

        if edges_move:
            return otherwise(edges, counts, *leaves)
        return _kernel.where_possible(
            self, axes, leaves_move, otherwise, edges, counts, leaves
        )

    def _sensitive_lanes(self, moving, axes, edges, counts, leaves) -> Any:
        edges_move, leaves_move = moving
        group = self.example(axes, leaves)
        lanes = lane_count(axes, (edges, counts, *leaves))
        axes, edges, counts, leaves = _own(moving, axes, edges, counts, leaves)
        numbers = [leaves[j][0] for j in leaves_move]
        apart = group.scalars and not edges_move and few_scalars(numbers)

        def combined(earlier, later):
            (u, rates), (move, more) = earlier, later
            return move @ u, joined_rates(group, apart, u, rates, move, more)

        def step(place, cell):
            low, high, *which = place
            moved = tuple(leaves[j] for j in leaves_move)

            def exponents_of(numbers):
                ends, moved = numbers if edges_move else ((low, high), numbers)
                every = _replaced(leaves, leaves_move, moved)
                return self.exponents(axes, lanes, (*ends, *which), every)

            numbers = ((low, high), moved) if edges_move else moved
            move, rates, _ = step_with_rates(group, exponents_of, numbers, apart)
            if edges_move:
                rates = [_by_edge(rates[0], cell, edges.shape[-1])]
            return jax.lax.optimization_barrier((move, rates))

        still = group.still()
        if apart:
            rates = [still] * len(numbers)
        else:
            total = edges.shape[-1] * edges_move + sum(x.size for x in numbers)
            rates = [jax.tree.map(lambda x: jnp.zeros((total, *x.shape)), still)]
        start = (group.identity(), rates)
        u, rates = looped(step, combined, start, axes, edges, counts, leaves, 1)
        if apart:
            rates = jax.tree.map(lambda *x: jnp.stack(x, axis=-1), *rates)
        else:
            # Numbers, matrix, lanes: now lanes, matrix, numbers.
            rates = jax.tree.map(lambda x: jnp.moveaxis(x, (0, -1), (-1, 0)), rates[0])
        return _in_front(u), rates


def _in_front(u: Any) -> Any:
    """The lanes on the first axis."""
    return jax.tree.map(lambda x: jnp.moveaxis(x, -1, 0), u)


def _own(moving, axes, edges, counts, leaves):
    """What moves, with a lane axis each: derivatives are kept lane by lane."""
    edges_move, leaves_move = moving
    lanes = lane_count(axes, (edges, counts, *leaves))
    arrays, axes = [edges, counts, *leaves], list(axes)
    for j in [0] * edges_move + [2 + j for j in leaves_move]:
        if axes[j] is None:
            arrays[j] = jnp.broadcast_to(arrays[j], (lanes, *arrays[j].shape))
            axes[j] = 0
    return tuple(axes), arrays[0], arrays[1], tuple(arrays[2:])


def _by_edge(rates: Any, cell, edges: int) -> Any:
    """Derivatives in the ends of the cell, the first two, among those in all edges."""

    def placed(x):
        own = jnp.zeros((edges, *x.shape[1:]), x.dtype)
        own = own.at[cell].add(x[0]).at[cell + 1].add(x[1])
        return jnp.concatenate([own, x[2:]])

    return jax.tree.map(placed, rates)


def _replaced(leaves, places, values) -> tuple[Array, ...]:
    new = list(leaves)
    for place, value in zip(places, values, strict=True):
        new[place] = value
    return tuple(new)


def fixed(loop: Loop, edges, counts, leaves: tuple[Array, ...]) -> Any:
    """The propagator on a given grid; differentiable in edges and leaves."""

    @jax.custom_jvp
    def run(edges, counts, *leaves):
        def block(axes, edges, counts, *leaves):
            return loop.lanes(axes, edges, counts, leaves)

        return in_blocks(block, COUNTS, loop.width(leaves), LANES_ON_GPU)(
            edges, counts, *leaves
        )

    def rule(primals, tangents):
        # One pass gives both.
        u, change = _change(loop, primals, tangents)
        return u, loop.displaced(primals, u, change)

    run.defjvp(rule, symbolic_zeros=True)
    return run(edges, counts, *leaves)


def attach_derivative(loop: Loop, u, edges, counts, leaves) -> Any:
    """u, known already, with its derivative in edges and leaves from this grid."""

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

    u, rates = in_blocks(block, COUNTS, loop.width(leaves), LANES_ON_GPU)(
        edges, counts, *leaves
    )
    moves = [edge_tangent] if edges_move else []
    moves += [jnp.ravel(leaf_tangents[j]) for j in leaves_move]
    tangent = jnp.concatenate(moves)
    return u, jax.tree.map(lambda rate: rate @ tangent, rates)
