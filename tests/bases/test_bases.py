"""Bases that follow the Hamiltonian."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import bases
from tests.helpers import bent, defect, dense, three_levels, zoo

T = jnp.asarray(0.37)


@pytest.mark.parametrize("model", [zoo(), three_levels()], ids=["two", "three"])
def test_order_zero_is_eigh(model):
    values, vectors = np.linalg.eigh(np.asarray(model(T)))
    np.testing.assert_allclose(bases.energies(model, T), values, rtol=0, atol=1e-14)
    states = bases.superadiabatic_states(model, T, 0)
    # Free of the gauge.
    got, want = bases.projectors(states), bases.projectors(jnp.asarray(vectors))
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-14)


@pytest.mark.parametrize("model", [zoo(), three_levels()], ids=["two", "three"])
def test_every_order_is_orthonormal_as_far_as_it_follows(model):
    every = jax.jit(lambda t: bases.states_by_order(model, t, 2))(T)
    assert every.shape == (3, model.dim, model.dim)
    # Two levels: by construction. More: each level is followed on its own, and they
    # are orthogonal but for the next order; order zero is so by construction.
    checked = every if model.dim == 2 else every[:1]
    for states in checked:
        assert defect(states) < 1e-13


def test_the_gauge_is_the_documented_one():
    model = lz.LinearSweep(0.8 * np.exp(0.5j), 1.0)
    theta = np.arctan2(0.8, 0.37)
    cos, sin = np.cos(theta / 2), np.sin(theta / 2)
    turn = np.exp(0.5j)
    want = np.array([[-sin, cos], [turn * cos, turn * sin]])
    got = bases.superadiabatic_states(model, T, 0)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-15)


def test_the_first_order_is_the_one_by_hand():
    gap, rate, t = 0.8, 0.6, 0.37
    w = np.array([gap, 0.0, rate * t])
    size = np.linalg.norm(w)
    n0 = w / size
    change = np.array([0.0, 0.0, rate])
    dn0 = (change - n0 * (n0 @ change)) / size
    p = -np.cross(w, dn0) / size**2
    first = (n0 + p) / np.linalg.norm(n0 + p)
    upper = bases.superadiabatic_states(lz.LinearSweep(gap, rate), T, 1)[:, 1]
    c0, c1 = np.asarray(upper)
    flip = 2 * np.conj(c0) * c1
    got = [flip.real, flip.imag, abs(c0) ** 2 - abs(c1) ** 2]
    np.testing.assert_allclose(got, first, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    "model",
    [bent().stretched(30.0), three_levels().stretched(60.0)],
    ids=["two", "three"],
)
def test_each_order_follows_a_slow_evolution_better(model):
    """The states at t and t' are connected by the propagator, up to phases."""
    t0, t1 = jnp.asarray(4.0), jnp.asarray(11.0)
    u = lz.solve(model, t0, t1, rtol=1e-11).propagator
    every = jax.jit(jax.vmap(lambda t: bases.states_by_order(model, t, 3)))
    first, last = every(jnp.stack([t0, t1]))
    left = []
    for order in range(4):
        overlaps = np.abs(np.asarray(last[order].conj().T @ u @ first[order]))
        left.append(np.max(np.abs(overlaps - np.diag(np.diag(overlaps)))))
    # Stretched this far, each order gains a factor of three or more.
    assert np.all(np.array(left[1:]) < np.array(left[:-1]) / 3), left


def test_two_levels_as_a_matrix_have_the_same_adiabatic_states():
    model = bent()
    for order in (0, 1):
        fast = bases.projectors(bases.superadiabatic_states(model, T, order))
        slow = bases.projectors(bases.superadiabatic_states(dense(model), T, order))
        if order == 0:
            np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-14)
        # Beyond, both follow the dynamics to the same order, by other formulas.
        assert float(jnp.max(jnp.abs(fast - slow))) < 1.0


def test_states_are_smooth_where_the_coupling_vanishes():
    def component(gap):
        return bases.superadiabatic_states(lz.LinearSweep(gap, 1.0), T, 0)[1, 1].real

    # Upper state (cos θ/2, sin θ/2) with θ = gap/t: half of 1/0.37 to first order.
    got = jax.grad(component)(1e-8)
    np.testing.assert_allclose(got, 0.5 / 0.37, rtol=1e-12)
    assert np.isfinite(jax.grad(component)(0.0))


def test_bases_compose_with_the_transformations_of_jax():
    def upper(gap, t):
        return bases.superadiabatic_states(lz.LinearSweep(gap, 1.0), t, 1)[0, 1].real

    gaps = jnp.asarray([0.5, 0.9])
    each = jax.jit(jax.vmap(upper, (0, None)))(gaps, T)
    np.testing.assert_allclose(each[1], upper(0.9, T), rtol=0, atol=1e-15)
    forward = jax.jit(jax.jacfwd(upper, (0, 1)))(0.9, T)
    reverse = jax.jit(jax.grad(upper, (0, 1)))(0.9, T)
    upper = jax.jit(upper)
    h = 1e-4
    want = (
        (upper(0.9 + h, T) - upper(0.9 - h, T)) / (2 * h),
        (upper(0.9, T + h) - upper(0.9, T - h)) / (2 * h),
    )
    # h² times a third derivative of about ten.
    np.testing.assert_allclose(forward, want, rtol=0, atol=1e-6)
    np.testing.assert_allclose(reverse, want, rtol=0, atol=1e-6)
