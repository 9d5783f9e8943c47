"""Windows without ends."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import lzjax as lz
from lzjax import exact, models
from tests.helpers import defect

FAST = lz.LinearSweep(0.8, 1.3)


@jax.jit
def stays(gaps, rates):
    """P of (n,) sweeps; n = 44 in every call here, so it compiles once."""

    def one(gap, rate):
        return lz.transition_matrix(lz.LinearSweep(gap, rate), rtol=1e-10)

    return jax.vmap(one)(gaps, rates)


DELTAS = np.geomspace(1e-7, 3.0, 44)


@pytest.mark.parametrize("rate", [1.0, -1.0, 1e-6, 4e5, -6e15])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_probability_is_the_one_of_landau_and_zener(rate, sign):
    gaps = sign * np.sqrt(4 * abs(rate) * DELTAS)
    got = stays(gaps, np.full(44, rate))
    p = np.exp(-2 * np.pi * DELTAS)
    # 1e-9 is asked for; |δP| ≤ 2 |δU| with 1e-10 for U leaves a margin of five.
    np.testing.assert_allclose(got[:, 0, 0], p, rtol=0, atol=1e-9)
    np.testing.assert_allclose(got[:, 1, 0], 1 - p, rtol=0, atol=1e-9)
    # The rare event: P = 6.5e-9 at δ = 3 and 1 − P = 6.3e-7 at δ = 1e-7.
    np.testing.assert_allclose(got[:, 0, 0], p, rtol=1e-4)
    np.testing.assert_allclose(got[:, 1, 0], -np.expm1(-2 * np.pi * DELTAS), rtol=1e-4)


def test_a_probability_of_1e_8_is_good_to_four_digits():
    delta = -np.log(1e-8) / (2 * np.pi)
    gap = np.sqrt(4 * delta)
    got = stays(np.full(44, gap), np.ones(44))[0, 0, 0]
    np.testing.assert_allclose(got, 1e-8, rtol=1e-4)


def test_a_gap_of_zero_changes_nothing():
    got = stays(np.zeros(44), np.ones(44))[0]
    np.testing.assert_allclose(got, np.eye(2), rtol=0, atol=1e-15)


@settings(max_examples=25)
@given(
    delta=st.floats(0.01, 1.5),
    scale=st.floats(-20.0, 20.0).map(np.exp),
    rate=st.sampled_from([-1.0, 1.0]),
)
def test_a_change_of_units_changes_nothing(delta, scale, rate):
    """t → t/s, Δ → sΔ, α → s²α: the window is found in any unit."""
    gap = np.sqrt(4 * delta)
    a = lz.transition_matrix(lz.LinearSweep(gap, rate))
    b = lz.transition_matrix(lz.LinearSweep(scale * gap, scale**2 * rate))
    # Both are within twice the default tolerance of the same number.
    np.testing.assert_allclose(a, b, rtol=0, atol=4e-8)


@settings(max_examples=15)
@given(offset=st.floats(-1e3, 1e3), gap=st.floats(0.1, 2.0), rate=st.floats(0.3, 3.0))
def test_when_the_crossing_comes_changes_nothing(offset, gap, rate):
    model = lz.TwoLevel(models.Linear(rate, offset), gap)
    got = lz.transition_matrix(model)[0, 0]
    # |δP| ≤ 2|δU| with the default tolerance.
    np.testing.assert_allclose(got, exact.landau_zener(gap, rate), rtol=0, atol=2e-8)


def test_the_window_is_short_and_the_propagator_unitary():
    sol = lz.solve(FAST)
    assert sol.ok
    assert defect(sol.propagator) < 1e-12
    # In the adiabatic basis a window of 1e4 would be needed for 1e-8.
    assert -50 < float(sol.t0) < -5 and 5 < float(sol.t1) < 50
    assert float(sol.error) < 1e-8


def test_an_infinite_window_runs_backwards_too():
    there = lz.transition_matrix(FAST)
    back = lz.transition_matrix(FAST, np.inf, -np.inf)
    # P of the reversed sweep is the transposed P; both to 2e-8.
    np.testing.assert_allclose(back, there.T, rtol=0, atol=4e-8)


def test_two_halves_make_a_whole():
    first = lz.solve(FAST, t1=0.0, rtol=1e-10)
    second = lz.solve(FAST, t0=0.0, rtol=1e-10)
    whole = lz.solve(FAST, rtol=1e-10)
    got = np.asarray(second.propagator @ first.propagator)
    # Three propagators, each to 1e-10.
    np.testing.assert_allclose(got, whole.propagator, rtol=0, atol=3e-10)


@pytest.mark.parametrize("amplitude", [0.01, 0.5, 20.0])
def test_a_drive_that_never_ends_has_no_limit(amplitude):
    model = lz.DrivenTwoLevel(0.3, 1.0, amplitude, 1.0)
    sol = lz.solve(model)
    assert sol.status == lz.STATUS.no_limit
    with pytest.raises(RuntimeError, match="give a finite `t0` and `t1`"):
        lz.transition_matrix(model)


def test_a_bounded_sweep_is_not_diabatic_at_its_ends():
    model = lz.TwoLevel(models.TanhRamp(3.0, 2.0), 0.5)
    assert lz.solve(model).status == lz.STATUS.not_diabatic
    with pytest.raises(RuntimeError, match='basis="adiabatic"'):
        lz.transition_matrix(model)
    got = lz.transition_matrix(model, basis="adiabatic")[1, 0]
    want = exact.demkov_kunike_tanh(0.5, 3.0, 0.0, 2.0)
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-8)  # 2|δU|


def test_a_pulse_far_from_zero_is_not_overlooked():
    # A sech pulse around t = 1e4, of width 1, at a constant detuning.
    model = lz.TwoLevel(models.TanhRamp(0.0, 1.0, 0.0, 0.5), models.SechPulse(1.0, 1.0))
    got = lz.transition_matrix(model.shifted(1e4))[1, 0]
    # 2|δU|, and the rounding of phases of 1e4.
    want = exact.rosen_zener(1.0, 0.5, 1.0)
    np.testing.assert_allclose(got, want, rtol=0, atol=3e-8)


def test_levels_that_are_degenerate_in_the_end_keep_what_a_pulse_did():
    """Nothing evolves once the pulse is over: the limit exists."""
    model = lz.TwoLevel(models.TanhRamp(0.0, 1.0), models.SechPulse(0.3, 1.0))
    got = lz.transition_matrix(model)[1, 0]
    want = exact.rosen_zener(0.3, 0.0, 1.0)
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-8)  # 2|δU|


def test_infinite_times_are_refused_where_they_cannot_be_seen():
    @jax.jit
    def run(t1):
        return lz.solve(FAST, -1.0, t1).propagator

    with pytest.raises(Exception, match="give infinite ends as Python numbers"):
        jax.block_until_ready(run(jnp.inf))
