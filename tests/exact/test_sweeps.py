"""Nonlinear sweeps and special couplings: limits, semiclassics, oracles, gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import exact, models
from tests.exact.oracle_forms import FORMS
from tests.oracles import compute, oracle, oracles


def form(name):
    return compute(FORMS, name)


# --- powers ---------------------------------------------------------------------------


def test_the_limits_of_the_square_root_sweep_are_those_of_the_oracles():
    for name in ("sqrt-fast", "sqrt-slow"):
        np.testing.assert_allclose(form(name), oracle(name)["value"], rtol=1e-12)


@pytest.mark.parametrize(
    ("rate", "true"), [(100.0, 1 - 0.9969910371), (100.0**0.5, 1 - 0.9376575292)]
)
def test_a_fast_sweep_is_right_up_to_its_own_size(rate, true):
    found = exact.power_law_fast(1.0, rate, 0.5, signed=True)
    np.testing.assert_allclose(found.value, true, rtol=float(found.value))


def test_the_sweep_that_returns_changes_the_state_less():
    # 0.3498314 x^{2/3}, and 1 − π/8x: the figures of an independent calculation.
    found = exact.power_law_fast(1.0, 10.0, 0.5, signed=False)
    np.testing.assert_allclose(found.value, 0.3498314 * 0.01 ** (2 / 3), rtol=1e-6)
    found = exact.power_law_slow(1.0, 0.1, 0.5, signed=False)
    # Measured 1 − P = 0.0038637958 at x = 100, 2 % away.
    np.testing.assert_allclose(found.value, 1 - 0.9961362042, rtol=0.02)


def test_a_slow_quadratic_crossing_keeps_a_power():
    # Δτ = 20, τ = (Δ/β)^{1/2}: measured 2.48599e-5.
    found = exact.power_law_slow(1.0, 1 / 400, 2.0, signed=True)
    np.testing.assert_allclose(found.checked(), 2.48599e-5, rtol=0.006)


def test_an_analytic_power_has_no_power_law():
    found = exact.power_law_slow(1.0, 1e-4, 3.0, signed=True)
    assert not found.valid
    with pytest.raises(RuntimeError, match="not analytic at t = 0"):
        found.checked()


def test_the_limits_scale_and_differentiate():
    def value(exponent, rate):
        return exact.power_law_fast(0.1, rate, exponent, signed=True).value

    rates = jnp.array([1.0, 2.0])
    slopes = jax.vmap(jax.grad(value, argnums=(0, 1)), in_axes=(None, 0))(0.7, rates)
    np.testing.assert_allclose(
        slopes[1], -2 / 1.7 * jax.vmap(lambda r: value(0.7, r))(rates) / rates
    )
    step = 1e-5
    difference = (value(0.7 + step, 1.0) - value(0.7 - step, 1.0)) / (2 * step)
    np.testing.assert_allclose(slopes[0][0], difference, rtol=1e-7)


# --- where the gap closes -------------------------------------------------------------


def test_one_linear_crossing_is_exact_from_its_complex_zero():
    exponent = oracle("ddp-lz")["value"]
    np.testing.assert_allclose(form("ddp-lz"), exponent, rtol=1e-12)
    model = lz.LinearSweep(1.3, 1.0)
    _, times = exact.dykhne_davis_pechukas(model, 1.0 + 1.0j)
    np.testing.assert_allclose(times, [1.3j], atol=1e-12)


def test_the_exponent_of_a_tanh_sweep_is_that_of_the_oracle():
    exponent = oracle("ddp-tanh")["value"]
    # 48 nodes, and a zero at T·atan(Δ/B) below the pole at πT/2.
    np.testing.assert_allclose(form("ddp-tanh"), exponent, rtol=1e-9)
    model = models.demkov_kunike_tanh(1.0, 4.0, 0.0, 4.0)
    found, _ = exact.dykhne_davis_pechukas(model, 0.9j)
    assert not found.valid  # a jump of 0.21 is not slow


def test_two_zeros_interfere():
    # ε = βt³ with Δτ = 8; the points exp(iπ/6), exp(5iπ/6). Measured: 2.8156e-3, the
    # two points alone say 2.7384e-3.
    model = models.cubic_sweep(1.0, 0.0, 1 / 8.0**3)
    guesses = 8.0 * np.exp(1j * np.pi * np.array([1, 5]) / 6)
    found, _ = exact.dykhne_davis_pechukas(model, guesses)
    np.testing.assert_allclose(found.checked(), 2.7384e-3, rtol=1e-4)
    # Written out: 4 exp(−FΔτ) cos²(FΔτ cos 30°), F = ∫₀¹√(1−u⁶)du.
    nodes, weights = np.polynomial.legendre.leggauss(60)
    u, area = 0.5 * (nodes + 1), 0.0
    area = np.sum(weights * u * np.sqrt(1 - (1 - u**2) ** 6))  # u -> 1 − u²
    by_hand = 4 * np.exp(-8 * area) * np.cos(8 * area * np.cos(np.pi / 6)) ** 2
    np.testing.assert_allclose(found.value, by_hand, rtol=1e-8)


def test_the_zero_carries_the_derivative():
    def exponent(model):
        return -jnp.log(exact.dykhne_davis_pechukas(model, 1.0j)[0].value)

    slopes = jax.jit(jax.grad(exponent))(lz.LinearSweep(1.2, 0.9))
    # πΔ²/2α
    np.testing.assert_allclose(slopes.gap, np.pi * 1.2 / 0.9, rtol=1e-10)
    np.testing.assert_allclose(slopes.rate, -np.pi * 1.44 / 2 / 0.81, rtol=1e-10)


def test_what_is_not_analytic_is_not_valid():
    model = models.power_law_sweep(1.0, 0.1, 1.5, signed=True)
    assert not exact.dykhne_davis_pechukas(model, 1.0j)[0].valid
    # Below the axis lies the conjugate zero.
    assert not exact.dykhne_davis_pechukas(lz.LinearSweep(3.0, 1.0), -2.0j)[0].valid


def test_a_model_without_a_field_is_refused():
    many = models.spin_sweep(1, 1.0, 1.0)
    for function in (exact.dykhne_davis_pechukas, exact.local_landau_zener):
        with pytest.raises(TypeError, match="a two-level model with a field"):
            function(many, 1.0j)


# --- local rates and superadiabatic bases ---------------------------------------------


@pytest.mark.parametrize(("cubic", "true"), [(0.01, 0.20559), (0.1, 0.19986)])
def test_the_local_rate_is_as_wrong_as_it_says(cubic, true):
    found, change = exact.local_landau_zener(models.cubic_sweep(1.0, 1.0, cubic), 0.3)
    np.testing.assert_allclose(found.value, np.exp(-np.pi / 2), rtol=1e-12)
    np.testing.assert_allclose(change, 6 * cubic, rtol=1e-10)  # ε⃛ τ²/α, τ = 1
    assert abs(found.value / true - 1) < change
    assert found.valid == (cubic < 0.05)


def test_the_local_rate_is_not_valid_without_a_crossing():
    assert not exact.local_landau_zener(models.parabolic_sweep(1.0, 1.0, 1.0), 0.5)[
        0
    ].valid


def test_the_local_rate_is_found_away_from_zero_and_differentiates():
    def value(offset):
        # ε = t² − c crosses at √c with the rate 2√c.
        model = models.parabolic_sweep(0.5, 1.0, -offset)
        return exact.local_landau_zener(model, 3.0)[0].value

    np.testing.assert_allclose(value(9.0), np.exp(-np.pi / 8 / 6), rtol=1e-12)
    slope = jax.grad(value)(9.0)
    want = np.exp(-np.pi / 48) * np.pi / 8 / 36 * 2 / (2 * 3.0)
    np.testing.assert_allclose(slope, want, rtol=1e-10)


def test_the_universal_transition_ends_in_zener_and_begins_its_half_with_a_quarter():
    total = exact.landau_zener(1.0, 0.2)
    middle = exact.superadiabatic_transition(1.0, 0.2, jnp.array([-60.0, 0.0, 60.0]))
    np.testing.assert_allclose(middle.checked(), total * np.array([0, 0.25, 1]))
    # The basis of order 3 has 9.849e-5, the best of all: 1.5 % from it.
    np.testing.assert_allclose(middle.value[1], 9.849e-5, rtol=0.015)


# --- couplings ------------------------------------------------------------------------


@pytest.mark.parametrize("name", oracles("twist-inf-"))
def test_a_chirped_coupling_changes_the_rate(name):
    p = oracle(name)["parameters"]
    got = exact.rotating_coupling(p["Delta"], p["alpha"], p["kappa"])
    np.testing.assert_allclose(got, oracle(name)["value"], rtol=1e-12)


def test_a_chirp_equal_to_the_rate_leaves_no_crossing():
    with pytest.raises(ValueError, match="`rate - chirp` must not be zero"):
        exact.rotating_coupling(1.0, 1.0, 1.0)


def test_the_rotating_frame_turns_with_the_coupling():
    """e^{iθσz/2} H e^{−iθσz/2} − ½θ̇σz, θ the phase of the coupling."""
    lab = models.rotating_coupling(0.8 + 0.3j, 1.2, 0.7, 0.4)
    turned = models.in_rotating_frame(0.8 + 0.3j, 1.2, 0.7, 0.4)
    t = jnp.asarray(0.9)
    x, y, z = lab.field(t)
    xy = (x + 1j * y) * jnp.exp(-1j * (0.7 * t + 0.2 * t * t))
    want = [xy.real, xy.imag, z - (0.7 + 0.4 * t)]
    np.testing.assert_allclose(jnp.stack(turned.field(t)), want, atol=1e-15)
    time = exact.rotating_crossing_time(1.2, 0.7, 0.4)
    np.testing.assert_allclose(turned.field(time)[2], 0.0, atol=1e-15)


def test_two_linear_polarisations_are_within_their_range():
    low, high = exact.linear_polarisation_range(1.0, 1.0)
    np.testing.assert_allclose([low, high], [0.1228, 1.0], atol=5e-5)

    phases = jnp.linspace(0.0, np.pi, 7)
    found = jax.vmap(
        lambda phase: (
            lz.solve(
                models.linearly_polarised_coupling(1.0, 1.0, 10.0, phase), -40.0, 40.0
            ).propagator
        )
    )(phases)
    # Two ends with ripples of Δ/αT = 1/40, and a counter-rotating part of Δ²/ω.
    survivals = jnp.abs(found[:, 0, 0]) ** 2
    assert jnp.all((survivals > low - 0.05) & (survivals < high + 1e-9))
    # The phase decides: most of the range is reached.
    assert jnp.ptp(survivals) > 0.7 * (high - low)


@pytest.mark.parametrize("name", oracles("complexsym-"))
def test_a_complex_symmetric_coupling_need_not_be_a_probability(name):
    p = oracle(name)["parameters"]
    gap = p["Delta_R"] + 1j * p["Delta_I"]
    got = exact.complex_symmetric_survival(gap, p["alpha"])
    np.testing.assert_allclose(got, oracle(name)["value"], rtol=1e-12)
    assert got > 1.0


@pytest.mark.parametrize("name", oracles("decay-inf-"))
def test_a_decaying_partner_does_not_matter_to_a_complete_sweep(name):
    # It raises outside of the conditions.
    np.testing.assert_allclose(form(name), oracle(name)["value"], rtol=1e-12)


def test_a_decaying_partner_matters_to_an_incomplete_sweep():
    found = exact.decaying_level_survival(1.0, 1.0, jnp.array([0.5, 10.0]), 20.0)
    want = [oracle(f"decay-G{g}-T20")["value"][0] for g in (0.5, 10.0)]
    # The ripple 1/20 at each end, damped; what is left is 0.1 %.
    np.testing.assert_allclose(found.checked(), want, rtol=2e-3)
    assert not exact.decaying_level_survival(1.0, 1.0, 0.1, 5.0).valid
