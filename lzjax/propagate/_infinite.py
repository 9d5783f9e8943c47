"""Infinite ends: where to stop, in which states to read, and which phase is left."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex, Float, Int

from .._types import Scalar
from ..bases import energies, projectors, states_by_order
from ..models import AbstractHamiltonian, AbstractTwoLevel

# The basis that is read, compared with the one an order below.
ORDER = 6
# Ladder of times, factors of four from 1e-18 to 1e18 in the user's own unit.
_RUNGS = 61
_LOG_SPAN = 30.0 * np.log(4.0)
_TAIL_NODES = 32


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


class _FrozenTwoLevel(AbstractTwoLevel):
    """The model, or where it is frozen, levels spaced by one in the same order."""

    model: AbstractTwoLevel
    frozen: Bool[Array, ""]
    ranks: Int[Array, " 2"]

    def field(self, t):
        x, y, z = self.model.field(t)
        level = jnp.asarray(self.ranks[0] - self.ranks[1], float)
        keep = jnp.logical_not(self.frozen)
        return x * keep, y * keep, jnp.where(keep, z, level)


class _Frozen(AbstractHamiltonian):
    """As above, for matrices."""

    model: AbstractHamiltonian
    frozen: Bool[Array, ""]
    ranks: Int[Array, " N"]

    @property
    def dim(self) -> int:  # type: ignore[override]
        return self.model.dim

    def __call__(self, t):
        levels = jnp.diag(jnp.asarray(self.ranks, complex))
        return jnp.where(self.frozen, levels, self.model(t))


def _with_frozen(model: AbstractHamiltonian, t: Scalar, tolerance: Scalar):
    """The model, and whether what couples from t on is too little to matter."""

    def left(time):
        matrix = model(time)
        off = matrix - jnp.diag(jnp.diagonal(matrix))
        return jnp.sqrt(jnp.sum(jnp.abs(off) ** 2)) * jnp.abs(time)

    # What falls off faster than 1/t has a finite rest, of about its value times t.
    falls = left(2.0 * t) <= 0.5 * left(t)
    frozen = jax.lax.stop_gradient((left(t) < 0.1 * tolerance) & falls)
    matrix = model(t)
    ranks = jnp.argsort(jnp.argsort(jnp.real(jnp.diagonal(matrix))))
    wrap = _FrozenTwoLevel if isinstance(model, AbstractTwoLevel) else _Frozen
    return wrap(model, frozen, ranks), frozen


class _Look(NamedTuple):
    adiabatic: Complex[Array, "N N N"]
    change: Scalar
    passes: Bool[Array, ""]
    clear: Bool[Array, ""]


def _look(model: AbstractHamiltonian, t: Scalar, tolerance: Scalar) -> _Look:
    """How settled the superadiabatic states are at t."""
    settled, frozen = _with_frozen(model, t, tolerance)
    found = projectors(states_by_order(settled, t, ORDER))
    change = jnp.sqrt(jnp.max(jnp.sum(jnp.abs(found[-1] - found[-2]) ** 2, (-1, -2))))
    levels = energies(settled, t)
    spread = jnp.max(jnp.abs(levels))
    # Far out rounding blurs close levels of many; such times say nothing.
    blur = jnp.finfo(float).eps * spread / jnp.min(jnp.diff(levels))
    clear = jnp.isfinite(spread) & (blur < 0.05 * tolerance)
    # A change that is not a number is no agreement.
    return _Look(found[0], change, change < tolerance, clear)


def find_end(model: AbstractHamiltonian, sign: Scalar, tolerance: Scalar) -> End:
    """The nearest time beyond which the superadiabatic states follow the dynamics.

    Coming in from infinity, the last time where two successive orders agree within
    `tolerance` at all times further out, and the states no longer turn. A first
    ladder spans all times, a second one the rung where the first stopped.
    """
    model, tolerance = jax.lax.stop_gradient((model, tolerance))
    landmarks = model.landmarks()
    centre, reach = jnp.zeros(()), jnp.zeros(())
    if landmarks.shape[0]:
        centre = 0.5 * (jnp.min(landmarks) + jnp.max(landmarks))
        reach = jnp.max(landmarks) - centre
    model = model.shifted(-centre)

    def ladder(rungs, _):
        times = sign * jnp.exp(jnp.linspace(*rungs, _RUNGS))
        looks = jax.vmap(lambda t: _look(model, t, tolerance))(times)
        # Nothing that is known to happen may lie outside.
        looks = looks._replace(passes=looks.passes & (jnp.abs(times) >= reach))
        end, near = _climb(model, times, looks)
        return (jnp.log(jnp.abs(near)), jnp.log(jnp.abs(end.time))), end

    span = jnp.asarray(_LOG_SPAN)
    _, ends = jax.lax.scan(ladder, (-span, span), None, length=2)
    wide, close = (jax.tree.map(lambda x, k=k: x[k], ends) for k in (0, 1))
    _, frozen = _with_frozen(model, close.time, tolerance)
    return wide._replace(
        time=centre + close.time, centre=centre, error=close.error, frozen=frozen
    )


def _climb(model: AbstractHamiltonian, times, looks: _Look) -> tuple[End, Scalar]:
    """The end that a ladder shows, and the rung before it."""
    kept = jnp.einsum("tkij,tkji->tk", looks.adiabatic[1:], looks.adiabatic[:-1]).real
    turn = 1.0 - jnp.min(kept, axis=1)
    both = looks.clear[1:] & looks.clear[:-1]
    turns = both & ~(turn < 0.02)
    # An interval in which the states turn is not outside, whatever its ends say.
    fails = looks.clear & ~looks.passes | jnp.append(turns, False)
    rung = jnp.arange(times.shape[0])
    last_fail = jnp.max(jnp.where(fails, rung, -1))
    last_clear = jnp.max(jnp.where(looks.clear, rung, -1))
    first = jnp.minimum(last_fail + 1, last_clear)

    # Far out the states must have stopped: a drive that never ends keeps turning
    # them. The levels of many are resolved less far than those of two.
    age = last_clear - rung[1:]
    latest = jnp.max(jnp.where(both & (age == 0), turn, 0.0))
    before = jnp.max(jnp.where(both & (age == 1), turn, 0.0))
    still = 1e-12 if model.dim == 2 else 1e-6
    settled = jnp.any(both) & (last_fail < last_clear) & (latest < still)
    settled &= (latest <= 0.3 * before) | (latest < 1e-12)

    labels = jnp.argsort(jnp.real(jnp.diagonal(model(times[last_clear]))))
    populations = jnp.real(jnp.diagonal(looks.adiabatic[last_clear], axis1=1, axis2=2))
    diabatic = jnp.all(jnp.diagonal(populations[:, labels]) > 0.999)
    end = End(
        time=times[first],
        centre=jnp.zeros(()),
        frozen=jnp.zeros((), bool),
        labels=labels,
        settled=settled,
        diabatic=diabatic,
        error=looks.change[first],
    )
    return end, times[jnp.maximum(first - 1, 0)]


def end_states(model: AbstractHamiltonian, end: End, diabatic: bool):
    """States to read at an infinite end, as columns: adiabatic by energy, or each in
    the column, and with the phase, of the diabatic state that it becomes."""
    states, _ = _states(model, end, end.time, diabatic)
    return states[:, jnp.argsort(end.labels)] if diabatic else states


def _states(model: AbstractHamiltonian, end: End, t: Scalar, diabatic: bool):
    ranks = jnp.argsort(end.labels)
    wrap = _FrozenTwoLevel if isinstance(model, AbstractTwoLevel) else _Frozen
    every = states_by_order(wrap(model, end.frozen, ranks), t, ORDER)
    states, adiabatic = every[-1], every[0]
    if diabatic:
        own = states[end.labels, jnp.arange(states.shape[0])]
        states = states * (jnp.conj(own) / jnp.abs(own))[None, :]
    return states, adiabatic


def tail_phases(
    model: AbstractHamiltonian, end: End, diabatic: bool
) -> Float[Array, " N"]:
    r"""What the states' phases still gain beyond the end over the adiabatic ones,
    $\int_{t}^{\pm\infty} (\lambda - E)\,dt$, by energy.

    $\lambda = \langle v|H|v\rangle - i\langle v|\dot v\rangle$ is the rate of phase
    of the superadiabatic state v. The substitution t → t/s (from the
    centre) makes the tail of any
    power law a smooth function on (0, 1].
    """
    nodes, weights = np.polynomial.legendre.leggauss(_TAIL_NODES)
    places, weights = jnp.asarray(0.5 * (nodes + 1.0)), jnp.asarray(0.5 * weights)

    span = end.time - end.centre

    def excess(s):
        t = end.centre + span / s
        (states, adiabatic), (change, _) = jax.jvp(
            lambda time: _states(model, end, time, diabatic), (t,), (jnp.ones_like(t),)
        )
        turn = jnp.imag(jnp.einsum("ik,ik->k", states.conj(), change))
        # ⟨H⟩ − E from what is mixed in: the difference itself would cancel.
        mixed = jnp.abs(jnp.einsum("ij,ik->jk", adiabatic.conj(), states)) ** 2
        levels = energies(model, t)
        apart = levels[:, None] - levels[None, :]
        rate = jnp.sum(mixed * apart, axis=0) + turn
        rate = jnp.where(jnp.isfinite(rate), rate, 0.0)
        return rate * span / s**2

    return jnp.where(end.frozen, 0.0, weights @ jax.vmap(excess)(places))


def window_phases(
    model: AbstractHamiltonian,
    edges: Float[Array, " K+1"],
    reference: Scalar,
) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
    r"""Dynamical phases $\int E_k\,dt$ from the first edge to the reference time, and
    from there to the last edge."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    parts = 16
    places = (np.arange(parts)[:, None] + 0.5 * (nodes + 1.0)) / parts
    places, weights = places.ravel(), np.tile(0.5 * weights / parts, parts)
    first, last = edges[0], edges[-1]
    times = jnp.sort(jnp.concatenate([edges, reference[None]]))

    def cell(low, high):
        inside = low + (high - low) * jnp.asarray(places)
        values = jax.vmap(lambda t: energies(model, t))(inside)
        return (high - low) * (jnp.asarray(weights) @ values)

    integrals = jax.vmap(cell)(times[:-1], times[1:])
    middles = 0.5 * (times[:-1] + times[1:])

    def between(a, b):
        inside = (middles > jnp.minimum(a, b)) & (middles < jnp.maximum(a, b))
        return jnp.sign(b - a) * jnp.sum(inside[:, None] * integrals, axis=0)

    return between(first, reference), between(reference, last)
