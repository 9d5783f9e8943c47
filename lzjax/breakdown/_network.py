"""Arcs of orbits, joined at junctions: the coherent network of an electron."""

import abc
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_positive
from .._types import Scalar, as_array, as_scalar
from ._scattering import crossing_matrix, saddle_matrix, saddle_phase
from ._units import FLUX


class Arc(eqx.Module):
    r"""A piece of an orbit from one junction to the next, in the sense of motion.

    An electron gains the phase $l^2 A - \rho/2 + \varphi$ along it, $l^2 = \hbar/eB$.

    **Arguments:**

    - `area`: $A = -\int k_y\,dk_x$ along it, or any part of the signed area that adds
      up to those of the closed orbits; electron pockets count as positive. 1/Å².
    - `rotation`: $\rho$, by how much the direction of motion turns, positive in the
      sense in which electrons circle: 2π for a closed electron orbit. Its half is the
      Maslov phase. rad.
    - `phase`: $\varphi$, Berry, orbital-moment and Zeeman phases, with the sign with
      which they add to $l^2A$. rad.
    - `run`: $\int dk_x$ along it, needed only in a lattice of more than one dimension.
      1/Å.

    Junctions cut gapped orbits at the vertices of the hyperbolas: areas are those of
    the orbits with the gap open.
    """

    area: Scalar = eqx.field(converter=as_scalar)
    rotation: Scalar = eqx.field(converter=as_scalar)
    phase: Scalar = eqx.field(converter=as_scalar, default=0.0)
    run: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def total_phase(self, field: Scalar) -> Scalar:
        """What an electron gains along it. rad."""
        return FLUX / field * self.area - 0.5 * self.rotation + self.phase


class AbstractVertex(eqx.Module):
    """Where two arcs arrive and two leave."""

    first: eqx.AbstractVar[tuple[int, int]]
    second: eqx.AbstractVar[tuple[int, int]]
    translation: eqx.AbstractVar[tuple[int, ...]]

    @abc.abstractmethod
    def matrix(self, field: Scalar) -> Complex[Array, "2 2"]:
        """Amplitudes `[leaving, arriving]`, (first, second)."""

    @abc.abstractmethod
    def determinant_phase(self, field: Scalar) -> Scalar:
        """The phase of its determinant, continuous in all parameters."""


class Crossing(AbstractVertex):
    """An interband junction: two paths that cross, with a gap. See `crossing_matrix`.

    **Arguments:**

    - `first`, `second`: (arriving arc, leaving arc) of each path, as numbers; an
      electron that breaks through stays on its path.
    - `breakdown_field`: B₀ in T.
    - `angle`: from the direction of the first path to that of the second, positive in
      the electrons' sense of rotation. It decides which path arrives in the lower band.
    - `coupling_phase`: arg⟨second|H|first⟩, 0 or π for real states; the Bloch phase of
      a lattice that the reflection moves along.
    - `translation`: how many cells of the lattice the leaving arc of a reflection from
      first to second lies from the arriving one.
    - `curvature`: c, by which curved paths and a coupling that varies along them enter
      at the next order in the field: the coupling is seen as V (1 + ic/l²), which adds
      arctan(c/l²) to φ_S and multiplies δ by 1 + (c/l²)². Å².
    """

    first: tuple[int, int] = eqx.field(static=True)
    second: tuple[int, int] = eqx.field(static=True)
    breakdown_field: Scalar = eqx.field(converter=as_scalar)
    angle: Scalar = eqx.field(converter=as_scalar)
    coupling_phase: Scalar = eqx.field(converter=as_scalar, default=0.0)
    translation: tuple[int, ...] = eqx.field(static=True, default=())
    curvature: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def matrix(self, field: Scalar) -> Complex[Array, "2 2"]:
        delta = self.breakdown_field / (2.0 * jnp.pi * field)
        share = field / FLUX * self.curvature
        return crossing_matrix(
            delta * (1.0 + share**2),
            self.angle,
            self.coupling_phase,
            jnp.arctan(share),
        )

    def determinant_phase(self, field: Scalar) -> Scalar:
        return jnp.zeros_like(field)


