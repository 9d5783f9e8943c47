"""lz.explain: the path that a model takes, why, and what a step of it costs."""

import jax.numpy as jnp
import pytest

import lzjax as lz
from lzjax import models

THREE = models.chain([1.0, 0.0, -1.0], [0.0] * 3, [0.5, 0.5])


def crossing(t, gap):
    return jnp.array([[t, gap], [gap, -t]])


def test_two_levels_by_their_field_count_their_operations():
    found = lz.explain(lz.LinearSweep(1.0, 1.0), solver=lz.Magnus4())
    assert found.path == "four real numbers"
    # At least: exponent 9, angle 3, polynomials 18, rotation 3, product 16.
    assert 40 <= found.operations.arithmetic <= 60
    assert found.operations.divisions == found.operations.functions == 0
    assert "multiply-adds" in repr(found) and "degree 20" in repr(found)


def test_what_a_drive_costs_is_counted():
    quiet = lz.explain(lz.LinearSweep(1.0, 1.0)).operations
    driven = lz.explain(lz.DrivenTwoLevel(1.0, 1.0, 1.0, 1.0, 0.0)).operations
    # Three nodes of a sixth-order step, one cosine each, by arithmetic.
    assert driven.functions == 0
    assert 45 <= driven.arithmetic - quiet.arithmetic <= 75
    bent = lz.TwoLevelFunction(lambda t, p: (p, 0.0, jnp.tanh(t)), 1.0)
    assert lz.explain(bent).operations.functions == 3


def test_a_gpu_is_explained_without_one():
    found = lz.explain(lz.LinearSweep(1.0, 1.0), solver=lz.Magnus4(), platform="cuda")
    assert found.path == "fused kernel"
    assert found.operations.arithmetic <= 50 and "degree 17" in repr(found)
    three = lz.explain(THREE, solver=lz.Magnus4(), platform="cuda")
    assert three.path == "fused kernel" and "3 levels" in three.reason
    large = lz.explain(models.spin_sweep(5.0, 1.0, 1.0), platform="cuda")
    assert large.path == "real matrices" and "registers" in large.reason
    opaque = lz.HamiltonianFunction(
        lambda t, p: jnp.diag(jnp.linalg.eigvalsh(p * t)), jnp.eye(3)
    )
    assert "`eigh`" in lz.explain(opaque, platform="cuda").reason
    with pytest.raises(ValueError, match="'cpu', 'cuda' or None"):
        lz.explain(lz.LinearSweep(1.0, 1.0), platform="rocm")


@pytest.mark.parametrize(
    ("model", "solver", "path", "words"),
    [
        (
            THREE,
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
