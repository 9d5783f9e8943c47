"""Runge-Kutta, which shares no formula with the Magnus steppers, against them."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import RungeKutta, models

pytest.importorskip("diffrax")

LINEAR = lz.LinearSweep(gap=0.8, rate=1.0)
# Jumps, kinks and a complex coupling; one kink lies on t = 0.
KINKED = lz.TwoLevel(
    models.PiecewiseConstant([0.0, 1.0, 2.0], [1.0, 2.0, -1.0, 0.5]),
    models.PiecewiseLinear([-1.0, 0.5, 1.5], [0.0, 1.0j, 0.4]),
)


def dense_three() -> lz.OperatorSum:
    parts = np.random.default_rng(0).normal(size=(2, 2, 3, 3))
    matrices = parts[0] + 1j * parts[1]
    operators = matrices + matrices.conj().swapaxes(1, 2)
    return lz.OperatorSum(operators, [models.Sinusoid(1.0, 2.0, 0.3), 0.4])


WINDOWS = {
    "linear": (LINEAR, -8.0, 6.0),
    "backwards": (LINEAR, 6.0, -8.0),
    "kinks": (KINKED, -2.0, 3.0),
    "kinks backwards": (KINKED, 3.0, -2.0),
    "three levels": (dense_three(), -3.0, 2.0),
}


def difference(a: lz.Solution, b: lz.Solution) -> float:
    return float(jnp.linalg.norm(a.propagator - b.propagator))


@pytest.mark.parametrize("name", WINDOWS)
def test_agrees_with_magnus_within_its_error_estimate(name):
    model, t0, t1 = WINDOWS[name]
    found = lz.solve(model, t0, t1, rtol=1e-9, solver=RungeKutta())
    # The reference is a hundred times better than the tolerance asked for.
    best = lz.solve(model, t0, t1, rtol=1e-11)
    assert found.ok and found.error <= 1e-9
    assert difference(found, best) <= found.error + 1e-11
    assert 0 < found.steps < found.work


@pytest.mark.parametrize("method", ["dopri5", "tsit5"])
def test_methods_of_order_five_agree_too(method):
    found = lz.solve(LINEAR, -3.0, 4.0, rtol=1e-7, solver=RungeKutta(method=method))
    assert found.ok
    assert difference(found, lz.solve(LINEAR, -3.0, 4.0, rtol=1e-11)) <= 1e-7


@pytest.mark.parametrize("steps", [40, 80])
def test_fixed_steps_are_taken_and_their_error_is_estimated(steps):
    found = lz.solve(KINKED, 3.0, -2.0, solver=RungeKutta(steps, "tsit5"))
    true = difference(found, lz.solve(KINKED, 3.0, -2.0, rtol=1e-12))
    assert found.ok and found.steps == steps
    # Leading order: where steps are long, the next one is felt.
    assert 0.5 * true < found.error < 2.0 * true


def test_too_few_steps_for_the_breakpoints_are_reported():
    found = lz.solve(KINKED, -2.0, 3.0, solver=RungeKutta(steps=3))
    assert found.status == lz.STATUS.too_few_steps


def test_no_length_is_the_identity():
    found = lz.solve(LINEAR, 2.0, 2.0, solver=RungeKutta())
    assert found.ok and found.error == 0.0 and found.steps == 0
    np.testing.assert_array_equal(found.propagator, np.eye(2))


def test_the_step_limit_is_reported():
    found = lz.solve(LINEAR, -100.0, 100.0, solver=RungeKutta(), max_steps=500)
    assert found.status == lz.STATUS.inaccurate
    assert found.work <= 2 * 500


def test_values_that_are_not_finite_are_reported():
    model = lz.TwoLevelFunction(lambda t, p: (p, 0.0, jnp.sqrt(t)), 1.0)
    found = lz.solve(model, -1.0, 1.0, solver=RungeKutta())
    assert found.status == lz.STATUS.not_finite


def observed(theta, solver):
    """A sum of amplitudes, with a jump at a time that is a parameter itself."""
    gap, t0, t1, jump = theta
    detuning = models.PiecewiseConstant(
        jnp.stack([jump, jump + 1.0]), jnp.stack([gap, 2.0 * gap, 1.0 - gap])
    )
    model = lz.TwoLevel(detuning, gap + 0.3j)
    u = lz.solve(model, t0, t1, rtol=1e-10, solver=solver).propagator
    return 0.3 * jnp.real(u[0, 0]) + jnp.imag(u[1, 0]) + jnp.abs(u[0, 1]) ** 2


THETA = jnp.array([0.7, -1.0, 2.5, 0.1])


@pytest.mark.parametrize(
    "solver",
    [RungeKutta(), pytest.param(RungeKutta(steps=400), marks=pytest.mark.slow)],
    ids=str,
)
def test_gradients_of_both_modes_are_those_of_magnus(solver):
    want = jax.grad(observed)(THETA, lz.Magnus6())
    # Both propagators are good to 1e-10, and derivatives of this short window to 1e-9.
    for mode in (jax.grad, jax.jacfwd):
        np.testing.assert_allclose(mode(observed)(THETA, solver), want, atol=1e-9)


@pytest.mark.slow
def test_second_derivatives_are_differences_of_the_first():
    def probability(theta):
        model = lz.LinearSweep(theta[0], 1.0)
        solution = lz.solve(model, -2.0, theta[1], rtol=1e-11, solver=RungeKutta())
        return jnp.abs(solution.propagator[0, 0]) ** 2

    at, step = jnp.array([0.7, 1.5]), 1e-4
    slope = jax.jit(jax.grad(probability))
    rows = [
        (slope(at + step * d) - slope(at - step * d)) / (2 * step) for d in jnp.eye(2)
    ]
    # Central differences err by step²/6 of a fourth derivative, here about ten.
    np.testing.assert_allclose(jax.hessian(probability)(at), rows, atol=1e-6)


def test_batches():
    gaps = jnp.array([0.2, 1.0, 2.0])

    def stays(gap, solver):
        u = lz.solve(lz.LinearSweep(gap, 1.0), -4.0, 4.0, solver=solver).propagator
        return jnp.abs(u[0, 0]) ** 2

    got, want = (
        jax.jit(jax.vmap(lambda gap, s=s: stays(gap, s)))(gaps)
        for s in (RungeKutta(), lz.Magnus6())
    )
    # A probability changes by at most twice the error of its amplitude.
    np.testing.assert_allclose(got, want, atol=4e-8)


def test_unknown_methods_are_refused():
    with pytest.raises(ValueError, match="`method` must be one of 'dopri8'"):
        RungeKutta(method="euler")


def test_a_missing_diffrax_says_what_to_install(monkeypatch):
    # What Python itself does with a module that is known to be absent.
    monkeypatch.setitem(sys.modules, "diffrax", None)
    with pytest.raises(ImportError, match=r'pip install "lzjax\[diffrax\]"'):
        RungeKutta()(LINEAR, jnp.zeros(()), jnp.ones(()), jnp.array(1e-8), 1000)
