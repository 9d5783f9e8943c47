"""GPU kernels compute what the compiled loops compute, and what is run becomes them."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax.dissipation._channel import Channel
from lzjax.kernels import assumed_capability, why_no_kernel
from lzjax.propagate import _finite, _kernel, _leaves, _run
from lzjax.propagate._actions import (
    chebyshev,
    chebyshev_pulled,
    polynomials,
    taylor,
)
from lzjax.propagate._cos_sinc import short
from lzjax.propagate._derivatives import Moving
from lzjax.propagate._kernel import optimistic
from lzjax.propagate._moved import Shifted
from lzjax.propagate._unitary import GeneralLinear, Unitary
from tests.helpers import three_levels

needs_kernels = pytest.mark.skipif(
    jax.__version_info__[:2] < (0, 11), reason="kernels need jax 0.11"
)


@pytest.fixture(autouse=True)
def one_lane_each(monkeypatch):
    """Imitated, more lanes take longer: no stretches, where they are not wanted."""
    monkeypatch.setattr("lzjax.propagate._stretches._MOST", 1)


def _loop(model, stepper, group=None):
    leaves, structure = _leaves.split(model)
    return _run.Loop(group or _finite.group_of(model), stepper, structure), leaves


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


def _tilted(t, p):
    gap = p[0] * (1 + 0.3j)
    return 0.5 * jnp.array([[p[1] * t, gap], [jnp.conj(gap), 0.2 - p[1] * t]])


# Straight lines, and a coupling that jumps.
KINKS = lz.TwoLevel(
    lz.models.PiecewiseLinear([-0.5, 0.2], [0.1, 0.9]),
    lz.models.PiecewiseConstant([0.6], [0.3 + 0.1j, 0.5]),
)
SIXTEEN = lz.Magnus4(steps=16)
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
    loop, leaves = _loop(model, stepper, group)
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
    loop, leaves = _loop(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
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
    loop, leaves = _loop(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
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
        (lz.HamiltonianFunction(_tilted, jnp.array([0.5, 0.8])), lz.Magnus2(), 1),
    ],
    ids=["sweep", "stretches", "kinks", "matrix"],
)
def test_gradients_run_backwards_in_kernels(model, stepper, most, monkeypatch):
    """As in the compiled loop, for any cotangent of the displacement."""
    monkeypatch.setattr("lzjax.propagate._stretches._MOST", most)
    monkeypatch.setattr("lzjax.propagate._rotations.RotationsBackwards.together", 8)
    loop, leaves = _loop(model, stepper)
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
    loop, leaves = _loop(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
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
    loop, leaves = _loop(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
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
    loop, leaves = _loop(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
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


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_short_polynomials_to_the_end_of_their_reach(kind):
    way = short(kind)
    a = np.linspace(0.0, way.reach, 400).astype(kind)
    cos, sinc = jax.jit(way.half)(a)
    exact = np.asarray(a, float)
    r = 0.5 * np.sqrt(exact)
    allowed = 4e-16 if kind is np.float64 else 1.5e-7
    np.testing.assert_allclose(cos, np.cos(r), atol=allowed)
    np.testing.assert_allclose(sinc, 0.5 * np.sinc(r / np.pi), atol=allowed)
    slope = jax.jit(way.slope)(0.25 * a, None, None)
    # Closed form away from zero, where it cancels.
    far = exact > 2.0
    closed = (np.cos(r) - np.sinc(r / np.pi))[far] / (0.5 * exact[far])
    np.testing.assert_allclose(slope[far], closed, atol=2 * allowed)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("apply", "group"), [(chebyshev, Unitary), (taylor, GeneralLinear)]
)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_actions_are_the_exponential_at_the_largest_norm(apply, group, which, dtype):
    """To rounding, and the polynomials themselves to less than that."""
    linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(2)
    a = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    a = a - a.conj().T if group is Unitary else a
    way = polynomials(group, np.dtype(dtype))[which]
    # In the spectral norm, for which the reach is meant: that of the kernels is larger.
    a *= way.norm / np.linalg.norm(a, 2)
    ket = np.array([0.5, 0.5j, -0.5, 0.5])
    wanted, degree = linalg.expm(a) @ ket, way.degree
    allowed = 2e-15 if dtype is np.float64 else 3e-7
    kind = np.result_type(dtype, np.complex64)
    call = jax.jit(apply, static_argnums=(2, 3))
    found = call(a.astype(kind), ket.astype(kind), way.norm, degree)
    np.testing.assert_allclose(found, wanted, atol=allowed)
    # The same degree in float64.
    exact = call(a, ket, way.norm, degree)
    allowed = 0.5 * float(np.finfo(dtype).eps) + 2e-15
    assert np.linalg.norm(exact - wanted) < allowed


@pytest.mark.parametrize("which", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_cotangents_of_actions(which):
    """By the transpose of the recurrence as by JAX's."""
    rng = np.random.default_rng(5)
    a = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    a = a - a.conj().T
    ket, other = (rng.normal(size=2) + 1j * rng.normal(size=2) for _ in range(2))
    way = polynomials(Unitary, np.dtype(float))[which]
    a *= way.norm / np.linalg.norm(a, 2)

    def action(a, ket):
        return chebyshev(a, ket, way.norm, way.degree)

    after, later, part = jax.jit(chebyshev_pulled, static_argnums=(3, 4))(
        a, ket, other, way.norm, way.degree
    )

    @jax.jit
    def by_jax(a):
        after, pull = jax.vjp(lambda a: action(a, ket), a)
        later = action(a, other)
        # JAX takes no complex conjugate.
        return after, later, jnp.conj(pull(jnp.conj(later))[0])

    for found, wanted in zip((after, later, part), by_jax(a), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-13)


