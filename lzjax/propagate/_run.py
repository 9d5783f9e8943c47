"""Many steps: the loop over lanes, and the derivative of it all."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array

from . import _kernel
from ._angles import shortened
from ._checkpoints import STATES
from ._columns import Columns
from ._cos_sinc import SMALL_ANGLES
from ._derivatives import Moving, all_rates, along, backward, by_checkpoints, in_front
from ._exponents import exponents_on_lanes, firsts_of
from ._grid import stepped
from ._lanes import in_blocks, lane_count
from ._leaves import join
from ._linear import Linear
from ._loop import TOGETHER, larger, looped, on_lanes
from ._moved import Shifted
from ._steppers import AbstractStepper
from ._stretches import in_turn, side_by_side

# Where the steps of a lane, its cost, stand among what blocks take.
COUNTS = 1
# Lanes that a GPU takes at once.
LANES_ON_GPU = 1 << 22
# Lanes of a model with more numbers than these are half as many in a block.
_FEW = 8
# Beyond so many numbers a gradient takes less time backwards than from all rates.
_ALL_RATES = 2


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
        width = self.group.cached // jax.tree.leaves(sizes)[0].size
        if self.group.scalars and sum(x.size for x in leaves) > _FEW:
            width //= 2
        return max(width, 8)

    def example(self, axes, leaves) -> Any:
        """The group of the first lane of a block, for what all lanes share."""
        return self.build(firsts_of(leaves, axes[2:]))

    def exponents(self, axes, lanes: int, steps, index, leaves) -> Any:
        """The exponents of one step of all lanes, which are on the last axis."""
        t, dt = steps.step(index)
        return exponents_on_lanes(
            self.stepper, self.build, axes[2:], t, dt, leaves, lanes
        )

    def lanes(self, axes, edges, counts, leaves) -> Any:
        """Propagators of a block of lanes; `axes` of (edges, counts, *leaves)."""

        def otherwise(edges, counts, *leaves):
            return self._lanes(axes, edges, counts, leaves), None

        u, _ = _kernel.where_possible(
            _kernel.form_of, self, axes, (), otherwise, edges, counts, leaves
        )
        return u

    def _lanes(self, axes, edges, counts, leaves) -> Any:
        group = self.example(axes, leaves)
        parts, axes, given = side_by_side(self, axes, (edges, counts, *leaves))
        edges, counts, *leaves = given
        lanes = lane_count(axes, (edges, counts, *leaves))

        def combined(earlier, later):
            (u, angle), (move, square) = earlier, later
            return move @ u, larger(angle, square)

        def step(far, steps, index, cell):
            exponents = self.exponents(axes, lanes, steps, index, leaves)
            return stepped(group, shortened(group, far, exponents), SMALL_ANGLES)

        none = group.identity(), jnp.zeros(())
        # Matrices have one way for all angles.
        together, reach = (TOGETHER, SMALL_ANGLES.reach) if group.scalars else (1, None)
        start = on_lanes(group.identity(), lanes)
        u = in_front(
            looped(step, combined, start, edges, counts, together, none, reach)
        )
        if parts == 1:
            return u
        behind = jax.tree.map(lambda x: jnp.moveaxis(x, 0, -1), u)
        return in_front(in_turn(lambda u, move: move @ u, behind, parts))

    def sensitive_lanes(self, moving: Moving, axes, edges, counts, leaves) -> Any:
        """As `lanes`, with the derivative of the propagator in what moves."""

        def otherwise(edges, counts, *leaves):
            return all_rates(self, moving, axes, edges, counts, leaves)

        return self._by_kernels(
            _kernel.form_of, moving, axes, otherwise, edges, counts, leaves
        )

    def _by_kernels(
        self, make, moving: Moving, axes, otherwise, edges, counts, leaves, more=()
    ) -> Any:
        """As `_kernel.where_possible`; derivatives in edges have no kernel."""
        if moving.edges:
            return otherwise(edges, counts, *leaves, *more)
        places = moving.leaves
        return _kernel.where_possible(
            make, self, axes, places, otherwise, edges, counts, leaves, more
        )

    def lanes_along(self, moving: Moving, axes, edges, counts, leaves, tangents) -> Any:
        """As `sensitive_lanes`, with the derivative along one direction alone."""

        def otherwise(edges, counts, s, *arrays):
            more, own = arrays[: len(tangents)], arrays[len(tangents) :]
            return along(self, moving, axes, edges, counts, own, more)

        still = jnp.zeros((), edges.dtype)
        if moving.edges:
            return otherwise(edges, counts, still, *tangents, *leaves)
        split = 2 + len(leaves)
        return _kernel.where_possible(
            _kernel.form_of,
            Shifted(self, moving.leaves),
            (*axes[:2], None, *axes[split:], *axes[2:split]),
            (0,),
            otherwise,
            edges,
            counts,
            (still, *tangents, *leaves),
        )

    def pulled_lanes(
        self, structure, moving: Moving, axes, edges, counts, leaves, cotangent
    ) -> tuple:
        """Cotangents of what moves from that of the displacement, see `backward`."""

        def otherwise(edges, counts, *arrays):
            own, more = arrays[: len(leaves)], arrays[len(leaves) :]
            return backward(structure, self, moving, axes, edges, counts, own, more)

        make, given = _kernel.backwards_of, (edges, counts, leaves, cotangent)
        return self._by_kernels(make, moving, axes, otherwise, *given)

    def in_blocks(self, block, leaves, like=None, states: int = 1):
        """A function of (axes, edges, counts, *arrays) of a block, for any lanes; it
        keeps so many `states` of a lane at a time."""
        on_gpu = LANES_ON_GPU // states
        return in_blocks(block, COUNTS, self.width(leaves), on_gpu, like)

    def identity(self, edges, counts, *leaves) -> Any:
        """The group's, of a lane."""
        return self.build(leaves).identity()


