"""With JAX's 64-bit mode off: float32 as accurate as it can be, and honest about it."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax.kernels import left_over
from lzjax.propagate import _finite, _grid
from lzjax.propagate._arguments import as_rtol, default_solver

RNG = np.random.default_rng(5)
FIELDS = RNG.uniform(0.2, 2.0, (64, 3)).astype(np.float32)


@pytest.fixture
def single():
    jax.config.update("jax_enable_x64", False)
    yield
    jax.config.update("jax_enable_x64", True)


@pytest.mark.parametrize("count", [1, 7, 1000, 29_491])
@pytest.mark.parametrize(("low", "high"), [(-80.0, 80.0), (0.1, 33.3), (7.0, -1e-3)])
def test_what_steps_leave_over_is_known_to_all_digits(single, low, high, count):
    """Against fractions. It is less than the rounding of the window."""
    low, high, many = jnp.float32(low), jnp.float32(high), jnp.int32(count)
    dt = (high - low) / count
    exact = Fraction(float(high)) - Fraction(float(low)) - count * Fraction(float(dt))
    found = float(jax.jit(left_over)(low, high, many, dt))
    width = abs(float(high - low))
    assert abs(float(exact)) < 2e-7 * width
    assert abs(found - float(exact)) < 1e-12 * width
    assert left_over(low, high, jnp.int32(0), dt) == 0.0


def _propagators(double: bool):
    def one(gap, rate):
        model = lz.LinearSweep(gap, rate)
        return lz.solve(model, -80, 80, solver=lz.Magnus6(steps=7373)).propagator

    jax.config.update("jax_enable_x64", double)
    found = jax.jit(jax.vmap(one))(*map(jnp.asarray, FIELDS[:32, :2].T))
    assert found.dtype == (np.complex128 if double else np.complex64)
    return np.asarray(found, complex)


def test_the_rounding_of_steps_does_not_add_up(single):
    """Phases of 6400 rad; 7373 steps over 160 are no float32 number. With equal steps,
    rounded, the median error is 3e-4; of steps at random, eps √steps = 1e-5."""
    found = _propagators(double=False)
    errors = np.linalg.norm(found - _propagators(double=True), ord=2, axis=(1, 2))
    assert np.median(errors) < 3e-5 and np.max(errors) < 2e-4


def test_gradients_of_what_decays_are_those_of_double_precision(single):
    """37 steps over 6 are no float32 number: one more closes the window."""

    def left(numbers):
        sweep = lz.LinearSweep(*numbers[:2])
        model = lz.models.DecayingLevels(sweep, [0.0, numbers[2]])
        solved = lz.solve(model, -3, 3, solver=lz.Magnus4(steps=37))
        return abs(solved.propagator[0, 0]) ** 2

    slopes = []
    for double in (False, True):
        jax.config.update("jax_enable_x64", double)
        slopes.append(jax.jit(jax.grad(left))(jnp.array([0.9, 1.1, 0.3])))
    # Some hundred roundings of 6e-8, at random.
    np.testing.assert_allclose(*slopes, rtol=0, atol=2e-6)


def test_success_is_never_claimed_falsely(single):
    """A constant field rounds alike in all steps; its propagator is known."""
    length = 96.0

    def one(field, rtol):
        model = lz.TwoLevelFunction(lambda t, p: (p[0], p[1], p[2]), field)
        found = lz.solve(model, 0.0, length, rtol=rtol, max_steps=20_000)
        return found.propagator, found.error, found.ok

    solve = jax.jit(jax.vmap(one, (0, None)))
    fields = FIELDS.astype(float)
    angle = 0.5 * length * np.linalg.norm(fields, axis=1)
    stay = np.cos(angle) - 1j * np.sin(angle) * fields[:, 2] / np.linalg.norm(
        fields, axis=1
    )
    for rtol, fewest, most in ((1e-3, 64, 64), (1e-5, 1, 63), (1e-6, 0, 0)):
        u, error, ok = solve(jnp.asarray(FIELDS), jnp.float32(rtol))
        assert fewest <= np.sum(ok) <= most
        off = np.abs(np.asarray(u)[:, 0, 0] - stay)
        assert np.all(off[ok] <= rtol)
        assert np.all(off <= 2.0 * error)


def test_the_default_tolerance_can_be_met(single):
    model = lz.LinearSweep(1.0, 1.0)
    found = lz.solve(model, -5.0, 5.0)
    assert found.ok and found.error <= 1e-4
    fine = lz.solve(model, -5.0, 5.0, solver=lz.Magnus6(steps=128))
    np.testing.assert_allclose(found.propagator, fine.propagator, atol=1e-4)


def test_the_default_tolerance_of_double_precision():
    assert as_rtol(None) == 1e-8 and isinstance(default_solver(None), lz.Magnus6)


def test_hermitian_up_to_rounding(single):
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0].astype(np.float32)

    def matrix(t, skew):
        levels = jnp.array([1.0, 0.3, t])
        return turn @ jnp.diag(levels) @ turn.T + skew * jnp.eye(3, k=1)

    edges = jnp.linspace(-5.0, 5.0, 8)
    for skew, is_hermitian in ((0.0, True), (1e-3, False)):
        model = lz.HamiltonianFunction(matrix, skew)
        assert bool(_finite._hermitian(model, edges)) is is_hermitian


@pytest.mark.parametrize("steps", [100, 4001])
def test_exactly_as_many_steps_as_asked_for(single, steps):
    edges = jnp.cumsum(jnp.asarray(RNG.uniform(0.1, 1.0, 9), np.float32))
    counts, enough = _grid.exact_counts(edges, steps)
    assert np.sum(counts) == steps and enough
