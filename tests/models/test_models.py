"""Models: their matrices, their algebra, what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import models
from tests.helpers import PAULI, bent, dense, three_levels, zoo

T = jnp.asarray(0.37)
ROUNDING = dict(rtol=0, atol=1e-15)


def _nested(t, p):
    return p["x"], 0, p["z"][0] * t


TWO_LEVEL = {
    "LinearSweep": (lz.LinearSweep(0.8 + 0.3j, 1.2), (0.8, 0.3, 1.2 * 0.37)),
    "TwoLevel": (
        lz.TwoLevel(models.Linear(1.2, 0.1), 0.4 - 0.2j),
        (0.4, -0.2, 1.2 * 0.37 + 0.1),
    ),
    "numbers": (lz.TwoLevel(2, 1), (1.0, 0.0, 2.0)),
    "DrivenTwoLevel": (
        lz.DrivenTwoLevel(0.4, 0.1, 2.0, 1.5, 0.2),
        (0.4, 0.0, 0.1 + 2 * np.cos(1.5 * 0.37 + 0.2)),
    ),
    "DitheredSweep": (
        lz.DitheredSweep(0.4, 0.7, 2.0, 1.5, 0.2),
        (0.4, 0.0, 0.7 * 0.37 + 2 * np.cos(1.5 * 0.37 + 0.2)),
    ),
    "TwoLevelFunction": (
        lz.TwoLevelFunction(
            lambda t, p: (p["x"], 0, p["z"][0] * t), {"x": 1, "z": [2]}
        ),
        (1.0, 0.0, 0.74),
    ),
}


@pytest.mark.parametrize("name", TWO_LEVEL)
def test_a_field_is_the_one_of_the_formula_and_makes_the_matrix(name):
    model, want = TWO_LEVEL[name]
    np.testing.assert_allclose(jnp.stack(model.field(T)), want, **ROUNDING)
    matrix = 0.5 * np.einsum("i,ijk->jk", want, PAULI)
    np.testing.assert_allclose(model(T), matrix, **ROUNDING)
    assert model.dim == 2


@pytest.mark.parametrize(
    "model", [zoo(), bent(), three_levels(), dense(zoo())], ids=type
)
def test_matrices_are_hermitian(model):
    matrix = np.asarray(model(T))
    assert matrix.shape == (model.dim, model.dim)
    np.testing.assert_allclose(matrix, matrix.conj().T, **ROUNDING)


@pytest.mark.parametrize("model", [zoo(), three_levels()], ids=["two", "three"])
def test_models_add_move_and_stretch(model):
    other = model.shifted(0.2)
    np.testing.assert_allclose(other(T), model(T - 0.2), **ROUNDING)
    np.testing.assert_allclose(model.stretched(1.7)(T), model(T / 1.7), **ROUNDING)
    total = model + other
    np.testing.assert_allclose(total(T), model(T) + model(T - 0.2), rtol=0, atol=4e-15)
    assert isinstance(total, models.AbstractTwoLevel) == (model.dim == 2)
    for marks in ("breakpoints", "landmarks"):
        here = getattr(model, marks)()
        np.testing.assert_allclose(
            getattr(total, marks)(), np.concatenate([here, here + 0.2]), **ROUNDING
        )
        np.testing.assert_allclose(
            getattr(model.shifted(1.0).stretched(2.0), marks)(),
            2.0 * (here + 1.0),
            rtol=1e-15,
        )


@pytest.mark.parametrize("model", [zoo(), three_levels()], ids=["two", "three"])
def test_the_coupling_scales_as_a_whole(model):
    scaled = models.scaled_coupling(model, 0.7)
    want = np.array(model(T))
    want[~np.eye(model.dim, dtype=bool)] *= 0.7
    np.testing.assert_allclose(scaled(T), want, **ROUNDING)
    np.testing.assert_array_equal(scaled.breakpoints(), model.breakpoints())
    np.testing.assert_array_equal(scaled.landmarks(), model.landmarks())


def test_a_sum_of_operators_is_the_function_that_adds_them():
    model = three_levels()

    def by_hand(t, p):
        return sum(w(t) * op for w, op in zip(p["waves"], p["operators"], strict=True))

    pieces = {"waves": model.waveforms, "operators": model.operators}
    other = lz.HamiltonianFunction(by_hand, pieces, model.breakpoints())
    np.testing.assert_allclose(model(T), other(T), **ROUNDING)


def test_numbers_in_parameters_become_arrays_that_batch():
    model = lz.HamiltonianFunction(
        lambda t, p: jnp.diag(jnp.stack([p["a"]["b"] * t, p["c"][1]])),
        {"a": {"b": 2}, "c": [1, 0.5], "label": "kept", "flag": True},
    )
    assert model.parameters["a"]["b"].dtype == float
    assert model.parameters["label"] == "kept"
    np.testing.assert_allclose(jnp.diagonal(model(T)), [0.74, 0.5], **ROUNDING)


def test_models_are_pytrees_that_batch_outside():
    models_ = jax.vmap(lz.LinearSweep)(jnp.arange(1.0, 4.0), jnp.ones(3))
    got = jax.vmap(lambda m: m(T))(models_)
    np.testing.assert_allclose(got[:, 1, 0], [0.5, 1.0, 1.5], **ROUNDING)


def _too_many(t, p):
    return 1.0, 2.0


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: lz.LinearSweep(1.0, 1j),
            TypeError,
            "expected real numbers, got complex128",
        ),
        (
            lambda: lz.TwoLevel(np.sin, 1.0),
            TypeError,
            "wrap it: lz.models.FunctionWaveform",
        ),
        (
            lambda: lz.TwoLevelFunction(_too_many).field(0.0),
            ValueError,
            "three field components .* for a matrix use lz.HamiltonianFunction",
        ),
        (
            lambda: lz.TwoLevelFunction(lambda t, p: 1.0).field(0.0),
            ValueError,
            "three field components",
        ),
        (
            lambda: lz.HamiltonianFunction(lambda t, p: jnp.ones((2, 3))),
            ValueError,
            r"square matrix \(N, N\), got shape \(2, 3\)",
        ),
        (
            lambda: lz.HamiltonianFunction(lambda t, p: jnp.ones(2)),
            ValueError,
            r"got shape \(2,\)",
        ),
        (
            lambda: lz.OperatorSum(np.ones((2, 3, 3)), [1.0]),
            ValueError,
            r"K waveforms, got shape \(2, 3, 3\) and 1 waveforms",
        ),
        (
            lambda: lz.OperatorSum([[[0, 1], [0, 0]]], [1.0]),
            ValueError,
            "Hermitian operators",
        ),
        (
            lambda: lz.LinearSweep(1.0, 1.0) + three_levels(),
            ValueError,
            "LinearSweep with 2 and OperatorSum with 3",
        ),
        (
            lambda: lz.LinearSweep(1.0, 1.0) + 1.0,
            TypeError,
            "a model adds to a model, got float",
        ),
    ],
)
def test_a_wrong_argument_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_detuning_that_is_complex_is_refused_before_it_gives_numbers():
    model = lz.TwoLevel(models.Constant(1.0 + 1.0j), 0.5)
    with pytest.raises((TypeError, ValueError), match="real"):
        lz.solve(model, 0.0, 1.0)


def test_a_matrix_that_is_not_hermitian_is_refused_before_it_gives_numbers():
    model = lz.HamiltonianFunction(lambda t, p: jnp.array([[0.0, 1.0], [0.0, 0.0]]))
    with pytest.raises((RuntimeError, ValueError), match="[Hh]ermitian"):
        lz.solve(model, 0.0, 1.0).checked()
