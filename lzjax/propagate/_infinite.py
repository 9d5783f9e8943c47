"""Infinite ends: where the propagation may stop."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .._types import Scalar
from ..bases import diabatic_frame, frames_along, populations, turns
from ..models import AbstractHamiltonian, AbstractTwoLevel
from ._order import order_of
from ._smooth import by_lane

# The basis that is read, compared with the one an order below.
ORDER = 6
# Ladder of times, factors of four from 1e-18 to 1e18 in the user's own unit.
_RUNGS = 61
_LOG_SPAN = 30.0 * np.log(4.0)
# States whose first correction is this large are not settled in any order.
_ADIABATIC = 0.3
# An end is sought up to six powers of ten beyond the first rung that may do, to this
# accuracy, in at most so many rounds of three times.
_LOG_REACH = 15.0 * np.log(2.5)
_CLOSE = np.log(1.3)
_ROUNDS = 12
# Three times around a guess: it is good where levels and couplings are powers of time.
_AROUND = np.log([0.95, 1.08, 6.0])


class End(NamedTuple):
    """An infinite end, stood in for by a finite time.

    - `time`: where the propagation may stop; `centre`: from where it was sought.
    - `frozen`: nothing off the diagonal is left there: states are diabatic.
    - `labels`: the diabatic level that each adiabatic one (by energy) becomes.
    - `settled`: the states have a limit; `diabatic`: and it is the diabatic one.
    - `error`: the last change of the states from one order to the next.
    """

    time: Scalar
    centre: Scalar
    frozen: Bool[Array, ""]
    labels: Int[Array, " N"]
    settled: Bool[Array, ""]
    diabatic: Bool[Array, ""]
    error: Scalar


def _coupling(model: AbstractHamiltonian, t: Scalar) -> Scalar:
    """The Frobenius norm of what is off the diagonal."""
    if isinstance(model, AbstractTwoLevel):
        x, y, _ = model.field(t)
        return jnp.sqrt(0.5 * (x * x + y * y))
    matrix = model(t)
    off = matrix - jnp.diag(jnp.diagonal(matrix))
    return jnp.sqrt(jnp.sum(jnp.abs(off) ** 2))


def _frozen(model: AbstractHamiltonian, t: Scalar, tolerance: Scalar):
    """Whether what couples from t on is too little to matter."""

    def left(time):
        return _coupling(model, time) * jnp.abs(time)

    # What falls off faster than 1/t has a finite rest, of about its value times t.
    falls = left(2.0 * t) <= 0.5 * left(t)
    return (left(t) < 0.1 * tolerance) & falls


class _Look(NamedTuple):
    """What some times show: adiabatic states and energies, whether the superadiabatic
    states agree from one order to the next, and whether rounding lets the levels be
    seen."""

    frames: Array
    change: Float[Array, " T"]
    levels: Float[Array, "T N"]
    clear: Bool[Array, " T"]


def _look(model: AbstractHamiltonian, times, tolerance: Scalar, order: int) -> _Look:
    frames, change, levels = frames_along(model, times, order)

    def without_coupling(t):
        return _frozen(model, t, tolerance), diabatic_frame(model, t)

    frozen, diabatic = jax.vmap(without_coupling)(times)
    # Far out rounding blurs close levels of many; such times say nothing.
    spread = jnp.max(jnp.abs(levels), axis=1)
    blur = jnp.finfo(float).eps * spread / _closest(levels)
    clear = jnp.isfinite(spread) & (blur < 0.05 * tolerance)
    kept = frozen.reshape(-1, *[1] * (frames.ndim - 1))
    return _Look(
        jnp.where(kept, diabatic, frames),
        jnp.where(frozen, 0.0, change),
        levels,
        clear | frozen,
    )


def _closest(levels: Float[Array, "T N"]) -> Float[Array, " T"]:
    return jnp.min(jnp.diff(levels, axis=1), axis=1)


def find_end(model: AbstractHamiltonian, sign: Scalar, tolerance: Scalar) -> End:
    """The nearest time beyond which the superadiabatic states follow the dynamics.

    Coming in from infinity, the last time where two successive orders agree within
    `tolerance` at all times further out, and the states no longer turn. A ladder of
    times spans all of them and asks for the lowest orders only: it shows where no order
    could agree, and what the high ones should be where levels and couplings are powers
    of time. From that guess on times are tried until the end is enclosed.
    """
    numbers, rest = eqx.partition((model, jnp.asarray(sign), tolerance), eqx.is_array)
    still = eqx.combine(jax.lax.stop_gradient(numbers), rest)
    return by_lane(_climb, *still)


class _Bracket(NamedTuple):
    """Logarithms of times between which the end lies, with what the outer one shows.

    - `found`: whether `high` was tried, and is good enough.
    """

    rounds: Int[Array, ""]
    low: Scalar
    high: Scalar
    error: Scalar
    found: Bool[Array, ""]


def _climb(model: AbstractHamiltonian, sign: Scalar, tolerance: Scalar) -> End:
    landmarks = model.landmarks()
    centre, reach = jnp.zeros(()), jnp.zeros(())
    if landmarks.shape[0]:
        centre = 0.5 * (jnp.min(landmarks) + jnp.max(landmarks))
        reach = jnp.max(landmarks) - centre
    model = model.shifted(-centre)
    logarithms = jnp.linspace(-_LOG_SPAN, _LOG_SPAN, _RUNGS)
    times = sign * jnp.exp(logarithms)
    looks = _look(model, times, tolerance, 1)
    end, rung, far = _last_turn(model, times, looks, reach)

    # The rung before the first good one, and a rung as far out as anything is seen.
    low = logarithms[jnp.maximum(rung - 1, 0)]
    high = jnp.minimum(low + _LOG_REACH, logarithms[far])
    guess = jnp.clip(_guess(logarithms, looks, rung, tolerance), low, high)
    guess = jnp.maximum(guess, jnp.log(reach))

    def wide(bracket):
        apart = bracket.high - bracket.low > _CLOSE
        return (apart | ~bracket.found) & (bracket.rounds < _ROUNDS)

    def narrow(bracket):
        rounds, low, high, error, found = bracket
        inside = jnp.where(found, 0.25, 1.0 / 3.0) * np.arange(1.0, 4.0)
        logs = jnp.where(rounds == 0, guess + _AROUND, low + (high - low) * inside)
        logs = jnp.clip(logs, low, high)
        times = sign * jnp.exp(logs)
        looks = _look(model, times, tolerance, ORDER)
        # A change that is not a number is no agreement. Nothing that is known to
        # happen may lie outside.
        passes = (looks.change < tolerance) & (jnp.abs(times) >= reach)
        last = _last_fail(looks, passes)
        outer = jnp.minimum(last + 1, 2)
        good = last < 2
        return _Bracket(
            rounds + 1,
            jnp.where(last >= 0, logs[last], low),
            jnp.where(good, logs[outer], high),
            jnp.where(good, looks.change[outer], error),
            found | good,
        )

    unknown = jnp.full_like(low, jnp.inf)
    start = _Bracket(jnp.int32(0), low, high, unknown, jnp.zeros((), bool))
    bracket = jax.lax.while_loop(wide, narrow, start)
    time = sign * jnp.exp(bracket.high)
    return end._replace(
        time=centre + time,
        centre=centre,
        error=bracket.error,
        settled=end.settled & bracket.found,
        frozen=_frozen(model, time, tolerance),
    )


def _guess(logarithms, looks: _Look, rung, tolerance: Scalar) -> Scalar:
    r"""The logarithm of the time where the last order should be within tolerance.

    Each order is the derivative of the one before over the distance ω of the levels.
    Where the first change falls as t^−p and ω rises as t^q, order k + 1 is
    (p + k(1 + q))/(ω t) times order k.
    """
    step = logarithms[1] - logarithms[0]

    def logarithm(x):
        bounds = jnp.finfo(x.dtype)
        return jnp.log(
            jnp.clip(jnp.nan_to_num(x, nan=jnp.inf), bounds.tiny, bounds.max)
        )

    def slope(x):
        rises = jnp.diff(x) / step
        return jnp.append(rises, rises[-1])

    change, distance = logarithm(looks.change), logarithm(_closest(looks.levels))
    falls, rises = -slope(change), slope(distance)
    orders = np.arange(ORDER - 1)[:, None]
    factors = jnp.maximum(jnp.abs(falls[None] + orders * (1.0 + rises)[None]), 1.0)
    size = jnp.log(jnp.prod(factors, axis=0)) - (ORDER - 1) * (distance + logarithms)
    above = change + size - jnp.log(tolerance)
    late = jnp.arange(logarithms.shape[0]) >= rung
    last = jnp.maximum(_last(looks.clear & late & (above > 0.0)), rung - 1)
    here = jnp.clip(last, 0, logarithms.shape[0] - 2)
    drop = above[here] - above[here + 1]
    part = jnp.clip(above[here] / jnp.where(drop > 0.0, drop, 1.0), 0.0, 1.0)
    return logarithms[here] + step * part


def _last(flags: Bool[Array, " T"]) -> Int[Array, ""]:
    """The index of the last true flag, or -1."""
    return jnp.max(jnp.where(flags, jnp.arange(flags.shape[0]), -1))


def _turns(looks: _Look) -> tuple[Float[Array, " T-1"], Bool[Array, " T-1"]]:
    """How far the states turn between neighbouring times, and whether that is seen."""
    return turns(looks.frames), looks.clear[1:] & looks.clear[:-1]


def _last_fail(looks: _Look, passes: Bool[Array, " T"]) -> Int[Array, ""]:
    # An interval in which the states turn is not outside, whatever its ends say.
    turn, both = _turns(looks)
    return _last(looks.clear & ~passes | jnp.append(both & ~(turn < 0.02), False))


def _last_turn(model: AbstractHamiltonian, times, looks: _Look, reach: Scalar):
    """What the states do far out, the first rung that may be outside, and the last
    one that can be seen."""
    turn, both = _turns(looks)
    passes = (looks.change < _ADIABATIC) & (jnp.abs(times) >= reach)
    last_fail = _last_fail(looks, passes)
    last_clear = _last(looks.clear)
    first = jnp.minimum(last_fail + 1, last_clear)

    # Far out the states must have stopped: a drive that never ends keeps turning
    # them. The levels of many are resolved less far than those of two.
    age = last_clear - jnp.arange(1, times.shape[0])
    latest = jnp.max(jnp.where(both & (age == 0), turn, 0.0))
    before = jnp.max(jnp.where(both & (age == 1), turn, 0.0))
    still = 1e-12 if model.dim == 2 else 1e-6
    settled = jnp.any(both) & (last_fail < last_clear) & (latest < still)
    settled &= (latest <= 0.3 * before) | (latest < 1e-12)

    labels = order_of(jnp.real(jnp.diagonal(model(times[last_clear]))))
    found = populations(looks.frames[last_clear])
    end = End(
        time=times[first],
        centre=jnp.zeros(()),
        frozen=jnp.zeros((), bool),
        labels=labels,
        settled=settled,
        diabatic=jnp.all(jnp.diagonal(found[:, labels]) > 0.999),
        error=looks.change[first],
    )
    return end, first, last_clear
