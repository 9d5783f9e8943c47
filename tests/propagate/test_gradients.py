"""Derivatives, both ways, against differences and closed forms."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from tests.helpers import (
    differences,
    directions,
    projected,
    slope_along,
    three_levels,
    zoo,
)

# Differences with a step of 1e-3 of a probability that is good to 1e-11: rounding
# leaves 1e-8, the fourth order 1e-12 times a fifth derivative.
AGREES = dict(rtol=0, atol=1e-7)


def close(tree, other):
    assert jax.tree.structure(tree) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(tree), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, **AGREES)


@eqx.filter_jit
def flip(arguments, rtol=1e-11):
    model, t0, t1 = arguments
    return lz.transition_matrix(model, t0, t1, rtol=rtol)[1, 0]


# The propagator, not P: P does not see all of it.
def element(arguments):
    model, t0, t1 = arguments
    u = lz.solve(model, t0, t1, rtol=1e-11).propagator
    return u[0, 0].real + 0.7 * u[0, 0].imag - 0.4 * u[1, 0].real + 0.9 * u[1, 0].imag


# One program for both: compiling takes most of the time.
value_and_gradient = jax.jit(jax.value_and_grad(element))
WINDOW = jnp.asarray(-1.9), jnp.asarray(1.8)


@pytest.mark.parametrize("make", [zoo, three_levels], ids=["two-level", "three-level"])
def test_reverse_mode_in_every_number_of_a_model_and_in_the_times(make):
    """Along four directions in which every number moves: one that is wrong is seen in
    all of them."""
    arguments = (make(), *WINDOW)
    got = value_and_gradient(arguments)[1]
    assert jax.tree.structure(got) == jax.tree.structure(arguments)
    for direction in directions(arguments, 4):
        want = slope_along(lambda x: value_and_gradient(x)[0], arguments, direction)
        np.testing.assert_allclose(projected(got, direction), want, **AGREES)


def test_forward_mode_in_every_number_of_a_model_and_in_the_times():
    arguments = (three_levels(), *WINDOW)
    got = value_and_gradient(arguments)[1]
    (along,) = directions(arguments, 1)
    _, change = jax.jit(lambda a, v: jax.jvp(element, (a,), (v,)))(arguments, along)
    # The same sums in another order: rounding, of about a hundred terms.
    np.testing.assert_allclose(change, projected(got, along), rtol=0, atol=1e-10)


def of_gap(gap, rate, t1):
    return lz.transition_matrix(lz.LinearSweep(gap, rate), -4.0, t1, rtol=1e-11)[0, 0]


GAPS = jnp.asarray([0.1, 0.7, 1.6])


def test_jacfwd_jacrev_and_batches_of_gradients_agree():
    numbers = jnp.asarray([0.7, 1.2, 3.0])
    forward = jax.jit(jax.jacfwd(lambda x: of_gap(*x)))(numbers)
    reverse = jax.jit(jax.jacrev(lambda x: of_gap(*x)))(numbers)
    # The same derivative by the same steps.
    np.testing.assert_allclose(forward, reverse, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        forward, differences(lambda x: of_gap(*x), numbers), **AGREES
    )
    each = jax.jit(jax.vmap(jax.grad(of_gap), (0, None, None)))(GAPS, 1.2, 3.0)
    total = jax.jit(
        jax.grad(lambda g: jnp.sum(jax.vmap(of_gap, (0, None, None))(g, 1.2, 3.0)))
    )(GAPS)
    np.testing.assert_allclose(each[1], forward[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(each, total, rtol=0, atol=1e-12)


def test_a_gradient_without_jit():
    got = jax.grad(of_gap)(0.7, 1.2, 3.0)
    want = differences(lambda g: of_gap(g, 1.2, 3.0), jnp.asarray(0.7))
    np.testing.assert_allclose(got, want, **AGREES)


def test_second_derivatives_are_right():
    numbers = jnp.asarray([0.7, 1.2])

    def gradient(x):
        return jax.grad(lambda x: of_gap(x[0], x[1], 3.0))(x)

    hessian = jax.jit(jax.jacfwd(gradient))(numbers)
    gradient = jax.jit(gradient)
    h = 1e-4
    want = [
        (gradient(numbers.at[k].add(h)) - gradient(numbers.at[k].add(-h))) / (2 * h)
        for k in range(2)
    ]
    # Second-order differences: h² times a fourth derivative of about ten.
    np.testing.assert_allclose(hessian, np.stack(want), rtol=0, atol=1e-6)


def test_the_gradient_at_a_kink_belongs_to_the_edges():
    """When a plateau ends is a parameter like any other."""

    def stay(times):
        model = lz.TwoLevel(lz.models.PiecewiseConstant(times, [2.0, -1.0, 0.5]), 0.8)
        return lz.transition_matrix(model, -2.0, 2.0)[0, 0]

    times = jnp.asarray([-0.4, 0.9])
    got = jax.jit(jax.grad(stay))(times)
    # Exact in each piece: differences lose 1e-16 over their step of 1e-3.
    np.testing.assert_allclose(got, differences(stay, times), rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    "waveform",
    [
        lz.models.PiecewiseConstant([-0.4, 0.9], [2.0, -1.0, 0.5]),
        lz.models.PiecewiseLinear([-0.4, 0.1, 0.9], [2.0, -1.0, 0.5]),
    ],
    ids=["jumps", "kinks"],
)
def test_a_delay_moves_jumps_and_kinks(waveform):
    @jax.jit
    def stay(delay, factor):
        detuning = (0.7 * waveform + 0.1).shifted(delay).stretched(factor)
        return lz.transition_matrix(lz.TwoLevel(detuning, 0.8), -2.0, 2.0, rtol=1e-11)[
            0, 0
        ]

    place = jnp.asarray(0.13), jnp.asarray(1.1)
    got = jax.jit(jax.grad(stay, argnums=(0, 1)))(*place)
    close(got, differences(lambda x: stay(*x), place))


@pytest.mark.parametrize("solver", [lz.Magnus6(), lz.Magnus6(steps=240)])
def test_knots_that_coincide_have_their_own_gradients(solver):
    """Two waveforms with the same knots, on the ends of the window too."""
    knots = jnp.asarray([-1.0, 0.2, 1.0])
    numbers = dict(first=knots, second=knots, t0=knots[0], t1=knots[2])

    @jax.jit
    def part(x):
        detuning = lz.models.PiecewiseLinear(x["first"], [-1.0, 2.0, 0.5])
        coupling = lz.models.PiecewiseLinear(x["second"], [0.5, 1.0, 0.2])
        model = lz.TwoLevel(detuning, coupling)
        u = lz.solve(model, x["t0"], x["t1"], rtol=1e-11, solver=solver).propagator
        return u[0, 0].real + 0.7 * u[0, 0].imag - 0.4 * u[1, 0].real

    got = jax.jit(jax.grad(part))(numbers)
    # On a kink the second derivative jumps: differences lose their step of 1e-6, and
    # 1e-11 over it, also by the steps that go to the cells between moved knots.
    want = differences(part, numbers, step=1e-6)
    for name, slope in got.items():
        np.testing.assert_allclose(slope, want[name], rtol=0, atol=3e-5, err_msg=name)


def test_a_gradient_with_fixed_steps():
    def stay(gap):
        model = lz.LinearSweep(gap, 1.2)
        return lz.transition_matrix(model, -4.0, 3.0, solver=lz.Magnus4(steps=40))[0, 0]

    stay = jax.jit(stay)
    got = jax.grad(stay)(0.7)
    # The derivative of the steps taken, not of the limit: rounding over 1e-3.
    want = differences(stay, jnp.asarray(0.7))
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-11)


@jax.jit
@jax.vmap
@jax.grad
def slopes(model):
    return lz.transition_matrix(model, rtol=1e-10)[0, 0]


def test_over_all_times_the_gradient_is_the_one_on_paper():
    gap, rate = jnp.meshgrid(jnp.linspace(0.05, 2.2, 7), jnp.asarray([-2.0, 0.5, 3.0]))
    gap, rate = gap.ravel(), rate.ravel()
    got = slopes(lz.LinearSweep(gap, rate))
    p = jnp.exp(-jnp.pi * gap**2 / (2 * jnp.abs(rate)))
    np.testing.assert_allclose(got.gap, -jnp.pi * gap / jnp.abs(rate) * p, **AGREES)
    np.testing.assert_allclose(
        got.rate, jnp.sign(rate) * jnp.pi * gap**2 / (2 * rate**2) * p, **AGREES
    )


def test_the_end_of_a_half_window_is_differentiable():
    """dP/dt = gap · Im(c₁* c₀), the equation of motion itself."""
    gap = 0.9

    def left(t):
        u = lz.solve(lz.LinearSweep(gap, 1.0), t1=t, rtol=1e-10).propagator
        return jnp.abs(u[1, 0]) ** 2, u

    slope, u = jax.jit(jax.grad(left, has_aux=True))(0.4)
    want = gap * jnp.imag(jnp.conj(u[1, 0]) * u[0, 0])
    np.testing.assert_allclose(slope, want, **AGREES)


def test_phases_over_all_times_are_differentiable():
    def phase(gap):
        s = lz.scattering_matrix(
            lz.LinearSweep(gap, 1.0), basis="adiabatic", rtol=1e-10
        )
        return jnp.angle(s[0, 0])

    def on_paper(gap):
        return lz.exact.stokes_phase(gap**2 / 4)

    got = jax.jit(jax.jacfwd(phase))(0.8)
    np.testing.assert_allclose(got, jax.jit(jax.grad(on_paper))(0.8), **AGREES)
