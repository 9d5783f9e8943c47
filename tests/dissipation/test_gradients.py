"""Derivatives of channels in rates, models and times, also where a rate is zero."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import models
from lzjax.dissipation import Jumps, Lindblad, solve_lindblad
from tests.dissipation.systems import DOWN, Z, random_density, random_system
from tests.helpers import differences

# Differences with a step of 1e-3 of a number that is good to 1e-11: rounding leaves
# 1e-8, the fourth order 1e-12 times a fifth derivative.
AGREES = dict(rtol=0, atol=1e-7)


@jax.jit
@jax.value_and_grad
def reading(numbers):
    """A mixture of populations and coherences at the end."""
    drive = models.Linear(numbers["rate"]) + models.Sinusoid(*numbers["drive"])
    # Operators that do not change: the factor ½ turns rates of σz into those of
    # coherences.
    jumps = Jumps(np.stack([0.5**0.5 * Z, DOWN]), numbers["rates"])
    system = Lindblad(lz.TwoLevel(drive, numbers["gap"]), jumps)
    after = solve_lindblad(system, *numbers["window"], rtol=1e-11)(random_density(5, 2))
    return after[0, 0].real + 0.7 * after[0, 1].real - 0.4 * after[0, 1].imag


@pytest.mark.parametrize("rates", [(0.3, 0.15), (0.0, 0.0)], ids=["some", "zero"])
def test_the_gradient_in_rates_model_and_times(rates):
    """At zero too, where a jump operator √γ L would have an infinite slope."""
    numbers = {
        "rate": 0.8,
        "drive": np.array([0.7, 1.9, 0.3]),
        "gap": 0.9,
        "rates": np.array(rates),
        "window": np.array([-1.1, 1.2]),
    }
    # Python numbers would be weakly typed, and compiled anew when moved.
    numbers = jax.tree.map(lambda x: jnp.asarray(x, float), numbers)
    _, got = reading(numbers)
    # The equation is linear in the rates: it goes on below zero.
    want = differences(lambda x: reading(x)[0], numbers)
    assert np.all(np.abs(got["rates"]) > 1e-2)  # there is something to see
    for name, slope in want.items():
        np.testing.assert_allclose(got[name], slope, **AGREES, err_msg=name)


def of_three_levels(numbers):
    system = random_system(7, 3, 0.2)
    jumps = Jumps(system.jumps.operators, numbers[:3])
    after = solve_lindblad(
        Lindblad(system.model, jumps),
        0.0,
        numbers[3],
        solver=lz.CommutatorFree4(steps=4),
    )(random_density(3, 3))
    return jnp.real(after[0, 0]) + jnp.imag(after[1, 2])


@jax.jit
def both_ways(numbers):
    jacobians = [jac(of_three_levels)(numbers) for jac in (jax.jacfwd, jax.jacrev)]
    return of_three_levels(numbers), *jacobians


@pytest.mark.parametrize("rates", [(0.3, 0.2, 0.1), (0, 0, 0)], ids=["some", "zero"])
def test_forward_and_reverse_mode_agree_with_fixed_steps(rates):
    numbers = jnp.asarray([*rates, 0.4], float)
    _, forward, reverse = both_ways(numbers)
    # The same steps: rounding.
    np.testing.assert_allclose(forward, reverse, rtol=0, atol=1e-12)
    want = differences(lambda x: both_ways(x)[0], numbers)
    np.testing.assert_allclose(forward, want, **AGREES)
