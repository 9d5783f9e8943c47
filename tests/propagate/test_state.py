"""One state of many levels: a level that stops inside a band."""

import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import models
from lzjax.propagate import evolve_state
from tests.oracles import oracle, oracles
from tests.propagate.oracle_states import stopped_in_a_band


@pytest.mark.parametrize("name", oracles("continuum-partial-"))
def test_a_level_that_stops_inside_a_band_is_that_of_the_oracle(name):
    record = oracle(name)
    state = stopped_in_a_band(record["parameters"])
    np.testing.assert_allclose(
        jnp.abs(state[0]) ** 2, record["value"], rtol=0, atol=record["tolerance"]
    )
    np.testing.assert_allclose(jnp.linalg.norm(state), 1.0, rtol=0, atol=1e-9)


@pytest.mark.slow
def test_a_driven_oscillator_is_absorbed_from_like_a_classical_drive():
    """Many quanta, weakly coupled: sidebands at whole numbers of quanta."""
    gap, coupling, frequency, size, end, photons = 0.8, 0.05, 1.0, 5.0, 10.0, 64
    model = models.dissipative_crossing(gap, 1.0, coupling, frequency, photons=photons)
    # Real at t = 0, and seen from the oscillator as the upper level displaces it.
    beta = size * np.exp(1j * frequency * end) + coupling / frequency
    n = np.arange(photons)
    logs = n * np.log(beta) - 0.5 * np.cumsum(np.log(np.maximum(n, 1)))
    start = np.concatenate([np.exp(logs - 0.5 * abs(beta) ** 2), np.zeros(photons)])
    states = evolve_state(model, start, [-end, end], steps=3000, rtol=1e-5)
    found = jnp.sum(jnp.abs(states[-1, :photons]) ** 2)
    drive = lz.DitheredSweep(gap, 1.0, 4 * coupling * size, frequency)
    known = lz.transition_matrix(drive, -end, end)[0, 0]
    plain = lz.transition_matrix(lz.LinearSweep(gap, 1.0), -end, end)[0, 0]
    # The amplitude of a coherent state is uncertain by 1/(2|β|): second order, 1e-2.
    assert abs(found - known) < 0.02 < abs(plain - known)


def test_it_agrees_with_the_propagator():
    model = models.bow_tie([1.0, -0.5], [0.4, 0.3])
    ts = np.array([-3.0, 0.5, 4.0])
    start = np.array([0.6, 0.0, 0.8j])
    found = evolve_state(model, start, ts, steps=200)
    known = lz.evolve(model, start, ts, solver=lz.CommutatorFree4(steps=200))
    np.testing.assert_allclose(found, known, rtol=0, atol=1e-12)


def test_too_few_steps_are_refused():
    model = models.bow_tie([1.0, -0.5], [0.4, 0.3])
    with pytest.raises(RuntimeError, match="the steps do not suffice"):
        evolve_state(model, 0, np.array([-3.0, 0.5, 4.0]), steps=4)
    with pytest.raises(ValueError, match="`steps` must be a whole number"):
        evolve_state(model, 0, [0.0, 1.0], steps=None)
