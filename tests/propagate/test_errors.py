"""What is refused, and what the message says: what was got, and what to do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz

MODEL = lz.LinearSweep(1.0, 1.0)


def _refuses(error, message, function, *arguments, **options):
    with pytest.raises(error, match=message):
        function(*arguments, **options)


@pytest.mark.parametrize("function", [lz.solve, lz.transition_matrix])
@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((3.0,), {}, TypeError, "must be a Hamiltonian, got float; wrap your own"),
        (
            (lambda t: t,),
            {},
            TypeError,
            "got function; wrap .* with lz.TwoLevelFunction or lz.HamiltonianFunction",
        ),
        (
            (lz.LinearSweep(np.ones(3), 1.0),),
            {},
            ValueError,
            "never batched inside.*jax.vmap",
        ),
        (
            (lz.LinearSweep(np.nan, 1.0),),
            {},
            ValueError,
            "a parameter of the LinearSweep is not finite: nan",
        ),
        ((lz.LinearSweep(1.0, np.inf),), {}, ValueError, "not finite: inf"),
        ((MODEL, 0.0, np.nan), {}, ValueError, "`t1` must be a time or ±inf, got nan"),
        ((MODEL, [0.0, 1.0], 2.0), {}, ValueError, r"`t0` must be one number.*\(2,\)"),
        ((MODEL, np.inf, np.inf), {}, ValueError, "from inf to inf has no inside"),
        ((MODEL, -np.inf, -np.inf), {}, ValueError, "has no inside"),
        ((MODEL,), {"rtol": 1e-14}, ValueError, "between 1e-12 and 0.1, got 1e-14"),
        ((MODEL,), {"rtol": 0.5}, ValueError, "between 1e-12 and 0.1, got 0.5"),
        ((MODEL,), {"rtol": [1e-8]}, ValueError, r"one number, got shape \(1,\)"),
        ((MODEL,), {"rtol": np.nan}, ValueError, "between 1e-12 and 0.1, got nan"),
        ((MODEL,), {"rtol": "x"}, TypeError, "`rtol` must be one number, got 'x'"),
        ((MODEL,), {"rtol": 1j}, TypeError, "`rtol` must be one number, got 1j"),
        ((MODEL,), {"rtol": 0}, ValueError, "between 1e-12 and 0.1, got 0"),
        ((MODEL,), {"solver": 4}, TypeError, "such as lz.Magnus6.*, got 4"),
        ((MODEL,), {"solver": lz.Magnus6}, TypeError, "such as lz.Magnus6"),
        (
            (MODEL,),
            {"solver": lz.Magnus6(steps=100)},
            ValueError,
            "an infinite window needs step control: leave `steps` out",
        ),
    ],
)
def test_a_wrong_argument_is_refused_at_once(
    function, arguments, options, error, message
):
    _refuses(error, message, function, *arguments, **options)


@pytest.mark.parametrize("max_steps", [0, -3, 2.5])
def test_a_limit_on_steps_that_is_none_is_refused(max_steps):
    _refuses(ValueError, "max_steps", lz.solve, MODEL, 0.0, 1.0, max_steps=max_steps)


@pytest.mark.parametrize(
    ("psi0", "ts", "message"),
    [
        ([1.0, 0.0, 0.0], [0.0, 1.0], r"needs shape \(2,\), got \(3,\).*jax.vmap"),
        (np.eye(2), [0.0, 1.0], r"needs shape \(2,\), got \(2, 2\).*jax.vmap"),
        (2, [0.0, 1.0], "levels 0 to 1, got level 2"),
        (-1, [0.0, 1.0], "levels 0 to 1, got level -1"),
        (0, [0.0, 2.0, 1.0], "all rise or all fall, got times out of order"),
        (0, [], r"at least one time, got \(0,\)"),
        (0, 3.0, r"one-dimensional with at least one time, got \(\)"),
        (0, [0.0, np.inf], "must be finite; lz.solve takes infinite windows"),
        (0, [np.nan, 1.0], "must be finite"),
    ],
)
def test_evolve_refuses_wrong_states_and_times(psi0, ts, message):
    _refuses(ValueError, message, lz.evolve, MODEL, psi0, ts)


def test_evolve_checks_its_other_arguments_too():
    _refuses(TypeError, "must be a Hamiltonian", lz.evolve, 3, 0, [0.0, 1.0])
    wrong = {"max_steps": 0}
    _refuses(ValueError, "whole number", lz.evolve, MODEL, 0, [0.0, 1.0], **wrong)
    _refuses(TypeError, "lz.Magnus6", lz.evolve, MODEL, 0, [0.0, 1.0], solver="best")
    _refuses(ValueError, "between 1e-12", lz.evolve, MODEL, 0, [0.0, 1.0], rtol=0.0)


def test_a_batch_of_times_asks_for_vmap():
    with pytest.raises(ValueError, match="batch with jax.vmap"):
        lz.solve(MODEL, 0.0, jnp.asarray([1.0, 2.0]))


def test_checks_of_structure_work_under_jit():
    with pytest.raises(ValueError, match="never batched inside"):
        jax.jit(lambda g: lz.solve(lz.LinearSweep(g, 1.0)).propagator)(jnp.ones(3))


@pytest.mark.parametrize("name", ["steps", "steps_per_interval"])
@pytest.mark.parametrize("steps", [0, -3, 2.5, True, "8"])
def test_a_stepper_refuses_what_is_no_number_of_steps(name, steps):
    with pytest.raises(ValueError, match="whole number from 1 up"):
        lz.Magnus6(**{name: steps})


def test_a_stepper_takes_one_kind_of_steps():
    with pytest.raises(ValueError, match="not both"):
        lz.Magnus4(steps=8, steps_per_interval=2)
