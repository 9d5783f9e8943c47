"""Marcus' rate, and the one with Zener's formula at every passage."""

import equinox as eqx
import jax
import numpy as np
import pytest
from scipy.integrate import quad

from lzjax.molecules import landau_zener_rate, marcus_rate, rate_adiabaticity
from tests.molecules.oracle_molecules import MOLECULES
from tests.oracles import compute, oracle

LAMBDA, FREE, THERMAL, OMEGA = 8.0, -2.0, 1.0, 1.0
rates = eqx.filter_jit(
    lambda v: (
        marcus_rate(v, LAMBDA, FREE, THERMAL),
        landau_zener_rate(v, LAMBDA, FREE, THERMAL, OMEGA),
        rate_adiabaticity(v, LAMBDA, THERMAL, OMEGA),
    )
)
COUPLINGS = np.array([1e-5, 0.02, 0.1, 1.0, 30.0])
# (ω/2π) exp(−E‡/kT): what flows through the crossing at all.
ADIABATIC = OMEGA / (2 * np.pi) * np.exp(-((LAMBDA + FREE) ** 2) / (4 * LAMBDA))


def test_recorded_rates():
    for name in ("marcus", "lztst-0.1"):
        record = oracle(name)
        got = compute(MOLECULES, name)
        np.testing.assert_allclose(got, record["value"], atol=record["tolerance"])


def test_weak_coupling_is_marcus_and_strong_is_adiabatic():
    marcus, zener, adiabaticity = map(np.asarray, rates(COUPLINGS))
    # The next order in V² is of the relative size of the coupling itself.
    np.testing.assert_allclose(zener[0], marcus[0], rtol=1e-4)
    np.testing.assert_allclose(zener[-1], ADIABATIC, rtol=1e-10)
    np.testing.assert_allclose(adiabaticity, marcus / ADIABATIC, rtol=1e-12)
    assert np.all(zener < np.minimum(marcus, ADIABATIC) * (1 + 1e-12))
    # In between Marcus' rate is more than can flow.
    np.testing.assert_allclose([marcus[3], zener[3]], [0.2034, 0.04335], rtol=1e-3)
    assert marcus[3] > ADIABATIC


def test_the_thermal_average_against_quadrature():
    def flux(energy):
        change = -np.expm1(-np.pi * 0.09 / np.sqrt(LAMBDA * energy))
        return 2 * change / (1 + change) * np.exp(-energy)

    got = landau_zener_rate(0.3, LAMBDA, FREE, THERMAL, OMEGA)
    expected = ADIABATIC * quad(flux, 0, 60, epsabs=1e-12, epsrel=1e-12, limit=400)[0]
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_units_of_energy_and_time_drop_out_and_batches_keep_their_shape():
    plain = landau_zener_rate(0.3, LAMBDA, FREE, THERMAL, OMEGA)
    scaled = landau_zener_rate(
        np.full((2, 3), 0.6), 2 * LAMBDA, 2 * FREE, 2 * THERMAL, 2 * OMEGA
    )
    np.testing.assert_allclose(scaled, np.full((2, 3), 2 * plain), rtol=1e-12)


def test_rates_differentiate():
    slope = jax.grad(lambda v: rates(v)[1])(0.3)
    step = 1e-5
    difference = (rates(0.3 + step)[1] - rates(0.3 - step)[1]) / (2 * step)
    np.testing.assert_allclose(slope, difference, rtol=1e-7)


def test_what_has_no_rate_is_refused():
    with pytest.raises(ValueError, match="`thermal_energy` must be positive, got 0"):
        marcus_rate(0.1, 1.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="`angular_frequency` must be positive"):
        landau_zener_rate(0.1, 1.0, 0.0, 1.0, -1.0)
