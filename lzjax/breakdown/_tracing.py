"""From traced orbits to a network: cuts matched to junctions, arcs between them."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._checks import check_one_of, is_concrete
from .._types import Scalar
from ._arcs import angle_between, in_band, lobatto, plane
from ._bands import AbstractTwoBands, AdiabaticBand
from ._cuts import Cut, Piece, cuts_of, pieces_of
from ._motion import Orbit
from ._traced import TracedNetwork

FORMULAS = ("velocities", "action")


def traced_network(
    orbits: Sequence[Orbit], *, formula: str = "velocities", nodes: int = 129
) -> TracedNetwork:
    r"""The coherent network of traced orbits: arcs and junctions found by the program.

    Orbits are cut where the uncoupled energies are equal on them, E₁ = E₂. A cut in the
    lower band and one in the upper band around the same crossing of the uncoupled bands
    are a junction. Which path arrives in the lower band, the angle between the paths
    and the argument of the coupling there fix all signs and phases.

    **Arguments:**

    - `orbits`: closed, from `orbit`, of the "lower" and "upper" band of the same
      `AbstractTwoBands` (`bands.adiabatic(...)`), at one energy and in one plane; every
      one that a junction leads to.
    - `formula`: for B₀, the "velocities" of straight bands (`Junction`), or the complex
      "action" (`complex_breakdown_field`), which needs elements that are analytic in k.
    - `nodes`: of each arc, an odd number; more where arcs have narrow bends.

    **Raises:** `ValueError` for orbits that are open or do not belong together, and
    for a junction with only one orbit; also under `jit` or `grad`: build it outside
    and replace its `bands`.
    """
    check_one_of("formula", formula, FORMULAS)
    if nodes < 17 or nodes % 2 == 0:
        raise ValueError(f"`nodes` must be odd and at least 17, got {nodes}.")
    orbits = tuple(orbits)
    bands, signs, energy = _checked(orbits)
    normal = orbits[0].normal
    frame = plane(normal)
    cuts = [
        cuts_of(orbit, bands, sign, energy, frame)
        for orbit, sign in zip(orbits, signs, strict=True)
    ]
    numbers, crossings = _matched(cuts, signs)
    pieces = [
        piece
        for orbit, sign, own, junctions in zip(
            orbits, signs, cuts, numbers, strict=True
        )
        for piece in pieces_of(
            orbit, bands, sign, list(zip(own, junctions, strict=True)), energy, nodes
        )
    ]
    return _assembled(bands, normal, energy, pieces, crossings, formula)


def _checked(orbits: tuple[Orbit, ...]) -> tuple[AbstractTwoBands, list[int], Scalar]:
    """Their bands, −1 or 1 for lower or upper, and their energy."""
    if not is_concrete(orbits):
        raise ValueError(
            "orbits cannot be cut under `jit`, `grad` or `vmap`: build the network "
            "outside and replace its `bands` inside."
        )
    if not orbits:
        raise ValueError("`orbits` must hold at least one orbit, got none.")
    first, found = orbits[0], []
    for n, orbit in enumerate(orbits):
        if not isinstance(orbit.band, AdiabaticBand):
            raise ValueError(
                f"orbit {n} must be of `bands.adiabatic(...)`, got "
                f"{type(orbit.band).__name__}."
            )
        found.append(orbit.band)
        if not bool(orbit.closed):
            raise ValueError(f"orbit {n} is open, or longer than its `reach`.")
        if not eqx.tree_equal(orbit.band.bands, found[0].bands):
            raise ValueError(f"orbits 0 and {n} belong to different bands.")
        if not np.allclose(orbit.normal, first.normal, rtol=0, atol=1e-12):
            raise ValueError(f"orbits 0 and {n} are for different directions.")
        heights = (orbit.points[0] @ orbit.normal, first.points[0] @ orbit.normal)
        if abs(heights[0] - heights[1]) > 1e-9 * float(orbit.length):
            raise ValueError(f"orbits 0 and {n} lie in different planes.")
    energies = np.array([float(orbit.band(orbit.points[0])) for orbit in orbits])
    if np.ptp(energies) > 1e-9 * (1.0 + np.max(abs(energies))):
        raise ValueError(f"orbits must have one energy, got {energies} eV.")
    signs = [-1 if band.which == "lower" else 1 for band in found]
    return found[0].bands, signs, jnp.asarray(energies[0])


def _matched(cuts: list[list[Cut]], signs: list[int]):
    """The junction of every cut, and where the junctions are."""
    everything = [
        (cut, sign) for own, sign in zip(cuts, signs, strict=True) for cut in own
    ]
    crossings: list[np.ndarray] = []
    found: list[list[int]] = []
    for cut, sign in everything:
        same = [
            j
            for j, place in enumerate(crossings)
            if np.linalg.norm(place - cut.crossing)
            < 1e-6 * (1e-3 + np.linalg.norm(cut.place - cut.crossing))
        ]
        if not same:
            crossings.append(cut.crossing)
            found.append([])
        found[same[0] if same else -1].append(sign)
    for place, own in zip(crossings, found, strict=True):
        if sorted(own) != [-1, 1]:
            where = np.array2string(np.asarray(place), precision=4)
            raise ValueError(
                f"the junction at k = {where} needs one orbit in the lower band and "
                f"one in the upper, got {own.count(-1)} and {own.count(1)}: trace "
                "those that pass it, each once."
            )
    nearest = [
        [
            int(np.argmin([np.linalg.norm(p - cut.crossing) for p in crossings]))
            for cut in own
        ]
        for own in cuts
    ]
    return nearest, np.reshape(np.array(crossings), (-1, 3))


def _assembled(bands, normal, energy, pieces: list[Piece], crossings, formula):
    """Directions, rotations and the paths through all junctions."""
    nodes = jnp.asarray(np.stack([piece.nodes for piece in pieces]))
    signs = tuple(piece.sign for piece in pieces)
    ends = tuple((piece.start, piece.stop) for piece in pieces)
    lines, rotations, tangents = _geometry(
        bands, normal, jnp.array(signs, float), np.array(ends), nodes, crossings
    )
    arriving = {(*piece.stop, piece.sign): k for k, piece in enumerate(pieces)}
    leaving = {(*piece.start, piece.sign): k for k, piece in enumerate(pieces)}
    paths = []
    for j in range(len(crossings)):
        both = []
        for band in (0, 1):
            # A path that breaks through arrives in one band and leaves in the other.
            sign = -1 if (j, band, -1) in arriving else 1
            both.append((arriving[j, band, sign], leaving[j, band, -sign]))
        paths.append(tuple(both))
    corners = jnp.asarray(crossings)
    return TracedNetwork(
        bands, normal, energy, nodes, corners, lines, rotations, tangents,
        signs, ends, tuple(paths), formula,
    )  # fmt: skip


@eqx.filter_jit
def _geometry(bands, normal, signs, ends, nodes, crossings):
    """Along which lines nodes may move, how far the motion turns along each arc, and
    the directions of both paths at the junctions.

    The lines are normals, sheared so that the ends stay on E₁ = E₂: there the area is
    divided between arcs without changing that of any closed path.
    """

    def corner(k):
        slopes = [jax.grad(bands.diabatic(n))(k) for n in (1, 2)]
        tangents = jnp.stack([jnp.cross(normal, slope) for slope in slopes])
        return tangents, jnp.cross(normal, slopes[0] - slopes[1])

    def frame(sign, k):
        slope = jax.grad(lambda k: in_band(bands, sign, k))(k)
        slope = slope - normal * jnp.dot(slope, normal)
        unit = slope / jnp.sqrt(jnp.sum(slope**2))
        return unit, jnp.cross(normal, unit)

    # One more, for orbits without a junction.
    tangents, edges = jax.vmap(corner)(
        jnp.concatenate([crossings, nodes[:1, 0]], axis=0)
    )
    u = jnp.asarray(lobatto(nodes.shape[1]))

    def arc(sign, ends, nodes):
        normals, along = jax.vmap(lambda k: frame(sign, k))(nodes)
        bends = jax.vmap(angle_between, (0, 0, None))(along[:-1], along[1:], normal)
        lines, rotation = normals, jnp.sum(bends)
        for side, place, share in ((0, 0, 1.0 - u), (1, -1, u)):
            junction, band = ends[side]
            edge, path = edges[junction], tangents[junction, band]
            shear = jnp.dot(edge, along[place]) / jnp.dot(edge, normals[place])
            turn = angle_between(path, along[place], normal)
            is_cut = junction >= 0
            shear = jnp.where(is_cut, shear, 0.0)
            lines = lines + shear * (share**4)[:, None] * along
            rotation = rotation + jnp.where(is_cut, (1.0 - 2.0 * side) * turn, 0.0)
        return lines, rotation

    return *jax.vmap(arc)(signs, ends, nodes), tangents[:-1]
