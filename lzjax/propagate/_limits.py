"""What to read at the ends: states, and the phases that energies alone explain."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex, Float, Int

from .._types import Scalar
from ..bases import corrections, energies, moving_directions, states_by_order
from ..models import AbstractHamiltonian, AbstractTwoLevel
from ._infinite import ORDER, End
from ._order import order_of, rising
from ._smooth import by_lane

# Tails are integrated along states of this order: their phase is stationary there.
_TAIL_ORDER, _TAIL_NODES = 2, 8
# Parts of a cell for its dynamical phase, and cuts of the part beside a mark, by four
# each time; nodes in each.
_PARTS, _CUTS, _NODES = 4, 6, 12


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


class ReadEnd(NamedTuple):
    """The states to read at an infinite end, as columns; the phases that these gain
    beyond it, if they were asked for."""

    states: Complex[Array, "N N"]
    tail: Float[Array, " N"] | None


def infinite_ends(
    model, found, diabatic: tuple[bool, bool], tails: bool
) -> list[ReadEnd | None]:
    """What to read at each end, with the phases of the tails or without; `None` at a
    finite end. One program for both ends."""
    ends = (found.start, found.stop)
    there = [k for k, end in enumerate(ends) if end is not None]
    if not there:
        return [None, None]
    columns = [(ends[k], jnp.asarray(diabatic[k])) for k in there]
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *columns)
    read = _with_tail if tails else _end_states
    values = jax.vmap(lambda end, flag: by_lane(read, model, end, flag))(*stacked)
    each: dict = {}
    for j, k in enumerate(there):
        real, imaginary, *tail = (x[j] for x in values)
        each[k] = ReadEnd(real + 1j * imaginary, tail[0] if tail else None)
    return [each.get(0), each.get(1)]


def dynamical_phases(
    model, found, ends, diabatic: bool, reference: Scalar
) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
    """Phases that the initial and final amplitudes have lost to the energies alone; of
    `ends` with tails.

    By diabatic level at an infinite end that is read so, else by energy.
    """
    window = by_lane(_window_phases, model, found.edges, reference)
    phases = []
    labels = [end and end.labels for end in (found.start, found.stop)]
    for own, end, inside, sign in zip(labels, ends, window, (1.0, -1.0), strict=True):
        if end is None:
            # A finite end read in the model's own levels has no energies of its own.
            phases.append(jnp.zeros_like(inside) if diabatic else inside)
            continue
        # Beyond the window the states gain more than the adiabatic energies say.
        total = inside + sign * end.tail
        phases.append(total[order_of(own)] if diabatic else total)
    return phases[0], phases[1]


def _end_states(model: AbstractHamiltonian, end: End, diabatic: Bool[Array, ""]):
    """States to read at an infinite end, as columns: adiabatic by energy, or each in
    the column, and with the phase, of the diabatic state that it becomes. Real and
    imaginary parts apart."""
    return _sorted(_states(model, end, diabatic)[-1], end, diabatic)


def _with_tail(model: AbstractHamiltonian, end: End, diabatic: Bool[Array, ""]):
    """As `_end_states`, and the phases of the tail."""
    states = _states(model, end, diabatic)
    tail = _tail_phases(model, end, diabatic, states)
    return *_sorted(states[-1], end, diabatic), tail


def _sorted(states, end: End, diabatic: Bool[Array, ""]):
    columns = jnp.where(diabatic, order_of(end.labels), jnp.arange(states.shape[0]))
    return jnp.real(states[:, columns]), jnp.imag(states[:, columns])


def _unless_frozen(model: AbstractHamiltonian, end: End) -> AbstractHamiltonian:
    wrap = _FrozenTwoLevel if isinstance(model, AbstractTwoLevel) else _Frozen
    return wrap(model, end.frozen, order_of(end.labels))


def _states(model: AbstractHamiltonian, end: End, diabatic: Bool[Array, ""]):
    """Those of each order at the end, as columns by energy."""
    states = states_by_order(_unless_frozen(model, end), end.time, ORDER)
    own = states[:, end.labels, jnp.arange(states.shape[-1])]
    # Phases of an adiabatic state come from its smallest elements; they vanish far out,
    # where those of the superadiabatic ones need not.
    seen = jnp.sum(states[:1].conj() * states, axis=1)
    own = jnp.where(diabatic, own, seen)
    return states * (jnp.conj(own) / jnp.abs(own))[:, None, :]


def _tail_phases(
    model: AbstractHamiltonian, end: End, diabatic: Bool[Array, ""], states: Array
) -> Float[Array, " N"]:
    r"""What the states' phases still gain beyond the end over the adiabatic ones,
    $\int_{t}^{\pm\infty} (\lambda - E)\,dt$, by energy.

    $\lambda = \langle v|H|v\rangle - i\langle v|\dot v\rangle$ is the rate of phase
    of the superadiabatic state v. Its integral is the action, stationary along a true
    state: along a state v of lower order, off by ε, it is off by ε² only, with the
    phase of $\langle u|v\rangle$ where the path steps from the state u that is read
    to v. The substitution t → t/s (from the centre) makes the tail of any power law a
    smooth function on (0, 1].
    """
    rates = _two_rates if isinstance(model, AbstractTwoLevel) else _rates
    places, weights = map(jnp.asarray, _rule(np.asarray([0.0, 1.0]), _TAIL_NODES))
    still, span = _unless_frozen(model, end), end.time - end.centre
    rate = rates(still, end, end.centre + span / places, diabatic)
    excess = jnp.where(jnp.isfinite(rate), rate, 0.0) * (span / places**2)[None]
    step = jnp.sum(states[-1].conj() * states[_TAIL_ORDER], axis=0)
    tail = excess @ weights + jnp.angle(step)
    return jnp.where(end.frozen, 0.0, tail)


def _two_rates(
    model: AbstractTwoLevel,
    end: End,
    times: Float[Array, " T"],
    diabatic: Bool[Array, ""],
) -> Float[Array, "2 T"]:
    r"""λ − E of two levels, from the upper state's directions: m, adiabatic, and n.

    ⟨H⟩ − E = −|w| |n − m|²/4. Where each state has the phase of a diabatic one, the
    gauge adds φ' (1 ∓ n_z)/2 with the azimuth φ; else it is that of the adiabatic
    states, to which $m\cdot n\times(\dot n+\dot m)/2(1 + m\cdot n)$ is added. All of
    it changes sign for the lower state, but what belongs to the adiabatic gauge.
    """
    field, (first, bend), (here, change) = moving_directions(model, times, _TAIL_ORDER)
    size = jnp.sqrt(jnp.sum(field**2, axis=0))
    mixed = 0.25 * size * jnp.sum((here - first) ** 2, axis=0)
    area = here[0] * change[1] - here[1] * change[0]
    # The upper state becomes the first diabatic one, or the second.
    side = jnp.where(end.labels[1] == 0, 1.0, -1.0)
    turn = 0.5 * side * area / jnp.where(diabatic, 1.0 + side * here[2], 1.0)
    swept = jnp.sum(first * jnp.cross(here, change + bend, axis=0), axis=0)
    near = 1.0 + jnp.sum(first * here, axis=0)
    turn = jnp.where(diabatic, turn, 0.5 * swept / near)
    x, y, z = first
    flat = x * x + y * y
    spin = (x * bend[1] - y * bend[0]) / jnp.where(flat > 0.0, flat, 1.0)
    spin = jnp.where(diabatic | (flat == 0.0), 0.0, spin)
    lower, upper = 0.5 * (1.0 + z) * spin, 0.5 * (1.0 - z) * spin
    return jnp.stack([lower - turn + mixed, upper + turn - mixed])


def _rates(
    model: AbstractHamiltonian,
    end: End,
    times: Float[Array, " T"],
    diabatic: Bool[Array, ""],
) -> Float[Array, "N T"]:
    """λ − E of any number of levels."""
    rate = jax.vmap(lambda t: _rates_at(model, end, t, diabatic), out_axes=-1)
    return rate(times)


def _rates_at(
    model: AbstractHamiltonian, end: End, t: Scalar, diabatic: Bool[Array, ""]
) -> Float[Array, " N"]:
    found = corrections(model, t, _TAIL_ORDER + 1)
    w, turning = jnp.sum(found.by_order[:-1], axis=0), jnp.sum(found.turning, axis=0)
    adiabatic, levels = found.adiabatic, jnp.arange(w.shape[0])
    mixed = jnp.abs(w) ** 2
    norm = 1.0 + jnp.sum(mixed, axis=0)
    # ⟨H⟩ − E from what is mixed in: the difference itself would cancel.
    apart = found.energies[:, None] - found.energies[None, :]
    rate = jnp.sum(mixed * apart, axis=0) / norm

    def angle(states, change, row):
        """How fast the phases of these elements grow."""
        return jnp.imag((adiabatic @ change)[row, levels] / states[row, levels])

    turn = jnp.imag(jnp.sum(w.conj() * turning, axis=0) / norm)
    states = adiabatic + adiabatic @ w
    # The gauge: a diabatic component of the state is real, or the largest one of the
    # adiabatic state and the overlap with it.
    largest = jnp.argmax(jnp.abs(adiabatic), axis=0)
    bends = found.turning[0]
    seen = angle(adiabatic, bends, largest)
    seen += jnp.imag(jnp.sum(bends.conj() * w, axis=0))
    seen = jnp.where(diabatic, angle(states, turning, end.labels), seen)
    return rate + turn - seen


def _window_phases(
    model: AbstractHamiltonian,
    edges: Float[Array, " K+1"],
    reference: Scalar,
) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
    r"""Dynamical phases $\int E_k\,dt$ from the first edge to the reference time, and
    from there to the last edge.

    Alike parts of each cell; ever finer ones on both sides of what is known to happen:
    there lie crossings, with any gap.
    """
    places, weights = _rule(np.linspace(0.0, 1.0, _PARTS + 1), _NODES)
    finer = _rule(np.append(0.0, 0.25 ** np.arange(_CUTS, -1, -1.0)), _NODES)
    plain = _rule(np.asarray([0.0, 1.0]), _NODES)
    # What the finer parts change.
    fine_places = np.concatenate([finer[0], plain[0]])
    fine_weights = np.concatenate([finer[1], -plain[1]])
    first, last = edges[0], edges[-1]
    times = rising(jnp.concatenate([edges, reference[None]]))
    lows, widths = times[:-1], jnp.diff(times)

    marks = rising(jnp.concatenate([model.landmarks(), reference[None]]))
    # Each place once.
    fresh = jnp.append(True, jnp.diff(marks) > 0.0)[None]
    starts = fresh & (marks[None] == lows[:, None])
    stops = fresh & (marks[None] == times[1:, None])
    parts = widths[:, None] / _PARTS
    sides = jnp.stack([jnp.sum(starts * parts, 0), -jnp.sum(stops * parts, 0)])

    inside = lows[:, None] + widths[:, None] * jnp.asarray(places)[None]
    fine_places = jnp.asarray(fine_places)[None, None]
    beside = marks[None, :, None] + sides[..., None] * fine_places
    nodes = jnp.concatenate([inside.ravel(), beside.ravel()])
    levels = jax.vmap(lambda t: energies(model, t))(nodes)
    inside, beside = (
        part.reshape(*shape, -1)
        for part, shape in zip(
            jnp.split(levels, [inside.size]), (inside.shape, beside.shape), strict=True
        )
    )
    cells = widths[:, None] * jnp.einsum("p,cpn->cn", weights, inside)
    more = jnp.abs(sides)[..., None] * jnp.einsum("p,smpn->smn", fine_weights, beside)
    integrals = jnp.concatenate([cells, more.reshape(-1, cells.shape[1])])
    middles = jnp.concatenate(
        [lows + 0.5 * widths, (marks[None] + 0.5 * sides).ravel()]
    )

    def between(a, b):
        inside = (middles > jnp.minimum(a, b)) & (middles < jnp.maximum(a, b))
        return jnp.sign(b - a) * jnp.sum(inside[:, None] * integrals, axis=0)

    return between(first, reference), between(reference, last)


def _rule(ends: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on (0, 1) of Gauss and Legendre's rule in each part."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    widths = np.diff(ends)[:, None]
    places = ends[:-1, None] + 0.5 * widths * (nodes + 1.0)
    return places.ravel(), (0.5 * widths * weights).ravel()
