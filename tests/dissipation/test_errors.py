"""What open systems refuse, and in which words."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax.dissipation import (
    Jumps,
    Lindblad,
    dephasing,
    evolve_lindblad,
    relaxation,
    solve_lindblad,
)
from tests.dissipation.systems import DOWN, qubit

SYSTEM = qubit(0.9, rate=0.8, dephasing=0.3)
SWEEP = lz.LinearSweep(1.0, 1.0)


@pytest.mark.parametrize("solver", [lz.Magnus6(), lz.RungeKutta(), None], ids=str)
def test_a_solver_that_does_not_keep_positivity_is_refused(solver):
    for call in (
        lambda: solve_lindblad(SYSTEM, 0.0, 1.0, solver=solver),
        lambda: evolve_lindblad(SYSTEM, 0, [0.0, 1.0], solver=solver),
    ):
        with pytest.raises(TypeError, match="CommutatorFree4.*positive"):
            call()


def test_a_closed_model_is_refused():
    with pytest.raises(TypeError, match="lz.Lindblad, got LinearSweep.*lz.solve"):
        solve_lindblad(SWEEP, 0.0, 1.0)
    with pytest.raises(TypeError, match="lz.Lindblad, got LinearSweep"):
        evolve_lindblad(SWEEP, 0, [0.0, 1.0])


@pytest.mark.parametrize("window", [(-np.inf, 1.0), (0.0, np.inf)], ids=str)
def test_an_infinite_window_is_refused(window):
    with pytest.raises(ValueError, match="must be finite for an open system"):
        solve_lindblad(SYSTEM, *window)


def test_a_time_that_is_not_a_number_is_refused():
    with pytest.raises(ValueError, match="`t0` must be a time"):
        solve_lindblad(SYSTEM, np.nan, 1.0)
    with pytest.raises(ValueError, match="`t1` must be one number.*vmap"):
        solve_lindblad(SYSTEM, 0.0, [1.0, 2.0])


def test_backwards_in_time_is_refused():
    with pytest.raises(RuntimeError, match="runs forwards in time"):
        solve_lindblad(SYSTEM, 1.0, 0.0)


@pytest.mark.parametrize("steps", [0, -3, 2.5, True])
def test_a_wrong_number_of_steps_is_refused(steps):
    with pytest.raises(ValueError, match="whole number from 1 up"):
        solve_lindblad(SYSTEM, 0.0, 1.0, solver=lz.CommutatorFree4(steps=steps))


@pytest.mark.parametrize("limit", [0, 2.5, None])
def test_a_wrong_limit_on_steps_is_refused(limit):
    with pytest.raises(ValueError, match="`max_steps` must be a whole number"):
        solve_lindblad(SYSTEM, 0.0, 1.0, max_steps=limit)


@pytest.mark.parametrize("rtol", [0.0, 1.0])
def test_a_wrong_tolerance_is_refused(rtol):
    with pytest.raises(ValueError, match="`rtol` must lie between"):
        solve_lindblad(SYSTEM, 0.0, 1.0, rtol=rtol)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (2, "levels 0 to 1, got level 2"),
        (-1, "levels 0 to 1"),
        ([1.0, 0.0, 0.0], r"shape \(2,\), got \(3,\)"),
        (np.eye(3), r"shape \(2, 2\), got \(3, 3\)"),
        (np.zeros((2, 3)), r"shape \(2, 2\), got \(2, 3\)"),
    ],
    ids=["level", "negative", "vector", "matrix", "oblong"],
)
def test_a_wrong_state_is_refused(state, message):
    with pytest.raises(ValueError, match=message):
        evolve_lindblad(SYSTEM, state, [0.0, 1.0])


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0.0, 2.0, 1.0], "out of order"),
        ([1.0, 0.0], "must rise"),
        ([], "at least one"),
        ([[0.0, 1.0]], "one-dimensional"),
        ([0.0, np.inf], "finite"),
    ],
    ids=["order", "falling", "none", "table", "infinite"],
)
def test_wrong_times_are_refused(times, message):
    with pytest.raises(ValueError, match=message):
        evolve_lindblad(SYSTEM, 0, times)


@pytest.mark.parametrize(
    ("operators", "rates"),
    [
        (DOWN, [1.0]),
        ([DOWN], 1.0),
        ([DOWN], [1.0, 2.0]),
        (np.zeros((1, 2, 3)), [1.0]),
    ],
    ids=["no-list", "one-rate", "two-rates", "oblong"],
)
def test_jumps_of_wrong_shapes_are_refused(operators, rates):
    with pytest.raises(
        ValueError, match=r"shape \(K, N, N\) and rates of shape \(K,\)"
    ):
        Jumps(operators, rates)


@pytest.mark.parametrize("rate", [-0.1, np.nan])
def test_a_rate_that_is_negative_or_not_a_number_is_refused(rate):
    for make in (
        lambda: Jumps([DOWN], [rate]),
        lambda: dephasing(rate),
        lambda: relaxation(rate, 0, 1),
    ):
        with pytest.raises(ValueError, match="rates must not be negative"):
            make()


def test_several_rates_at_once_are_refused():
    with pytest.raises(ValueError, match=r"`rate` must have shape \(\).*Jumps"):
        dephasing(jnp.asarray([0.1, 0.2]))
    with pytest.raises(ValueError, match=r"`rate` must have shape \(\).*Jumps"):
        relaxation([0.1, 0.2], 0, 1)


@pytest.mark.parametrize(("source", "target"), [(0, 2), (2, 0), (-1, 0), (0.5, 1)])
def test_a_decay_from_or_to_no_level_is_refused(source, target):
    with pytest.raises(ValueError, match="must be a level from 0 to 1, got"):
        relaxation(0.1, source, target)


def test_jumps_for_another_number_of_levels_are_refused():
    with pytest.raises(
        ValueError, match="jump operators have 3 levels, the model has 2"
    ):
        Lindblad(SWEEP, dephasing(0.1, dim=3))


def test_what_is_not_finite_fails_with_a_status():
    """As under jit, where no constructor can look at numbers."""
    broken = eqx.tree_at(lambda s: s.jumps.rates, SYSTEM, jnp.full(3, jnp.nan))
    solution = solve_lindblad(broken, 0.0, 1.0, solver=lz.CommutatorFree4(steps=4))
    assert not bool(solution.ok)
    assert solution.status == lz.STATUS.not_finite
    with pytest.raises(RuntimeError, match="not finite within the window"):
        solution.checked()