class Saddle(AbstractVertex):
    """A saddle of one band between two orbits of the same sense. See `saddle_matrix`.

    **Arguments:**

    - `first`, `second`: (arriving arc, leaving arc) of each lobe; an electron that does
      *not* pass the saddle stays on its lobe.
    - `area`: of the forbidden region, 2∫κ dk, so that K = l²·area/2. 1/Å², negative
      above the saddle.
    """

    first: tuple[int, int] = eqx.field(static=True)
    second: tuple[int, int] = eqx.field(static=True)
    area: Scalar = eqx.field(converter=as_scalar)
    translation: tuple[int, ...] = eqx.field(static=True, default=())

    def matrix(self, field: Scalar) -> Complex[Array, "2 2"]:
        return saddle_matrix(0.5 * FLUX / field * self.area)

    def determinant_phase(self, field: Scalar) -> Scalar:
        return -2.0 * saddle_phase(0.5 * FLUX / field * self.area)


class Network(eqx.Module):
    r"""Arcs and the junctions between them.

    With Φ the diagonal matrix of the arcs' phases and S the junctions, an electron is
    in a stationary state where $\det(1 - S\Phi) = 0$.

    **Arguments:**

    - `arcs`: a sequence of `Arc`.
    - `vertices`: a sequence of `Crossing` and `Saddle`. An arc that neither leaves nor
      arrives anywhere closes on itself. One that only leaves a junction, or only
      arrives at one, is a lead to the outside.
    - `lattice`: the vectors (1/Å, shape `(d, 2)`) by which the `translation` of a
      reflection moves; needed only for closed paths in two dimensions.

    **Raises:** `ValueError` if an arc arrives or leaves twice, or does not exist.
    """

    arcs: tuple[Arc, ...]
    vertices: tuple[AbstractVertex, ...]
    lattice: Float[Array, "d 2"]

    def __init__(
        self,
        arcs: Sequence[Arc],
        vertices: Sequence[AbstractVertex] = (),
        lattice: ArrayLike = (),
    ):
        self.arcs, self.vertices = tuple(arcs), tuple(vertices)
        self.lattice = as_array(jnp.reshape(jnp.asarray(lattice, float), (-1, 2)))
        if not self.arcs:
            raise ValueError("a network needs at least one arc, got none.")
        for end, verb in ((0, "arrives"), (1, "leaves")):
            ends = [path[end] for v in self.vertices for path in (v.first, v.second)]
            for arc in ends:
                if not 0 <= arc < len(self.arcs):
                    raise ValueError(
                        f"there are arcs 0 to {len(self.arcs) - 1}, but arc {arc} "
                        f"{verb} at a junction."
                    )
                if ends.count(arc) > 1:
                    raise ValueError(
                        f"arc {arc} {verb} at more than one junction; cut it in two."
                    )

    @property
    def paths(self) -> tuple[tuple[int, int], ...]:
        """(arriving, leaving) of all straight paths, loops without a junction too."""
        paths = [path for v in self.vertices for path in (v.first, v.second)]
        used = {arc for path in paths for arc in path}
        loops = [(k, k) for k in range(len(self.arcs)) if k not in used]
        return (*paths, *loops)

    @property
    def is_closed(self) -> bool:
        """Whether every arc goes on to another one."""
        return len(self.paths) == len(self.arcs)

    def scattering(self, field: ArrayLike) -> Complex[Array, "A A"]:
        """S: amplitudes `[leaving, arriving]` between arcs in the field (T)."""
        field = _field(field)
        matrix = jnp.zeros((len(self.arcs),) * 2, complex)
        for vertex in self.vertices:
            (a, x), (b, y) = vertex.first, vertex.second
            rows, columns = np.array([[x], [y]]), np.array([[a, b]])
            matrix = matrix.at[rows, columns].set(vertex.matrix(field))
        for arc, same in self.paths[2 * len(self.vertices) :]:
            matrix = matrix.at[same, arc].set(1.0)
        return matrix

    def phases(self, field: ArrayLike) -> Float[Array, " A"]:
        """The phases of all arcs in the field. rad."""
        field = _field(field)
        return jnp.stack([arc.total_phase(field) for arc in self.arcs])

    def transfer(self, field: ArrayLike) -> Complex[Array, "A A"]:
        """SΦ: from the starts of arcs to the starts of the next ones."""
        return self.scattering(field) * jnp.exp(1j * self.phases(field))[None, :]

    def secular(self, field: ArrayLike) -> Scalar:
        r"""The secular determinant as a real number, zero at the levels.

        $$i^A e^{-i\Theta/2}\det(1 - S\Phi) = 2^A\prod_j\sin(\theta_j/2)$$

        with the eigenphases θⱼ of SΦ and their continuous sum Θ.

        **Raises:** `ValueError` if the network has leads.
        """
        transfer = self.transfer(field)
        total = self._total_phase(field)
        turn = jnp.exp(-0.5j * total) * 1j ** len(self.arcs)
        identity = jnp.eye(len(self.arcs))
        return jnp.real(turn * jnp.linalg.det(identity - transfer))

    def staircase(self, field: ArrayLike) -> Scalar:
        r"""How often an eigenphase has passed a multiple of 2π: the number of levels
        below, up to a constant.

        $$N = \frac{1}{2\pi}\Big(\Theta - \sum_j \theta_j\Big), \quad
          0 \le \theta_j < 2\pi$$

        A whole number that rises by one at each level, also where levels coincide.
        """
        angles = eigenphases(self.transfer(field))
        steps = (self._total_phase(field) - jnp.sum(angles)) / (2.0 * jnp.pi)
        return jnp.round(steps)

    def _total_phase(self, field):
        """Θ, the phase of det(SΦ), continuous in energy and field."""
        if not self.is_closed:
            raise ValueError(
                "the network has leads to the outside, so it has no levels; see "
                "`response`."
            )
        field = _field(field)
        total = jnp.sum(self.phases(field))
        for vertex in self.vertices:
            total = total + vertex.determinant_phase(field)
        return total + (jnp.pi if _is_odd(dict(self.paths)) else 0.0)


