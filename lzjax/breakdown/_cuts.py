"""Where traced orbits are cut into arcs, and the nodes between the cuts."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from ._arcs import crossing, in_band, lobatto, newton
from ._bands import AbstractTwoBands
from ._motion import Orbit, runge_kutta

# Runge-Kutta steps between two nodes of an arc.
_SUBSTEPS = 6


class Piece(NamedTuple):
    """A piece of an orbit between two junctions, in the sense of motion.

    - `sign`: −1 in the lower band, 1 in the upper one.
    - `start`, `stop`: (junction, uncoupled band 0 or 1) at its ends; −1 if it is an
      orbit that closes without one.
    - `nodes`: Chebyshev-Lobatto points along it. 1/Å, shape `(N, 3)`.
    """

    sign: int
    start: tuple[int, int]
    stop: tuple[int, int]
    nodes: Float[np.ndarray, "N 3"]


class Cut(NamedTuple):
    """Where an orbit passes a junction: E₁ = E₂ on it.

    - `place`: 1/Å. `after`: the number of the last point of the orbit before it.
    - `crossing`: where the uncoupled bands cross at the orbit's energy.
    - `label`: the uncoupled band, 0 or 1, that it arrives in.
    """

    place: Float[np.ndarray, "3"]
    after: int
    crossing: Float[np.ndarray, "3"]
    label: int


def cuts_of(
    orbit: Orbit, bands: AbstractTwoBands, sign: int, energy, frame
) -> list[Cut]:
    """All junctions that an orbit passes, in order."""
    points = np.asarray(orbit.points)
    detuning = np.asarray(_detunings(bands, orbit.points))
    # A point may lie on the cut itself, with a detuning of exactly zero.
    above = detuning >= 0
    after = np.nonzero(above != np.roll(above, -1))[0]
    spacing, number = float(orbit.length) / len(points), jnp.asarray(float(sign))
    found = []
    for j in after:
        share = detuning[j] / (detuning[j] - detuning[(j + 1) % len(points)])
        guess = points[j] + share * (points[(j + 1) % len(points)] - points[j])
        place, cross, good = _refined(bands, number, energy, frame, jnp.asarray(guess))
        # The orbit bends around the place; a bend that is sharper than the points
        # are dense moves it by less than the distance of two of them.
        if not bool(good) or np.linalg.norm(place - guess) > spacing:
            continue
        # The lower band is the first one where E₁ < E₂.
        label = 0 if (sign > 0) == above[j] else 1
        found.append(Cut(np.asarray(place), int(j), np.asarray(cross), label))
    return found


def pieces_of(
    orbit: Orbit,
    bands: AbstractTwoBands,
    sign: int,
    cuts: list[tuple[Cut, int]],
    energy,
    count: int,
) -> list[Piece]:
    """The orbit between its cuts, each with the number of its junction."""
    points, size = np.asarray(orbit.points), orbit.points.shape[0]
    spacing = float(orbit.length) / size
    normal, number = orbit.normal, jnp.asarray(float(sign))

    def nodes(start, stop, length):
        ends = jnp.asarray(start), jnp.asarray(stop), jnp.asarray(length)
        return np.asarray(_traced(bands, number, energy, normal, *ends, count))

    if not cuts:
        found = nodes(points[0], points[0], size * spacing)
        return [Piece(sign, (-1, -1), (-1, -1), found)]
    pieces = []
    for n, (cut, junction) in enumerate(cuts):
        then, next_junction = cuts[(n + 1) % len(cuts)]
        length = spacing * ((then.after - cut.after - 1) % size + 1)
        length -= np.linalg.norm(cut.place - points[cut.after])
        length += np.linalg.norm(then.place - points[then.after])
        found = nodes(cut.place, then.place, length)
        start, stop = (junction, 1 - cut.label), (next_junction, then.label)
        pieces.append(Piece(sign, start, stop, found))
    return pieces


@eqx.filter_jit
def _detunings(bands, points):
    one, two, _ = jax.vmap(bands.elements)(points)
    return one - two


@eqx.filter_jit
def _refined(bands, sign, energy, frame, guess):
    """The cut, the crossing of the uncoupled bands, and whether both exist."""

    def on_orbit(bands, x):
        k = guess + x @ frame
        one, two, _ = bands.elements(k)
        return jnp.stack([in_band(bands, sign, k) - energy, one - two])

    place = guess + newton(on_orbit, bands) @ frame
    cross = crossing(bands, energy, frame, place)
    one, two, flip = bands.elements(cross)
    # The crossing lies as far inside the gap as straight bands say, or there is none.
    slope = jax.grad(lambda k: in_band(bands, sign, k))(place) @ frame.T
    expected = jnp.abs(flip) / jnp.sqrt(jnp.sum(slope**2))
    inside = jnp.sqrt(jnp.sum((cross - place) ** 2)) < 4.0 * expected
    error = jnp.maximum(jnp.abs(one - energy), jnp.abs(two - energy))
    return place, cross, (error < 1e-9 * (1.0 + jnp.abs(energy))) & inside


@eqx.filter_jit
def _traced(bands, sign, energy, normal, start, stop, length, count: int):
    """Nodes on the contour from start to stop, by its motion at unit speed."""
    shares = jnp.asarray(np.diff(lobatto(count)))

    def band(k):
        return in_band(bands, sign, k)

    def tangent(k):
        along = jnp.cross(normal, jax.grad(band)(k))
        return along / jnp.sqrt(jnp.sum(along**2))

    def onto(k):
        slope = jax.grad(band)(k)
        slope = slope - normal * jnp.dot(slope, normal)
        return k + slope * (energy - band(k)) / jnp.sum(slope**2)

    def run(length):
        def one(k, share):
            step = length * share / _SUBSTEPS
            k, _ = jax.lax.scan(
                lambda k, _: (onto(runge_kutta(tangent, k, step)), None),
                k,
                None,
                length=_SUBSTEPS,
            )
            return k, k

        return jax.lax.scan(one, start, shares)[1]

    def correct(_, length):
        return length + jnp.dot(stop - run(length)[-1], tangent(stop))

    length = jax.lax.fori_loop(0, 5, correct, length)
    rest = run(length)
    last = eqx.error_if(
        rest[-1],
        jnp.sum((rest[-1] - stop) ** 2) > 1e-12 * length**2,
        "an arc does not lead from one junction to the next: trace the orbits with "
        "more `points`.",
    )
    return jnp.concatenate([start[None], rest[:-1], 0.0 * last[None] + stop[None]])
