"""States along time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from tests.helpers import distance, three_levels

MODEL = lz.LinearSweep(0.9, 1.1)
TIMES = jnp.linspace(-6.0, 5.0, 11)
PSI0 = jnp.asarray([0.6, 0.8j])


def test_each_state_is_what_the_propagator_makes_of_the_first():
    states = lz.evolve(MODEL, PSI0, TIMES, rtol=1e-10)
    assert states.shape == (11, 2)
    np.testing.assert_array_equal(states[0], PSI0)
    for t, ket in zip(TIMES, states, strict=True):
        want = lz.solve(MODEL, -6.0, t, rtol=1e-10).propagator @ PSI0
        assert np.linalg.norm(ket - want) < 2e-10  # 1e-10 each


def test_time_may_fall_and_stand_still():
    there = lz.evolve(MODEL, PSI0, TIMES, rtol=1e-10)
    back = lz.evolve(MODEL, there[-1], TIMES[::-1], rtol=1e-10)
    np.testing.assert_allclose(back[::-1], there, rtol=0, atol=2e-10)  # 1e-10 each
    still = TIMES.at[5:].set(TIMES[5])
    states = lz.evolve(MODEL, PSI0, still, rtol=1e-10)
    np.testing.assert_array_equal(states[5], states[-1])


def test_a_single_time_gives_the_state_back():
    np.testing.assert_array_equal(lz.evolve(MODEL, PSI0, [0.3]), PSI0[None])


def test_a_number_names_a_level():
    named = lz.evolve(MODEL, 1, TIMES)
    given = lz.evolve(MODEL, jnp.asarray([0.0, 1.0]), TIMES)
    np.testing.assert_array_equal(named, given)
    np.testing.assert_array_equal(lz.evolve(MODEL, np.int64(1), TIMES), given)


def test_three_levels_with_kinks():
    model = three_levels()
    psi0 = jnp.asarray([0.6, 0.0, 0.8])
    times = jnp.asarray([-2.0, -0.3, 1.7])
    states = lz.evolve(model, psi0, times, rtol=1e-9)
    np.testing.assert_allclose(  # rounding of some hundred products
        jnp.sum(jnp.abs(states) ** 2, axis=1), 1.0, rtol=0, atol=1e-13
    )
    for k in (1, 2):
        u = lz.solve(model, -2.0, times[k], rtol=1e-9).propagator
        assert np.linalg.norm(states[k] - u @ psi0) < 2e-9  # 1e-9 each
        assert distance(u.conj().T @ u, np.eye(3)) < 1e-13  # rounding


def test_fixed_steps_count_for_every_interval():
    states = lz.evolve(MODEL, 0, [-1.0, 0.5, 2.0], solver=lz.Magnus4(steps=8))
    u = lz.solve(MODEL, -1.0, 0.5, solver=lz.Magnus4(steps=8)).propagator
    v = lz.solve(MODEL, 0.5, 2.0, solver=lz.Magnus4(steps=8)).propagator
    np.testing.assert_allclose(states[1], u[:, 0], rtol=0, atol=1e-15)
    np.testing.assert_allclose(states[2], (v @ u)[:, 0], rtol=0, atol=1e-15)


def test_states_are_differentiable_in_the_model_the_state_and_the_times():
    def last(gap, angle, stop):
        psi0 = jnp.stack([jnp.cos(angle), jnp.sin(angle)])
        times = jnp.stack([jnp.asarray(-3.0), jnp.asarray(0.5), stop])
        return jnp.abs(lz.evolve(lz.LinearSweep(gap, 1.1), psi0, times)[-1, 0]) ** 2

    numbers = [jnp.asarray(x) for x in (0.9, 0.4, 2.5)]
    value = jax.jit(last)
    got = jax.jit(jax.grad(last, argnums=(0, 1, 2)))(*numbers)
    for k in range(3):
        h = 1e-3

        def at(move, k=k):
            moved = [x + move * (j == k) for j, x in enumerate(numbers)]
            return float(value(*moved))

        want = (8 * (at(h) - at(-h)) - at(2 * h) + at(-2 * h)) / (12 * h)
        # The default tolerance of 1e-8 is met a hundredfold; over a step of 1e-3.
        np.testing.assert_allclose(got[k], want, rtol=0, atol=1e-6)


def test_an_interval_that_fails_raises():
    with pytest.raises(RuntimeError, match="raise `max_steps`"):
        lz.evolve(MODEL, 0, [-30.0, 30.0], max_steps=10)