def eigenphases(unitary: Complex[Array, "A A"]) -> Float[Array, " A"]:
    """The angles of the eigenvalues of a unitary matrix, in [0, 2π), in no order.

    By the Cayley transform to a Hermitian matrix, which every backend diagonalises.
    """
    # The transform is singular at one angle; no simple network has a level there.
    origin = 0.7321
    identity = jnp.eye(unitary.shape[-1])
    turned = unitary * jnp.exp(-1j * origin)
    cayley = 1j * jnp.linalg.solve(identity - turned, identity + turned)
    cayley = 0.5 * (cayley + jnp.conj(jnp.swapaxes(cayley, -1, -2)))
    angles = jnp.pi + 2.0 * jnp.arctan(jnp.linalg.eigvalsh(cayley)) + origin
    return jnp.mod(angles, 2.0 * jnp.pi)


def _is_odd(permutation: dict[int, int]) -> bool:
    seen: set[int] = set()
    odd = False
    for start in permutation:
        length, k = 0, start
        while k not in seen:
            seen.add(k)
            k, length = permutation[k], length + 1
        odd ^= length > 0 and length % 2 == 0
    return odd


def _field(field: ArrayLike) -> Scalar:
    field = as_array(field)
    if jnp.ndim(field) != 0:
        raise ValueError(
            f"`field` must be one number (T), got shape {jnp.shape(field)}; for many "
            "fields use jax.vmap around this call."
        )
    check_positive("field", field)
    return jax.lax.convert_element_type(field, jnp.result_type(float))
