"""The hexagon: coherent, stochastic, and between."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb
from lzjax.breakdown._units import FLUX
from tests.breakdown.records import check, record


def hexagon(probability, phase=0.3):
    """A ring in 1 T whose orbit has the phase l²A = `phase`."""
    return mb.ring(phase / FLUX, -jnp.log(probability))


def seventh(probability):
    """Six reflections, then out."""
    exits = mb.exit_probabilities(hexagon(probability), 1.0, start=0, junctions=7)
    return jnp.sum(exits[6])


def test_six_reflections_then_out_and_the_best_probability_for_it():
    best, _ = record(41)["value"]
    probabilities = jnp.array([*record(40)["parameters"]["P"], best])
    found, slopes = jax.jit(jax.vmap(jax.value_and_grad(seventh)))(probabilities)
    check(found[:-1], record(40))
    check([best, found[-1]], record(41))
    np.testing.assert_allclose(slopes[-1], 0.0, atol=1e-12)


def test_coherent_rings_average_to_the_stochastic_one():
    phases = jnp.asarray(2 * np.pi * np.arange(256) / 256)

    def enhancement(phase):
        return mb.ring_enhancement(hexagon(0.1, phase), 1.0)

    found = jax.jit(jax.vmap(enhancement))(phases)
    q = 0.9
    np.testing.assert_allclose(jnp.mean(found), 1 / (1 - q**6), rtol=1e-12)
    np.testing.assert_allclose(jnp.max(found), 13.616, atol=0.02)
    np.testing.assert_allclose(jnp.min(found), 0.3345, atol=1e-4)


@pytest.fixture(scope="module")
def fluxes():
    """Occupations of a small ring for any coherence, compiled once."""

    @jax.jit
    def fluxes(coherence, phase):
        return mb.occupations(mb.ring(phase / FLUX, 0.9, junctions=3), 1.0, coherence)

    return fluxes


@pytest.mark.parametrize("coherence", [0.0, 0.4, 1.0])
def test_what_comes_in_goes_out(fluxes, coherence):
    flux = np.asarray(fluxes(coherence, 0.8))
    np.testing.assert_allclose(flux[6:].sum(axis=0), 1.0, rtol=1e-12)
    np.testing.assert_allclose(flux[6:].sum(axis=1), 1.0, rtol=1e-12)
    assert np.all(flux >= 0)


def test_full_and_no_coherence_are_the_two_limits(fluxes):
    network = mb.ring(0.8 / FLUX, 0.9, junctions=3)
    size = len(network.arcs)
    amplitudes = np.linalg.inv(np.eye(size) - np.asarray(network.transfer(1.0)))
    np.testing.assert_allclose(
        fluxes(1.0, 0.8), abs(amplitudes[:, 3:6]) ** 2, atol=1e-13
    )
    chain = np.asarray(mb.transition_probabilities(network, 1.0))
    markov = np.linalg.inv(np.eye(size) - chain)
    np.testing.assert_allclose(fluxes(0.0, 0.8), markov[:, 3:6], atol=1e-13)
    np.testing.assert_allclose(fluxes(0.0, 2.0), markov[:, 3:6], atol=1e-13)


def test_dephasing_agrees_with_random_phases(fluxes):
    """Averaged over phases drawn anew at each passage, followed passage by passage."""
    rng = np.random.default_rng(5)
    coherence, draws = 0.6, 4000
    network = mb.ring(0.8 / FLUX, 0.9, junctions=3)
    transfer = np.asarray(network.transfer(1.0))
    source = np.zeros(9, complex)
    source[3] = 1.0
    # A stationary beam: the amplitude now is the source's plus what was there before.
    psi = np.zeros((draws, 9), complex)
    for _ in range(60):
        signs = np.where(rng.random((draws, 9)) < 0.5 * (1 + coherence), 1.0, -1.0)
        psi = source + (psi * signs) @ transfer.T
    found = np.mean(abs(psi) ** 2, axis=0)
    error = np.std(abs(psi) ** 2, axis=0) / np.sqrt(draws)
    want = np.asarray(fluxes(coherence, 0.8))[:, 0]
    assert np.all(abs(found - want) < 4.5 * error + 1e-12)


def test_closed_networks_have_no_occupations():
    with pytest.raises(ValueError, match="no leads"):
        mb.occupations(mb.Network([mb.Arc(1.0, 0.0)]), 1.0)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        mb.ring(1.0, 1.0, junctions=0)
