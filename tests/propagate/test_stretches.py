"""Few lanes run parallel in time: what comes out is what steps in turn give."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax.propagate import _run, _stretches
from lzjax.propagate._leaves import split
from lzjax.propagate._su2 import SU2
from lzjax.propagate._unitary import Unitary
from tests.helpers import bent, distance, three_levels

# Not a round number: every cell has its own share, and of some cells no stretch is
# like another.
STEPS = 2_347


@pytest.fixture
def in_turn(monkeypatch):
    """Calls a function as if there were no stretches."""

    def called(function):
        with monkeypatch.context() as patch:
            patch.setattr(_stretches, "_FILLED", 0)
            return function()

    return called


def alike(one, other):
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        # Rounding of some thousand steps.
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-13)


def run(make, model, edges, counts, stepper):
    """A block of lanes with edges and counts of their own."""
    leaves, structure = split(model)
    loop = _run.Loop(make, stepper, structure)
    axes = (0, 0, *[None] * len(leaves))
    parts = _stretches.side_by_side(loop, axes, (edges, counts, *leaves))[0]
    return parts, jax.jit(lambda: loop._lanes(axes, edges, counts, leaves))()


@pytest.mark.parametrize(
    "make, model", [(SU2, bent(slopes=(3.0, -2.0, 1.0))), (Unitary, three_levels())]
)
@pytest.mark.parametrize("cells", [1, 3, 45])
def test_stretches_give_what_steps_in_turn_give(make, model, cells, in_turn):
    """Forwards and backwards, with cells of no steps and of no length, and with fewer
    steps than stretches; cells cut, side by side, and several in a stretch."""
    rng = np.random.default_rng(cells)
    there = np.sort(rng.uniform(-2.0, 2.0, cells + 1))
    still = np.where(there > 0.3, 0.3, there)
    edges = jnp.asarray([there, there[::-1], still])
    # No lane more than some hundred steps, however many the cells.
    counts = rng.integers(1, 200 // cells + 3, (3, cells))
    counts[0, 0], counts[1, -1] = 3, 5
    counts = jnp.asarray(np.where(np.diff(edges) == 0.0, 0, counts))
    stepper = lz.Magnus4(steps=STEPS)
    parts, found = run(make, model, edges, counts, stepper)
    none, wanted = in_turn(lambda: run(make, model, edges, counts, stepper))
    assert none == 1 and parts > 4
    alike(found, wanted)


def test_a_window_of_no_length_is_the_identity():
    edges, counts = jnp.full((2, 2), 0.7), jnp.zeros((2, 1), int)
    stepper = lz.Magnus4(steps=STEPS)
    parts, found = run(SU2, bent(), edges, counts, stepper)
    assert parts > 1
    np.testing.assert_array_equal(SU2.matrix(found).T, np.stack([np.eye(2)] * 2))


def many(gaps, t1, **how):
    def one(gap):
        return lz.solve(lz.LinearSweep(gap, 1.1), -9.0, t1, **how).propagator

    return jax.jit(jax.vmap(one))(gaps)


@pytest.mark.parametrize("how", [dict(rtol=1e-9), dict(solver=lz.Magnus4(steps=STEPS))])
def test_solve_by_tolerance_and_by_steps(how, in_turn):
    gaps = jnp.linspace(0.3, 2.0, 5)
    found = many(gaps, 8.0, **how)
    alike(found, in_turn(lambda: many(gaps, 8.0, **how)))
    # And so do the lanes of a large batch, which are not cut.
    alike(found, many(jnp.tile(gaps, 8), 8.0, **how)[:5])


def test_few_lanes_do_not_see_their_neighbours():
    gaps = jnp.linspace(0.3, 2.0, 6)
    order = np.array([4, 2, 0, 5, 1, 3])
    here, moved = (many(x, 8.0, rtol=1e-9) for x in (gaps, gaps[order]))
    np.testing.assert_array_equal(moved, here[order])


def test_derivatives_and_states_along_time():
    """Against the slope of a chord, and against single windows."""

    def survival(gap):
        solver = lz.Magnus4(steps=STEPS)
        model = lz.LinearSweep(gap, 1.1)
        return jnp.abs(lz.solve(model, -9.0, 8.0, solver=solver).propagator[0, 0]) ** 2

    gaps = jnp.asarray([0.5, 0.9])
    value, slope = jax.jit(jax.vmap(jax.value_and_grad(survival)))(gaps)
    ends = jax.jit(jax.vmap(survival))(jnp.concatenate([gaps - 1e-5, gaps + 1e-5]))
    # The chord is wrong by 1e-10 times the third derivative, and by rounding.
    np.testing.assert_allclose(slope, (ends[2:] - ends[:2]) / 2e-5, atol=1e-7)
    np.testing.assert_allclose(value, 0.5 * (ends[2:] + ends[:2]), atol=1e-8)
    times = jnp.asarray([-9.0, -1.0, 0.5, 0.5, 8.0])
    states = lz.evolve(lz.LinearSweep(0.5, 1.1), 0, times, rtol=1e-10)
    whole = many(gaps[:1], 8.0, rtol=1e-10)[0]
    assert distance(states[-1], whole[:, 0]) < 2e-10  # 1e-10 each
