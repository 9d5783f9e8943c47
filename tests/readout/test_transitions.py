"""Transition matrices: bases, symmetries, what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import bases, models
from tests.helpers import three_levels, zoo

MODEL = lz.LinearSweep(0.9, 1.1)
WINDOW = (-2.0, 1.7)


@pytest.mark.parametrize("basis", ["diabatic", "adiabatic", "superadiabatic"])
@pytest.mark.parametrize("model", [MODEL, three_levels()], ids=["two", "three"])
def test_rows_and_columns_add_to_one(model, basis):
    p = lz.transition_matrix(model, *WINDOW, basis=basis, order=2)
    assert p.shape == (model.dim, model.dim)
    # Rounding of some hundred steps.
    np.testing.assert_allclose(jnp.sum(p, axis=0), 1.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(jnp.sum(p, axis=1), 1.0, rtol=0, atol=1e-12)
    assert float(jnp.min(p)) >= 0.0


def test_columns_are_initial_states():
    model = three_levels()
    u = lz.solve(model, *WINDOW).propagator
    got = lz.transition_matrix(model, *WINDOW)
    np.testing.assert_allclose(got, np.abs(u) ** 2, rtol=0, atol=1e-15)
    cell = lz.transition_probability(model, *WINDOW, initial=2, final=1)
    np.testing.assert_array_equal(cell, got[1, 2])


@pytest.mark.parametrize("model", [zoo(), three_levels()], ids=["two", "three"])
def test_the_adiabatic_basis_is_the_one_of_eigh(model):
    u = np.asarray(lz.solve(model, *WINDOW).propagator)
    first, last = (np.linalg.eigh(np.asarray(model(t)))[1] for t in WINDOW)
    want = np.abs(last.conj().T @ u @ first) ** 2
    got = lz.transition_matrix(model, *WINDOW, basis="adiabatic")
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-13)  # rounding


def test_the_order_zero_of_superadiabatic_is_adiabatic():
    zero = lz.transition_matrix(MODEL, *WINDOW, basis="superadiabatic", order=0)
    one = lz.transition_matrix(MODEL, *WINDOW, basis="adiabatic")
    np.testing.assert_allclose(zero, one, rtol=0, atol=1e-15)


def test_a_higher_order_follows_a_slow_sweep_better():
    slow = lz.LinearSweep(1.0, 0.05)
    left = [
        lz.transition_matrix(slow, -60.0, 4.0, basis="superadiabatic", order=n)[1, 0]
        for n in range(3)
    ]
    # P = exp(−π Δ²/2α) = 2e-14 is nothing; each order leaves about (α/Δ²)² of it.
    assert left[0] > 5 * left[1] > 25 * left[2]


def test_at_infinity_all_orders_are_the_same():
    one = lz.transition_matrix(MODEL, basis="adiabatic")
    two = lz.transition_matrix(MODEL, basis="superadiabatic", order=3)
    np.testing.assert_array_equal(one, two)
    # Up, which rises, is the ground state before and the excited one after.
    diabatic = lz.transition_matrix(MODEL)
    # Phases of the columns differ, hence roundings.
    np.testing.assert_allclose(one[1, 0], diabatic[0, 0], rtol=0, atol=1e-14)


def test_a_shifted_crossing_has_the_same_probabilities():
    here = lz.transition_matrix(MODEL, -5.0, 4.0)
    there = lz.transition_matrix(MODEL.shifted(7.5), 2.5, 11.5)
    # Twice the tolerance of the propagator, each.
    np.testing.assert_allclose(here, there, rtol=0, atol=4e-8)


def test_batches_and_derivatives():
    def stay(gap, basis):
        return lz.transition_probability(
            lz.LinearSweep(gap, 1.1), *WINDOW, initial=0, final=0, basis=basis
        )

    gaps = jnp.asarray([0.4, 0.9])
    for basis in ("adiabatic", "diabatic"):
        each = jax.vmap(lambda g, b=basis: stay(g, b))(gaps)
        # Rounding of some hundred steps.
        np.testing.assert_allclose(each[1], stay(0.9, basis), rtol=0, atol=1e-13)
    slope = jax.jit(jax.grad(lambda g: stay(g, "adiabatic")))(0.9)
    h = 1e-4
    want = (stay(0.9 + h, "adiabatic") - stay(0.9 - h, "adiabatic")) / (2 * h)
    # h², and the rounding of steps chosen anew, 1e-10/h.
    np.testing.assert_allclose(slope, want, rtol=0, atol=3e-6)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"basis": "bare"}, ValueError, "`basis` must be one of 'diabatic', 'adiabati"),
        ({"basis": None}, ValueError, "got None"),
        ({"basis": "superadiabatic", "order": -1}, ValueError, "from 0 to 10, got -1"),
        ({"basis": "superadiabatic", "order": 11}, ValueError, "from 0 to 10, got 11"),
        ({"basis": "superadiabatic", "order": 1.5}, ValueError, "got 1.5"),
        ({"basis": "superadiabatic", "order": True}, ValueError, "got True"),
    ],
)
def test_a_wrong_basis_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        lz.transition_matrix(MODEL, *WINDOW, **options)
    states = np.ones((1, 2))
    with pytest.raises(error, match=message):
        lz.amplitudes(MODEL, states, [0.0], **options)


@pytest.mark.parametrize(
    ("levels", "error", "message"),
    [
        (dict(initial=2, final=0), ValueError, "`initial` must be .* 0 to 1, got 2"),
        (dict(initial=0, final=-1), ValueError, "`final` must be .* 0 to 1, got -1"),
        (dict(initial=0, final=0.5), TypeError, "`final` must be a level's number"),
        (dict(initial=True, final=0), TypeError, "`initial` must be a level's number"),
    ],
)
def test_a_wrong_level_is_refused(levels, error, message):
    with pytest.raises(error, match=message):
        lz.transition_probability(MODEL, *WINDOW, **levels)


def test_a_scattering_matrix_has_no_superadiabatic_basis():
    with pytest.raises(ValueError, match="'diabatic', 'adiabatic'; got 'superadiab"):
        lz.scattering_matrix(MODEL, basis="superadiabatic")
    with pytest.raises(ValueError, match="`reference` must be one number"):
        lz.scattering_matrix(MODEL, reference=[0.0, 1.0])


def test_states_and_times_must_fit():
    with pytest.raises(ValueError, match=r"shape \(T, 2\).*got \(3, 2\) and \(2,\)"):
        lz.populations(MODEL, np.ones((3, 2)), [0.0, 1.0])
    with pytest.raises(ValueError, match=r"got \(2,\) and \(\)"):
        lz.populations(MODEL, np.ones(2), 0.0)


def test_populations_are_those_of_the_states_by_hand():
    model = lz.TwoLevel(models.Linear(1.0), 0.5 + 0.4j)
    times = jnp.asarray([-2.0, 0.3, 1.9])
    states = lz.evolve(model, [0.6, 0.8j], times)
    for basis, order in (("adiabatic", 0), ("superadiabatic", 2)):
        got = lz.amplitudes(model, states, times, basis=basis, order=order)
        for k, t in enumerate(times):
            frame = bases.superadiabatic_states(model, t, order)
            want = frame.conj().T @ states[k]
            np.testing.assert_allclose(got[k], want, rtol=0, atol=1e-14)  # rounding
        p = lz.populations(model, states, times, basis=basis, order=order)
        np.testing.assert_allclose(p, np.abs(got) ** 2, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(lz.amplitudes(model, states, times), states)
