"""One crossing: closed forms against independent values, limits and gradients."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given, strategies as st

import lzjax.exact as exact
from tests.oracles import oracle, oracles

# What a handful of float64 operations may lose, relative.
ROUNDING = 1e-14


@pytest.mark.parametrize("name", [*oracles("lz-D"), "lz-adiabatic-1e-8", "neg-alpha"])
def test_the_probability_to_stay_is_that_of_the_oracle(name):
    record = oracle(name)
    gap, rate = record["parameters"]["Delta"], record["parameters"]["alpha"]
    np.testing.assert_allclose(
        exact.landau_zener(gap, rate), record["value"], rtol=ROUNDING
    )


def test_a_tiny_transition_keeps_its_relative_precision():
    record = oracle("lz-diabatic-1m1e-6")
    gap = record["parameters"]["Delta"]
    # The oracle's own 1 - exp(-x) lost ten digits: its value is good to 1e-16 / 1e-6.
    np.testing.assert_allclose(
        exact.landau_zener_transition(gap, 1.0), record["value"], rtol=2e-10
    )
    # For a gap of 1e-100, P = π gap²/2 to all digits.
    np.testing.assert_allclose(
        exact.landau_zener_transition(1e-100, 1.0), np.pi / 2 * 1e-200, rtol=ROUNDING
    )


@pytest.mark.parametrize("name", ["grad-D1.0-a1.0", "grad-D0.5-a2.0"])
@pytest.mark.parametrize("transform", [jax.grad, jax.jacfwd, jax.jacrev])
def test_the_gradient_is_that_of_the_oracle(name, transform):
    record = oracle(name)
    gap, rate = record["parameters"]["Delta"], record["parameters"]["alpha"]
    got = jnp.stack(transform(exact.landau_zener, argnums=(0, 1))(gap, rate))
    np.testing.assert_allclose(got, record["value"], rtol=ROUNDING)


def test_gradients_are_finite_where_the_gap_closes():
    for function in (
        exact.landau_zener,
        exact.landau_zener_transition,
        exact.adiabaticity,
        exact.half_crossing_diabatic,
        exact.half_crossing_adiabatic,
        exact.jump_time,
    ):
        slopes = jax.grad(function, argnums=(0, 1))(0.0, 1.0)
        assert jnp.all(jnp.isfinite(jnp.stack(slopes))), function.__name__


@given(gap=st.floats(0.0, 5.0), rate=st.floats(0.1, 10.0))
def test_stay_and_transition_add_to_one_for_either_sign(gap, rate):
    stay, change = (
        exact.landau_zener(gap, rate),
        exact.landau_zener_transition(gap, rate),
    )
    np.testing.assert_allclose(stay + change, 1.0, atol=ROUNDING)
    np.testing.assert_array_equal(stay, exact.landau_zener(-gap, -rate))
    delta = exact.adiabaticity(gap, rate)
    # An exponent of up to 2π · 60 turns its own rounding into 400 times as much.
    np.testing.assert_allclose(stay, jnp.exp(-2 * jnp.pi * delta), rtol=1e-12)


@pytest.mark.parametrize("name", ["half-D0.5", "half-D1"])
def test_half_a_crossing_in_the_diabatic_basis(name):
    record = oracle(name)
    np.testing.assert_allclose(
        exact.half_crossing_diabatic(record["parameters"]["Delta"], 1.0),
        record["value"],
        rtol=ROUNDING,
    )


@pytest.mark.parametrize("name", ["halfad-D0.5", "halfad-D2"])
def test_half_a_crossing_in_the_adiabatic_basis(name):
    record = oracle(name)
    np.testing.assert_allclose(
        exact.half_crossing_adiabatic(record["parameters"]["Delta"], 1.0),
        record["value"],
        # The oracle is ½ minus nearly ½: it kept 1e-16 / 0.02 of relative precision.
        rtol=1e-13,
    )


@pytest.mark.parametrize("gap", [1e-3, 0.3, 1.0, 3.0, 6.0])
def test_half_a_crossing_equals_its_form_with_gamma_functions(gap):
    with mpmath.workdps(60):
        y = mpmath.mpf(gap) ** 2 / 8
        ratio = mpmath.gamma(0.5 - 1j * y) * mpmath.gamma(1 + 1j * y)
        phase = mpmath.expjpi(0.25) * mpmath.sqrt(y) * mpmath.pi
        want = 0.5 - mpmath.re(phase * mpmath.exp(-mpmath.pi * y) / ratio)
    # Twice the relative error of the Stokes phase, 1e-12 by its documentation.
    np.testing.assert_allclose(
        exact.half_crossing_adiabatic(gap, 1.0), float(want), rtol=2e-12
    )


def test_a_slow_half_crossing_falls_as_a_power():
    gap = 200.0
    # The next term of the expansion is smaller by (rate / gap²)² = 6e-10, times
    # a factor of order ten.
    np.testing.assert_allclose(
        exact.half_crossing_adiabatic(gap, 1.0) * 4 * gap**4, 1.0, rtol=1e-8
    )


@pytest.mark.parametrize("name", oracles("jumptime-"))
def test_the_jump_time_is_that_of_the_oracle(name):
    record = oracle(name)
    gap, rate = record["parameters"]["Delta"], record["parameters"]["alpha"]
    # The oracle came from a propagated state, to the tolerance it states.
    np.testing.assert_allclose(
        exact.jump_time(gap, rate), record["value"], rtol=record["tolerance"]
    )


def test_the_limits_of_the_jump_time():
    np.testing.assert_allclose(
        exact.jump_time(0.0, 2.0), np.sqrt(4 * np.pi / 2.0), rtol=ROUNDING
    )
    # χ = 1/(4δ) = rate/gap² and corrections of relative order χ² = 1e-8.
    np.testing.assert_allclose(exact.jump_time(100.0, 1.0), 2 * 100.0, rtol=1e-7)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="`rate` must not be zero"):
        exact.landau_zener(1.0, 0.0)
    with pytest.raises(TypeError, match="real numbers"):
        exact.landau_zener(1.0j, 1.0)


def test_arrays_give_arrays():
    gaps = np.linspace(0.1, 2.0, 5)
    batched = exact.half_crossing_adiabatic(gaps, 1.0)
    mapped = jax.jit(jax.vmap(lambda g: exact.half_crossing_adiabatic(g, 1.0)))(gaps)
    # Compiled and uncompiled code round differently, by up to what the Stokes phase
    # loses to cancellation.
    np.testing.assert_allclose(batched, mapped, rtol=1e-12)
