"""Steps that turn by any angle."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, strategies as st

import lzjax as lz
from lzjax.propagate._cos_sinc import SMALL_ANGLES
from lzjax.propagate._su2 import SU2, Vector

# Angles by which one step of ten turns a spinor: from what polynomials hold for to far
# beyond, on both sides of full turns, and of the last that is taken at once.
ANGLES = np.array([0.1, 4.9, 5.1, 6.28, 6.29, 12.5, 12.6, 40.0, 3e3, 1e5])
AXIS = np.array([0.48, 0.36, 0.8])
STEPS = 10


def constant(t, field):
    return field[0] + 0.0 * t, field[1], field[2]


def column(field, solver=None):
    """Of the propagator of a constant field from 0 to 1."""
    solver = lz.Magnus4(steps=STEPS) if solver is None else solver
    model = lz.TwoLevelFunction(constant, field)
    return lz.solve(model, 0.0, 1.0, solver=solver).propagator[:, 0]


def exact(field):
    angle = jnp.sqrt(field @ field)
    x, y, z = field / angle
    cos, sin = jnp.cos(angle / 2), jnp.sin(angle / 2)
    return jnp.array([cos - 1j * z * sin, (y - 1j * x) * sin])


def fields():
    return jnp.array(STEPS * ANGLES[:, None] * AXIS)


@given(st.floats(0.0, 1e8), st.sampled_from([1, -1]))
@example(6.29, 1)
def test_full_turns_are_taken_out(length, sign):
    short = SU2.shortened(Vector(*(sign * length * AXIS)))
    x = np.array([short.x, short.y, short.z])
    angle = float(np.linalg.norm(x))
    assert angle <= np.sqrt(SMALL_ANGLES.reach) * (1 + 1e-9)
    found = [np.cos(angle / 2), *(0.5 * np.sinc(angle / 2 / np.pi) * x)]
    want = [np.cos(0.5 * length), *(sign * np.sin(0.5 * length) * AXIS)]
    np.testing.assert_allclose(found, want, rtol=0, atol=3e-15 + 2e-16 * length)


@pytest.mark.parametrize("part, exact", [(0, np.cos), (1, lambda r: np.sin(r) / r)])
def test_polynomials_hold_up_to_half_a_turn(part, exact):
    r = np.linspace(1e-3, 3.15, 2000)
    found = SMALL_ANGLES.with_slope(r**2)[part]
    np.testing.assert_allclose(found, exact(r), rtol=0, atol=3e-15)
    few = r < 2.0
    np.testing.assert_allclose(found[few], exact(r[few]), rtol=0, atol=1e-15)


@pytest.mark.parametrize("stepper", [lz.Magnus4, lz.CommutatorFree4])
def test_each_lane_is_right_whatever_the_others_turn_by(stepper):
    solve = jax.jit(jax.vmap(lambda field: column(field, stepper(steps=STEPS))))
    found = solve(fields())
    np.testing.assert_allclose(found, jax.vmap(exact)(fields()), atol=5e-10)
    near = np.abs(found - jax.vmap(exact)(fields()))[ANGLES < 50.0]
    assert np.max(near) < 1e-12
    for k in range(len(ANGLES)):
        alone = solve(jnp.repeat(fields()[k : k + 1], len(ANGLES), axis=0))
        np.testing.assert_array_equal(alone[0], found[k])


@pytest.mark.parametrize("way", [jax.jacfwd, jax.jacrev])
def test_derivatives_of_steps_that_turn_far(way):
    """By all rates or along directions, and backwards."""

    def parts(function):
        return lambda field: jnp.array([function(field).real, function(field).imag])

    few = fields()[:-2]
    derivative = jax.jit(jax.vmap(way(parts(column))))
    found = derivative(few)
    np.testing.assert_allclose(found, jax.vmap(way(parts(exact)))(few), atol=1e-11)
    for k in range(len(few)):
        alone = derivative(jnp.repeat(few[k : k + 1], len(few), axis=0))
        np.testing.assert_array_equal(alone[0], found[k])


@pytest.mark.parametrize("numbers", [1, 2, 6])
def test_gradients_of_steps_that_turn_far(numbers):
    """Few numbers by their rates, many backwards."""
    shares = jnp.array(np.random.default_rng(4).uniform(0.5, 1.5, (3, numbers)))

    def probability(function, weights, field):
        return abs(function(field * (1.0 + shares @ weights))[0]) ** 2

    def gradient(function):
        of_one = jax.grad(lambda w, field: probability(function, w, field))
        return jax.jit(jax.vmap(of_one, (None, 0)))

    weights = jnp.zeros(numbers)
    # Beside a lane that does not turn at all.
    some = jnp.concatenate([jnp.zeros((1, 3)), fields()[:-2]])
    of_columns = gradient(column)
    found = of_columns(weights, some)
    want = gradient(exact)(weights, some[1:])
    np.testing.assert_array_equal(found[0], 0.0)
    np.testing.assert_allclose(found[1:], want, atol=1e-9)
    assert np.max(np.abs(want)) > 10.0
    # Whatever the other lanes turn by.
    for k in range(len(some)):
        alone = of_columns(weights, jnp.repeat(some[k : k + 1], len(some), axis=0))
        np.testing.assert_array_equal(alone[0], found[k])


def test_a_long_hold_costs_no_steps_and_keeps_its_phase():
    hold, end = 1e4, 1e4 + 8.0
    times, levels = jnp.array([-4.0, 4.0, hold, end]), jnp.array([-4.0, 4.0, 4.0, -4.0])
    model = lz.TwoLevel(lz.models.PiecewiseLinear(times, levels), 1.0)
    whole = lz.solve(model, -4.0, end, rtol=1e-9)
    parts = [
        lz.solve(model, t0, t1, rtol=1e-9)
        for t0, t1 in ((-4.0, 4.0), (4.0, hold), (hold, end))
    ]
    first, middle, last = (part.propagator for part in parts)
    np.testing.assert_allclose(whole.propagator, last @ middle @ first, atol=1e-9)
    assert whole.error < 1e-9 and whole.steps < 8000
    field = jnp.array([1.0, 0.0, 4.0]) * (hold - 4.0)
    np.testing.assert_allclose(middle[:, 0], exact(field), atol=1e-10)
