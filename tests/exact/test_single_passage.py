"""Phases, duration, work of one crossing: closed forms, oracles, propagation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import exact
from tests.exact.oracle_forms import FORMS
from tests.oracles import compute, oracle, oracles


def test_the_four_names_are_two_probabilities():
    stay, change = (
        exact.p_diabatic_survival(1.2, 0.8),
        exact.p_diabatic_change(1.2, 0.8),
    )
    np.testing.assert_allclose(stay, np.exp(-np.pi * 1.44 / 1.6), rtol=1e-15)
    np.testing.assert_allclose(stay + change, 1.0, rtol=1e-15)
    assert exact.p_adiabatic_jump(1.2, 0.8) == stay
    assert exact.p_adiabatic_stay(1.2, 0.8) == change


@pytest.mark.parametrize("gap", [0.4, 1.0, 1.7])
def test_the_scattering_matrix_is_the_propagated_one(gap):
    want = lz.scattering_matrix(lz.LinearSweep(gap, 0.8), basis="adiabatic")
    got = exact.landau_zener_scattering(gap, 0.8)
    np.testing.assert_allclose(got, want, atol=1e-7)  # the tolerance of the phases
    np.testing.assert_allclose(got.conj().T @ got, np.eye(2), atol=1e-15)
    np.testing.assert_allclose(jnp.linalg.det(got), 1.0, atol=1e-15)


def test_the_relative_phase_of_a_ground_state_is_pi_less_the_stokes_phase():
    lower, upper = exact.landau_zener_scattering(1.0, 1.0)[:, 0]
    got = jnp.angle(upper / lower) % (2 * np.pi)
    # Measured independently: 2.8145307.
    np.testing.assert_allclose(got, 2.8145307403, atol=1e-9)
    np.testing.assert_allclose(got, np.pi - exact.stokes_phase(0.25), atol=1e-14)


@pytest.mark.parametrize("name", oracles("tauLZ-"))
def test_the_duration_is_that_of_the_oracle(name):
    got = compute(FORMS, name)
    np.testing.assert_allclose(got, oracle(name)["value"], rtol=1e-15)


@pytest.mark.parametrize("name", oracles("fresnel-"))
def test_a_weak_coupling_is_right_up_to_its_own_size(name):
    p = oracle(name)["parameters"]
    found = exact.weak_coupling_transition(p["Delta"], p["alpha"], p["t"])
    # The next order: πΔ²/2α = 1.6e-4 of it.
    np.testing.assert_allclose(found.checked(), oracle(name)["value"], rtol=1.6e-4)
    assert found.valid


def test_a_strong_coupling_is_refused_when_asked():
    found = exact.weak_coupling_transition(jnp.array([0.1, 2.0]), 1.0, 0.0)
    np.testing.assert_array_equal(found.valid, [True, False])
    with pytest.raises(RuntimeError, match="outside of its conditions"):
        found.checked()


def test_a_weak_transition_differentiates():
    def value(gap, t):
        return exact.weak_coupling_transition(gap, 1.3, t).value

    # It is quadratic in the gap; its slope in t is a Fresnel integrand.
    by_gap, by_time = jax.grad(value, argnums=(0, 1))(0.1, 0.8)
    np.testing.assert_allclose(by_gap, 2 * value(0.1, 0.8) / 0.1, rtol=1e-13)
    step = 1e-5
    slope = (value(0.1, 0.8 + step) - value(0.1, 0.8 - step)) / (2 * step)
    np.testing.assert_allclose(by_time, slope, rtol=1e-8)


def test_the_work_along_a_sweep_is_that_of_the_oracle_and_its_rate_tends_to_the_limit():
    record = oracle("wirr-T20.0")
    model = lz.LinearSweep(1.0, 1.0)
    ground = lz.bases.superadiabatic_states(model, jnp.asarray(-20.0), 0)[:, 0]
    ts = jnp.array([-20.0, 20.0])
    states = lz.evolve(model, ground, ts, rtol=1e-11)
    work = lz.readout.irreversible_work(model, states, ts)
    # A start at −∞ ends with 4.1638: the adiabatic state at −20 is (2·20³)⁻¹ off.
    np.testing.assert_allclose(work[0], 0.0, atol=1e-12)
    np.testing.assert_allclose(work[1], record["value"], rtol=0, atol=1e-8)
    rate = oracle("wirr-rate")
    np.testing.assert_allclose(
        exact.irreversible_work_rate(1.0, 1.0), rate["value"], rtol=1e-14
    )
    populations = lz.populations(model, states, ts, basis="adiabatic")
    entropy = lz.readout.diagonal_entropy(populations)
    # Nothing is produced with the work: the entropy of P_LZ, up to the ripple of P.
    limit = oracle("diag-entropy")["value"]
    np.testing.assert_allclose(entropy, [0.0, limit], atol=1e-3)
    stay = exact.p_adiabatic_jump(1.0, 1.0)
    got = lz.readout.diagonal_entropy(jnp.stack([stay, 1 - stay]))
    np.testing.assert_allclose(got, limit, rtol=1e-12)


def test_one_magnus_step_is_that_of_the_oracle():
    got, want = compute(FORMS, "magnus1"), oracle("magnus1")["value"]
    np.testing.assert_allclose(got, want, rtol=1e-14)
