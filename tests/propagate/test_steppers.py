"""One step and many: order, unitarity, exactness, and where the steps go."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

import lzjax as lz
from lzjax import models
from lzjax.propagate._finite import _by_steps
from lzjax.propagate._su2 import SU2
from lzjax.propagate._unitary import Unitary
from tests.helpers import ALL_STEPPERS, bent, defect, distance, name_of

PATHS = {"fast": SU2, "dense": Unitary}
EVERY = [
    pytest.param(stepper, path, id=f"{name_of(stepper)}-{path}")
    for stepper in ALL_STEPPERS
    for path in PATHS
]
KINKS = dict(kinks=(-1.25, 0.0, 1.25), slopes=(0.6, -0.9, 0.4))
# Four cells, so one step a cell at least.
CELLS = 4
T0, T1 = -2.5, 2.5


class _Case:
    """All step numbers in one compilation: solve() compiles each anew."""

    def __init__(self):
        self.compiled = {}

    def __call__(self, stepper, path, model, t0, t1, steps):
        key = name_of(stepper), path
        if key not in self.compiled:

            @jax.jit
            def run(model, t0, t1, steps):
                done = _by_steps(PATHS[path], model, t0, t1, stepper, steps)
                group = done.group
                return group.matrix(group.normalised(done.u)), done.error

            self.compiled[key] = run
        return self.compiled[key](model, float(t0), float(t1), steps)


propagated = _Case()


def propagator(*arguments):
    return np.asarray(propagated(*arguments)[0])


@pytest.mark.parametrize(("stepper", "path"), EVERY)
@pytest.mark.parametrize("bends", [{}, KINKS], ids=["smooth", "kinked"])
def test_the_error_falls_with_the_order_of_the_method(stepper, path, bends):
    model = bent(**bends)
    # Cells of one length share any multiple of four steps equally. Magnus6 has an
    # error of 1e-15 with 512 steps.
    best = propagator(lz.Magnus6(), "fast", model, T0, T1, 1024)
    # Small steps for the low orders; high orders reach the rounding soon.
    steps = {2: (128, 256, 512), 4: (64, 128, 256), 6: (32, 64, 128)}[stepper.order]
    errors = [
        distance(propagator(stepper, path, model, T0, T1, n), best) for n in steps
    ]
    observed = -np.diff(np.log2(errors))
    assert np.all(np.abs(observed - stepper.order) < 0.1), (observed, errors)


@pytest.mark.parametrize(("stepper", "path"), EVERY)
def test_kinks_in_odd_places_do_not_lower_the_order(stepper, path):
    model = bent(kinks=(-2.31, -2.3, 1.7), slopes=(0.6, -0.9, 0.4))
    best = propagator(lz.Magnus6(), "fast", model, T0, T1, 4096)
    few, many = {2: (256, 2048), 4: (128, 1024), 6: (64, 256)}[stepper.order]
    errors = [
        distance(propagator(stepper, path, model, T0, T1, n), best) for n in (few, many)
    ]
    order = np.log(errors[0] / errors[1]) / np.log(many / few)
    # A step across a kink would leave second order. Cells share the steps but for
    # one or two of 64, hence up to 2/64 · 6 / log(4) = 0.14.
    assert abs(order - stepper.order) < 0.2, (order, errors)


@pytest.mark.parametrize(("stepper", "path"), EVERY)
def test_the_estimate_of_fixed_steps_is_neither_blind_nor_wild(stepper, path):
    model = bent(**KINKS)
    best = propagator(lz.Magnus6(), "fast", model, T0, T1, 1024)
    u, error = propagated(stepper, path, model, T0, T1, 64)
    # The sum of local errors ignores that they turn and partly cancel.
    assert distance(u, best) < 3 * error
    assert error < 100 * distance(u, best)


@pytest.mark.parametrize(("stepper", "path"), EVERY)
def test_many_and_long_steps_are_unitary(stepper, path):
    # 4e4 steps, each with a rounding of 1e-16 that adds up at random, and as `path`
    # is normalised at the end not at all.
    assert defect(propagator(stepper, path, bent(**KINKS), T0, T1, 40_000)) < 1e-12
    # One radian a step at most is what the polynomials take: these are 10 to 600.
    long = bent(smooth=1.0, constant=(300.0, -400.0, 200.0))
    assert defect(propagator(stepper, path, long, T0, T1, 8)) < 1e-12
    mixed = bent(slopes=(0, 0, 500.0))
    assert defect(propagator(stepper, path, mixed, T0, T1, 64)) < 1e-12


@pytest.mark.parametrize(("stepper", "path"), EVERY)
@pytest.mark.parametrize("size", [1.0, 1000.0])
def test_a_constant_field_is_exact_in_one_step_a_cell(stepper, path, size):
    field = size * np.array([0.48, -0.6, 0.64])
    model = bent(smooth=0.0, constant=field)
    u = propagator(stepper, path, model, T0, T1, CELLS)
    angle = 0.5 * size * (T1 - T0)
    sigma = np.array([[0.64, 0.48 + 0.6j], [0.48 - 0.6j, -0.64]])
    exact = np.cos(angle) * np.eye(2) - 1j * np.sin(angle) * sigma
    # Rounding of an angle of up to 2500.
    assert distance(u, exact) < 1e-15 * max(10.0, 4 * angle)


@pytest.mark.parametrize(("stepper", "path"), EVERY)
def test_windows_join_and_turn_back(stepper, path):
    model = bent(**KINKS)
    whole = propagator(stepper, path, model, T0, T1, 64)
    # Cut at a kink the steps are the same ones.
    first = propagator(stepper, path, model, T0, 0.0, 32)
    second = propagator(stepper, path, model, 0.0, T1, 32)
    back = propagator(stepper, path, model, T1, T0, 64)
    # Rounding of 64 steps. Every stepper here is symmetric in time.
    assert distance(second @ first, whole) < 1e-13
    assert distance(back @ whole, np.eye(2)) < 1e-13


@pytest.mark.parametrize(("stepper", "path"), EVERY)
def test_a_window_of_no_length_is_the_identity(stepper, path):
    u = propagator(stepper, path, bent(**KINKS), 0.7, 0.7, 16)
    assert distance(u, np.eye(2)) < 1e-15


@pytest.mark.parametrize("steps", [4, 5, 7, 61])
def test_exactly_the_steps_that_were_asked_for_are_taken(steps):
    model = bent(kinks=(-2.31, -2.3, 1.7), slopes=(1.0, 1.0, 1.0))
    sol = lz.solve(model, T0, T1, solver=lz.Magnus2(steps=steps))
    assert int(sol.steps) == steps == int(sol.work)
    assert sol.ok


def test_fewer_steps_than_intervals_is_a_failure_that_says_so():
    sol = lz.solve(bent(**KINKS), T0, T1, solver=lz.Magnus2(steps=3))
    assert sol.status == lz.STATUS.too_few_steps
    with pytest.raises(RuntimeError, match="raise `steps`"):
        sol.checked()


def test_piecewise_constant_models_are_exact_in_one_step_a_piece():
    times, values = [-0.9, 0.1, 0.35], np.array([3.0, -1.0, 40.0, 0.5])
    model = lz.TwoLevel(models.PiecewiseConstant(times, values), 0.7)
    sol = lz.solve(model, -1.0, 2.0, solver=lz.Magnus2(steps=4))
    exact = np.eye(2)
    for low, high, z in zip([-1.0, *times], [*times, 2.0], values, strict=True):
        h = 0.5 * np.array([[z, 0.7], [0.7, -z]])
        exact = scipy.linalg.expm(-1j * (high - low) * h) @ exact
    assert distance(sol.propagator, exact) < 1e-14  # four products
    assert int(sol.steps) == 4


def test_the_loop_is_the_product_of_its_steps():
    model = lz.LinearSweep(0.8, 1.1)
    edges = jnp.linspace(-2.0, 3.0, 13)
    whole = lz.solve(model, -2.0, 3.0, solver=lz.Magnus4(steps=12))
    one = jax.vmap(lambda a, b: lz.solve(model, a, b, solver=lz.Magnus4(steps=1)))
    product = np.eye(2)
    for step in one(edges[:-1], edges[1:]).propagator:
        product = step @ product
    assert distance(whole.propagator, product) < 1e-14  # twelve products
