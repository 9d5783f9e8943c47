"""Pulses and sweeps of special shapes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

import lzjax.exact as exact
from tests.oracles import oracle, oracles

# What a handful of float64 operations may lose.
ROUNDING = 1e-13


@pytest.mark.parametrize(
    ("prefix", "function", "names"),
    [
        ("rz-", exact.rosen_zener, ("Omega", "d0", "T")),
        ("ae-", exact.allen_eberly, ("Omega", "B", "T")),
        ("dk1-", exact.demkov_kunike, ("Omega", "d0", "B", "T")),
        ("dk2-", exact.demkov_kunike_tanh, ("Delta", "B", "D0", "T")),
        ("dk2asym-", exact.demkov_kunike_tanh, ("Delta", "B", "D0", "T")),
        ("nikitin-", exact.nikitin, ("dE", "theta", "gamma")),
        ("rolandcerf-", exact.roland_cerf, ("Delta", "kappa", "eps_max")),
    ],
)
def test_the_probability_is_that_of_the_oracle(prefix, function, names):
    found = oracles(prefix)
    assert found
    for name in found:
        parameters = {"D0": 0.0} | oracle(name)["parameters"]
        arguments = [float(parameters[n]) for n in names]
        got = function(*arguments)
        np.testing.assert_allclose(got, oracle(name)["value"], rtol=ROUNDING)
        where = tuple(range(len(arguments)))
        gradient = jnp.stack(jax.grad(function, argnums=where)(*arguments))
        np.testing.assert_allclose(
            gradient, _differences(function, arguments), atol=1e-8
        )


def _differences(function, arguments, h=1e-5):
    # Central: of order h² = 1e-10 times a third derivative, and 1e-16/h.
    slopes = []
    for i, x in enumerate(arguments):
        up, down = ([*arguments[:i], x + s * h, *arguments[i + 1 :]] for s in (1, -1))
        slopes.append((function(*up) - function(*down)) / (2 * h))
    return np.array(slopes)


@given(
    coupling=st.floats(0.0, 5.0),
    detuning=st.floats(-5.0, 5.0),
    width=st.floats(0.1, 2.0),
)
def test_an_unswept_pulse_is_that_of_rosen_and_zener(coupling, detuning, width):
    np.testing.assert_allclose(
        exact.demkov_kunike(coupling, detuning, 0.0, width),
        exact.rosen_zener(coupling, detuning, width),
        atol=ROUNDING,
    )


def test_the_chirped_pulse_is_smooth_where_the_cosine_turns_hyperbolic():
    def by_coupling(coupling):
        return exact.allen_eberly(coupling, 1.0, 1.0)

    slope = jax.vmap(jax.grad(by_coupling))
    at = slope(jnp.array([1.0 - 1e-9, 1.0, 1.0 + 1e-9]))
    # The second derivative is of order ten.
    np.testing.assert_allclose(at, at[1], atol=1e-7)
    # Both sides of the border between the series and the cosine, |π²(Ω² − 1)| = 0.01.
    for sign in (-1, 1):
        border = np.sqrt(1 + sign * 0.01 / np.pi**2)
        near = by_coupling(border + np.array([-1e-12, 1e-12]))
        np.testing.assert_allclose(near[0], near[1], atol=1e-10)


def test_nothing_overflows_when_everything_is_slow():
    assert exact.allen_eberly(500.0, 800.0, 3.0) == 1.0
    assert exact.rosen_zener(1.0, 1000.0, 10.0) == 0.0
    assert exact.demkov_kunike_tanh(300.0, 900.0, 1.0, 5.0) < 1e-20
    assert exact.nikitin(1000.0, 1.0, 1.0) < 1e-200
    slopes = jax.grad(exact.demkov_kunike, argnums=(0, 1, 2, 3))(500.0, 1.0, 800.0, 3.0)
    assert jnp.all(jnp.isfinite(jnp.stack(slopes)))


def test_a_tanh_sweep_over_a_small_gap_is_a_landau_zener_crossing():
    gap, amplitude, width = 0.2, 50.0, 10.0
    # The crossing's rate is B/T; corrections are of relative order (gap/B)² in the
    # exponent, here below 1e-4 · 0.02.
    np.testing.assert_allclose(
        exact.demkov_kunike_tanh(gap, amplitude, 0.0, width),
        exact.landau_zener(gap, amplitude / width),
        atol=1e-5,
    )


def test_without_splitting_the_exponential_model_is_a_change_of_basis():
    # Sudden: the overlap of two fixed bases at the angle θ.
    np.testing.assert_allclose(
        exact.nikitin(0.0, 0.7, 1.0), np.cos(0.35) ** 2, rtol=ROUNDING
    )
