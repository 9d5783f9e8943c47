"""Where the steps go: cells between kinks, and how many steps each cell needs."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .._types import Scalar, is_single
from ._cos_sinc import SMALL_ANGLES, Trigonometry
from ._exponents import exponents_on_lanes, firsts_of
from ._steppers import AbstractStepper

_fence = jax.lax.optimization_barrier

# Cells that move to where the errors are, if one bears so many times its share of
# these, and how often they may move.
CELLS = 12
_UNEVEN = 1.5
_MOVES = 2
# By how much a trial step turns the state, in radians.
_TURN = 1.0


def edges(
    marks: Float[Array, "B *L"],
    t0: Float[Array, "*L"],
    t1: Float[Array, "*L"],
    inner: Float[Array, "M *L"],
) -> Float[Array, "K+1 *L"]:
    """Cell edges from t0 to t1 (either way): the marks inside, and `inner` fractions,
    which rise. Lanes, if any, are on the last axis.

    Differentiable in t0, t1 and the marks. Where a step ends matters to a derivative
    only at the ends of the window and at jumps of H: inner edges have none, nor do
    the kinks of continuous waveforms. Cells of no length are allowed.
    """
    t0, t1 = t0[None], t1[None]
    inside = jax.lax.stop_gradient(t0 + (t1 - t0) * inner)
    times = jnp.concatenate([t0, inside, t1])
    if not marks.shape[0]:
        return times
    low, high = jnp.minimum(t0, t1), jnp.maximum(t0, t1)
    # Marks outside become copies of t0, never of t1: the last edge is t1 itself.
    marks = jnp.where((marks > low) & (marks < high), marks, t0)
    forward = t1 >= t0
    if marks.shape[0] > _FEW:
        times = jnp.sort(jnp.concatenate([times[:-1], marks, times[-1:]]), axis=0)
        return jnp.where(forward, times, times[::-1])
    no, yes = jnp.zeros_like(forward), jnp.ones_like(forward)
    for mark in marks[:, None]:
        # Behind those that it coincides with.
        later = jnp.where(forward, mark < times, mark > times)
        before = jnp.concatenate([times[:1], times])
        here = jnp.concatenate([times, times[-1:]])
        times = jnp.where(
            jnp.concatenate([no, later]),
            before,
            jnp.where(jnp.concatenate([later, yes]), mark, here),
        )
    return times


# Up to so many marks, putting in one by one is faster than a library's sort.
_FEW = 12


def exact_counts(
    cell_edges: Float[Array, " K+1"], steps: int
) -> tuple[Int[Array, " K"], Bool[Array, ""]]:
    """Exactly `steps` steps, shared among the cells by their lengths; every cell of
    any length gets one. Also says whether there are steps enough for that."""
    widths = jnp.abs(jnp.diff(cell_edges))
    used = (widths > 0).astype(jnp.int32)
    if used.shape[0] == 1:
        return steps * used, jnp.all(used <= steps)
    spare = steps - jnp.sum(used)
    span = jnp.sum(widths)
    ends = jnp.cumsum(widths) / jnp.where(span > 0, span, 1.0)
    # Rounding the running total, not each share, keeps the sum exact.
    slack = 0.25 if is_single(ends) else 1e-9
    shares = jnp.floor(spare * ends + slack).astype(jnp.int32)
    return used + jnp.diff(shares, prepend=0), spare >= 0


class Lanes(NamedTuple):
    """A model on many lanes, which are on the last axis of all times.

    - `build(leaves)`: the group of a lane; `axes` says 0 for the leaves that have lanes
      in front, and `None` for those that all share.
    """

    build: Callable[..., Any]
    axes: tuple[int | None, ...]
    leaves: tuple[Array, ...]

    def at(self, function: Callable, times: Float[Array, "K L"]) -> Any:
        """`function(group, t)` of each lane, at its times."""

        def one(t, *leaves):
            return function(self.build(leaves), t)

        each = jax.vmap(one, (0, *self.axes), out_axes=-1)
        return jax.vmap(lambda t: each(t, *self.leaves), out_axes=-2)(times)

    def first(self) -> Any:
        """The group of the first lane, for what all lanes share."""
        return self.build(firsts_of(self.leaves, self.axes))

    def exponents(self, stepper: AbstractStepper, t, dt) -> tuple:
        """Of steps from t of length dt, shapes (K, L), which are the last axes."""

        def row(t, dt):
            build, axes, leaves = self
            return exponents_on_lanes(stepper, build, axes, t, dt, leaves, t.size)

        return jax.vmap(row, out_axes=-2)(t, dt)


def movable(marks: Float[Array, "B *L"]) -> int:
    """How many inner edges go where the errors are; none where there are many marks."""
    return CELLS - 1 if marks.shape[0] <= CELLS else 0


def plan(
    model: Lanes,
    stepper: AbstractStepper,
    t0: Float[Array, " L"],
    t1: Float[Array, " L"],
    tolerance: Float[Array, " L"],
) -> tuple[Float[Array, "M L"], Int[Array, "K L"]]:
    """Cells, and steps of half the wanted number, for which the summed local errors
    meet `tolerance`.

    One trial step in the middle of each cell, and at each landmark, against two half
    steps gives the local error per length; if their shares are uneven, cells move so
    that each bears an equal one, and the optimal step length follows, h ∝ c^(−1/(p+1))
    for an error c h^(p+1).

    Lanes are on the last axis, where compilers make short programs of them: loops over
    a few cells they would unroll.
    """
    marks = model.at(lambda group, _: group.model.landmarks(), t0[None])[:, 0]
    size = movable(marks)
    seen = marks if size else marks[:0]
    inner = (np.arange(1, size + 1) / (size + 1))[:, None]
    inner = jnp.broadcast_to(jnp.asarray(inner, t0.dtype), (size, t0.size))

    # One body for every look at the errors: compiled once.
    def look(state):
        left, inner, _ = state
        # Fences: else compilers compute both anew for whatever is made of them.
        cells = _fence(edges(marks, t0, t1, inner))
        widths = jnp.abs(jnp.diff(cells, axis=0))
        shares = _fence(widths * _density(model, stepper, cells, seen))
        total = jnp.sum(shares, axis=0)
        finer = _root(total / tolerance, stepper.order)
        steps = shares * finer[None]
        uneven = jnp.max(shares, axis=0) > _UNEVEN * total / (size + 1)
        moves = (left > 0) & uneven
        if size:
            moved = _equal_shares(cells, shares, t0, t1, size)
            inner = jnp.where(moves[None], moved, inner)
        return jnp.where(moves, left - 1, -1), inner, jnp.where(widths > 0, steps, 0.0)

    none = jnp.zeros((size + marks.shape[0] + 1, t0.size))
    left = jnp.full(t0.shape, _MOVES if size else 0, jnp.int32)
    # Lanes that are done are looked at again with the others: nothing of them changes.
    _, inner, steps = jax.lax.while_loop(
        lambda state: jnp.any(state[0] >= 0), look, (left, inner, none)
    )
    # One where they are not known.
    counts = jnp.where(steps > 2.0, jnp.minimum(jnp.ceil(0.5 * steps), 1e8), 1.0)
    return inner, jnp.where(steps == 0, 0.0, counts).astype(jnp.int32)


def _root(x: Scalar, degree: int) -> Scalar:
    """The root of x ≥ 0 of that degree, in a third of the time that a library takes.
    Square roots are one operation of a processor; exponentials are many."""
    while degree % 2 == 0:
        x, degree = jnp.sqrt(x), degree // 2
    return x if degree == 1 else jnp.exp(jnp.log(x) / degree)


def _density(
    model: Lanes,
    stepper: AbstractStepper,
    cells: Float[Array, "K+1 L"],
    marks: Float[Array, "B L"],
) -> Float[Array, "K L"]:
    """Wanted steps per unit of time, up to one factor, in each cell: those in its
    middle, or at a mark that it begins or ends with."""
    lows, highs = cells[:-1], cells[1:]
    widths, middles = jnp.abs(highs - lows), 0.5 * (lows + highs)
    places = jnp.concatenate([middles, marks, marks])
    # Trial steps lie around a middle, and before and after a mark.
    shifts = np.repeat([0.5, 1.0, 0.0], [lows.shape[0], *[marks.shape[0]] * 2])
    size = model.at(lambda group, t: group.size(group.generator(t)), places)
    longest = jnp.where(size > 0, _TURN / jnp.where(size > 0, size, 1.0), jnp.inf)
    longest = jnp.minimum(longest, jnp.sum(widths, axis=0, keepdims=True))
    # Beside a mark the field can be far larger than at it, as beside a crossing.
    ends_at = [edge[:, None] == marks[None] for edge in (highs, lows)]
    inside = jnp.minimum(widths, longest[: lows.shape[0]])
    beside = [
        jnp.min(jnp.where(here, inside[:, None], jnp.inf), axis=0, initial=jnp.inf)
        for here in ends_at
    ]
    length = jnp.minimum(jnp.concatenate([inside, *beside]), longest)
    dt = jnp.where(cells[-1:] >= cells[:1], 1.0, -1.0)
    dt = dt * jnp.where(length > 0, length, 1.0)
    # Two is as far as unitary matrices can be apart.
    starts = places - shifts[:, None] * dt
    error = jnp.minimum(local_errors(model, stepper, starts, dt), 2.0)
    found = _root(jnp.maximum(error, 1e-17), stepper.order + 1) / jnp.abs(dt)
    density, before, after = jnp.split(
        found, [lows.shape[0], lows.shape[0] + marks.shape[0]]
    )
    for here, found in zip(ends_at, (before, after), strict=True):
        at_mark = jnp.where(here, found[None], 0.0)
        density = jnp.maximum(density, jnp.max(at_mark, axis=1, initial=0.0))
    mean = jnp.sum(density * widths, axis=0, keepdims=True)
    mean = mean / jnp.maximum(jnp.sum(widths, axis=0, keepdims=True), 1e-300)
    # A trial step can hit a place where the error happens to vanish.
    return jnp.where(widths > 0, jnp.maximum(density, 0.1 * mean), 0.0)


def local_errors(
    model: Lanes,
    stepper: AbstractStepper,
    t: Float[Array, "K L"],
    dt: Float[Array, "K L"],
    way: Trigonometry = SMALL_ANGLES,
) -> Float[Array, "K L"]:
    """Errors of single steps, from the comparison of each with two half steps."""
    starts = jnp.concatenate([t, t, t + 0.5 * dt])
    lengths = jnp.concatenate([dt, 0.5 * dt, 0.5 * dt])
    group = model.first()
    moves, _ = stepped(group, model.exponents(stepper, starts, lengths), way)
    whole, first, second = (
        jax.tree.map(lambda x, k=k: jnp.split(x, 3, axis=-2)[k], moves)
        for k in range(3)
    )
    return group.distance(second @ first, whole) / (1.0 - 0.5**stepper.order)


def stepped(group, exponents: tuple, way: Trigonometry):
    """The product of the exponentials, the first one first, and the largest squared
    angle of them."""
    u, angle = group.exponential(exponents[0], way)
    for exponent in exponents[1:]:
        factor, square = group.exponential(exponent, way)
        u, angle = factor @ u, jnp.maximum(angle, square)
    return u, angle


def _equal_shares(cells, shares, t0, t1, count: int) -> Float[Array, "M L"]:
    total = jnp.sum(shares, axis=0, keepdims=True)
    below = jnp.cumsum(shares, axis=0) - shares
    wanted = (np.arange(1, count + 1) / (count + 1))[:, None] * total
    span = jnp.where(t1 == t0, 1.0, t1 - t0)
    lengths = jnp.diff(cells, axis=0) / span[None]
    # How much of each cell lies before each wanted share: no search, no gather.
    safe = jnp.where(shares > 0, shares, 1.0)
    passed = (wanted[:, None] - below[None]) / safe[None]
    moved = jnp.sum(jnp.clip(passed, 0.0, 1.0) * lengths[None], axis=1)
    return jnp.clip(jnp.nan_to_num(moved, nan=0.5), 0.0, 1.0)
