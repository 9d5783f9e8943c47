"""Pieces that do not fit together are refused with one clear error."""

import jax.numpy as jnp
import numpy as np
import pytest

from lzjax.fits import Counts, Parameter, Renamed, fit
from tests.fits.toys import PASSAGE, RATES, Passage, counts

STARTS = {"gap": 1.0, "scale": 1.0}


def data():
    return counts(Passage(), PASSAGE, {"rate": RATES}, 100, seed=0)


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"gap": 1.0}, "no value for parameter scale: the experiment needs gap, scale"),
        ({**STARTS, "speed": 1.0}, "no experiment uses parameter speed"),
        ([Parameter("gap", 1.0)] * 2, "given more than once: gap"),
        ([Parameter(n, 1.0, fixed=True) for n in STARTS], "every parameter is fixed"),
    ],
)
def test_parameters_must_match_the_experiment(parameters, match):
    with pytest.raises(ValueError, match=match):
        fit(Passage(), data(), parameters)


@pytest.mark.parametrize(
    ("controls", "match"),
    [
        ({}, r"\(missing: rate\). It needs rate; got none"),
        ({"rates": RATES}, "missing: rate; not used: rates"),
        ({"rate": RATES, "time": RATES}, r"\(not used: time\)"),
    ],
)
def test_controls_must_match_the_experiment(controls, match):
    wrong = Counts(controls, np.ones(12), 10)
    with pytest.raises(ValueError, match=match):
        fit(Passage(), wrong, STARTS)
    with pytest.raises(ValueError, match="the controls of data set 2 do not match"):
        fit([Passage(), Passage()], [data(), wrong], STARTS)


def test_experiments_and_data_must_pair():
    with pytest.raises(TypeError, match="must both be single or both be sequences"):
        fit(Passage(), [data()], STARTS)
    with pytest.raises(ValueError, match="got 1 experiments for 2 data sets"):
        fit([Passage()], [data(), data()], STARTS)
    with pytest.raises(TypeError, match="`data` must be lz.Counts or lz.Means, got di"):
        fit(Passage(), {"rate": RATES}, STARTS)
    with pytest.raises(TypeError, match="an experiment is callable and has `.paramete"):
        fit(lambda parameters, controls: 0.5, data(), STARTS)


class Pair(Passage):
    def __call__(self, parameters, controls):
        return jnp.stack([super().__call__(parameters, controls)] * 2)


class Broken(Passage):
    def __call__(self, parameters, controls):
        return jnp.nan * super().__call__(parameters, controls)


class Impossible(Passage):
    def __call__(self, parameters, controls):
        return 1.1 + super().__call__(parameters, controls)


def test_predictions_must_be_one_a_point():
    with pytest.raises(ValueError, match=r"predicts shape \(2, 12\) for data of shape"):
        fit(Pair(), data(), STARTS)


@pytest.mark.parametrize("experiment", [Broken(), Impossible()])
def test_predictions_that_are_no_probabilities_are_an_error(experiment):
    with pytest.raises(RuntimeError, match="no start gave finite predictions"):
        fit(experiment, data(), STARTS)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (dict(starts=0), "`starts` must be a whole number >= 1, got 0"),
        (dict(steps=2.5), "`steps` must be a whole number >= 1, got 2.5"),
        (dict(spread=0.5), "`spread` is a factor and must be >= 1, got 0.5"),
    ],
)
def test_options_are_checked(options, match):
    with pytest.raises(ValueError, match=match):
        fit(Passage(), data(), STARTS, **options)


def test_renamed_changes_names_and_nothing_else():
    renamed = Renamed(Passage(), {"gap": "gap_left"})
    assert renamed.parameters == ("gap_left", "scale")
    assert renamed.controls == ("rate",)
    got = renamed({"gap_left": 0.8, "scale": 1.0}, {"rate": RATES})
    np.testing.assert_array_equal(got, Passage()(PASSAGE, {"rate": RATES}))
    with pytest.raises(ValueError, match="cannot rename width: the experiment's param"):
        Renamed(Passage(), {"width": "w"})
    with pytest.raises(ValueError, match="two parameters have the same name"):
        Renamed(Passage(), {"gap": "scale"})
