"""What to read at the ends: states, and the phases that energies alone explain."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .._types import Scalar
from ..bases import energies, moving_direction, states_by_order
from ..models import AbstractHamiltonian, AbstractTwoLevel
from ._infinite import ORDER, End
from ._smooth import by_lane

_TAIL_NODES = 16
# Parts of a cell for its dynamical phase, and finer ones, by four each, at its ends.
_PARTS, _FINER = 16, 7


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


def infinite_bases(model, found, diabatic: tuple[bool, bool]) -> list:
    """The states to read at each end, as columns; `None` at a finite end."""
    parts = _of_each_end(_end_states, model, found, diabatic)
    return [None if part is None else part[0] + 1j * part[1] for part in parts]


def dynamical_phases(
    model, found, diabatic: bool, reference: Scalar
) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
    """Phases that the initial and final amplitudes have lost to the energies alone.

    By diabatic level at an infinite end that is read so, else by energy.
    """
    ends = (found.start, found.stop)
    tails = _of_each_end(_tail_phases, model, found, (diabatic, diabatic))
    window = by_lane(_window_phases, model, found.edges, reference)
    phases = []
    for end, inside, tail, sign in zip(ends, window, tails, (1.0, -1.0), strict=True):
        if end is None:
            # A finite end read in the model's own levels has no energies of its own.
            phases.append(jnp.zeros_like(inside) if diabatic else inside)
            continue
        # Beyond the window the states gain more than the adiabatic energies say.
        total = inside + sign * tail
        phases.append(total[jnp.argsort(end.labels)] if diabatic else total)
    return phases[0], phases[1]


def _of_each_end(function: Callable, model, found, diabatic: tuple[bool, bool]) -> list:
    """`function(model, end, diabatic)` of the ends that there are, compiled once for
    both; `None` for those that are not."""
    ends = (found.start, found.stop)
    there = [k for k, end in enumerate(ends) if end is not None]
    if not there:
        return [None, None]
    columns = [(ends[k], jnp.asarray(diabatic[k])) for k in there]
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *columns)
    values = jax.vmap(lambda end, flag: by_lane(function, model, end, flag))(*stacked)
    each = {k: jax.tree.map(lambda x, j=j: x[j], values) for j, k in enumerate(there)}
    return [each.get(0), each.get(1)]


def _end_states(model: AbstractHamiltonian, end: End, diabatic: Bool[Array, ""]):
    """States to read at an infinite end, as columns: adiabatic by energy, or each in
    the column, and with the phase, of the diabatic state that it becomes. Real and
    imaginary parts apart."""
    states, _ = _states(model, end, end.time, diabatic)
    order = jnp.where(diabatic, jnp.argsort(end.labels), jnp.arange(model.dim))
    return jnp.real(states[:, order]), jnp.imag(states[:, order])


def _states(model: AbstractHamiltonian, end: End, t: Scalar, diabatic: Bool[Array, ""]):
    ranks = jnp.argsort(end.labels)
    wrap = _FrozenTwoLevel if isinstance(model, AbstractTwoLevel) else _Frozen
    every = states_by_order(wrap(model, end.frozen, ranks), t, ORDER)
    states, adiabatic = every[-1], every[0]
    own = states[end.labels, jnp.arange(states.shape[0])]
    own = jnp.where(diabatic, own, 1.0)
    return states * (jnp.conj(own) / jnp.abs(own))[None, :], adiabatic


def _tail_phases(
    model: AbstractHamiltonian, end: End, diabatic: Bool[Array, ""]
) -> Float[Array, " N"]:
    r"""What the states' phases still gain beyond the end over the adiabatic ones,
    $\int_{t}^{\pm\infty} (\lambda - E)\,dt$, by energy.

    $\lambda = \langle v|H|v\rangle - i\langle v|\dot v\rangle$ is the rate of phase
    of the superadiabatic state v. The substitution t → t/s (from the centre) makes the
    tail of any power law a smooth function on (0, 1].
    """
    rates = _two_rates if isinstance(model, AbstractTwoLevel) else _rates
    nodes, weights = np.polynomial.legendre.leggauss(_TAIL_NODES)
    places, weights = jnp.asarray(0.5 * (nodes + 1.0)), jnp.asarray(0.5 * weights)

    span = end.time - end.centre

    def excess(s):
        rate = rates(model, end, end.centre + span / s, diabatic)
        return jnp.where(jnp.isfinite(rate), rate, 0.0) * span / s**2

    return jnp.where(end.frozen, 0.0, weights @ jax.vmap(excess)(places))


def _two_rates(
    model: AbstractTwoLevel, end: End, t: Scalar, diabatic: Bool[Array, ""]
) -> Float[Array, " 2"]:
    r"""λ − E of two levels, from the direction n of the upper state. With the adiabatic
    direction m, ⟨H⟩ − E = −|w| |n − m|²/4, and with an azimuth φ the gauge adds
    φ' (1 − n_z)/2; both change sign for the lower state where each state has the phase
    of a diabatic one."""
    model = _FrozenTwoLevel(model, end.frozen, jnp.argsort(end.labels))
    first, here, change = moving_direction(model, t, ORDER)
    field = jnp.stack([jnp.asarray(w, float) for w in model.field(t)])
    mixed = 0.25 * jnp.sqrt(field @ field) * jnp.sum((here - first) ** 2)
    x, y, z = here
    area = x * change[1] - y * change[0]
    # The upper state becomes the first diabatic one, or the second.
    side = jnp.where(end.labels[1] == 0, 1.0, -1.0)
    turn = 0.5 * side * area / jnp.where(diabatic, 1.0 + side * z, 1.0)
    flat = x * x + y * y
    spin = jnp.where(flat > 0.0, area / jnp.where(flat > 0.0, flat, 1.0), 0.0)
    lower = jnp.where(diabatic, -turn, 0.5 * (1.0 + z) * spin)
    upper = jnp.where(diabatic, turn, 0.5 * (1.0 - z) * spin)
    return jnp.stack([lower + mixed, upper - mixed])


def _rates(
    model: AbstractHamiltonian, end: End, t: Scalar, diabatic: Bool[Array, ""]
) -> Float[Array, " N"]:
    """λ − E of any number of levels."""
    (states, adiabatic), (change, _) = jax.jvp(
        lambda time: _states(model, end, time, diabatic), (t,), (jnp.ones_like(t),)
    )
    turn = jnp.imag(jnp.einsum("ik,ik->k", states.conj(), change))
    # ⟨H⟩ − E from what is mixed in: the difference itself would cancel.
    mixed = jnp.abs(jnp.einsum("ij,ik->jk", adiabatic.conj(), states)) ** 2
    levels = energies(model, t)
    apart = levels[:, None] - levels[None, :]
    return jnp.sum(mixed * apart, axis=0) + turn


def _window_phases(
    model: AbstractHamiltonian,
    edges: Float[Array, " K+1"],
    reference: Scalar,
) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
    r"""Dynamical phases $\int E_k\,dt$ from the first edge to the reference time, and
    from there to the last edge."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    # Alike inside, ever finer to both ends: there lie crossings, with any gap.
    alike = np.linspace(0.0, 1.0, _PARTS + 1)
    finer = alike[1] * 0.25 ** np.arange(_FINER, 0, -1)
    ends = np.concatenate([[0.0], finer, alike[1:-1], 1.0 - finer[::-1], [1.0]])
    widths = np.diff(ends)[:, None]
    places = (ends[:-1, None] + 0.5 * widths * (nodes + 1.0)).ravel()
    weights = (0.5 * widths * weights).ravel()
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