def fixed(loop: Loop, edges, counts, leaves: tuple[Array, ...]) -> Any:
    """The propagator on a given grid; differentiable in edges and leaves."""

    @jax.custom_jvp
    def run(edges, counts, *leaves):
        def block(axes, edges, counts, *leaves):
            return loop.lanes(axes, edges, counts, leaves)

        return loop.in_blocks(block, leaves, loop.identity)(edges, counts, *leaves)

    def rule(primals, tangents):
        u, change = _change(loop, primals, tangents)
        # Where one pass does not give both.
        u = run(*primals) if u is None else u
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
    """The displacement of the propagator along the tangents; before it the propagator,
    where one pass gives both, else `None`."""
    edges, counts, *leaves = primals
    edge_tangent, _, *leaf_tangents = tangents
    moving = Moving(
        not isinstance(edge_tangent, SymbolicZero),
        tuple(
            j for j, x in enumerate(leaf_tangents) if not isinstance(x, SymbolicZero)
        ),
    )
    moved = moving.of(edge_tangent, leaf_tangents)
    numbers = sum(x.size for x in moving.of(edges, leaves))
    linear, structure = _displacement(loop, moving, edges, leaves)
    if numbers > _most_rates(loop):
        u, found = None, linear(primals, moved)
    else:
        both = linear.whole(primals)
        u, found = both[0], linear.applied(both, moved)
    return u, jax.tree.unflatten(structure, found)


def _most_rates(loop: Loop) -> int:
    """Up to so many numbers the rates of all take less than other ways."""
    if loop.group.scalars:
        return _ALL_RATES
    # Matrices with rates are too large but in the registers of kernels.
    if _kernel.why_no_kernel():
        return 0
    return Columns.together if loop.group.reversible else Columns.derivatives


def _displacement(loop: Loop, moving: Moving, edges, leaves):
    """The displacement of a propagator as a linear map of what moves, given edges,
    counts and leaves, and the structure of a displacement. The matrix of the map is the
    propagator with its rates, which one pass finds."""
    split = 2 + len(leaves)
    still = jax.eval_shape(lambda: loop.build(tuple(leaves)).still())
    outputs, structure = jax.tree.flatten(still)
    inputs = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in moving.of(edges, leaves)]

    def by(function, out, size=1):
        def block(axes, edges, counts, *arrays):
            own, more = arrays[: split - 2], arrays[split - 2 :]
            return function(loop, moving, axes, edges, counts, own, more)

        def like(*_):
            return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), out)

        run = loop.in_blocks(block, leaves, like, size)
        return lambda given, more: jax.tree.leaves(run(*given, *more))

    def all_of(axes, edges, counts, *leaves):
        return loop.sensitive_lanes(moving, axes, edges, counts, leaves)

    def like_all(edges, counts, *leaves):
        size = sum(x.size for x in inputs)
        rates = jax.tree.map(lambda x: jnp.zeros((*x.shape, size), x.dtype), still)
        return loop.identity(edges, counts, *leaves), rates

    run = loop.in_blocks(all_of, leaves, like_all)

    def whole(given):
        return run(*given)

    def applied(both, moved):
        tangent = jnp.concatenate([jnp.ravel(x) for x in moved])
        return [x @ tangent for x in jax.tree.leaves(both[1])]

    def pulled(both, cotangents):
        parts = zip(cotangents, jax.tree.leaves(both[1]), strict=True)
        total = sum(jnp.tensordot(c, x, jnp.ndim(c)) for c, x in parts)
        ends = np.cumsum([x.size for x in inputs])[:-1]
        each = zip(jnp.split(total, ends), inputs, strict=True)
        return [part.reshape(x.shape) for part, x in each]

    def forward(loop, moving, axes, edges, counts, own, more):
        _, rates = loop.lanes_along(moving, axes, edges, counts, own, more)
        return jax.tree.map(lambda x: x[..., 0], rates)

    if loop.group.reversible:

        def pull(loop, moving, axes, edges, counts, own, more):
            return loop.pulled_lanes(structure, moving, axes, edges, counts, own, more)

        back = by(pull, inputs)
    elif sum(x.size for x in inputs) > _ALL_RATES:
        back = by(functools.partial(by_checkpoints, structure), inputs, STATES)
    else:

        def back(given, cotangents):
            return pulled(whole(given), cotangents)

    linear = Linear(
        by(forward, still),
        back,
        whole,
        applied,
        pulled,
        tuple(inputs),
        tuple(outputs),
    )
    return linear, structure
