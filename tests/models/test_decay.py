"""Levels that decay, couplings that do not conjugate: closed forms and oracles."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import exact, models
from tests.models.oracle_leaks import LEAKS, leaky
from tests.oracles import compute, oracle, oracles

FINITE = [n for n in oracles("decay-") if n.endswith("-T20") or "-leaky-" in n]


@pytest.mark.parametrize("name", FINITE)
def test_a_leak_is_that_of_the_oracle_and_of_the_closed_form(name):
    record = oracle(name)
    p = record["parameters"]
    solution = lz.solve(leaky(p), -20.0, 20.0, rtol=1e-11).checked()
    closed = exact.finite_window_propagator(
        p["Delta"], p["alpha"], -20.0, 20.0, decay=p["Gamma"], digits=400
    )
    np.testing.assert_allclose(solution.propagator, closed, rtol=0, atol=1e-10)
    start = 1 if "-leaky-" in name else 0
    by_hand = np.abs(closed[[start, 1 - start], start]) ** 2
    for got in (by_hand, compute(LEAKS, name, 1e-11)):
        np.testing.assert_allclose(
            got, record["value"], rtol=0, atol=record["tolerance"]
        )


def test_a_leak_is_felt_where_two_passages_interfere():
    record = oracle("decay-double")
    got = compute(LEAKS, "decay-double", 1e-10)
    np.testing.assert_allclose(got, record["value"], rtol=0, atol=record["tolerance"])


def test_a_leak_of_the_upper_adiabatic_state_lives_in_the_adiabatic_frame():
    record = oracle("decay-adiabatic")
    got = compute(LEAKS, "decay-adiabatic", 1e-10)
    np.testing.assert_allclose(got, record["value"], rtol=0, atol=record["tolerance"])


def test_the_derivative_of_what_is_left_is_that_of_the_closed_form():
    def survival(model):
        return lz.transition_matrix(model, -4.0, 5.0, rtol=1e-10)[0, 0]

    base = dict(Delta=0.9, alpha=1.1, Gamma=0.7)
    slopes = jax.jit(jax.grad(survival))(leaky(base))
    got = dict(
        Delta=slopes.model.gap,
        alpha=slopes.model.rate,
        Gamma=slopes.rates[1].value,
    )
    step = 1e-5
    for name in base:

        def closed(move, name=name):
            p = base | {name: base[name] + move}
            u = exact.finite_window_propagator(
                p["Delta"], p["alpha"], -4.0, 5.0, decay=p["Gamma"], digits=60
            )
            return abs(u[0, 0]) ** 2

        want = (closed(step) - closed(-step)) / (2 * step)
        np.testing.assert_allclose(got[name], want, atol=1e-8)  # step² and the solve


def test_the_rates_stand_on_the_diagonal_of_the_moment():
    pulse = models.GaussianPulse(0.8, 0.5)
    sweep = lz.LinearSweep(0.7, 1.0)
    model = models.DecayingLevels(sweep, [pulse, 0.3])
    t = jnp.asarray(0.4)
    want = np.asarray(sweep(t)) - 0.5j * np.diag([float(pulse(t)), 0.3])
    np.testing.assert_allclose(model(t), want, atol=1e-15)
    np.testing.assert_allclose(model.landmarks(), [0.0, -4.0, 0.0, 4.0])


@pytest.mark.parametrize("name", oracles("complexsym-"))
def test_a_coupling_that_is_not_conjugated_grows_as_the_oracle_says(name):
    record = oracle(name)
    got = compute(LEAKS, name, 1e-9)
    np.testing.assert_allclose(got, record["value"], rtol=0, atol=record["tolerance"])
    assert got > 1.0


def test_a_model_knows_that_it_is_not_hermitian_through_all_that_is_done_to_it():
    model = leaky(dict(Delta=1.0, alpha=1.0, Gamma=0.5))
    assert lz.LinearSweep(1.0, 1.0).is_hermitian
    for other in (
        model,
        model.shifted(1.0),
        model.stretched(2.0),
        model + lz.LinearSweep(1.0, 1.0),
        models.scaled_coupling(model, 0.5),
    ):
        assert not other.is_hermitian


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda m: lz.solve(m), "no limit at an infinite end"),
        (
            lambda m: lz.transition_matrix(m, -1.0, 1.0, basis="adiabatic"),
            'read it with basis="diabatic"',
        ),
        (lambda m: models.DecayingLevels(m, [0.1]), "one rate for each of the 2"),
    ],
)
def test_what_has_no_meaning_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask(leaky(dict(Delta=1.0, alpha=1.0, Gamma=0.5)))
