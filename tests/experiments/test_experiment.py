"""Experiments: what is predicted, for whom, and how it transforms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import models
from lzjax.dissipation import Lindblad, dephasing, relaxation, solve_lindblad
from tests.experiments.builds import QUICK, WINDOW, experiment, fixed_sweep
from tests.helpers import differences

RATES = {"rate": np.array([0.7, 1.3])}
GAP = {"gap": 0.8}


def probability(gap, rate, window=WINDOW, **options):
    options = {"initial": 0, "final": 0, "solver": QUICK} | options
    return float(
        lz.transition_probability(lz.LinearSweep(gap, rate), *window, **options)
    )


def test_predictions_are_transition_probabilities():
    want = [probability(0.8, rate) for rate in RATES["rate"]]
    # The same steps: rounding.
    np.testing.assert_allclose(experiment()(GAP, RATES), want, rtol=0, atol=1e-14)


def test_the_prepared_and_the_measured_level():
    flipped = experiment(initial=1, measured=0)(GAP, RATES)
    want = [probability(0.8, r, initial=1, final=0) for r in RATES["rate"]]
    np.testing.assert_allclose(flipped, want, rtol=0, atol=1e-14)  # rounding


def test_the_adiabatic_basis():
    jump = experiment(basis="adiabatic", measured=1)(GAP, RATES)
    want = [probability(0.8, r, final=1, basis="adiabatic") for r in RATES["rate"]]
    np.testing.assert_allclose(jump, want, rtol=0, atol=1e-14)  # rounding
    assert np.all(np.abs(jump - experiment(measured=1)(GAP, RATES)) > 1e-3)


def test_a_window_that_depends_on_the_point():
    until = experiment(
        fixed_sweep,
        controls=["end"],
        parameters=["gap", "start"],
        window=lambda p, c: (p["start"], c["end"]),
    )
    got = until(GAP | {"start": -3.0}, {"end": [0.5, 4.0]})
    want = [probability(0.8, 1.0, (-3.0, end)) for end in (0.5, 4.0)]
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-14)  # rounding


def test_without_controls_there_is_one_point():
    alone = experiment(fixed_sweep, controls=())(GAP, {})
    assert alone.shape == (1,)
    # The same steps: rounding.
    np.testing.assert_allclose(alone[0], probability(0.8, 1.0), rtol=0, atol=1e-14)


def pulsed(p, c):
    """The waveform of each point is a row of a table."""
    detuning = c["slope"] * models.PiecewiseLinear([-3.0, 0.0, 4.0], c["table"])
    return lz.TwoLevel(detuning, p["gap"])


def test_controls_with_tables_and_several_names():
    got = experiment(pulsed, controls=["table", "slope"])(
        GAP, {"slope": [0.5, 1.0], "table": [[-3.0, 0.0, 4.0], [-1.0, 2.0, 0.5]]}
    )
    for k, (slope, table) in enumerate([(0.5, [-3, 0, 4]), (1.0, [-1, 2, 0.5])]):
        wave = models.PiecewiseLinear([-3.0, 0.0, 4.0], slope * np.array(table, float))
        u = lz.solve(lz.TwoLevel(wave, 0.8), *WINDOW, solver=QUICK).propagator
        # The same steps: rounding.
        np.testing.assert_allclose(got[k], abs(u[0, 0]) ** 2, rtol=0, atol=1e-14)


def three_levels(p, c):
    """A spin one in the field of the sweep."""
    up = jnp.diag(jnp.array([1.0, 0.0, -1.0])) * c["rate"]
    flip = p["gap"] * jnp.array([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 2**0.5
    return lz.HamiltonianFunction(lambda t, h: h[0] * t + h[1], (up, flip))


def test_models_of_many_levels():
    """A spin one flips as two spins one half do: with the square of their P."""
    noise = [lz.CouplingNoise(0.3, nodes=2)]
    got = experiment(three_levels, measured=2, noise=noise)(GAP, RATES)
    half = experiment(measured=1)
    # Two nodes lie at ±1 with equal weights.
    flips = [half({"gap": 0.8 * factor}, RATES) ** 2 for factor in (0.7, 1.3)]
    # The same steps in another representation: rounding.
    np.testing.assert_allclose(got, np.mean(flips, axis=0), rtol=0, atol=1e-13)


def test_readout_errors_map_the_probability():
    read = experiment(readout=lz.ReadoutError("dark", 0.1))
    assert read.parameters == ("gap", "dark")
    p = experiment()(GAP, RATES)
    got = read(GAP | {"dark": 0.03}, RATES)
    # One line of arithmetic: rounding.
    np.testing.assert_allclose(got, 0.03 + (1 - 0.03 - 0.1) * p, rtol=0, atol=1e-15)
    perfect = lz.ReadoutError()
    assert perfect.names() == ()
    assert perfect(0.25, {}) == 0.25


DECAYING = experiment(
    dissipation=lz.Dissipation("gamma", relaxation="decay", source=1, target=0),
    solver=lz.CommutatorFree4(steps=24),
    initial=1,
    measured=0,
)


def test_dissipation_is_the_lindblad_equation():
    assert DECAYING.parameters == ("gap", "gamma", "decay")
    got = DECAYING(GAP | {"gamma": 0.3, "decay": 0.2}, RATES)
    jumps = dephasing(0.3) + relaxation(0.2, 1, 0)
    for k, rate in enumerate(RATES["rate"]):
        system = Lindblad(lz.LinearSweep(0.8, rate), jumps)
        rho = solve_lindblad(system, *WINDOW, solver=lz.CommutatorFree4(steps=24))(1)
        # The same steps: rounding.
        np.testing.assert_allclose(got[k], rho[0, 0].real, rtol=0, atol=1e-13)


def test_any_solver_lends_its_steps_to_dissipation():
    """The step itself has to keep positivity."""
    numbers = GAP | {"gamma": 0.3, "decay": 0.2}
    other = experiment(
        dissipation=DECAYING.dissipation,
        solver=lz.RungeKutta(steps=24),
        initial=1,
        measured=0,
    )
    np.testing.assert_array_equal(other(numbers, RATES), DECAYING(numbers, RATES))


def test_a_negative_rate_of_decay_fails():
    negative = GAP | {"gamma": -0.1, "decay": 0.2}
    with pytest.raises(RuntimeError, match="decay rate is negative"):
        DECAYING(negative, RATES)


NAMED = experiment(
    parameters=["gap", "sigma"],
    readout=lz.ReadoutError("dark", "dark"),
    noise=[
        lz.DetuningNoise("sigma"),
        lz.CouplingNoise("eta"),
        lz.PhaseNoise("sigma", time="when"),
    ],
)


def test_the_names_of_all_parameters_come_once_and_in_order():
    assert NAMED.parameters == ("gap", "sigma", "dark", "eta", "when")
    assert NAMED.controls == ("rate",)
    assert experiment(noise=[lz.DetuningNoise(0.3)]).parameters == ("gap",)


# --- transformations ------------------------------------------------------------------

FULL = experiment(
    noise=[lz.DetuningNoise("sigma", nodes=3)], readout=lz.ReadoutError("dark")
)
# Python numbers would be weakly typed, and compiled anew when moved.
NUMBERS = {
    name: jnp.asarray(value, float)
    for name, value in {"gap": 0.8, "sigma": 0.4, "dark": 0.05}.items()
}


@jax.jit
def jacobians(numbers, controls):
    def predict(numbers):
        return FULL(numbers, controls)

    return predict(numbers), jax.jacfwd(predict)(numbers), jax.jacrev(predict)(numbers)


@pytest.mark.parametrize("sigma", [0.4, 0.0])
def test_jacobians_both_ways_against_differences(sigma):
    numbers = NUMBERS | {"sigma": jnp.asarray(sigma, float)}
    controls = {"rate": jnp.asarray(RATES["rate"])}
    value, forward, reverse = jacobians(numbers, controls)
    # Under jit or not: the same numbers to rounding.
    np.testing.assert_allclose(value, FULL(numbers, RATES), rtol=0, atol=1e-14)
    for k in range(2):
        want = differences(lambda n, k=k: jacobians(n, controls)[0][k], numbers)
        for name, slope in want.items():
            # Differences with steps of 1e-3 leave 1e-12 in the fourth order and 1e-13
            # of rounding; forwards and backwards differ by rounding.
            np.testing.assert_allclose(forward[name][k], slope, rtol=0, atol=1e-9)
            np.testing.assert_allclose(
                reverse[name][k], forward[name][k], rtol=0, atol=1e-12
            )


def test_a_batch_of_parameters_is_what_its_members_are_alone():
    gaps = jnp.asarray([0.2, 0.8, 1.4])
    got = jax.jit(jax.vmap(lambda g: FULL(NUMBERS | {"gap": g}, RATES)))(gaps)
    assert got.shape == (3, 2)
    for k in range(3):
        # The same steps, fused differently: rounding.
        np.testing.assert_allclose(
            got[k], FULL(NUMBERS | {"gap": gaps[k]}, RATES), rtol=0, atol=1e-13
        )


def test_new_numbers_do_not_compile_again(caplog):
    FULL(NUMBERS, RATES)
    with jax.log_compiles():
        FULL({"gap": 0.3, "sigma": 1.0, "dark": 0.1}, {"rate": np.array([2.0, 0.4])})
        # Nor does an equal experiment.
        again = experiment(
            noise=[lz.DetuningNoise("sigma", nodes=3)], readout=lz.ReadoutError("dark")
        )
        again({"gap": 0.4, "sigma": 2.0, "dark": 0.2}, {"rate": np.array([1.0, 0.7])})
    assert [r.message for r in caplog.records if "ompil" in r.message] == []


# --- failures -------------------------------------------------------------------------


def test_a_failed_point_raises_or_is_nan_and_spoils_no_other():
    broken = {"rate": np.array([0.7, np.inf])}
    with pytest.raises(RuntimeError, match="solve failed at one point or more"):
        experiment()(GAP, broken)
    got = experiment().unchecked()(GAP, broken)
    np.testing.assert_array_equal(np.isnan(got), [False, True])
    # The same steps: rounding.
    np.testing.assert_allclose(got[0], experiment()(GAP, RATES)[0], rtol=0, atol=1e-14)
    with pytest.raises(RuntimeError, match="solve failed"):
        experiment()({"gap": np.nan}, RATES)
