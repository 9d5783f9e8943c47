"""Dithers, drives and sequences of passages on paper."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
from hypothesis import given, strategies as st

from lzjax import exact
from tests.exact.oracle_forms import FORMS
from tests.oracles import compute, oracle, oracles

ROUNDING = dict(rtol=0, atol=1e-14)


@given(order=st.integers(-200, 200), x=st.floats(-160.0, 160.0))
def test_photon_gaps_are_bessel_functions(order, x):
    got = exact.photon_gap(2.0, order, x, 1.0).value
    np.testing.assert_allclose(got, 2 * abs(scipy.special.jv(order, x)), atol=1e-13)


def test_photon_gaps_differentiate_batch_and_know_their_limit():
    slope = jax.grad(lambda a: exact.photon_gap(1.0, 2, a, 1.0).value)(1.7)
    np.testing.assert_allclose(slope, scipy.special.jvp(2, 1.7), **ROUNDING)
    gaps = exact.photon_gap(1.0, jnp.array([[0, 1, 2]]), jnp.full((2, 1), 1.7), 1.0)
    assert gaps.value.shape == (2, 3) and not jnp.any(gaps.valid)
    with pytest.raises(ValueError, match="at most 160"):
        exact.photon_gap(1.0, 0, 1000.0, 1.0)


@pytest.mark.parametrize("name", oracles("bessel-"))
def test_photon_gaps_are_the_quasienergy_gaps_of_the_oracle(name):
    p = oracle(name)["parameters"]
    got = exact.photon_gap(p["Delta"], p["n"], p["A"], p["omega"]).checked()
    # The gaps are exact Floquet gaps at Δ = 0.02: corrections of order Δ³.
    np.testing.assert_allclose(got, oracle(name)["value"], rtol=0, atol=2e-6)


def test_the_drive_that_stops_tunnelling_is_that_of_the_oracle():
    got = compute(FORMS, "cdt")
    np.testing.assert_allclose(got, oracle("cdt")["value"], rtol=1e-13)
    zeros = scipy.special.jn_zeros(0, 3)
    np.testing.assert_allclose(exact.coherent_destruction_ratio(3), zeros[2])
    # Exactly degenerate a little below, by order (Δ/ω)² = 0.01.
    assert abs(oracle("cdt-exact-D0.1")["value"] - got) < 0.01


@pytest.mark.parametrize("name", oracles("dither-weak-"))
def test_a_weak_dithered_sweep_is_right_up_to_the_next_order(name):
    p = oracle(name)["parameters"]
    numbers = p["Delta"], p["alpha"], p["A"], p["omega"], p["phase"]
    found = exact.dithered_sweep_weak(*numbers)
    whole = np.pi * p["Delta"] ** 2 / 2 / p["alpha"]
    np.testing.assert_allclose(
        found.checked(), oracle(name)["value"], rtol=4 * float(whole)
    )


def test_the_phase_of_a_dither_matters_but_not_on_average():
    found = exact.dithered_sweep_weak(0.01, 0.5, 3.0, 2.0, 0.0).value
    np.testing.assert_allclose(found, 5.8148e-6, rtol=1e-5)
    mean, want = compute(FORMS, "dither-phaseavg"), oracle("dither-phaseavg")["value"]
    np.testing.assert_allclose(mean, want, rtol=1e-12)


def test_the_dithered_sweep_differentiates():
    def value(amplitude):
        return exact.dithered_sweep_weak(0.05, 0.5, amplitude, 2.0, 0.4).value

    want = (value(3.0 + 1e-5) - value(3.0 - 1e-5)) / 2e-5
    np.testing.assert_allclose(jax.jit(jax.grad(value))(3.0), want, rtol=1e-7)


@pytest.mark.parametrize("name", oracles("lorentz-"))
def test_coherent_lines_are_near_the_exact_average(name):
    p = oracle(name)["parameters"]
    numbers = p["Delta"], p["eps0"], p["A"], p["omega"]
    found = exact.multiphoton_lines(*numbers).checked()
    # (Δ/ω)² and the shift of the line, of the same order.
    np.testing.assert_allclose(found, oracle(name)["value"], rtol=0.02)


@pytest.mark.parametrize("name", oracles("shevchenko-"))
def test_damped_lines_are_near_the_exact_average(name):
    p = oracle(name)["parameters"]
    numbers = p["Delta"], p["eps0"], p["A"], p["omega"]
    times = dict(relaxation_time=p["T1"], coherence_time=p["T2"])
    found = exact.multiphoton_lines(*numbers, **times).checked()
    np.testing.assert_allclose(found, oracle(name)["value"], rtol=0.02)
    if name == "shevchenko-2.0":
        np.testing.assert_allclose(found, 0.4522913756, rtol=1e-9)


def test_the_resonance_shift_is_that_of_the_oracle_up_to_the_next_order():
    record = oracle("bloch-siegert")
    p = record["parameters"]
    found = exact.bloch_siegert_resonance(p["Delta"], p["A"]).checked()
    # The next term is of order A⁴/Δ³ / 1024 · 5 = 1e-5.
    np.testing.assert_allclose(found, record["value"], rtol=0, atol=2e-5)


# --- many periods ---------------------------------------------------------------------


def rotation(seed):
    z = np.random.default_rng(seed).normal(size=4)
    c, x, y, w = z / np.linalg.norm(z)
    return np.array([[c - 1j * w, -y - 1j * x], [y - 1j * x, c + 1j * w]])


@pytest.mark.parametrize("phase", [0.0, 0.7])
def test_many_periods_are_the_power_of_one(phase):
    u = rotation(3) * np.exp(1j * phase)
    powers = [np.linalg.matrix_power(u, n) for n in (1, 2, 7, 25)]
    want = [abs(power[1, 0]) ** 2 for power in powers]
    got = exact.many_periods(u, np.array([1, 2, 7, 25]))
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-13)


def test_the_average_over_many_periods_is_the_mean_of_the_powers():
    u = rotation(4)
    every = exact.many_periods(u, np.arange(1, 200_001))
    # Of N terms the oscillation leaves 1/N.
    np.testing.assert_allclose(
        exact.many_periods_average(u), jnp.mean(every), rtol=0, atol=1e-4
    )
    assert exact.many_periods_average(np.eye(2)) == 0.0
    assert exact.many_periods(np.eye(2), 5) == 0.0


@pytest.mark.parametrize("name", oracles("incoh-"))
def test_passages_without_memory_are_those_of_the_oracle(name):
    got = compute(FORMS, name)
    np.testing.assert_allclose(got, oracle(name)["value"], **ROUNDING)


def test_passages_without_memory_are_a_markov_chain_for_any_p():
    for p in (0.0, 0.3, 0.5, 0.9):
        chain = np.array([[1 - p, p], [p, 1 - p]])
        for n in (0, 1, 2, 3):
            want = np.linalg.matrix_power(chain, n)[1, 0]
            np.testing.assert_allclose(
                exact.incoherent_passages(p, n), want, **ROUNDING
            )
    slope = jax.grad(lambda p: exact.incoherent_passages(p, 3))(0.8)
    np.testing.assert_allclose(slope, 3 * (1 - 1.6) ** 2, **ROUNDING)


# --- adiabatic-impulse ----------------------------------------------------------------


def test_two_passages_are_the_double_passage_formula():
    phases = jnp.linspace(0.0, 3.0, 7)
    delta = exact.adiabaticity(0.8, 1.3)
    p = exact.landau_zener(0.8, 1.3)

    def transfer(phase):
        u = exact.impulse_sequence(
            jnp.array([0.8, 0.8]), jnp.array([1.3, -1.3]), phase[None]
        )
        return jnp.abs(u[1, 0]) ** 2

    got = jax.jit(jax.vmap(transfer))(phases)
    want = exact.adiabatic_impulse(p, phases + exact.stokes_phase(delta))
    np.testing.assert_allclose(got, want, **ROUNDING)


def test_a_periodic_sequence_is_the_power_of_two_passages():
    gaps, rates = jnp.full(10, 0.7), jnp.array([1.0, -1.0] * 5)
    phases = jnp.array([0.4, 1.1] * 5)[:9]
    whole = exact.impulse_sequence(gaps, rates, phases)
    np.testing.assert_allclose(whole.conj().T @ whole, np.eye(2), **ROUNDING)
    pair = exact.impulse_sequence(gaps[:2], rates[:2], phases[:1])
    period = np.diag(np.exp(1j * 1.1 * np.array([1, -1]))) @ np.asarray(pair)
    # The last free phase is missing at the end of the sequence: no population moves.
    want = exact.many_periods(period, 5)
    np.testing.assert_allclose(jnp.abs(whole[1, 0]) ** 2, want, rtol=0, atol=1e-13)


def test_a_passage_of_a_drive_knows_its_rate_and_its_limits():
    rate, p = exact.sinusoidal_passages(1.0, 10.0, 60.0, 0.05)
    np.testing.assert_allclose(rate, 0.05 * np.sqrt(3500.0), rtol=1e-14)
    np.testing.assert_allclose(p.checked(), exact.landau_zener(1.0, rate), rtol=1e-14)
    rate, p = exact.sinusoidal_passages(1.0, 70.0, 60.0, 0.05)
    assert rate == 0.0 and p.value == 1.0 and not p.valid
    slope = jax.grad(lambda a: exact.sinusoidal_passages(1.0, a, 60.0, 0.05)[1].value)
    assert slope(70.0) == 0.0


def test_a_sequence_of_other_shapes_is_refused():
    with pytest.raises(ValueError, match=r"phases of shape \(K-1,\)"):
        exact.impulse_sequence([1.0, 1.0], [1.0, -1.0], [0.1, 0.2])
