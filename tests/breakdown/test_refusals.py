"""Bad input is refused at the boundary, with what was got and what is allowed."""

import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb

Z = [0.0, 0.0, 1.0]
FREE = mb.FreeElectrons()
TWO = mb.NearlyFreeElectrons(0.02, [1.0, 0.0, 0.0])
LOOP = mb.Network([mb.Arc(1.0, 2 * np.pi)])
CROSSING = [0.5, 0.4, 0.0]
LINE = mb.OscillationCurve([mb.OrbitLine("a")])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: mb.orbit(FREE, [0.1, 0, 0], [0.0, 0, 0], reach=1.0),
            "direction.` must",
        ),
        (
            lambda: mb.orbit(FREE, [0.1, 0], Z, reach=1.0),
            r"`k0` must have shape \(3,\)",
        ),
        (
            lambda: mb.orbit(FREE, [0.1, 0, 0], Z, reach=1.0, points=2),
            "at least 8, got 2",
        ),
        (
            lambda: mb.trajectory(FREE, [0.1, 0, 0], Z, [0.0, 1.0], steps=0),
            "`steps` must be at least 1, got 0",
        ),
        (
            lambda: mb.extremal_orbits(
                FREE, 0.1, Z, half_range=0.1, reach=1.0, inner=Z
            ),
            "inner across the field.` must be positive",
        ),
        (lambda: mb.TightBinding(0.0, [1.0], [[1.0, 0.0]]), r"got \(1,\) and \(1, 2\)"),
        (lambda: mb.complex_breakdown_field(TWO, [0.1, 0, 0], Z), "must cross at `k0`"),
        (lambda: mb.passage(TWO, [0.1, 0, 0], Z, (-1.0, 1.0)), "must cross at `k0`"),
        (lambda: mb.passage(TWO, CROSSING, Z, (0.5, 1.0)), r"`-window\[0\]` must be"),
        (lambda: mb.levels(lambda e: LOOP, 1.0, 2.0, 1.0, 1), "`stop - start` must be"),
        (lambda: mb.occupations(mb.ring(1.0, 1.0), 1.0, 1.2), "`1 - coherence` must"),
        (
            lambda: mb.exit_probabilities(mb.ring(1.0, 1.0), 1.0, 99, 3),
            "arcs 0 to 17 and .* got 99 and 3",
        ),
        (lambda: mb.closed_paths(LOOP, 0), "`longest` must be at least 1, got 0"),
        (
            lambda: mb.spectrum([1.0, 2.0, 3.0], [0.0] * 3, padding=0),
            "`padding` must be at least 1",
        ),
        (lambda: mb.spectrum([1.0], [0.0]), "at least 3 points, got 1"),
        (
            lambda: mb.line_amplitudes([1.0, 2.0, 3.0], [0.0] * 3, [1.0, 2.0]),
            "3 points cannot determine 2 lines",
        ),
        (
            lambda: mb.line_amplitudes([1.0, 2.0, 3.0], [0.0] * 3, [-1.0]),
            "`frequencies` must be positive, got -1",
        ),
        (lambda: mb.landau_fan([1.0, -1.0], [1, 2]), "`fields` must be positive"),
        (lambda: mb.thermal_factor(1.0, 0.0, 1.0), "`mass` must not be zero"),
        (lambda: mb.curvature_factor(1.0, 0.0), "`curvature` must not be zero"),
        (lambda: mb.gruneisen_from_slope(0.0, 1.0, 1.0), "`breakdown_field` must be"),
        (lambda: mb.OrbitLine("a", tunnellings=-1), "counts of junctions from 0"),
        (
            lambda: mb.cramer_rao(
                LINE, dict.fromkeys(LINE.parameters, 1.0), {"field": jnp.ones(3)}, 0.1
            ),
            "needs the controls .'temperature'.",
        ),
        (
            lambda: mb.rabi_levels(mb.CoupledCircles(0.02, 1.0, parity=1), -1.0),
            "`field` must be positive, got -1",
        ),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("field", [0.0, -2.0])
def test_oscillations_need_positive_fields(field):
    controls = {"field": jnp.array([1.0, field]), "temperature": jnp.ones(2)}
    with pytest.raises(RuntimeError, match="every `field` must be positive"):
        LINE(dict.fromkeys(LINE.parameters, 1.0), controls)
