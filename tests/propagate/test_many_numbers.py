"""Gradients in many numbers: backwards, along a direction, and by all rates, alike."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax.dissipation import Jumps, Lindblad, solve_lindblad
from lzjax.propagate import _run
from lzjax.propagate._linear import explicit
from tests.helpers import differences

NUMBERS = jnp.array([0.7, 0.9, 0.2, -0.3, 0.15, 0.25])


def rippled(p, t1=3.0, solver=None):
    """P of a sweep with ripples: two levels, numbers of an array."""

    def field(t, p):
        k = np.arange(1.0, 5.0)
        return p[0], 0.3 * p[3], p[1] * t + jnp.sum(p[2:] * jnp.sin(0.7 * k * t + k))

    model = lz.TwoLevelFunction(field, p)
    solver = lz.Magnus4(steps=60) if solver is None else solver
    return abs(lz.solve(model, -3.0, t1, solver=solver).propagator[0, 0]) ** 2


def wavy(p, t1=3.0):
    """As above, with so many sines that they are kept for the lanes of a window."""

    def field(t, p):
        k = np.arange(1.0, 21.0)
        more = jnp.outer(p, jnp.linspace(-0.1, 0.2, 4))[2:].ravel()[:20]
        return p[0], 0.0, p[1] * t + jnp.sum(more * jnp.sin(0.3 * k * t + k))

    model = lz.TwoLevelFunction(field, jnp.concatenate([p, p]))
    solver = lz.Magnus4(steps=60)
    return abs(lz.solve(model, -3.0, t1, solver=solver).propagator[0, 0]) ** 2


def two_exponentials(p, t1=3.0):
    return rippled(p, t1, lz.CommutatorFree4(steps=60))


def kicked(p, t1=3.0):
    """A pulse whose ends are numbers too."""
    detuning = lz.models.Linear(1.1 + p[5]) + lz.models.PiecewiseConstant(
        jnp.array([-1.0, 0.6]) + 0.1 * p[2:4], p[jnp.array([0, 1, 4])]
    )
    model = lz.TwoLevel(detuning, 0.8)
    return abs(lz.solve(model, -3.0, t1, rtol=1e-10).propagator[0, 0]) ** 2


def three_levels(p, t1=3.0):
    """As matrices."""

    def hamiltonian(t, p):
        levels = jnp.array([-t, 0.2 + p[0] * jnp.sin(t), p[1] * t])
        return jnp.diag(levels) + jnp.array(
            [
                [0, p[2] + 1j * p[3], p[4]],
                [p[2] - 1j * p[3], 0, p[5]],
                [p[4], p[5], 0],
            ]
        )

    model = lz.HamiltonianFunction(hamiltonian, p)
    return (
        abs(lz.solve(model, -3.0, t1, solver=lz.Magnus4(steps=40)).propagator[1, 0])
        ** 2
    )


def leaking(p, t1=3.0, rtol=1e-10):
    """Of a level that decays: a pulse whose ends are numbers, and a rate."""
    detuning = lz.models.Linear(1.1 + p[5]) + lz.models.PiecewiseConstant(
        jnp.array([-1.0, 0.6]) + 0.1 * p[2:4], p[jnp.array([0, 1, 4])]
    )
    model = lz.models.DecayingLevels(lz.TwoLevel(detuning, 0.8), [0.0, 0.3 + p[1]])
    return abs(lz.solve(model, -3.0, t1, rtol=rtol).propagator[0, 0]) ** 2


def damped(p, t1=3.0, steps=40):
    """A channel, with two exponentials a step."""
    drive = lz.models.Linear(0.8 + p[3]) + lz.models.Sinusoid(p[0], 1.9, p[4])
    jumps = Jumps([[[0.0, 0], [1, 0]], [[1.0, 0], [0, -1]]], 0.1 + p[1:3])
    system = Lindblad(lz.TwoLevel(drive, 0.9 + p[5]), jumps)
    solver = lz.CommutatorFree4(steps=steps)
    rho = solve_lindblad(system, -3.0, t1, solver=solver)(0)
    return rho[0, 0].real + 0.7 * rho[0, 1].real - 0.4 * rho[0, 1].imag


slow_three = pytest.param(three_levels, marks=pytest.mark.slow)
slow_leaking = pytest.param(leaking, marks=pytest.mark.slow)
# JAX 0.10 cannot differentiate the loops inside of exponentials twice.
twice_damped = pytest.param(
    damped,
    marks=pytest.mark.skipif(
        jax.__version_info__[:2] < (0, 11), reason="needs jax 0.11"
    ),
)
CASES = [rippled, kicked, three_levels, slow_leaking, damped]
CASES += [pytest.param(two_exponentials, marks=pytest.mark.slow)]


@pytest.mark.parametrize("function", CASES)
def test_all_ways_to_a_derivative_agree(function, monkeypatch):
    def derivatives(p, t1):
        gradient = jax.grad(function, (0, 1))(p, t1)
        along = jax.jvp(function, (p, t1), gradient)[1]
        forward = jax.jacfwd(function)(p, t1)
        reverse = jax.jacrev(lambda p: jnp.stack([function(p, t1)] * 2))(p)[1]
        return gradient, along, forward, reverse

    gradient, along, forward, reverse = jax.jit(derivatives)(NUMBERS, 2.8)
    np.testing.assert_allclose(
        gradient[0],
        differences(jax.jit(lambda p: function(p, 2.8)), NUMBERS),
        rtol=0,
        atol=2e-8,
    )
    for other in (forward, reverse):
        np.testing.assert_allclose(other, gradient[0], rtol=0, atol=1e-12)
    square = jnp.sum(gradient[0] ** 2) + gradient[1] ** 2
    np.testing.assert_allclose(along, square, rtol=0, atol=1e-12)

    # From the rates of all numbers, found in one pass.
    monkeypatch.setattr(_run, "_ALL_RATES", 1000)
    # What was traced knows of the other way.
    jax.clear_caches()
    rates = jax.jit(lambda p, t1: jax.grad(function, (0, 1))(p, t1))(NUMBERS, 2.8)
    for a, b in zip(rates, gradient, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("function", [rippled, wavy, slow_leaking, slow_three])
def test_batches_of_gradients_and_gradients_of_batches(function):
    many = jnp.linspace(0.8, 1.2, 5)[:, None] * NUMBERS[None]
    each = jax.jit(jax.vmap(jax.grad(function)))(many)
    total = jax.jit(jax.grad(lambda m: jnp.sum(jax.vmap(function)(m))))(many)
    np.testing.assert_allclose(each, total, rtol=0, atol=1e-12)
    one = jax.jit(jax.grad(function))(many[3])
    np.testing.assert_allclose(each[3], one, rtol=0, atol=1e-12)
    forward = jax.jit(jax.vmap(jax.jacfwd(function)))(many)
    np.testing.assert_allclose(each, forward, rtol=0, atol=1e-12)


@pytest.mark.parametrize("function", [rippled, twice_damped, slow_three])
def test_second_derivatives(function):
    gradient = jax.jit(jax.grad(function))
    hessian = jax.jit(jax.jacfwd(jax.grad(function)))(NUMBERS)
    np.testing.assert_allclose(hessian, hessian.T, rtol=0, atol=1e-8)
    h = 1e-4
    for k in (1, 4):
        up, down = (gradient(NUMBERS.at[k].add(s)) for s in (h, -h))
        np.testing.assert_allclose(hessian[k], (up - down) / (2 * h), rtol=0, atol=1e-6)


@pytest.mark.parametrize("function", [rippled, three_levels, damped])
def test_memory_of_a_gradient_does_not_grow_with_the_steps(function):
    def memory(steps):
        solver = lz.Magnus4(steps=steps)

        def total(p):
            if function is rippled:
                return rippled(p, solver=solver)
            if function is damped:
                return damped(p, steps=steps)
            model = lz.models.spin_sweep(1.0, p[0], p[1])
            return abs(lz.solve(model, -3.0, 3.0, solver=solver).propagator[0, 0])

        compiled = jax.jit(jax.grad(total)).lower(NUMBERS).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert memory(10_000) <= memory(20) + 4096


def test_a_linear_map_with_its_transpose():
    """A product with a matrix, as itself, as its transpose, and for many directions."""
    matrix = jnp.arange(6.0).reshape(2, 3)

    def apply(matrix, x):
        def forward(given, moved):
            return [given[0] @ moved[0]]

        def backward(given, pulled):
            return [given[0].T @ pulled[0]]

        out = [jnp.zeros(2)]
        return explicit(forward, backward, [x], out)([matrix], [x])[0]

    x = jnp.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(apply(matrix, x), matrix @ x)
    for transform in (jax.jacfwd, jax.jacrev):
        for k in (0, 1):
            got = jax.jit(transform(apply, k))(matrix, x)
            want = transform(lambda m, x: m @ x, k)(matrix, x)
            np.testing.assert_allclose(got, want)
    batch = jnp.stack([matrix, 2.0 * matrix])
    got = jax.vmap(jax.jacrev(apply, 1), (0, None))(batch, x)
    np.testing.assert_allclose(got, batch)
