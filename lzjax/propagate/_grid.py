"""Where the steps go: cells between kinks, and how many steps each cell needs."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .._types import Scalar, is_single
from ._cos_sinc import SMALL_ANGLES, Trigonometry
from ._exponents import exponents_on_lanes
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
    marks: Float[Array, " B"], t0: Scalar, t1: Scalar, inner: Float[Array, " M"]
) -> Float[Array, " K+1"]:
    """Cell edges from t0 to t1 (either way): the marks inside, and `inner` fractions,
    which rise.

    Differentiable in t0, t1 and the marks. Where a step ends matters to a derivative
    only at the ends of the window and at jumps of H: inner edges have none, nor do
    the kinks of continuous waveforms. Cells of no length are allowed.
    """
    inside = jax.lax.stop_gradient(t0 + (t1 - t0) * inner)
    times = jnp.concatenate([t0[None], inside, t1[None]])
    if not marks.shape[0]:
        return times
    low, high = jnp.minimum(t0, t1), jnp.maximum(t0, t1)
    # Marks outside become copies of t0, never of t1: the last edge is t1 itself.
    marks = jnp.where((marks > low) & (marks < high), marks, t0)
    forward = t1 >= t0
    if marks.shape[0] > _FEW:
        times = jnp.sort(jnp.concatenate([times[:-1], marks, times[-1:]]))
        return jnp.where(forward, times, times[::-1])
    no, yes = jnp.zeros(1, bool), jnp.ones(1, bool)
    for mark in marks:
        # Behind those that it coincides with.
        later = jnp.where(forward, mark < times, mark > times)
        before, here = jnp.concatenate([times[:1], times]), jnp.append(times, times[-1])
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


def plan(
    group,
    stepper: AbstractStepper,
    t0: Scalar,
    t1: Scalar,
    tolerance: Scalar,
) -> tuple[Float[Array, " M"], Int[Array, " K"]]:
    """Cells, and steps of half the wanted number, for which the summed local errors
    meet `tolerance`.

    One trial step in the middle of each cell, and at each landmark, against two half
    steps gives the local error per length; if their shares are uneven, cells move so
    that each bears an equal one, and the optimal step length follows, h ∝ c^(−1/(p+1))
    for an error c h^(p+1).
    """
    inner = jnp.asarray(np.linspace(0.0, 1.0, CELLS + 1)[1:-1])
    marks = group.model.landmarks()
    seen = marks
    if marks.shape[0] > CELLS:
        inner, seen = inner[:0], marks[:0]

    # One body for every look at the errors: compiled once.
    def look(state):
        left, inner, _ = state
        # Fences: else compilers compute both anew for whatever is made of them.
        cells = _fence(edges(marks, t0, t1, inner))
        widths = jnp.abs(jnp.diff(cells))
        shares = _fence(widths * _density(group, stepper, cells, seen))
        total = jnp.sum(shares)
        steps = shares * _power(total / tolerance, 1.0 / stepper.order)
        uneven = jnp.max(shares) > _UNEVEN * total / (inner.shape[0] + 1)
        moves = (left > 0) & uneven
        if inner.shape[0]:
            moved = _equal_shares(cells, shares, t0, t1, inner.shape[0])
            inner = jnp.where(moves, moved, inner)
        return jnp.where(moves, left - 1, -1), inner, jnp.where(widths > 0, steps, 0.0)

    none = jnp.zeros(inner.shape[0] + marks.shape[0] + 1)
    state = jnp.int32(_MOVES if inner.shape[0] else 0), inner, none
    _, inner, steps = jax.lax.while_loop(lambda x: x[0] >= 0, look, state)
    # One where they are not known.
    counts = jnp.where(steps > 2.0, jnp.minimum(jnp.ceil(0.5 * steps), 1e8), 1.0)
    return inner, jnp.where(steps == 0, 0.0, counts).astype(jnp.int32)


def _power(x: Scalar, exponent: float) -> Scalar:
    """x to that power, x ≥ 0, in a third of the time that a library takes."""
    return jnp.exp(exponent * jnp.log(x))


def _density(
    group,
    stepper: AbstractStepper,
    cells: Float[Array, " K+1"],
    marks: Float[Array, " B"],
) -> Float[Array, " K"]:
    """Wanted steps per unit of time, up to one factor, in each cell: those in its
    middle, or at a mark that it begins or ends with."""
    lows, highs = cells[:-1], cells[1:]
    widths, middles = jnp.abs(highs - lows), 0.5 * (lows + highs)
    places = jnp.concatenate([middles, marks, marks])
    # Trial steps lie around a middle, and before and after a mark.
    shifts = np.repeat([0.5, 1.0, 0.0], [lows.shape[0], *[marks.shape[0]] * 2])
    size = jax.vmap(lambda t: group.size(group.generator(t)))(places)
    longest = jnp.where(size > 0, _TURN / jnp.where(size > 0, size, 1.0), jnp.inf)
    longest = jnp.minimum(longest, jnp.sum(widths))
    # Beside a mark the field can be far larger than at it, as beside a crossing.
    ends_at = [edge[:, None] == marks[None] for edge in (highs, lows)]
    inside = jnp.minimum(widths, longest[: lows.shape[0]])
    beside = [
        jnp.min(jnp.where(here, inside[:, None], jnp.inf), axis=0, initial=jnp.inf)
        for here in ends_at
    ]
    length = jnp.minimum(jnp.concatenate([inside, *beside]), longest)
    dt = jnp.where(cells[-1] >= cells[0], 1.0, -1.0)
    dt = dt * jnp.where(length > 0, length, 1.0)
    # Two is as far as unitary matrices can be apart.
    error = jnp.minimum(local_errors(group, stepper, places - shifts * dt, dt), 2.0)
    root = 1.0 / (stepper.order + 1)
    found = _power(jnp.maximum(error, 1e-17), root) / jnp.abs(dt)
    density, before, after = jnp.split(
        found, [lows.shape[0], lows.shape[0] + marks.shape[0]]
    )
    for here, found in zip(ends_at, (before, after), strict=True):
        at_mark = jnp.where(here, found[None], 0.0)
        density = jnp.maximum(density, jnp.max(at_mark, axis=1, initial=0.0))
    mean = jnp.sum(density * widths) / jnp.maximum(jnp.sum(widths), 1e-300)
    # A trial step can hit a place where the error happens to vanish.
    return jnp.where(widths > 0, jnp.maximum(density, 0.1 * mean), 0.0)


def local_errors(
    group,
    stepper: AbstractStepper,
    t: Float[Array, " K"],
    dt: Float[Array, " K"],
    way: Trigonometry = SMALL_ANGLES,
) -> Float[Array, " K"]:
    """Errors of single steps, from the comparison of each with two half steps."""
    starts = jnp.concatenate([t, t, t + 0.5 * dt])
    lengths = jnp.concatenate([dt, 0.5 * dt, 0.5 * dt])
    exponents = exponents_on_lanes(stepper, lambda _: group, (), starts, lengths, ())
    moves, _ = stepped(group, exponents, way)
    whole, first, second = (
        jax.tree.map(lambda x, k=k: jnp.split(x, 3, axis=-1)[k], moves)
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


def _equal_shares(cells, shares, t0, t1, count: int) -> Float[Array, " M"]:
    total = jnp.sum(shares)
    below = jnp.cumsum(shares) - shares
    wanted = np.arange(1, count + 1) / (count + 1) * total
    span = jnp.where(t1 == t0, 1.0, t1 - t0)
    lengths = jnp.diff(cells) / span
    # How much of each cell lies before each wanted share: no search, no gather.
    safe = jnp.where(shares > 0, shares, 1.0)
    passed = (wanted[:, None] - below[None]) / safe[None]
    moved = jnp.sum(jnp.clip(passed, 0.0, 1.0) * lengths[None], axis=1)
    return jnp.clip(jnp.nan_to_num(moved, nan=0.5), 0.0, 1.0)
