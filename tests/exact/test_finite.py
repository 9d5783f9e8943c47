"""The exact finite-window propagator."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import lzjax.exact as exact
from tests.oracles import oracle, oracles

# The working precision is 40 digits; rounding to complex128 is what is left.
ROUNDING = 1e-15
# The oracles were printed with 17 digits but are promised to this.
PROMISED = 1e-14


def _window(name):
    p = oracle(name)["parameters"]
    return p["Delta"], p["alpha"], p["t0"], p["t1"]


@pytest.mark.parametrize("name", oracles("finU-"))
def test_amplitudes_are_those_of_the_oracle(name):
    u = exact.finite_window_propagator(*_window(name))
    got = [u[0, 0].real, u[0, 0].imag, u[1, 0].real, u[1, 0].imag]
    np.testing.assert_allclose(got, oracle(name)["value"], atol=PROMISED)


@pytest.mark.parametrize("name", oracles("fin-"))
def test_survival_is_that_of_the_oracle(name):
    u = exact.finite_window_propagator(*_window(name))
    np.testing.assert_allclose(abs(u[0, 0]) ** 2, oracle(name)["value"], atol=PROMISED)


@pytest.mark.parametrize("name", oracles("finad-"))
def test_adiabatic_jump_is_that_of_the_oracle(name):
    gap, rate, t0, t1 = _window(name)
    u = exact.finite_window_propagator(gap, rate, t0, t1)
    start, end = (
        np.linalg.eigh([[rate * t, gap], [gap, -rate * t]])[1] for t in (t0, t1)
    )
    jump = abs(end[:, 1].conj() @ u @ start[:, 0]) ** 2
    np.testing.assert_allclose(jump, oracle(name)["value"], atol=PROMISED)


@settings(max_examples=30)
@given(
    gap=st.floats(-3.0, 3.0),
    rate=st.floats(0.1, 4.0),
    sign=st.sampled_from([-1, 1]),
    times=st.tuples(*3 * [st.floats(-30.0, 30.0)]),
)
def test_windows_compose_run_backwards_and_stay_unitary(gap, rate, sign, times):
    t0, t1, t2 = times
    rate = sign * rate
    u10 = exact.finite_window_propagator(gap, rate, t0, t1)
    u21 = exact.finite_window_propagator(gap, rate, t1, t2)
    u20 = exact.finite_window_propagator(gap, rate, t0, t2)
    u01 = exact.finite_window_propagator(gap, rate, t1, t0)
    # Products of two-by-two matrices in float64.
    np.testing.assert_allclose(u21 @ u10, u20, atol=4 * ROUNDING)
    np.testing.assert_allclose(u01, u10.conj().T, atol=ROUNDING)
    np.testing.assert_allclose(u10.conj().T @ u10, np.eye(2), atol=4 * ROUNDING)


@pytest.mark.parametrize("rate", [0.7, -0.7])
def test_it_solves_the_schroedinger_equation(rate):
    gap, t, h = 0.9, 1.3, 1e-3
    u = [exact.finite_window_propagator(gap, rate, -2.0, t + k * h) for k in (-1, 0, 1)]
    generator = 0.5 * np.array([[rate * t, gap], [gap, -rate * t]])
    # The central difference misses by |H|³ h²/6 ~ 1e-7 and rounding / h ~ 1e-12.
    np.testing.assert_allclose(
        1j * (u[2] - u[0]) / (2 * h), generator @ u[1], atol=3e-7
    )


def test_a_long_window_tends_to_the_landau_zener_probability():
    u = exact.finite_window_propagator(0.8, 1.0, -2000.0, 2000.0)
    # The window leaves an oscillation of gap/(rate T) = 4e-4 in each amplitude.
    np.testing.assert_allclose(
        abs(u[0, 0]) ** 2, exact.landau_zener(0.8, 1.0), atol=2 * 0.8 / 2000
    )


def test_no_gap_leaves_a_phase():
    u = exact.finite_window_propagator(0.0, 2.0, -1.0, 3.0)
    phase = 0.25 * 2.0 * (3.0**2 - 1.0**2)
    want = np.diag(np.exp([-1j * phase, 1j * phase]))
    np.testing.assert_allclose(u, want, atol=ROUNDING)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="`t1` must be finite"):
        exact.finite_window_propagator(1.0, 1.0, 0.0, np.inf)
    with pytest.raises(ValueError, match="`rate` must not be zero"):
        exact.finite_window_propagator(1.0, 0.0, 0.0, 1.0)
