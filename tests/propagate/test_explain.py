"""lz.explain: the path that a model takes, why, and what a step of it costs."""

import jax.numpy as jnp
import pytest

import lzjax as lz
from lzjax import models


def crossing(t, gap):
    return jnp.array([[t, gap], [gap, -t]])


def test_two_levels_by_their_field_count_their_operations():
    found = lz.explain(lz.LinearSweep(1.0, 1.0), solver=lz.Magnus4())
    assert found.path == "four real numbers"
    # At least: exponent 9, angle 3, polynomials 18, rotation 3, product 16.
    assert 40 <= found.operations.arithmetic <= 60
    assert found.operations.divisions == found.operations.functions == 0
    assert "multiply-adds" in repr(found) and "degree 19" in repr(found)


def test_what_a_drive_costs_is_counted():
    quiet = lz.explain(lz.LinearSweep(1.0, 1.0)).operations
    driven = lz.explain(lz.DrivenTwoLevel(1.0, 1.0, 1.0, 1.0, 0.0)).operations
    # Three nodes of a sixth-order step, one cosine each.
    assert driven.functions - quiet.functions == 3


@pytest.mark.parametrize(
    ("model", "solver", "path", "words"),
    [
        (
            models.chain([1.0, 0.0, -1.0], [0.0] * 3, [0.5, 0.5]),
            lz.Magnus6(),
            "real matrices",
            "3 levels",
        ),
        (
            lz.HamiltonianFunction(crossing, 1.0),
            lz.Magnus6(),
            "real matrices",
            "lz.TwoLevelFunction",
        ),
        (lz.LinearSweep(1.0, 1.0), lz.RungeKutta(), "Runge-Kutta", "RungeKutta"),
    ],
)
def test_other_paths_say_why(model, solver, path, words):
    found = lz.explain(model, solver=solver)
    assert found.path == path
    assert words in found.reason and words in repr(found)


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="must be a Hamiltonian"):
        lz.explain(crossing)
    with pytest.raises(TypeError, match="must be a solver"):
        lz.explain(lz.LinearSweep(1.0, 1.0), solver=4)
