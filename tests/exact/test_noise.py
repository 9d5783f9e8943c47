"""Noise limits and applications on paper: oracles, limits, gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import exact
from tests.exact.oracle_forms import FORMS
from tests.oracles import compute, oracle, oracles


def test_a_gap_that_differs_from_sweep_to_sweep_is_that_of_the_oracle():
    record = oracle("slow-trans")
    p = record["parameters"]
    got = exact.slow_gap_noise(p["Delta0"], p["J"], p["alpha"])
    np.testing.assert_allclose(got, record["value"], rtol=1e-9)
    # The average itself, by Gauss and Hermite.
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    every = exact.landau_zener(p["Delta0"] + p["J"] * nodes, p["alpha"])
    np.testing.assert_allclose(got, weights @ every / weights.sum(), rtol=1e-12)


def test_fast_noise_of_the_gap_is_that_of_the_oracle():
    got, want = compute(FORMS, "fast-trans-0.0"), oracle("fast-trans-0.0")["value"]
    np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("name", oracles("fast-trans-finiteT-"))
def test_fast_noise_in_a_finite_window_is_near_the_exact_average(name):
    p = oracle(name)["parameters"]
    found = exact.fast_gap_noise(
        p["Delta"], p["J"], p["alpha"], correlation_rate=p["lam"], t_end=p["T"]
    )
    # Corrections of order (√α/λ)² in the exponent.
    np.testing.assert_allclose(
        found.checked(), oracle(name)["value"], rtol=0, atol=0.1 / p["lam"] ** 2
    )
    assert abs(found.value - 0.6613594916) > 0.02  # the complete sweep is elsewhere


@pytest.mark.parametrize("name", oracles("addephase-"))
def test_dephasing_of_energies_is_near_the_exact_solution(name):
    p = oracle(name)["parameters"]
    found = exact.energy_basis_dephasing(p["Delta"], p["alpha"], p["gamma"])
    # First order in the rate: the next is α/Δ² smaller.
    np.testing.assert_allclose(
        found.checked(), oracle(name)["value"], rtol=p["alpha"] / p["Delta"] ** 2
    )


def test_strong_dephasing_has_its_known_value_and_its_limits():
    found = exact.strong_dephasing(1.0, 1.0, jnp.array([40.0, 1.0]))
    np.testing.assert_allclose(found.value, 0.5216070, atol=5e-8)
    np.testing.assert_array_equal(found.valid, [True, False])
    # Measured at 40: 0.5215963.
    np.testing.assert_allclose(found.value[0], 0.5215963, atol=2e-5)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (exact.slow_gap_noise, (0.8, 0.6, 1.1)),
        (lambda *a: exact.fast_gap_noise(*a).value, (0.8, 0.6, 1.1)),
        (lambda *a: exact.strong_dephasing(*a, 50.0).value, (0.8, 1.1)),
        (lambda *a: exact.energy_basis_dephasing(*a).value, (0.9, 0.05, 0.4)),
        (exact.belyaev_lebedev, (1.3, 0.5)),
        (lambda *a: exact.kibble_zurek_density(*a).value, (8.0,)),
        (exact.most_informative_rate, (0.7,)),
    ],
)
def test_formulas_differentiate(function, arguments):
    slopes = jax.grad(function, argnums=tuple(range(len(arguments))))(*arguments)
    for i, x in enumerate(arguments):
        h = 1e-5 * x
        up, down = ([*arguments[:i], x + s * h, *arguments[i + 1 :]] for s in (1, -1))
        want = (function(*up) - function(*down)) / (2 * h)
        np.testing.assert_allclose(slopes[i], want, rtol=1e-6)


# --- applications ---------------------------------------------------------------------


def test_the_best_rate_is_that_of_the_oracle_and_a_maximum_of_the_information():
    got, want = compute(FORMS, "fisher-opt"), oracle("fisher-opt")["value"]
    np.testing.assert_allclose(got, want, rtol=1e-12)
    rate = exact.most_informative_rate(0.7)

    def information(rate):
        p, slope = jax.value_and_grad(exact.landau_zener)(0.7, rate)
        return slope**2 / (p * (1 - p))

    np.testing.assert_allclose(jax.grad(information)(rate), 0.0, atol=1e-8)


def test_the_gap_alone_gives_zener_for_a_linear_crossing():
    record = oracle("belyaev")
    p = record["parameters"]
    # Z = √(Δ² + α²t²): its curvature at the minimum is α²/Δ.
    got = exact.belyaev_lebedev(p["Delta"], p["alpha"] ** 2 / p["Delta"])
    np.testing.assert_allclose(got, record["value"], rtol=1e-12)


def test_the_cross_section_is_largest_where_the_oracle_says():
    got, want = compute(FORMS, "lz-xsec"), oracle("lz-xsec")["value"]
    np.testing.assert_allclose(got, want, rtol=1e-12)
    slope = jax.grad(exact.cross_section_function)(want[0])
    np.testing.assert_allclose(slope, 0.0, atol=1e-10)
    # G is the integral over impact parameters of p(1 − p), p = exp(−x/cos).
    nodes, weights = np.polynomial.legendre.leggauss(80)
    cosine = 0.5 * (nodes + 1)
    p = np.exp(-0.7 / cosine)
    integral = 0.5 * weights @ (cosine * p * (1 - p))
    np.testing.assert_allclose(exact.cross_section_function(0.7), integral, rtol=1e-9)


def test_the_fidelity_of_a_gate_without_jumps_is_one():
    assert exact.gate_fidelity(0.0) == 1.0
    # A gate that always jumps is orthogonal: (2 + 0)/6.
    np.testing.assert_allclose(exact.gate_fidelity(1.0), 1 / 3)


def test_a_quench_leaves_about_the_defects_of_the_formula():
    record = oracle("ising-10.0")
    density = exact.kibble_zurek_density(record["parameters"]["tau_Q"])
    np.testing.assert_allclose(density.checked(), 0.03558813, rtol=1e-6)
    np.testing.assert_allclose(density.value, record["value"], rtol=0.01)
    assert not exact.kibble_zurek_density(1.0).valid  # 0.1338, for a value of 0.1125
