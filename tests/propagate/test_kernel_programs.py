"""What is run becomes kernels on a GPU that has them, and their operations."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax.kernels import assumed_capability, why_no_kernel
from lzjax.propagate import _kernel
from tests.helpers import KINKS, loop_of, needs_kernels, three_levels, tilted

pytestmark = pytest.mark.usefixtures("one_lane_each")

SIXTEEN = lz.Magnus4(steps=16)


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
        model = lz.HamiltonianFunction(lambda t, p: p[-1] * tilted(t, p), p)
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
    gaps = jnp.linspace(0.5, 1.0, 4)
    with assumed_capability(9, 0):
        assert _kernels(shared, gaps) == 2
        # Values with their slopes, for small angles and for any.
        assert _kernels(jax.grad(lambda gaps: jnp.sum(shared(gaps))), gaps) == 2


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
    loop, leaves = loop_of(lz.LinearSweep(0.8, 1.0), lz.Magnus4())
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
    loop, leaves = loop_of(model, lz.Magnus4())
    layout = _kernel.layout_of(leaves)
    value = _kernel.cost(_kernel.form_of(loop, layout)).arithmetic
    back = _kernel.cost(_kernel.backwards_of(loop, layout), tuple(range(count)))
    assert value + back.arithmetic <= 3.5 * value
