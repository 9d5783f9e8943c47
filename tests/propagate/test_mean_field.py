"""Nonlinear crossings: oracle, order, conservation, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax.propagate import evolve_mean_field
from tests.oracles import compute, oracle
from tests.propagate.oracle_states import STATES

SWEEP = lz.LinearSweep(1.0, 0.8)
TS = jnp.array([-4.0, 0.5, 5.0])


def test_the_jump_is_that_of_the_oracle_and_does_not_vanish():
    record = oracle("nonlinear-2.0")
    got = compute(STATES, "nonlinear-2.0")
    np.testing.assert_allclose(got, record["value"], rtol=0, atol=record["tolerance"])


def test_without_interaction_it_is_the_linear_evolution():
    got = evolve_mean_field(SWEEP, 0.0, 0, TS, steps=800, rtol=1e-9)
    want = lz.evolve(SWEEP, 0, TS, rtol=1e-10)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-8)


def test_it_is_of_fourth_order_and_unitary():
    best = evolve_mean_field(SWEEP, 1.5, 0, TS, steps=800)
    np.testing.assert_allclose(jnp.linalg.norm(best, axis=1), 1.0, atol=1e-12)
    errors = []
    for steps in (50, 100, 200):
        states = evolve_mean_field(SWEEP, 1.5, 0, TS, steps=steps, rtol=0.1)
        errors.append(float(jnp.max(jnp.abs(states - best))))
    observed = -np.diff(np.log2(errors))
    assert np.all(np.abs(observed - 4) < 0.3), observed


def test_a_constant_field_keeps_its_energy():
    """E = ⟨H⟩ − (c/4)(|a|² − |b|²)² is conserved."""
    model = lz.TwoLevel(0.3, 1.0)
    states = evolve_mean_field(model, 2.5, 0, jnp.linspace(0.0, 8.0, 5), steps=400)
    inversion = jnp.abs(states[:, 0]) ** 2 - jnp.abs(states[:, 1]) ** 2
    mean = jnp.real(jnp.einsum("ti,ij,tj->t", states.conj(), model(0.0), states))
    energy = mean - 2.5 / 4 * inversion**2
    np.testing.assert_allclose(energy, energy[0], rtol=0, atol=1e-8)


def test_derivatives_are_those_of_differences():
    def survival(gap, interaction):
        model = lz.LinearSweep(gap, 0.8)
        states = evolve_mean_field(model, interaction, 0, TS, steps=800)
        return jnp.abs(states[-1, 0]) ** 2

    backward = jax.jit(jax.grad(survival, argnums=(0, 1)))(1.0, 1.5)
    h = 1e-4
    for k, slope in enumerate(backward):
        ends = [[1.0 + s * h * (k == 0), 1.5 + s * h * (k == 1)] for s in (1, -1)]
        want = (survival(*ends[0]) - survival(*ends[1])) / (2 * h)
        np.testing.assert_allclose(slope, want, atol=1e-6)  # h², and steps


def test_too_few_steps_and_wrong_models_are_refused():
    with pytest.raises(RuntimeError, match="steps do not suffice"):
        evolve_mean_field(SWEEP, 1.5, 0, TS, steps=20, rtol=1e-8)
    many = lz.HamiltonianFunction(lambda t, p: jnp.eye(3))
    with pytest.raises(TypeError, match="two-level model"):
        evolve_mean_field(many, 1.0, 0, TS)
