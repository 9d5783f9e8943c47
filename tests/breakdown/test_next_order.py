"""Junctions of circles beyond straight bands: against integrals and polynomials."""

import jax
import numpy as np
import pytest

from lzjax import breakdown as mb
from lzjax.breakdown._units import FLUX, HBAR2_OVER_MASS


@pytest.mark.parametrize(("shift", "tolerance"), [(3, 2e-4), (6, 3e-5)])
def test_the_phase_of_a_weak_reflection_is_that_of_laguerre_polynomials(
    shift, tolerance
):
    r"""The splitting of a Landau level is exactly $e^{-X^2}L_n(2X^2)$. By the network
    it is $\sqrt{2\pi\delta}/\pi$ times the sine of a quarter of the areas' difference,
    π/4 and the next order; without that it is wrong ten times as much."""
    special = pytest.importorskip("scipy.special")
    n = np.arange(shift**2, shift**2 + 60, 4)
    exact = np.exp(-(shift**2)) * special.eval_laguerre(n, 2 * shift**2)
    r2 = 2 * n + 1.0
    y = np.sqrt(r2 - shift**2)
    lens = 2 * (r2 * np.arccos(shift / np.sqrt(r2)) - shift * y)
    phase = 0.5 * (np.pi * r2 - lens) + 0.25 * np.pi
    size = np.sqrt(1 / (np.pi * shift * y))

    def error(more):
        return np.sqrt(np.mean((np.abs(np.sin(phase + more)) - abs(exact) / size) ** 2))

    following = np.asarray(mb.reflection_curvature(2 * shift, np.sqrt(r2)))
    assert error(following) < tolerance and error(0.0) > 10 * error(following)


def test_the_breakdown_field_by_the_action_inside_the_gap():
    """For a small potential the formula of straight bands; beyond it, the integral over
    imaginary wave vectors by quadrature on the host."""
    weak = mb.CoupledCircles(1e-4, 0.6, 1.2)
    energy, scale = 0.55, 0.5 * HBAR2_OVER_MASS / 1.2
    formula = mb.nearly_free_breakdown_field(1e-4, 0.6, np.sqrt(energy / scale), 1.2)
    np.testing.assert_allclose(weak.breakdown_field(energy), formula, rtol=1e-6)
    strong = mb.CoupledCircles(0.15, 0.6, 1.2)
    integrate = pytest.importorskip("scipy.integrate")
    e, v, h = energy / scale, 0.15 / scale, 0.3

    def distance(angle):
        kappa = v / (2 * h) * np.sin(angle)
        middle = e - h**2 + kappa**2
        half = np.sqrt(v**2 - (2 * h * kappa) ** 2)
        distance = np.sqrt(middle + half) - np.sqrt(middle - half)
        return distance * v / (2 * h) * np.cos(angle)

    area = integrate.quad(distance, -np.pi / 2, np.pi / 2)[0]
    got = strong.breakdown_field(energy)
    np.testing.assert_allclose(got, FLUX * area, rtol=1e-9)
    assert abs(got / (formula * 1500.0**2) - 1) > 0.01


def test_breakdown_fields_have_derivatives_by_the_potential():
    for model in (mb.CoupledCircles, mb.LinearChain):

        def field(potential, model=model):
            return model(potential, 0.6, 1.2).breakdown_field(0.55)

        field, slope = jax.jit(field), jax.jit(jax.grad(field))
        want = (field(0.0202) - field(0.0198)) / 0.0004
        np.testing.assert_allclose(slope(0.02), want, rtol=1e-6)
        np.testing.assert_allclose(slope(0.02), 2 * field(0.02) / 0.02, rtol=0.02)
