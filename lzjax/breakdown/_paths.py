"""Closed paths through a network: the orbits that oscillations consist of."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Complex, Float

from .._types import Scalar, as_scalar
from ._network import Array, Network
from ._units import FLUX, HBAR2_OVER_MASS


class ClosedPaths(eqx.Module):
    r"""All closed paths through a network up to a number of arcs.

    $$\ln\det(1 - S\Phi) = -\sum_c \frac{w_c}{r_c}$$

    over cyclic sequences c of arcs, each w the product of the junctions' amplitudes and
    of $e^{i\varphi}$ of the arcs, r how often c repeats a shorter one.

    - `sequences`: the arcs of each path.
    - `repeats`: $r$ of each. `tunnellings`, `reflections`: junctions of either kind.
    """

    sequences: tuple[tuple[int, ...], ...] = eqx.field(static=True)
    repeats: tuple[int, ...] = eqx.field(static=True)
    tunnellings: tuple[int, ...] = eqx.field(static=True)
    reflections: tuple[int, ...] = eqx.field(static=True)

    def __len__(self) -> int:
        return len(self.sequences)

    def areas(self, network: Network) -> Float[Array, " C"]:
        """Signed areas of all paths. 1/Å²."""
        own = jnp.stack([arc.area for arc in network.arcs])
        return jnp.asarray(self._counts(network)) @ own + self._displaced(network)

    def frequencies(self, network: Network) -> Float[Array, " C"]:
        """Signed frequencies F = ħA/2πe of all paths. T."""
        return FLUX / (2.0 * jnp.pi) * self.areas(network)

    def masses(
        self, network: Callable[[Scalar], Network], energy: ArrayLike
    ) -> Float[Array, " C"]:
        r"""$\frac{\hbar^2}{2\pi}\frac{dA}{dE}$ of all paths, in electron masses."""
        slope = jax.jacfwd(lambda e: self.areas(network(e)))(as_scalar(energy))
        return HBAR2_OVER_MASS / (2.0 * jnp.pi) * slope

    def weights(self, network: Network, field: ArrayLike) -> Complex[Array, " C"]:
        """w/r of all paths in the field (T): amplitude, sign and full phase."""
        field = as_scalar(field)
        scattering, phases = network.scattering(field), network.phases(field)
        turns = jnp.asarray(self._counts(network)) @ phases
        turns = turns + FLUX / field * self._displaced(network)
        longest = max(len(path) for path in self.sequences)
        steps = np.full((len(self), longest, 2), -1)
        for c, path in enumerate(self.sequences):
            steps[c, : len(path)] = np.stack([path[1:] + path[:1], path], axis=1)
        amplitudes = scattering[steps[..., 0], steps[..., 1]]
        products = jnp.prod(jnp.where(steps[..., 0] < 0, 1.0, amplitudes), axis=1)
        return jnp.exp(1j * turns) * products / np.array(self.repeats)

    def _counts(self, network):
        arcs = range(len(network.arcs))
        return np.array([[path.count(k) for k in arcs] for path in self.sequences])

    def _displaced(self, network):
        """−∮R_y dk_x: what arcs gain where they lie in another cell."""
        if network.lattice.shape[0] == 0:
            return jnp.zeros(len(self))
        moves, runs = _moves(network), jnp.stack([arc.run for arc in network.arcs])
        found = np.zeros((len(self), len(network.arcs), network.lattice.shape[0]))
        for c, path in enumerate(self.sequences):
            cell = np.zeros(network.lattice.shape[0])
            for arc, after in zip(path, path[1:] + path[:1], strict=True):
                found[c, arc] += cell
                cell = cell + np.array(moves[arc, after])
        return -jnp.einsum("cad,d,a->c", found, network.lattice[:, 1], runs)


def closed_paths(network: Network, longest: int) -> ClosedPaths:
    """The closed paths of up to `longest` arcs, shortest first.

    In a lattice only those that come back to their own cell. Their number grows
    exponentially with `longest`.

    **Raises:** `ValueError` if there is none.
    """
    if longest < 1:
        raise ValueError(f"`longest` must be at least 1, got {longest}.")
    moves = _moves(network)
    ways: dict[int, list[int]] = {}
    for here, there in moves:
        ways.setdefault(here, []).append(there)
    straight = set(network.paths)
    zero = (0,) * len(next(iter(moves.values())))
    found: list[tuple[int, ...]] = []

    def walk(path, cell):
        for there in ways.get(path[-1], ()):
            moved = tuple(np.add(cell, moves[path[-1], there]))
            if there == path[0] and moved == zero and _is_first_turn(path):
                found.append(path)
            # A cycle is found from its smallest arc on.
            if len(path) < longest and there >= path[0]:
                walk((*path, there), moved)

    for arc in range(len(network.arcs)):
        walk((arc,), zero)
    if not found:
        raise ValueError(f"no path of up to {longest} arcs is closed.")
    found.sort(key=lambda path: (len(path), path))
    through = [
        sum(step in straight for step in zip(p, p[1:] + p[:1], strict=True))
        for p in found
    ]
    return ClosedPaths(
        tuple(found),
        tuple(_repeats(path) for path in found),
        tuple(through),
        tuple(len(p) - t for p, t in zip(found, through, strict=True)),
    )


def _moves(network: Network) -> dict[tuple[int, int], tuple[int, ...]]:
    """(arc, next arc) -> cells moved, for all ways through all junctions."""
    size = max((len(v.translation) for v in network.vertices), default=0)
    moves = {path: (0,) * size for path in network.paths}
    for vertex in network.vertices:
        step = vertex.translation or (0,) * size
        moves[vertex.first[0], vertex.second[1]] = step
        moves[vertex.second[0], vertex.first[1]] = tuple(-n for n in step)
    return moves


def _is_first_turn(path: tuple[int, ...]) -> bool:
    """Whether no rotation of the cycle comes before it."""
    return all(path <= path[k:] + path[:k] for k in range(1, len(path)))


def _repeats(path: tuple[int, ...]) -> int:
    size = len(path)
    for length in range(1, size + 1):
        if size % length == 0 and path[:length] * (size // length) == path:
            return size // length
    return 1
