"""New numbers do not compile again; jit changes nothing."""

import logging

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import models

TIMES = jnp.linspace(-2.0, 2.0, 4)

CALLS = {
    "solve": lambda g, t: lz.solve(lz.LinearSweep(g, 1.3), -t, 2 * t).propagator,
    "solve with another tolerance": lambda g, t: (
        lz.solve(lz.LinearSweep(g, 1.3), -t, 2 * t, rtol=1e-6 * t).propagator
    ),
    "solve to infinity": lambda g, t: lz.solve(lz.LinearSweep(g, t)).propagator,
    "evolve": lambda g, t: lz.evolve(lz.LinearSweep(g, 1.0), 0, t * TIMES),
    "transition_matrix": lambda g, t: lz.transition_matrix(
        lz.LinearSweep(g, 1.3), -t, t, basis="adiabatic"
    ),
    "transition_probability": lambda g, t: lz.transition_probability(
        lz.LinearSweep(g, t), initial=0, final=1
    ),
    "scattering_matrix": lambda g, t: lz.scattering_matrix(
        lz.LinearSweep(g, 1.3), reference=0.1 * t
    ),
    "populations": lambda g, t: lz.populations(
        lz.LinearSweep(g, 1.0), np.ones((4, 2)) / 2**0.5, t * TIMES, basis="adiabatic"
    ),
    "waveforms": lambda g, t: (
        lz.solve(
            lz.TwoLevel(models.PiecewiseLinear([-1, 0, t], [g, t, -g]), g), -t, 2 * t
        ).propagator
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_new_numbers_do_not_compile_again(name, caplog):
    call = CALLS[name]
    jax.block_until_ready(call(0.7, 1.5))
    with jax.log_compiles(), caplog.at_level(logging.WARNING):
        jax.block_until_ready(call(0.9, 2.5))
    assert [r.message for r in caplog.records if "ompil" in r.message] == []


@pytest.mark.parametrize("name", ["solve", "transition_matrix", "populations"])
def test_jit_changes_nothing(name):
    call = CALLS[name]
    # Other fusions, other roundings: 1e-16 for each of some hundred steps.
    np.testing.assert_allclose(
        jax.jit(call)(0.8, 2.0), call(0.8, 2.0), rtol=0, atol=1e-13
    )


def test_numbers_may_be_integers_numpy_or_jax():
    want = lz.solve(lz.LinearSweep(1.0, 2.0), -1.0, 3.0).propagator
    for kind in (int, np.float64, np.float32, jnp.asarray):
        got = lz.solve(lz.LinearSweep(kind(1), kind(2)), kind(-1), kind(3)).propagator
        np.testing.assert_array_equal(got, want)


def test_results_are_double_precision():
    sol = lz.solve(lz.LinearSweep(1.0, 2.0), -1.0, 3.0)
    assert sol.propagator.dtype == np.complex128
    assert lz.transition_matrix(lz.LinearSweep(1.0, 2.0), -1.0, 3.0).dtype == float