@needs_kernels
def test_columns_try_the_short_polynomials_where_steps_are_short():
    """A hint from a few steps: what steps were, the kernel itself finds out."""
    model = lz.HamiltonianFunction(_crossing, 0.5)
    loop, leaves = _loop(model, lz.CommutatorFree4())
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


def _kernels(function, *arguments) -> int:
    """How many kernels there are in the program for a GPU."""
    traced = jax.jit(function).trace(*arguments)
    text = traced.lower(lowering_platforms=("cuda",)).as_text()
    return len(re.findall(r"custom_call @\w*mosaic_gpu", text))


def _stay(gap, solver):
    model = lz.LinearSweep(gap, 1.0)
    return jnp.abs(lz.solve(model, -1.0, 1.0, solver=solver).propagator[0, 0])


@needs_kernels
@pytest.mark.parametrize(
    ("solver", "of_slopes"),
    # With fixed steps one pass gives values and slopes; step control comes first.
    [(lz.Magnus4(steps=16), 2), (lz.Magnus4(), 4)],
    ids=["steps", "tolerance"],
)
def test_solve_becomes_kernels_on_a_gpu_that_can(solver, of_slopes):
    gaps = jnp.linspace(0.5, 1.0, 6).reshape(2, 3)

    def total(gaps):
        return jnp.sum(jax.vmap(jax.vmap(lambda g: _stay(g, solver)))(gaps))

    with assumed_capability(9, 0):
        assert why_no_kernel() is None
        # The short polynomials, and those for any angle.
        assert _kernels(total, gaps) == 2
        assert _kernels(jax.grad(total), gaps) == of_slopes
    with assumed_capability(8, 6):
        assert "8.6 is below 9.0" in why_no_kernel()
        assert _kernels(total, gaps) == 0


@needs_kernels
def test_gradients_in_many_numbers_become_kernels():
    """Values, then backwards or along one direction; in whole Jacobians all rates."""

    def stay(p):
        ripple = lz.TwoLevelFunction(
            lambda t, p: (p[0], 0.0, p[1] * t + jnp.sum(p[2:] * t * t)), p
        )
        return jnp.abs(lz.solve(ripple, -1.0, 1.0, solver=SIXTEEN).propagator[0, 0])

    p = jnp.linspace(0.5, 1.0, 9)

    def along(p):
        return jax.jvp(stay, (p,), (p,))[1]

    many = jnp.stack([p, p, p])
    with assumed_capability(9, 0):
        assert _kernels(jax.vmap(jax.grad(stay)), many) == 4
        assert _kernels(along, p) == 4
        # Rates of nine numbers take two kernels.
        assert _kernels(jax.jacfwd(stay), p) == 6


