"""The network of arcs that were cut out of traced orbits."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._types import Scalar, as_scalar
from ._arcs import (
    angle_between,
    argument,
    crossing,
    derivative_matrix,
    in_band,
    plane,
    quadrature,
    refined_root,
    state_in,
    transported,
    wrapped,
)
from ._bands import AbstractTwoBands, Vector3
from ._complex_action import complex_breakdown_field
from ._junctions import Junction
from ._network import Arc, Crossing, Network
from ._phases import moment_rate


class TracedNetwork(eqx.Module):
    r"""The network of the orbits of two coupled bands, at any energy near the traced
    one. Made by `traced_network`.

    - `bands`: may be replaced (`eqx.tree_at`) by bands with other numbers nearby;
      everything follows, and derivatives by its numbers are right to third order.
    - `normal`: the field's direction. `energy`: at which the orbits were traced.
    - `nodes`: of all arcs at that energy. 1/Å, shape `(A, N, 3)`.
    - `crossings`: where the uncoupled bands cross. 1/Å, shape `(J, 3)`.
    - `signs`: −1 for arcs in the lower band, 1 in the upper one.
    - `ends`: (junction, uncoupled band 0 or 1) at the start and at the stop of each
      arc; −1 for orbits without a junction.
    - `paths`: (arriving, leaving arc) of both uncoupled bands at each junction.

    Called with an energy in eV, it gives the `Network`: each point of an arc moves
    along a fixed line to where it meets the energy.

    **Raises:** `RuntimeError` at an energy too far away for that.
    """

    bands: AbstractTwoBands
    normal: Vector3
    energy: Scalar
    nodes: Float[Array, "A N 3"]
    crossings: Float[Array, "J 3"]
    _lines: Float[Array, "A N 3"]
    _rotations: Float[Array, " A"]
    _tangents: Float[Array, "J 2 3"]
    signs: tuple[int, ...] = eqx.field(static=True)
    ends: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = eqx.field(static=True)
    paths: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = eqx.field(static=True)
    formula: str = eqx.field(static=True)

    @eqx.filter_jit
    def breakdown_fields(self, energy: ArrayLike) -> Float[Array, " J"]:
        """B₀ of all junctions. T."""
        return self._junctions(as_scalar(energy))[1]

    def __call__(self, energy: ArrayLike) -> Network:
        arcs, fields, angles, phases = self._numbers(as_scalar(energy))
        vertices = [
            Crossing(first, second, fields[j], angles[j], phases[j])
            for j, (first, second) in enumerate(self.paths)
        ]
        return Network([Arc(*arcs[:, k]) for k in range(len(self.signs))], vertices)

    @eqx.filter_jit
    def _numbers(self, energy):
        corners, fields, angles, phases, turns = self._junctions(energy)
        points = self._points(energy)
        starts, stops = np.array(self.ends).transpose(1, 2, 0)
        turned = _picked(turns, *stops) - _picked(turns, *starts)
        areas = self._areas(
            points, _picked(corners, starts[0]), _picked(corners, stops[0])
        )
        own = self._phases(points, starts, stops, phases)
        return jnp.stack([areas, self._rotations + turned, own]), fields, angles, phases

    def _junctions(self, energy):
        """Places, B₀, angles, coupling phases, and how far tangents have turned."""
        still = jax.lax.stop_gradient((self.crossings, self._tangents))
        frame = plane(self.normal)

        def one(guess, tangents):
            k = crossing(self.bands, energy, frame, guess)
            flip = self.bands.elements(k)[2]
            slopes = [self.bands.diabatic(n).velocity(k) for n in (1, 2)]
            now = [jnp.cross(self.normal, slope) for slope in slopes]
            if self.formula == "velocities":
                junction = Junction(2.0 * jnp.abs(flip), *slopes)
                field = junction.breakdown_field(self.normal)
            else:
                field = complex_breakdown_field(self.bands, k, self.normal)
            turned = [angle_between(tangents[n], now[n], self.normal) for n in (0, 1)]
            angle = angle_between(now[0], now[1], self.normal)
            return k, field, angle, argument(flip), jnp.stack(turned)

        return jax.vmap(one)(*still)

    def _points(self, energy):
        """Where the lines from all nodes meet the energy."""
        nodes, lines = jax.lax.stop_gradient((self.nodes, self._lines))

        def one(sign, k, line):
            def excess(data, step):
                bands, energy = data
                return in_band(bands, sign, k + step * line) - energy

            def improved(data, step):
                value, rate = jax.value_and_grad(lambda x: excess(data, x))(step)
                return step - value / rate

            data = self.bands, energy
            step = refined_root(improved, data, jnp.zeros(()), 6)
            return k + step * line, jnp.abs(excess(data, step))

        arcs = jax.vmap(jax.vmap(one, (None, 0, 0)))
        points, away = arcs(jnp.array(self.signs, float), nodes, lines)
        return eqx.error_if(
            points,
            ~(jnp.max(away) < 1e-9 * (1.0 + jnp.abs(energy))),
            "at this energy the orbits differ too much from the traced ones: trace "
            "them at a nearer energy.",
        )

    def _areas(self, points, first, last):
        """½∫(k × dk)·n from junction to junction, around the middle of all."""
        size = points.shape[1]
        centre = jax.lax.stop_gradient(jnp.mean(self.nodes, axis=(0, 1)))

        def one(points, first, last, has_ends):
            points = points - centre[None]
            swept = jnp.cross(points, derivative_matrix(size) @ points)
            ends = jnp.cross(first - centre, points[0])
            ends = ends + jnp.cross(points[-1], last - centre)
            total = quadrature(size) @ swept + jnp.where(has_ends, ends, 0.0)
            return 0.5 * jnp.dot(total, self.normal)

        has_ends = np.array(self.ends)[:, 0, 0] >= 0
        return jax.vmap(one)(points, first, last, has_ends)

    def _phases(self, points, starts, stops, phases):
        """Berry and orbital-moment phases, in the gauge of `crossing_matrix`."""
        size, signs = points.shape[1], jnp.array(self.signs, float)
        # Of the first and the second uncoupled band, and of none.
        half = jnp.array([-0.5, 0.5, 0.0])
        is_real = not jnp.iscomplexobj(self.bands.elements(points[0, 0])[2])

        def one(points, sign, start, stop, at_start, at_stop):
            states = jax.vmap(lambda k: state_in(self.bands, sign, k))(points)
            fine = transported(states, start, stop)
            if is_real:
                return jax.lax.stop_gradient(fine)
            coarse = transported(states[::2], start, stop)
            # Richardson's extrapolation, on the branch of the finer one.
            total = fine - wrapped(coarse - fine) / 3.0
            # Between the orbit and the crossing both states weigh one half.
            flips = jax.vmap(lambda k: self.bands.elements(k)[2])(points)
            first = wrapped(argument(flips[0]) - at_start)
            last = wrapped(at_stop - argument(flips[-1]))
            total = total + half[start] * first + half[stop] * last
            along = derivative_matrix(size) @ points
            speeds = jnp.sqrt(jnp.sum(along**2, axis=1))
            rates = jax.vmap(lambda k: moment_rate(self.bands, sign, k, self.normal))
            return total + quadrature(size) @ (speeds * rates(points))

        ends = _picked(phases, starts[0]), _picked(phases, stops[0])
        return jax.vmap(one)(points, signs, starts[1], stops[1], *ends)


def _picked(values, junctions, labels=None):
    """The values at the junctions; zero where there is none (−1)."""
    padded = jnp.concatenate([values, jnp.zeros((1, *values.shape[1:]), values.dtype)])
    return padded[junctions] if labels is None else padded[junctions, labels]
