"""Noise during a sweep: exact averages against closed forms and oracles."""

import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import dissipation
from tests.dissipation.systems import DOWN, X, Z, system

SWEEP = lz.LinearSweep(1.0, 1.0)


def test_a_coherence_under_coloured_noise_falls_as_kubo_says():
    """exp(−⟨φ²⟩/2) with ⟨φ²⟩ = 2σ²(λt − 1 + e^{−λt})/λ²."""
    noise = dissipation.OrnsteinUhlenbeck(Z / 2, 0.8, 1.2)
    still = lz.TwoLevel(0.0, 0.0)
    average = dissipation.NoiseAverage(still, noise, orders=8)
    even = np.array([1.0, 1.0]) / np.sqrt(2)
    rho = average.average(even, 0.0, 3.0, solver=lz.Magnus4(steps=100))
    variance = 2 * 0.8**2 * (3.6 - 1 + np.exp(-3.6)) / 1.2**2
    # Orders beyond 8 hold less than (σ/λ)^16/8! = 4e-8.
    np.testing.assert_allclose(rho[0, 1], 0.5 * np.exp(-0.5 * variance), atol=1e-7)
    np.testing.assert_allclose(jnp.diagonal(rho), [0.5, 0.5], atol=1e-12)


def test_telegraph_noise_is_the_system_that_the_oracles_confirm():
    """The same generator as in oracle_open, which is solved there."""
    ours = dissipation.telegraph_noise(SWEEP, Z / 2, 1.3, 0.3)
    one = np.eye(2)
    theirs = system(
        0.5 * np.stack([np.kron(Z, one), np.kron(Z, Z), np.kron(X, one)]),
        np.stack([np.kron(one, DOWN), np.kron(one, DOWN.T)]),
        [0.3, 0.3],
        rate=1.0,
        drive=(1.3, 0.0, 0.0),
        rest=1.0,
    )
    t = jnp.asarray(0.7)
    np.testing.assert_allclose(ours.model(t), theirs.model(t), atol=1e-15)
    np.testing.assert_allclose(ours.dissipator(), theirs.dissipator(), atol=1e-15)


def test_a_bit_beside_a_state_is_forgotten_again():
    rho = np.array([[0.7, 0.2j], [-0.2j, 0.3]])
    both = dissipation.beside_a_bit(rho, 2)
    np.testing.assert_allclose(np.trace(both), 1.0)
    np.testing.assert_allclose(dissipation.without_the_bit(both), rho, atol=1e-15)


def test_wrong_noise_is_refused():
    with pytest.raises(ValueError, match="`correlation_rate` must be positive"):
        dissipation.OrnsteinUhlenbeck(Z, 1.0, 0.0)
    with pytest.raises(ValueError, match="`switching_rate` must not be negative"):
        dissipation.telegraph_noise(SWEEP, Z, 1.0, -1.0)
    with pytest.raises(ValueError, match="`operator` must have shape"):
        dissipation.telegraph_noise(SWEEP, np.eye(3), 1.0, 1.0)
