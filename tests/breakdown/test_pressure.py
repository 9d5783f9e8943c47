"""Pressure: derivatives of the breakdown field, and back to the Grüneisen parameter."""

import jax
import numpy as np
import pytest

from lzjax import breakdown as mb
from tests.breakdown.records import check, record


@pytest.mark.parametrize("number", [43, 44])
@pytest.mark.parametrize("stiffening", [0.0, 4.0])
def test_the_slope_at_zero_pressure(number, stiffening):
    p = record(number)["parameters"]
    kappa = p["kappa_1/Pa"]
    model = mb.Compression(p["B0_T"], p["gamma_G"], kappa, stiffening * kappa)
    check(model.slope(), record(number))
    gamma = mb.gruneisen_from_slope(p["B0_T"], model.slope(), kappa)
    np.testing.assert_allclose(gamma, p["gamma_G"], rtol=1e-12)


def test_the_slope_changes_sign_at_a_third():
    slopes = [mb.Compression(41.0, gamma, 1e-10).slope() for gamma in (0.3, 0.4)]
    assert slopes[0] < 0 < slopes[1]


def test_it_is_what_the_nearly_free_formula_gives():
    """V(P) and k_F(P) put into B₀ itself, with G and k_F scaled alike."""
    gamma, kappa, pressure = 1.5, 1.7e-11, 3e9

    def field(p):
        log_volume = -kappa * p
        scale = jax.numpy.exp(-log_volume / 3)
        potential = 0.05 * jax.numpy.exp(-gamma * log_volume)
        return mb.nearly_free_breakdown_field(potential, 2.0 * scale, 1.36 * scale)

    model = mb.Compression(field(0.0), gamma, kappa)
    np.testing.assert_allclose(model(pressure), field(pressure), rtol=1e-12)
    np.testing.assert_allclose(
        mb.strain_derivative(field, 0.0), model.slope(), rtol=1e-12
    )


def test_murnaghans_volume():
    model = mb.Compression(1.0, 1.0, 2e-11, 8e-11)
    want = -0.25 * np.log1p(8e-11 * 5e9)
    np.testing.assert_allclose(model.log_volume(5e9), want, rtol=1e-13)
    soft = mb.Compression(1.0, 1.0, 2e-11, 1e-19)
    np.testing.assert_allclose(soft.log_volume(5e9), -0.1, rtol=1e-9)
