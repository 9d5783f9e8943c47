"""Step control: it meets its tolerance, says how well, and says when it cannot."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import exact, models
from tests.helpers import ALL_STEPPERS, bent, defect, dense, distance, name_of

LANES = 1100  # more than two blocks of 512
RNG = np.random.default_rng(7)
GAPS = RNG.uniform(0.0, 3.0, LANES)
RATES = RNG.uniform(0.2, 4.0, LANES) * RNG.choice([-1, 1], LANES)
STARTS = RNG.uniform(-12.0, 2.0, LANES)
STOPS = STARTS + RNG.uniform(-3.0, 14.0, LANES)


def one(gap, rate, t0, t1, rtol):
    return lz.solve(lz.LinearSweep(gap, rate), t0, t1, rtol=rtol)


many = jax.jit(jax.vmap(one, in_axes=(0, 0, 0, 0, None)))


@functools.cache
def references(count):
    sets = zip(GAPS[:count], RATES[:count], STARTS[:count], STOPS[:count], strict=True)
    return [exact.finite_window_propagator(*numbers) for numbers in sets]


@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-9, 1e-11])
def test_the_error_is_below_the_estimate_and_the_tolerance(rtol):
    sol = many(GAPS, RATES, STARTS, STOPS, rtol)
    want = references(60)
    assert bool(jnp.all(sol.ok))
    for k, u in enumerate(want):
        true = distance(sol.propagator[k], u)
        # 1e-14 a radian is what rounding may add.
        assert true < rtol + 1e-12
        assert true < 2 * float(sol.error[k]) + 1e-12
        assert float(sol.error[k]) <= rtol


def test_lanes_do_not_see_their_neighbours():
    sol = many(GAPS, RATES, STARTS, STOPS, 1e-8)
    order = np.random.default_rng(1).permutation(LANES)
    moved = many(GAPS[order], RATES[order], STARTS[order], STOPS[order], 1e-8)
    np.testing.assert_array_equal(moved.propagator, sol.propagator[order])
    np.testing.assert_array_equal(moved.steps, sol.steps[order])
    np.testing.assert_array_equal(moved.error, sol.error[order])


def test_a_batch_is_what_its_members_are_alone():
    sol = many(GAPS, RATES, STARTS, STOPS, 1e-8)
    for k in range(0, LANES, 97):
        alone = one(GAPS[k], RATES[k], STARTS[k], STOPS[k], 1e-8)
        assert int(alone.steps) == int(sol.steps[k])
        # Another order of fused multiplications: rounding of ~1e3 steps at random.
        assert distance(alone.propagator, sol.propagator[k]) < 1e-13


def test_batches_in_batches_and_shared_arguments():
    gaps, ends = jnp.asarray(GAPS[:3]), jnp.asarray([2.0, 5.0])

    def run(gap, end):
        return lz.solve(lz.LinearSweep(gap, 1.0), -3.0, end).propagator

    inner = jax.vmap(run, in_axes=(None, 0))
    both = jax.jit(jax.vmap(inner, in_axes=(0, None)))(gaps, ends)
    other = jax.jit(jax.vmap(jax.vmap(run, (0, None)), (None, 0)))(gaps, ends)
    np.testing.assert_array_equal(both, other.swapaxes(0, 1))
    for i, gap in enumerate(gaps):
        for j, end in enumerate(ends):
            alone = lz.solve(lz.LinearSweep(gap, 1.0), -3.0, end).propagator
            # Rounding of some hundred steps, as above.
            assert distance(both[i, j], alone) < 1e-13


def test_a_batch_of_nothing_but_shared_arguments():
    run = jax.vmap(lambda k: lz.solve(lz.LinearSweep(1.0, 1.0), -3.0, 2.0).propagator)
    got = run(jnp.arange(3))
    assert got.shape == (3, 2, 2)
    np.testing.assert_array_equal(got[0], got[2])


@pytest.mark.parametrize("stepper", ALL_STEPPERS, ids=name_of)
def test_every_stepper_meets_the_tolerance(stepper):
    model = lz.LinearSweep(0.8, 1.1)
    rtol = 1e-6
    sol = lz.solve(model, -6.0, 5.0, rtol=rtol, solver=stepper)
    assert sol.ok
    want = exact.finite_window_propagator(0.8, 1.1, -6.0, 5.0)
    assert distance(sol.propagator, want) < rtol


def test_the_dense_path_meets_the_tolerance():
    model = bent(kinks=(-0.7, 0.1, 1.9), slopes=(0.3, -0.2, 0.5))
    fast = lz.solve(model, -3.0, 4.0, rtol=1e-10)
    slow = lz.solve(dense(model), -3.0, 4.0, rtol=1e-10)
    assert fast.ok and slow.ok
    assert distance(fast.propagator, slow.propagator) < 2e-10  # 1e-10 each


def test_kinks_slow_parts_and_fast_parts():
    model = bent(kinks=(-0.7, 0.1, 1.9), slopes=(8.0, -20.0, 15.0))
    loose = lz.solve(model, -3.0, 4.0, rtol=1e-7)
    tight = lz.solve(model, -3.0, 4.0, rtol=1e-11)
    true = distance(loose.propagator, tight.propagator)
    assert true < 1e-7
    assert true < 2 * float(loose.error) + 1e-11
    assert defect(loose.propagator) < 1e-13


def test_windows_join_and_turn_back_within_the_tolerance():
    model = bent(slopes=(0.3, -0.2, 0.5))
    a, b, c = -3.0, 0.3, 4.0
    ab, bc, ac, ca = (
        lz.solve(model, *ends, rtol=1e-10).propagator
        for ends in ((a, b), (b, c), (a, c), (c, a))
    )
    # Three propagators, each to 1e-10.
    assert distance(bc @ ab, ac) < 3e-10
    assert distance(ca @ ac, np.eye(2)) < 2e-10


def test_no_window_no_error():
    sol = lz.solve(lz.LinearSweep(1.0, 1.0), 0.3, 0.3)
    assert sol.ok
    assert float(sol.error) == 0.0
    np.testing.assert_array_equal(sol.propagator, np.eye(2))


def test_a_narrow_pulse_in_a_wide_window_is_found():
    # π/2 of area in a width of 0.01, in a window of 2000.
    peak = 0.5 / 0.01
    model = lz.TwoLevel(0.3, models.SechPulse(peak, 0.01, 123.4))
    got = lz.transition_matrix(model, -1000.0, 1000.0)[1, 0]
    want = exact.rosen_zener(peak, 0.3, 0.01)
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-8)  # 2|δU|


def narrow_pulse(area, detuning, width, center):
    return lz.TwoLevel(detuning, models.SechPulse(area / width, width, center))


def narrower_pulse(area, detuning, width, center):
    return narrow_pulse(0.2 * area, detuning, 0.1 * width, center)


def narrow_gaussian(area, detuning, width, center):
    return lz.TwoLevel(detuning, models.GaussianPulse(area / width, width, center))


def narrow_ramp(area, chirp, width, center):
    ramp = models.TanhRamp(5.0 * area, 0.02 + 0.3 * width, center)
    return lz.TwoLevel(ramp, 0.5 + chirp**2)


def chirped_pulse(area, chirp, width, center):
    pulse = models.GaussianPulse(area / width, width, center)
    return lz.TwoLevel(models.TanhRamp(2.5 * chirp, 0.4 + width), pulse)


def pulse_beside_a_ramp(area, detuning, width, center):
    ramp = models.TanhRamp(5.0 * area, 0.1 * (2.3 + detuning), center)
    return lz.TwoLevel(ramp, models.SechPulse(area / width, width, -center))


def tone_beside_a_table(area, detuning, width, center):
    times = jnp.linspace(-12.0, 12.0, 33)
    values = area * jnp.exp(-(((times - center) / 4) ** 2))
    tone = models.Sinusoid(2.0 * center, 2.0 * width, 0.3, detuning)
    return lz.TwoLevel(tone, models.PiecewiseLinear(times, values))


@pytest.mark.parametrize(
    "shape",
    [
        narrow_pulse,
        narrower_pulse,
        narrow_gaussian,
        narrow_ramp,
        chirped_pulse,
        pulse_beside_a_ramp,
        tone_beside_a_table,
    ],
)
@pytest.mark.parametrize("stepper, rtol", [(lz.Magnus4, 1e-5), (lz.Magnus6, 1e-8)])
def test_grids_do_not_agree_by_accident(stepper, rtol, shape):
    """Pulses narrower than the cells of a grid: coarse grids can be wrong alike, the
    more so where cells are many, and grids therefore few."""
    draw = np.random.default_rng(11)
    ranges = (0.1, 3.0), (-2.0, 2.0), (0.05, 2.0), (-5.0, 5.0)
    numbers = [draw.uniform(*ends, 1000) for ends in ranges]

    @jax.jit
    @functools.partial(jax.vmap, in_axes=(0, 0, 0, 0, None))
    def solve(area, detuning, width, center, rtol):
        model = shape(area, detuning, width, center)
        return lz.solve(model, -12.0, 12.0, rtol=rtol, solver=stepper())

    found, right = solve(*numbers, rtol), solve(*numbers, 1e-12)
    assert bool(jnp.all(found.ok))
    true = jnp.linalg.norm(found.propagator - right.propagator, axis=(1, 2))
    assert float(jnp.max(true)) < 2 * rtol
    # The other solution has errors, too.
    assert np.mean(true > found.error + 1e-12) < 0.01


def test_a_strong_constant_field_takes_few_steps():
    model = lz.TwoLevel(800.0, 600.0)
    sol = lz.solve(model, 0.0, 10.0)
    assert sol.ok
    angle = 0.5 * 1000.0 * 10.0
    want = np.cos(angle) - 1j * np.sin(angle) * 0.8
    # The rounding of an angle of 5000 and of each step's share of it.
    np.testing.assert_allclose(sol.propagator[0, 0], want, rtol=0, atol=1e-10)
    assert int(sol.steps) < 2000


def test_a_long_window_stays_unitary():
    sol = lz.solve(lz.LinearSweep(1.0, 1.0), -300.0, 300.0)
    assert sol.ok
    assert defect(sol.propagator) < 1e-12
    want = exact.finite_window_propagator(1.0, 1.0, -300.0, 300.0, digits=80)
    # The default tolerance.
    assert distance(sol.propagator, want) < 1e-8


def test_too_small_a_limit_on_steps_is_a_failure_that_says_so():
    sol = lz.solve(lz.LinearSweep(1.0, 1.0), -50.0, 50.0, max_steps=40)
    assert sol.status == lz.STATUS.inaccurate
    assert not bool(sol.ok)
    with pytest.raises(RuntimeError, match="raise `max_steps`"):
        sol.checked()


def _blows_up(t, p):
    return p, 0.0, 1.0 / jnp.where(t > 0.4, 0.0, 1.0)


def test_a_field_that_is_not_finite_is_a_failure_that_says_so():
    sol = lz.solve(lz.TwoLevelFunction(_blows_up, 1.0), 0.0, 1.0)
    assert sol.status == lz.STATUS.not_finite
    with pytest.raises(RuntimeError, match="not finite within the window"):
        sol.checked()


def test_a_failure_in_one_lane_is_its_own():
    sol = many(
        np.where(np.arange(LANES) == 5, np.nan, GAPS), RATES, STARTS, STOPS, 1e-8
    )
    assert bool((sol.status == lz.STATUS.not_finite)[5])
    fine = np.arange(LANES) != 5
    assert bool(jnp.all(sol.ok[fine]))
    whole = many(GAPS, RATES, STARTS, STOPS, 1e-8)
    np.testing.assert_array_equal(sol.propagator[fine], whole.propagator[fine])


@pytest.mark.parametrize("order", [4, 6])
def test_extrapolation_gains_two_orders_and_more(order):
    """Halving the steps of smooth sweeps lowers the error by 2^(p + 2) at least, and
    the estimate stays above it."""
    solver = {4: lz.Magnus4(), 6: lz.Magnus6()}[order]
    tight = {4: (1e-6, 1e-8), 6: (1e-8, 1e-10)}[order]

    def run(gap, rtol):
        return lz.solve(lz.LinearSweep(gap, 1.0), -9.0, 9.0, rtol=rtol, solver=solver)

    gaps = np.linspace(0.4, 1.8, 8)
    want = [exact.finite_window_propagator(gap, 1.0, -9.0, 9.0) for gap in gaps]
    errors, steps = [], []
    for rtol in tight:
        sol = jax.jit(jax.vmap(run, (0, None)))(gaps, rtol)
        true = [distance(a, b) for a, b in zip(sol.propagator, want, strict=True)]
        assert np.all(np.array(true) < 0.5 * np.asarray(sol.error) + 1e-13)
        errors.append(np.mean(np.asarray(sol.error)))
        steps.append(np.mean(np.asarray(sol.steps)))
    found = np.log(errors[0] / errors[1]) / np.log(steps[1] / steps[0])
    assert found > order + 1.5


def test_the_default_order_goes_with_the_tolerance():
    def steps(rtol, **solver):
        return lz.solve(lz.LinearSweep(1.0, 1.0), -9.0, 9.0, rtol=rtol, **solver).steps

    assert steps(1e-6) == steps(1e-6, solver=lz.Magnus4())
    assert steps(1e-8) == steps(1e-8, solver=lz.Magnus6())
    # A traced tolerance can be any.
    assert jax.jit(steps)(1e-6) == steps(1e-6, solver=lz.Magnus6())
