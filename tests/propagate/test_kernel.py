"""GPU kernels compute what the compiled loops compute."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax.dissipation._channel import Channel
from lzjax.propagate import _kernel
from lzjax.propagate._derivatives import Moving
from lzjax.propagate._kernel import optimistic
from lzjax.propagate._moved import Shifted
from tests.helpers import KINKS, loop_of, needs_kernels, tilted

pytestmark = pytest.mark.usefixtures("one_lane_each")


def _spread(leaves, lanes):
    """The leaves of lanes that differ a little."""
    factors = np.random.default_rng(3).uniform(0.9, 1.1, lanes)
    return [
        jnp.asarray(factors.reshape(lanes, *[1] * x.ndim) * np.asarray(x))
        for x in leaves
    ]


def _ways(loop, given, moving=(), make=_kernel.form_of):
    """Imitated on a CPU."""
    return _kernel.ways(make(loop, given.layout), given, moving, True)


def _crossing(t, gap):
    return 0.5 * jnp.array([[t, gap * (1 + 0.3j)], [gap * (1 - 0.3j), -t]])


OPEN = lz.dissipation.Lindblad(
    lz.LinearSweep(0.8, 1.0), lz.dissipation.relaxation(0.3, 1, 0)
)


@needs_kernels
@pytest.mark.parametrize(
    ("model", "stepper", "group", "lanes", "sensitive"),
    [
        # Two blocks of a kernel, the second one not full.
        (lz.LinearSweep(0.8, 1.0), lz.Magnus4(), None, 130, (0, 1)),
        # Eleven derivatives, in two kernels.
        (KINKS, lz.Magnus6(), None, 2, None),
        (lz.HamiltonianFunction(_crossing, 0.5), lz.CommutatorFree4(), None, 2, (0,)),
        (OPEN, lz.Magnus2(), Channel, 2, (0,)),
    ],
    ids=["sweep", "kinks", "matrix", "channel"],
)
def test_kernels_compute_what_loops_compute(model, stepper, group, lanes, sensitive):
    """Imitated on a CPU: values, rates, and lanes with steps of their own in each of
    two cells."""
    loop, leaves = loop_of(model, stepper, group)
    if sensitive is None:
        sensitive = tuple(range(len(leaves)))
    leaves = _spread(leaves, lanes)
    axes = (None, 0, *[0] * len(leaves))
    edges = jnp.array([-1.2, 0.3, 1.5])
    counts = jnp.asarray(np.random.default_rng(4).integers(9, 14, (lanes, 2)))

    @jax.jit
    def kernels():
        given = _kernel.inputs(axes, edges, counts, leaves)
        return _ways(loop, given, sensitive)[0]()[0]

    @jax.jit
    def loops():
        moving = Moving(False, sensitive)
        return loop.sensitive_lanes(moving, axes, edges, counts, leaves)

    found, wanted = kernels(), loops()
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@needs_kernels
def test_lanes_beyond_the_polynomials_run_again():
    loop, leaves = loop_of(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
    # In the second lane a step turns by more than the polynomials bear.
    leaves = [jnp.stack([x, 40.0 * x]) for x in leaves]
    axes = (None, None, *[0] * len(leaves))
    edges, counts = jnp.array([-1.0, 1.0]), jnp.array([8])
    given = _kernel.inputs(axes, edges, counts, leaves)
    ways = _ways(loop, given)
    (quick, _), beyond = jax.jit(ways[0])()
    np.testing.assert_array_equal(beyond, [False, True])
    u, _ = jax.jit(lambda: optimistic(*ways))()
    wanted = jax.jit(lambda: loop.lanes(axes, edges, counts, leaves))()
    for a, b, c in zip(*map(jax.tree.leaves, (u, wanted, quick)), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-13)
        np.testing.assert_array_equal(a[0], c[0])


@needs_kernels
def test_few_lanes_run_parallel_in_time(monkeypatch):
    """Eight stretches of each of two cells, values and rates; some have one step."""
    loop, leaves = loop_of(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
    leaves = _spread(leaves, 2)
    axes = (None, 0, *[0] * len(leaves))
    edges, counts = jnp.array([-1.2, 0.3, 1.5]), jnp.array([[9, 31], [20, 0]])
    given = _kernel.inputs(axes, edges, counts, leaves)

    def run():
        return jax.jit(_ways(loop, given, (0, 1))[0])()[0]

    monkeypatch.setattr("lzjax.propagate._stretches._MOST", 8)
    found = run()
    monkeypatch.setattr("lzjax.propagate._stretches._MOST", 1)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(run()), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)


@needs_kernels
@pytest.mark.parametrize(
    ("model", "stepper", "most"),
    # The second one in eight stretches of each cell, the third with two exponentials
    # a step and eleven numbers, in two kernels.
    [
        (lz.LinearSweep(0.8, 1.0), lz.Magnus4(), 1),
        (lz.LinearSweep(0.8, 1.0), lz.Magnus4(), 8),
        (KINKS, lz.CommutatorFree4(), 1),
        (lz.HamiltonianFunction(tilted, jnp.array([0.5, 0.8])), lz.Magnus2(), 1),
    ],
    ids=["sweep", "stretches", "kinks", "matrix"],
)
def test_gradients_run_backwards_in_kernels(model, stepper, most, monkeypatch):
    """As in the compiled loop, for any cotangent of the displacement."""
    monkeypatch.setattr("lzjax.propagate._stretches._MOST", most)
    monkeypatch.setattr("lzjax.propagate._rotations.RotationsBackwards.together", 8)
    loop, leaves = loop_of(model, stepper)
    leaves, moving = _spread(leaves, 2), tuple(range(len(leaves)))
    edges, counts = jnp.array([-1.2, 0.3, 1.5]), jnp.array([[9, 31], [20, 0]])
    still = loop.example((None, 0, *[0] * len(leaves)), leaves).still()
    shapes, structure = jax.tree.flatten(still)
    rng = np.random.default_rng(6)
    cotangent = [jnp.asarray(rng.normal(size=(2, *x.shape))) for x in shapes]
    axes = (None, 0, *[0] * (len(leaves) + len(shapes)))

    @jax.jit
    def kernels():
        given = _kernel.inputs(axes, edges, counts, leaves, cotangent)
        return _ways(loop, given, moving, _kernel.backwards_of)[0]()

    @jax.jit
    def loops():
        wanted = Moving(False, moving)
        return loop.pulled_lanes(
            structure, wanted, axes, edges, counts, leaves, cotangent
        )

    found, beyond = kernels()
    assert not np.any(beyond)
    for a, b in zip(found, loops(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@needs_kernels
def test_one_direction_is_a_number_in_kernels():
    """s of p + s·tangents: as in the compiled loop."""
    loop, leaves = loop_of(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
    leaves, tangents = _spread(leaves, 2), [jnp.array([0.3, -0.8]), jnp.array([0.5, 2])]
    edges, counts, axes = jnp.array([-1.2, 1.5]), jnp.array([12]), (None, None)
    row = [jnp.zeros(()), *tangents, *leaves]
    given = _kernel.inputs((*axes, None, *[0] * 4), edges, counts, row)
    shifted = Shifted(loop, (0, 1))
    found, _ = jax.jit(_ways(shifted, given, (0,))[0])()
    moving = Moving(False, (0, 1))
    wanted = loop.lanes_along(
        moving, (*axes, *[0] * 4), edges, counts, leaves, tangents
    )
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@needs_kernels
def test_gradients_of_lanes_beyond_the_polynomials():
    loop, leaves = loop_of(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
    leaves = [jnp.stack([x, 40.0 * x]) for x in leaves]
    edges, counts = jnp.array([-1.0, 1.0]), jnp.array([8])
    cotangent, axes = [jnp.array([0.3, -0.8])] * 3, (None, None, *[0] * 5)
    given = _kernel.inputs(axes, edges, counts, leaves, cotangent)
    ways = _ways(loop, given, (0, 1), _kernel.backwards_of)
    _, beyond = jax.jit(ways[0])()
    np.testing.assert_array_equal(beyond, [False, True])
    structure, moving = jax.tree.structure(loop.group.still()), Moving(False, (0, 1))
    wanted = loop.pulled_lanes(
        structure, moving, axes, edges, counts, leaves, cotangent
    )
    found = jax.jit(lambda: optimistic(*ways))()
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@needs_kernels
def test_single_precision():
    loop, leaves = loop_of(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
    single = [jnp.asarray(x, np.float32)[None] for x in leaves]
    axes = (None, None, *[0] * len(leaves))
    counts = jnp.array([100])

    def by_kernel(edges):
        given = _kernel.inputs(axes, edges, counts, single)
        return _ways(loop, given)[0]()[0][0]

    found = jax.jit(by_kernel)(jnp.array([-9.0, 7.0], np.float32))
    wanted = lz.solve(
        lz.LinearSweep(0.8, 1.0), -9.0, 7.0, solver=lz.Magnus4(steps=100)
    ).propagator
    assert {x.dtype for x in jax.tree.leaves(found)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(found.c[0] - 1j * found.z[0], wanted[0, 0], atol=2e-6)
    np.testing.assert_allclose(-found.y[0] - 1j * found.x[0], wanted[0, 1], atol=2e-6)


@needs_kernels
def test_columns_try_the_short_polynomials_where_steps_are_short():
    """A hint from a few steps: what steps were, the kernel itself finds out."""
    model = lz.HamiltonianFunction(_crossing, 0.5)
    loop, leaves = loop_of(model, lz.CommutatorFree4())
    leaves = _spread(leaves, 3)
    axes = (None, None, *[0] * len(leaves))
    edges = jnp.array([-1.2, 0.3, 1.5])
    for steps, short_enough in ((16, True), (2, False)):
        given = _kernel.inputs(axes, edges, jnp.array([steps, steps]), leaves)
        form = _kernel.form_of(loop, given.layout)
        first = form.ways[0]
        found = form.reached(first, given.edges, given.counts, given.numbers)
        assert bool(found) is short_enough
        _, beyond = jax.jit(_ways(loop, given)[0])()
        assert not np.any(beyond) if short_enough else np.all(beyond)
