"""What experiments refuse, and in which words."""

import numpy as np
import pytest

import lzjax as lz
from tests.experiments.builds import experiment, sweep
from tests.experiments.test_experiment import DECAYING, GAP, RATES, three_levels


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, r"parameters are \['gap'\]; missing: \['gap'\], unknown: \[\]"),
        (GAP | {"Gap": 1.0}, r"missing: \[\], unknown: \['Gap'\]"),
        ({"gap": [0.8, 0.9]}, r"'gap' must be one number, got shape \(2,\).*jax.vmap"),
    ],
    ids=["missing", "unknown", "many"],
)
def test_wrong_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        experiment()(parameters, RATES)


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({}, r"controls are \['rate', 'time'\]; missing: \['rate', 'time'\]"),
        ({"rate": [1.0], "time": [1.0], "x": [0.0]}, r"unknown: \['x'\]"),
        ({"rate": [1.0, 2.0], "time": [1.0]}, r"same number.*'rate': 2, 'time': 1"),
        ({"rate": [1.0], "time": 1.0}, r"same number.*'time': None"),
    ],
    ids=["missing", "unknown", "unequal", "scalar"],
)
def test_wrong_controls_are_refused(controls, message):
    with pytest.raises(ValueError, match=message):
        experiment(controls=["rate", "time"])(GAP, controls)


@pytest.mark.parametrize("build", [3.0, None, {"gap": 1.0}])
def test_a_build_that_is_no_function_is_refused(build):
    with pytest.raises(TypeError, match="`build` must be a function"):
        lz.Experiment(build)


def test_a_build_that_returns_no_model_is_refused():
    with pytest.raises(TypeError, match="must return a model, got tuple.*lz.TwoLevelF"):
        experiment(lambda p, c: (0.0, 1.0, 2.0))(GAP, RATES)


@pytest.mark.parametrize("names", ["gap", ["gap", 3]])
@pytest.mark.parametrize("which", ["parameters", "controls"])
def test_names_that_are_no_sequence_of_names_are_refused(which, names):
    with pytest.raises(TypeError, match=f"`{which}` must be a sequence of names"):
        lz.Experiment(sweep, **{which: names})


@pytest.mark.parametrize("which", ["parameters", "controls"])
def test_a_name_twice_is_refused(which):
    with pytest.raises(ValueError, match=f"`{which}` has a name twice"):
        lz.Experiment(sweep, **{which: ["gap", "gap"]})


@pytest.mark.parametrize("level", [-1, 0.5, "up", True, None])
@pytest.mark.parametrize("which", ["initial", "measured"])
def test_what_is_no_level_is_refused(which, level):
    with pytest.raises(ValueError, match="a level is a whole number from 0 up"):
        experiment(**{which: level})


@pytest.mark.parametrize("which", ["initial", "measured"])
def test_a_level_that_the_model_lacks_is_refused(which):
    with pytest.raises(
        ValueError, match=f"`{which}` must be a level from 0 to 1, got 2"
    ):
        experiment(**{which: 2})(GAP, RATES)


def test_an_unknown_basis_is_refused():
    with pytest.raises(ValueError, match="`basis` must be one of 'diabatic', 'adiab"):
        experiment(basis="energy")


@pytest.mark.parametrize(
    "window", [(0.0,), (0.0, 1.0, 2.0), 3.0, (0.0, np.nan)], ids=str
)
def test_what_is_no_window_is_refused(window):
    with pytest.raises(ValueError, match=r"`window` must be \(t0, t1\) or a function"):
        experiment(window=window)


def test_two_noises_of_a_kind_are_refused():
    with pytest.raises(ValueError, match="at most one of each kind"):
        experiment(noise=[lz.DetuningNoise(0.1), lz.DetuningNoise("sigma")])


@pytest.mark.parametrize("nodes", [2.5, 9.0, "9", True, None])
def test_nodes_that_are_no_whole_number_are_refused(nodes):
    with pytest.raises(ValueError, match="`nodes` must be a whole number, got"):
        lz.DetuningNoise("sigma", nodes=nodes)


@pytest.mark.parametrize("nodes", [0, -3, 102])
def test_too_few_or_too_many_nodes_are_refused(nodes):
    with pytest.raises(ValueError, match="between 1 and 101"):
        lz.CouplingNoise("sigma", nodes=nodes)


MAKERS = {
    "sigma": lz.DetuningNoise,
    "time": lambda value: lz.PhaseNoise("sigma", time=value),
    "false_positive": lz.ReadoutError,
    "false_negative": lambda value: lz.ReadoutError(0.0, value),
    "dephasing": lz.Dissipation,
    "relaxation": lambda value: lz.Dissipation(0.0, value),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("value", [None, True, (0.1,)], ids=str)
def test_what_is_neither_name_nor_number_is_refused(name, value):
    with pytest.raises(TypeError, match=f"`{name}` must be the name of a parameter or"):
        MAKERS[name](value)


@pytest.mark.parametrize("name", MAKERS)
def test_numbers_that_mean_nothing_are_refused(name):
    bad = [np.nan, np.inf] + ([] if name == "time" else [-0.1])
    bad += [1.1] if name.startswith("false") else []
    for value in bad:
        with pytest.raises(ValueError, match=f"`{name}` must be finite, from"):
            MAKERS[name](value)


@pytest.mark.parametrize(
    "options",
    [{"basis": "adiabatic"}, {"noise": [lz.PhaseNoise(0.1, time=0.0)]}],
    ids=["basis", "phase"],
)
def test_dissipation_has_no_adiabatic_basis_and_no_phase_noise(options):
    with pytest.raises(ValueError, match="diabatic levels and has no PhaseNoise"):
        experiment(dissipation=lz.Dissipation(0.1), **options)


def test_dissipation_over_all_times_is_refused():
    endless = experiment(
        dissipation=lz.Dissipation(0.1), window=(-np.inf, np.inf), solver=None
    )
    with pytest.raises(ValueError, match="must be finite for an open system"):
        endless(GAP, RATES)


def test_a_decay_to_a_level_that_the_model_lacks_is_refused():
    to_nowhere = experiment(dissipation=lz.Dissipation(0.0, "decay", 0, 2))
    with pytest.raises(ValueError, match="`target` must be a level from 0 to 1, got 2"):
        to_nowhere(GAP | {"decay": 0.1}, RATES)
    assert DECAYING.dissipation.source == 1


@pytest.mark.parametrize(
    "part",
    [lz.DetuningNoise(0.1), lz.PhaseNoise(0.1, time=0.0)],
    ids=["shift", "phase"],
)
def test_noise_that_is_for_two_levels_refuses_three(part):
    with pytest.raises(ValueError, match="is for two levels, the model has 3"):
        experiment(three_levels, noise=[part])(GAP, RATES)


def test_an_infinite_window_with_fixed_steps_is_refused():
    with pytest.raises(ValueError, match="an infinite window needs step control"):
        experiment(window=(-np.inf, 0.0))(GAP, RATES)
