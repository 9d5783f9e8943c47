"""Many levels: their matrices, and the states among them that decouple."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import models

T = jnp.asarray(0.37)
ROUNDING = dict(rtol=0, atol=1e-14)


def hermitian(matrix):
    matrix = np.array(matrix, complex)
    return matrix + np.triu(matrix, 1).conj().T


# The model, and the upper triangle of its matrix at t = 0.37.
NAMED = {
    "band": (
        models.demkov_osherov(1.2, [-1.0, 2.0], [0.3j, 0.4]),
        [[1.2 * T, -0.3j, 0.4], [0, -1, 0], [0, 0, 2]],
    ),
    "V": (
        models.v_system(1.2, [-1.0, 2.0], [0.3, 0.4]),
        [[1.2 * T, 0.3, 0.4], [0, -1, 0], [0, 0, 2]],
    ),
    "chain": (
        models.chain([1.0, 0.0, -1.0], [0.0, 0.5, 2.0], [0.3j, 0.4]),
        [[T, -0.3j, 0], [0, 0.5, 0.4], [0, 0, 2 - T]],
    ),
    "bow-tie": (
        models.bow_tie([1.0, -0.5], [0.3, 0.4]),
        [[0, 0.3, 0.4], [0, T, 0], [0, 0, -0.5 * T]],
    ),
    "generalised bow-tie": (
        models.generalized_bow_tie([1.0, -0.5], [0.3, 0.4], 2.0),
        [[-1, 0, 0.3, 0.4], [0, 1, 0.3, 0.4], [0, 0, T, 0], [0, 0, 0, -0.5 * T]],
    ),
    "grid": (
        models.crossing_grid(1.0, [-2.0, 2.0], [1.0], [[0.3], [0.4]]),
        [[T / 2 - 2, 0, 0.3], [0, T / 2 + 2, 0.4], [0, 0, 1 - T / 2]],
    ),
    "spin 1": (
        models.spin_sweep(1, 0.8, 1.2),
        [[1.2 * T, 0.8 / 2**0.5, 0], [0, 0, 0.8 / 2**0.5], [0, 0, -1.2 * T]],
    ),
    "quadratic Zeeman": (
        models.quadratic_zeeman_sweep(1, 0.8, 1.2),
        [[1.2 * T, 0.8 / 2**0.5, 0], [0, 0, 0.8 / 2**0.5], [0, 0, 1.2 * T]],
    ),
    "rhombic": (
        models.rhombic_sweep(1, 0.8, 1.2),
        [[1.2 * T, 0, 0.8], [0, 0, 0], [0, 0, -1.2 * T]],
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_named_model_has_the_matrix_of_its_formula(name):
    model, upper = NAMED[name]
    np.testing.assert_allclose(model(T), hermitian(upper), **ROUNDING)
    assert model.dim == len(upper)
    assert "H = diag(slopes·t + energies) + couplings, ħ = 1" in repr(model)
    batch = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), model)
    np.testing.assert_allclose(jax.vmap(lambda m: m(T))(batch)[1], model(T), **ROUNDING)


def test_a_spin_a_half_is_the_linear_sweep():
    want = lz.LinearSweep(0.8, 1.2)(T)
    np.testing.assert_allclose(models.spin_sweep(0.5, 0.8, 1.2)(T), want, **ROUNDING)


@pytest.mark.parametrize("spin", [0.5, 1, 2.5])
def test_spins_have_their_algebra(spin):
    x, y, z = models.spin_operators(spin)
    np.testing.assert_allclose(x @ y - y @ x, 1j * z, **ROUNDING)
    total = spin * (spin + 1) * np.eye(int(2 * spin) + 1)
    np.testing.assert_allclose(x @ x + y @ y + z @ z, total, **ROUNDING)


def test_landmarks_are_the_first_and_the_last_crossing():
    grid = models.crossing_grid(1.0, [-2.0, 2.0], [-1.0, 1.0], np.ones((2, 2)))
    np.testing.assert_allclose(grid.landmarks(), [-3.0, 3.0])
    still = models.MultistateSweep([0.0, 0.0], [0.0, 1.0], np.zeros((2, 2)))
    np.testing.assert_array_equal(still.landmarks(), [0.0, 0.0])


# --- decoupled states -----------------------------------------------------------------


def assert_blocks_are_right(model, parts):
    for states, block in parts:
        np.testing.assert_allclose(
            states.conj().T @ states, np.eye(block.dim), **ROUNDING
        )
        for t in (-1.3, 0.0, 2.1):
            seen = states.conj().T @ model(jnp.asarray(t)) @ states
            np.testing.assert_allclose(seen, block(jnp.asarray(t)), atol=1e-12)
            # Nothing leaves the block.
            moved = model(jnp.asarray(t)) @ states
            np.testing.assert_allclose(moved, states @ seen, atol=1e-12)


def test_a_quadratic_zeeman_sweep_decouples_the_odd_state():
    model = models.quadratic_zeeman_sweep(1, 0.35, 1.0)
    parts = models.decoupled_blocks(model)
    assert [block.dim for _, block in parts] == [1, 2]
    assert_blocks_are_right(model, parts)
    odd = np.array([1, 0, -1]) / np.sqrt(2)
    np.testing.assert_allclose(np.abs(odd @ parts[0][0]), [1.0], atol=1e-12)
    # Two levels with the coupling Ω: the gap is 2Ω.
    np.testing.assert_allclose(np.abs(parts[1][1].couplings[0, 1]), 0.35, atol=1e-12)
    np.testing.assert_allclose(parts[1][1].slopes, [1.0, 0.0], atol=1e-12)


def test_a_rhombic_sweep_decouples_the_middle_level():
    model = models.rhombic_sweep(1, 0.5, 1.0)
    parts = models.decoupled_blocks(model)
    assert [block.dim for _, block in parts] == [1, 2]
    assert_blocks_are_right(model, parts)
    np.testing.assert_allclose(np.abs(parts[0][0][:, 0]), [0, 1, 0], atol=1e-12)


def test_the_ordinary_spin_one_decouples_nothing():
    model = models.spin_sweep(1, 0.8, 1.0)
    parts = models.decoupled_blocks(model)
    assert [block.dim for _, block in parts] == [3]
    assert_blocks_are_right(model, parts)


def test_a_hidden_block_structure_is_found():
    """Two V systems of levels in a random order, and a band in which only one
    superposition of the parallel, equal levels couples."""
    order = np.random.default_rng(1).permutation(6)
    slopes = np.array([1.0, 0, 0, -1.0, 0.5, 0.5])[order]
    energies = np.array([0.0, 1, -1, 0.3, 0.2, 0.2])[order]
    couplings = np.zeros((6, 6), complex)
    couplings[0, 1], couplings[0, 2] = 0.3, 0.2j
    couplings[3, 4], couplings[3, 5] = 0.4, 0.1
    couplings = (couplings + couplings.conj().T)[np.ix_(order, order)]
    model = models.MultistateSweep(slopes, energies, couplings)
    parts = models.decoupled_blocks(model)
    assert [block.dim for _, block in parts] == [1, 2, 3]
    assert_blocks_are_right(model, parts)


def test_blocks_need_numbers():
    with pytest.raises(TypeError, match="call it outside of jit"):
        jax.jit(models.decoupled_blocks)(models.spin_sweep(1, 1.0, 1.0))
