"""Infinite ends: where the propagation may stop."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .._types import Scalar
from ..bases import diabatic_frame, energies, frames_along, populations, turns
from ..models import AbstractHamiltonian, AbstractTwoLevel
from ._smooth import by_lane

# The basis that is read, compared with the one an order below.
ORDER = 6
# Ladder of times, factors of four from 1e-18 to 1e18 in the user's own unit.
_RUNGS = 61
_LOG_SPAN = 30.0 * np.log(4.0)
# States whose first correction is this large are not settled in any order.
_ADIABATIC = 0.3
# The finer ladders: where, within six powers of ten further out, high orders agree.
_FINE_RUNGS = 10
_LOG_REACH = 15.0 * np.log(2.5)


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
    """What some times show: adiabatic states, whether the superadiabatic ones agree
    from one order to the next, and whether rounding lets the levels be seen."""

    frames: Array
    change: Float[Array, " T"]
    clear: Bool[Array, " T"]


def _look(model: AbstractHamiltonian, times, tolerance: Scalar, order: int) -> _Look:
    frames, change = frames_along(model, times, order)

    def without_coupling(t):
        # Far out rounding blurs close levels of many; such times say nothing.
        levels = energies(model, t)
        spread = jnp.max(jnp.abs(levels))
        blur = jnp.finfo(float).eps * spread / jnp.min(jnp.diff(levels))
        clear = jnp.isfinite(spread) & (blur < 0.05 * tolerance)
        return _frozen(model, t, tolerance), clear, diabatic_frame(model, t)

    frozen, clear, diabatic = jax.vmap(without_coupling)(times)
    kept = frozen.reshape(-1, *[1] * (frames.ndim - 1))
    return _Look(
        jnp.where(kept, diabatic, frames),
        jnp.where(frozen, 0.0, change),
        clear | frozen,
    )


def find_ends(
    model: AbstractHamiltonian, signs: Float[Array, " E"], tolerance: Scalar
) -> End:
    """The nearest times beyond which the superadiabatic states follow the dynamics, in
    the directions of these signs.

    Coming in from infinity, the last time where two successive orders agree within
    `tolerance` at all times further out, and the states no longer turn. A first
    ladder spans all times and asks for the lowest orders only; it stops where no
    order could agree. The next two start there.
    """
    numbers, rest = eqx.partition((model, signs, tolerance), eqx.is_array)
    still = eqx.combine(jax.lax.stop_gradient(numbers), rest)
    return by_lane(jax.vmap(_climb, (None, 0, None)), *still)


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

    def ladder(bracket, _):
        times = sign * jnp.exp(jnp.linspace(*bracket, _FINE_RUNGS))
        looks = _look(model, times, tolerance, ORDER)
        # A change that is not a number is no agreement. Nothing that is known to
        # happen may lie outside.
        passes = (looks.change < tolerance) & (jnp.abs(times) >= reach)
        last = _last_fail(looks, passes)
        first = jnp.minimum(last + 1, _FINE_RUNGS - 1)
        found = times[first], looks.change[first], last < _FINE_RUNGS - 1
        logs = jnp.log(jnp.abs(times))
        return (logs[jnp.maximum(first - 1, 0)], logs[first]), found

    _, found = jax.lax.scan(ladder, (low, high), None, length=2)
    (_, time), (_, error), (agrees, _) = found
    return end._replace(
        time=centre + time,
        centre=centre,
        error=error,
        settled=end.settled & agrees,
        frozen=_frozen(model, time, tolerance),
    )


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

    labels = jnp.argsort(jnp.real(jnp.diagonal(model(times[last_clear]))))
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