@needs_kernels
@pytest.mark.slow
def test_gradients_of_matrices_become_kernels():
    """Values, then backwards, each by three kernels; of two numbers with the values."""

    def stay(p):
        model = lz.HamiltonianFunction(lambda t, p: p[-1] * _tilted(t, p), p)
        return jnp.abs(lz.solve(model, -1.0, 1.0, solver=SIXTEEN).propagator[0, 0])

    with assumed_capability(9, 0):
        assert _kernels(jax.grad(stay), jnp.array([0.5, 0.8, 1.1])) == 6
        assert _kernels(jax.grad(stay), jnp.array([0.5, 0.8])) == 3


@needs_kernels
@pytest.mark.parametrize(
    "solver",
    [lz.Magnus4(steps=16), pytest.param(lz.Magnus4(), marks=pytest.mark.slow)],
    ids=["steps", "tolerance"],
)
def test_second_derivatives_are_those_of_the_loops(solver):
    """Also where there are kernels, which have no derivatives."""

    def chance(p):
        model = lz.LinearSweep(p[0], p[1])
        return jnp.abs(lz.solve(model, -1.0, 1.0, solver=solver).propagator[0, 0]) ** 2

    @jax.jit
    def second(p):
        return jax.hessian(chance)(p), jax.jvp(jax.grad(chance), (p,), (p,))[1]

    p = jnp.array([0.8, 1.0])
    wanted = second(p)
    with assumed_capability(9, 0):
        found = second(p)
        second.trace(p).lower(lowering_platforms=("cuda",))
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@needs_kernels
def test_each_device_of_several_runs_kernels():
    lanes = jax.sharding.PartitionSpec("lanes")
    mesh = jax.sharding.Mesh(np.asarray(jax.devices()[:1]), ("lanes",))
    shared = jax.shard_map(
        jax.vmap(lambda gap: _stay(gap, lz.Magnus4(steps=16))),
        mesh=mesh,
        in_specs=lanes,
        out_specs=lanes,
        check_vma=False,
    )
    with assumed_capability(9, 0):
        assert _kernels(shared, jnp.linspace(0.5, 1.0, 4)) == 2


@needs_kernels
def test_what_has_no_kernel_stays_a_loop():
    def solved(model):
        return lz.solve(model, -1, 1, solver=lz.Magnus4(steps=16)).propagator

    def slope(model):
        return jax.grad(lambda m: jnp.real(solved(m))[0, 0])(model)

    with assumed_capability(9, 0):
        # As matrices: three kernels for states, and at last the loop.
        assert _kernels(solved, three_levels()) == 3
        assert _kernels(solved, lz.models.spin_sweep(5.0, 1.0, 1.0)) == 0
        # Values; derivatives also in the times of jumps.
        assert _kernels(slope, KINKS) == 2


def test_operations_of_the_fastest_step():
    """Fifty or fewer: a GPU of 1.67e13 operations/s can do 3.3e11 steps/s. Value and
    both derivatives take at most 3.5 times as many."""
    loop, leaves = _loop(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
    layout = _kernel.layout_of(leaves)
    form = _kernel.form_of(loop, layout)
    value, both = (_kernel.cost(form, moving) for moving in ((), (0, 1)))
    assert value.arithmetic <= 50
    assert both.arithmetic <= 3.5 * value.arithmetic
    for found in (value, both):
        assert found.divisions == found.functions == 0


@pytest.mark.parametrize("count", [4, 8, 16])
def test_operations_of_a_gradient_in_many_numbers(count):
    """Value, and one pass backwards, whatever their number."""

    def field(t, p):
        return p[0], 0.0, jnp.polyval(p[1:], t)

    model = lz.TwoLevelFunction(field, jnp.ones(count))
    loop, leaves = _loop(model, lz.Magnus4())
    layout = _kernel.layout_of(leaves)
    value = _kernel.cost(_kernel.form_of(loop, layout)).arithmetic
    back = _kernel.cost(_kernel.backwards_of(loop, layout), tuple(range(count)))
    assert value + back.arithmetic <= 3.5 * value
