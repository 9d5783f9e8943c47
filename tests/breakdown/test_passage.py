"""The exact amplitude along the trajectory, and the complex action."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb
from tests.breakdown.records import record

Z = [0.0, 0.0, 1.0]
CYCLOTRON = 0.1758820008  # rad/ps in 1 T


EXACT = eqx.filter_jit(mb.passage)


def on_the_circle(reach, potential):
    """The nearly free example with k_F = `reach` G/2, at B = B₀, to where the bands are
    furthest apart: the middle of the lens, and the far side of the circle."""
    g = 2.0
    kf = reach * g / 2
    height = np.sqrt(kf**2 - g**2 / 4)
    bands = mb.NearlyFreeElectrons(potential, [g, 0.0, 0.0])
    field = float(mb.nearly_free_breakdown_field(potential, g, kf))
    angle = np.arctan2(height, g / 2)
    window = np.array([-angle, np.pi - angle]) / (CYCLOTRON * field)
    # As arrays, so that all cases share one program.
    k0, strength = jnp.array([g / 2, height, 0.0]), jnp.array([0.0, 0.0, field])
    return bands, k0, strength, (jnp.asarray(window[0]), jnp.asarray(window[1]))


@pytest.mark.parametrize(
    ("reach", "potential", "excess"),
    [(1.36, 0.02, 1.6e-6), (1.36, 0.05, 1.1e-5), (1.36, 0.1, 4.2e-5)],
)
def test_the_formula_holds_on_the_circle(reach, potential, excess):
    found = EXACT(*on_the_circle(reach, potential))
    np.testing.assert_allclose(found.formula, np.exp(-1), rtol=1e-12)
    np.testing.assert_allclose(found.probability - np.exp(-1), excess, rtol=0.06)
    assert bool(found.is_valid(1e-4))
    np.testing.assert_allclose(
        abs(found.amplitudes[1, 0]) ** 2, found.probability, atol=1e-5
    )


@pytest.mark.parametrize(("reach", "probability"), [(1.01, 0.4059), (1.003, 0.4038)])
def test_near_tangency_the_formula_fails_and_says_so(reach, probability):
    found = EXACT(*on_the_circle(reach, 0.05))
    np.testing.assert_allclose(found.probability, probability, atol=1e-4)
    assert not bool(found.is_valid())


def test_the_complex_action_of_the_example():
    p = record(16)["parameters"]
    bands, k0, _, _ = on_the_circle(1.36, p["Vg_eV"])
    found = mb.complex_breakdown_field(bands, k0, Z)
    # The curvature of the circle is worth (V/E_F)² of it, 5e-5 here.
    np.testing.assert_allclose(found, record(16)["value"], rtol=5e-5)


def test_the_complex_action_of_the_tilted_dirac_cone():
    """Strong curvature: the exponent is an integral over the forbidden contour."""
    energy = 0.05

    def traced(x):
        return mb.complex_breakdown_field(
            mb.TypeTwoDirac(1.0, x[1], 1.0, x[0]), [energy, 0.0, 0.0], Z
        )

    def direct(x):
        return mb.TiltedDirac(1.0, x[1], 1.0, x[0]).breakdown_field(energy)

    point = jnp.array([0.08, 0.9])
    np.testing.assert_allclose(traced(point), direct(point), rtol=1e-12)
    slope = jax.jit(jax.grad(traced))(point)
    np.testing.assert_allclose(slope, jax.jit(jax.grad(direct))(point), rtol=1e-10)
    bands = mb.TypeTwoDirac(1.0, 0.9, 1.0, 0.08)
    k0 = [energy, 0.0, 0.0]
    straight = mb.Junction(
        2 * bands.elements(jnp.array(k0))[2],
        bands.diabatic(1).velocity(k0),
        bands.diabatic(2).velocity(k0),
    ).breakdown_field(Z)
    assert abs(straight / traced(point) - 1) > 1e-3
