"""A periodic network in a field: rational flux, magnetic cells and Bloch phases."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_shape, is_concrete
from .._types import Scalar, as_array
from ._network import Crossing, Network
from ._units import FLUX


def zone_field(network: Network, numerator: int, denominator: int = 1) -> Scalar:
    r"""The field (T) in which a lattice network repeats itself after q cells.

    $$l^2 A_\text{zone} = 2\pi\,p/q$$

    that is, q/p quanta of flux h/e through each cell of the crystal.
    **Raises:** `ValueError` if the network is not in a plane lattice, its first vector
    along x, or p or q are not positive.
    """
    width, height = _cell(network)
    if numerator < 1 or denominator < 1:
        raise ValueError(
            "`numerator` and `denominator` must be at least 1, got "
            f"{numerator} and {denominator}."
        )
    area = width[0] * height
    return FLUX * area * denominator / (2.0 * jnp.pi * numerator)


def magnetic_cell(
    network: Network,
    numerator: int,
    denominator: int = 1,
    bloch_phases: ArrayLike = (0.0, 0.0),
) -> Network:
    r"""The closed network of q cells that repeats itself in the field `zone_field`.

    In a field, translations by the vectors of the lattice do not commute: around a cell
    of the zone an electron gains $l^2A_\text{zone} = 2\pi p/q$. After q cells along the
    first vector everything repeats, and levels form magnetic bands in two Bloch phases,
    as Hofstadter's.

    **Arguments:**

    - `network`: of one cell, with a `lattice` of two vectors, the first along x, and
      arcs with `run`; `HexagonalNetwork` gives it.
    - `numerator`, `denominator`: p and q, also if p/q is large.
    - `bloch_phases`: of q translations by the first vector and one by the second,
      shape `(2,)`. rad.

    **Returns:** a `Network` of q times as many arcs, to be used in that field only.

    **Raises:** `ValueError` as `zone_field`, for a junction that is no `Crossing`, and
    if the straight paths do not join all arcs of the cell to one loop.

    Source: Pippard, Phil. Trans. R. Soc. A 256, 317 (1964).
    """
    bloch_phases = as_array(bloch_phases)
    check_shape("bloch_phases", bloch_phases, (2,))
    field = zone_field(network, numerator, denominator)
    width, height = _cell(network)
    places = _ends(network)
    size = len(network.arcs)
    vertices = []
    for column in range(denominator):
        for vertex in network.vertices:
            along, up = vertex.translation
            wraps, other = divmod(column + along, denominator)
            # Halfway between both rows the phase is the same on the way back.
            place = places[vertex.first[0]] + column * width[0] - 0.5 * up * width[1]
            turn = FLUX / field * height * up * place
            turn = turn + wraps * bloch_phases[0] + up * bloch_phases[1]
            first, second = (
                (cell * size + path[0], cell * size + path[1])
                for cell, path in ((column, vertex.first), (other, vertex.second))
            )
            vertices.append(
                Crossing(
                    first,
                    second,
                    vertex.breakdown_field,
                    vertex.angle,
                    vertex.coupling_phase + turn,
                    (),
                    vertex.curvature,
                )
            )
    return Network(network.arcs * denominator, vertices)


def _cell(network: Network) -> tuple[Float[Array, "2"], Scalar]:
    """(x of both vectors, y of the second) of the lattice."""
    lattice = network.lattice
    is_plane = lattice.shape == (2, 2)
    if not is_plane or (is_concrete(lattice) and np.asarray(lattice)[0, 1] != 0):
        raise ValueError(
            "the network needs a `lattice` of two vectors, the first along x, got "
            f"shape {lattice.shape}."
        )
    for vertex in network.vertices:
        if not isinstance(vertex, Crossing) or len(vertex.translation) != 2:
            raise ValueError(
                "every junction must be a `Crossing` with a `translation` by both "
                "vectors of the lattice."
            )
    return lattice[:, 0], lattice[1, 1]


def _ends(network: Network) -> list[Scalar]:
    """k_x of the end of each arc, from the middle of all ends."""
    after = dict(network.paths)
    order = [0]
    while len(order) < len(network.arcs) and after[order[-1]] not in order:
        order.append(after[order[-1]])
    if len(order) < len(network.arcs):
        raise ValueError(
            "straight paths must join all arcs of the cell to one loop: the places of "
            "the others are not known."
        )
    ends = jnp.cumsum(jnp.stack([network.arcs[arc].run for arc in order]))
    ends = ends - jnp.mean(ends)
    return [ends[order.index(arc)] for arc in range(len(order))]
