"""Where the steps go: cells between kinks, and how many steps each cell needs."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from .._types import Scalar
from ._steppers import AbstractStepper

# Cells that move to where the errors are, and how often they may move.
CELLS = 12
_MOVES = 3


def edges(
    marks: Float[Array, " B"], t0: Scalar, t1: Scalar, inner: Float[Array, " M"]
) -> Float[Array, " K+1"]:
    """Cell edges from t0 to t1 (either way): the marks inside, and `inner` fractions.

    Differentiable in t0, t1 and the marks. Where a step ends matters to a derivative
    only at the ends of the window and at jumps of H: inner edges have none, nor do
    the kinks of continuous waveforms. Cells of no length are allowed.
    """
    low, high = jnp.minimum(t0, t1), jnp.maximum(t0, t1)
    inside = jax.lax.stop_gradient(t0 + (t1 - t0) * inner)
    # Marks outside become copies of t0, never of t1: the last edge is t1 itself.
    marks = jnp.where((marks > low) & (marks < high), marks, t0)
    times = jnp.sort(jnp.concatenate([inside, marks, t0[None], t1[None]]))
    return jnp.where(t1 >= t0, times, times[::-1])


def exact_counts(
    cell_edges: Float[Array, " K+1"], steps: int
) -> tuple[Int[Array, " K"], Bool[Array, ""]]:
    """Exactly `steps` steps, shared among the cells by their lengths; every cell of
    any length gets one. Also says whether there are steps enough for that."""
    widths = jnp.abs(jnp.diff(cell_edges))
    used = (widths > 0).astype(jnp.int32)
    spare = steps - jnp.sum(used)
    span = jnp.sum(widths)
    ends = jnp.cumsum(widths) / jnp.where(span > 0, span, 1.0)
    # Rounding the running total, not each share, keeps the sum exact.
    shares = jnp.floor(spare * ends + 1e-9).astype(jnp.int32)
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

    One trial step in the middle of each cell against two half steps gives the local
    error per length; cells then move so that each bears an equal share, and the
    optimal step length follows, h ∝ c^(−1/(p+1)) for an error c h^(p+1).
    """
    inner = jnp.linspace(0.0, 1.0, CELLS + 1)[1:-1]
    marks = group.model.landmarks()
    if marks.shape[0] > CELLS:
        inner = inner[:0]
    moves = _MOVES if inner.shape[0] else 0

    # One body for every look at the errors: compiled once. After the moves it looks
    # again with steps of the length that the last answer allows, because errors of
    # long steps grow more slowly than their leading order.
    def look(round, state):
        inner, lengths, _ = state
        cells = edges(marks, t0, t1, inner)
        density = _density(group, stepper, cells, lengths)
        wanted = 1.0 / (density * _scale(density, cells, tolerance, stepper))
        last = (round == moves) & (jnp.diff(cells) != 0)
        if moves:
            moved = _equal_shares(cells, density, t0, t1, inner.shape[0])
            inner = jnp.where(round < moves, moved, inner)
        return inner, jnp.where(last, wanted, 0.0), density

    none = jnp.zeros(inner.shape[0] + marks.shape[0] + 1)
    inner, _, density = jax.lax.fori_loop(0, moves + 2, look, (inner, none, none))
    cells = edges(marks, t0, t1, inner)
    widths = jnp.abs(jnp.diff(cells))
    scale = _scale(density, cells, tolerance, stepper)
    counts = jnp.ceil(0.5 * widths * density * scale)
    counts = jnp.nan_to_num(counts, nan=1.0, posinf=1e8, neginf=1.0)
    counts = jnp.where(widths > 0, jnp.clip(counts, 1.0, 1e8), 0.0)
    return inner, counts.astype(jnp.int32)


def _scale(density, cells, tolerance: Scalar, stepper: AbstractStepper) -> Scalar:
    """Steps of 1/(density · scale) leave a summed error of `tolerance`."""
    total = jnp.sum(density * jnp.abs(jnp.diff(cells)))
    return (total / tolerance) ** (1.0 / stepper.order)


def _density(
    group, stepper: AbstractStepper, cells: Float[Array, " K+1"], lengths
) -> Float[Array, " K"]:
    """Wanted steps per unit of time, up to one factor, in each cell.

    Trial steps turn the state by half a radian, or by up to two if `lengths` allow.
    """
    lows, highs = cells[:-1], cells[1:]

    def local(low, high, wanted):
        width, middle = high - low, 0.5 * (low + high)
        size = group.size(group.generator(middle))
        per_radian = 1.0 / jnp.where(size > 0, size, 1.0)
        length = jnp.clip(wanted, 0.5 * per_radian, 2.0 * per_radian)
        length = jnp.where(size > 0, length, jnp.inf)
        length = jnp.minimum(jnp.abs(width), length)
        dt = jnp.where(width >= 0, 1.0, -1.0) * jnp.where(length > 0, length, 1.0)
        error = local_error(group, stepper, middle - 0.5 * dt, dt, library=True)
        coefficient = jnp.maximum(error, 1e-17) / jnp.abs(dt) ** (stepper.order + 1)
        return coefficient ** (1.0 / (stepper.order + 1))

    density = jax.vmap(local)(lows, highs, lengths)
    widths = jnp.abs(highs - lows)
    mean = jnp.sum(density * widths) / jnp.maximum(jnp.sum(widths), 1e-300)
    # A trial step can hit a place where the error happens to vanish.
    return jnp.where(widths > 0, jnp.maximum(density, 0.1 * mean), 0.0)


def local_error(
    group, stepper: AbstractStepper, t: Scalar, dt: Scalar, library: bool = False
) -> Scalar:
    """Error of one step, from the comparison with two half steps."""
    starts = t + dt * jnp.array([0.0, 0.0, 0.5])
    lengths = dt * jnp.array([1.0, 0.5, 0.5])
    # As a batch, the step is compiled once, not three times.
    moves, _ = jax.vmap(lambda t, dt: one_step(group, stepper, t, dt, library))(
        starts, lengths
    )
    whole, first, second = (jax.tree.map(lambda x, k=k: x[k], moves) for k in range(3))
    return group.distance(second @ first, whole) / (1.0 - 0.5**stepper.order)


def one_step(group, stepper: AbstractStepper, t: Scalar, dt: Scalar, library: bool):
    """The propagator of one step, and the largest squared angle in it."""
    exponents = stepper.exponents(group.generator, group.bracket, t, dt)
    u, angle = group.exponential(exponents[0], library)
    for exponent in exponents[1:]:
        factor, square = group.exponential(exponent, library)
        u, angle = factor @ u, jnp.maximum(angle, square)
    return u, angle


def _equal_shares(cells, density, t0, t1, count: int) -> Float[Array, " M"]:
    shares = jnp.cumsum(density * jnp.abs(jnp.diff(cells)))
    wanted = jnp.arange(1, count + 1) / (count + 1) * shares[-1]
    span = jnp.where(t1 == t0, 1.0, t1 - t0)
    places = jnp.concatenate([jnp.zeros(1), shares])
    fractions = (cells - t0) / span
    moved = jnp.interp(wanted, places, fractions)
    return jnp.clip(jnp.nan_to_num(moved, nan=0.5), 0.0, 1.0)
