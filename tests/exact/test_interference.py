"""Double passages in the adiabatic-impulse picture."""

import numpy as np
import pytest

import lzjax.exact as exact
from tests.exact.oracle_forms import FORMS
from tests.oracles import compute, oracle, oracles

# What a handful of float64 operations may lose.
ROUNDING = 1e-14


IDEAL = oracles("lzsm-aim-") + oracles("echo-aim-")


@pytest.mark.parametrize("name", [*IDEAL, *oracles("noise-aim-"), "grad-fringe"])
def test_the_interferometer_and_its_slopes_are_those_of_the_oracle(name):
    got = compute(FORMS, name)
    np.testing.assert_allclose(got, oracle(name)["value"], atol=ROUNDING)


def test_the_noise_average_is_an_average():
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    sigma, phase = 0.7, 0.4
    runs = exact.adiabatic_impulse(0.3, phase + 0.5 * sigma * nodes)
    average = np.sum(weights * np.asarray(runs)) / np.sum(weights)
    got = exact.double_passage_with_phase_noise(0.3, phase, sigma)
    # 60 nodes are exact here to rounding; their weights sum with some 1e-15 each.
    np.testing.assert_allclose(got, average, atol=1e-13)


def test_without_noise_it_is_the_plain_fringe():
    phases = np.linspace(0.0, 3.0, 7)
    np.testing.assert_allclose(
        exact.double_passage_with_phase_noise(0.2, phases, 0.0),
        exact.adiabatic_impulse(0.2, phases),
        rtol=ROUNDING,
    )


@pytest.mark.parametrize("eps_max", [20.0, 20.05, 20.1])
def test_a_real_double_passage_follows_the_fringe(eps_max):
    """Triangular sweep from ε = −60 to eps_max and back, in exact pieces."""
    record = oracle(f"lzsm-double-{eps_max:g}")
    t = eps_max
    rising = exact.finite_window_propagator(1.0, 1.0, -60.0, t)
    falling = exact.finite_window_propagator(1.0, -1.0, -t, 60.0)
    ground, excited = _adiabatic_states(1.0, -60.0)
    got = abs(excited.conj() @ falling @ rising @ ground) ** 2
    np.testing.assert_allclose(got, record["value"], atol=record["tolerance"])
    zeta = 0.5 * (t * np.hypot(t, 1.0) + np.arcsinh(t))
    phase = zeta + exact.stokes_phase(0.25)
    ideal = exact.adiabatic_impulse(exact.landau_zener(1.0, 1.0), phase)
    # The kink at the turn is not adiabatic: amplitude gap·rate/(2 eps_max³) = 6e-5
    # for each direction, twice that in P; and the ends at 60 add 1e-5.
    np.testing.assert_allclose(got, ideal, atol=2e-4)


def test_a_sudden_inversion_is_felt_in_the_height_of_the_fringes():
    """The figures in the docstring of `adiabatic_impulse_echo`."""
    ground, _ = _adiabatic_states(1.0, -60.0)

    def ways(top, back):
        """The amplitudes by either diabatic state at the turn."""
        _, excited = _adiabatic_states(back, -60.0)
        rising = exact.finite_window_propagator(1.0, 1.0, -60.0, top)
        falling = exact.finite_window_propagator(back, -1.0, -top, 60.0)
        return (excited.conj() @ falling) * (rising @ ground)

    tops = np.linspace(20.05, 20.3, 41)
    fringe = np.array([abs(np.sum(ways(top, -1.0))) ** 2 for top in tops])
    low, high = np.max(fringe[:16]), np.max(fringe[16:])
    np.testing.assert_allclose([low, high], [0.610, 0.704], atol=1e-3)
    # A phase at the turn can bring both ways into step.
    for back in (1.0, -1.0):
        largest = np.sum(np.abs(ways(20.0, back))) ** 2
        np.testing.assert_allclose(largest, 0.66946, atol=1e-5)


def _adiabatic_states(gap, detuning):
    h = 0.5 * np.array([[detuning, gap], [gap, -detuning]])
    return np.linalg.eigh(h)[1].T
