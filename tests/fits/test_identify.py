"""What the data do not determine is said, never given a number with a small error."""

import math
import re

import jax.numpy as jnp
import numpy as np
import pytest

from lzjax.fits import Counts, Parameter, fit
from lzjax.fits._words import describe_open
from tests.exact.oracle_forms import FORMS
from tests.fits.toys import (
    PASSAGE,
    RABI,
    RATES,
    TIMES,
    Constant,
    Driven,
    Passage,
    Rabi,
    counts,
    means,
)
from tests.oracles import compute, oracle

LIMIT = re.compile(r"(?:upper|lower) limit ([\d.e+-]+) at 95 %")


def no_number(result, name):
    """Nothing in the result could be taken for a determination of `name`."""
    k = result.names.index(name)
    assert not result.identified[name] and name in result.reasons
    assert math.isnan(result.errors[name])
    assert np.all(np.isnan(result.covariance[k]))
    assert "not identified" in result.report()
    return result.reasons[name]


@pytest.mark.parametrize("bounded", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_one_passage_determines_only_gap_squared_over_rate(bounded):
    data = counts(Passage(), PASSAGE, {"rate": RATES}, 1000, seed=0)
    lower = 0.0 if bounded else None
    starts = [Parameter("gap", 1.1, lower), Parameter("scale", 1.7, lower)]
    result = fit(Passage(), data, starts)
    for name in ("gap", "scale"):
        reason = no_number(result, name)
        assert "the data determine only gap^2/scale" in reason
        assert "(d ln gap : d ln scale = 1 : 2)" in reason
    # What is determined has the value that a fit of the gap alone gives.
    fixed = [Parameter("gap", 1.1, lower), Parameter("scale", 1.0, fixed=True)]
    alone = fit(Passage(), data, fixed).values["gap"] ** 2
    both = result.values["gap"] ** 2 / result.values["scale"]
    np.testing.assert_allclose(both, alone, rtol=1e-5)  # the fits' own tolerance


def test_the_jacobian_of_one_passage_has_rank_one():
    got, want = compute(FORMS, "ident-rank"), oracle("ident-rank")["value"]
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_a_parameter_that_does_nothing_is_said_to():
    data = counts(Constant(), {"p": 0.3}, {"shot": np.arange(20)}, 100, seed=1)
    result = fit(Constant(), data, {"p": 0.4, "spare": 1.0})
    assert no_number(result, "spare") == "no prediction depends on it"
    # The other keeps its error: √(p (1-p) / N) of the mean.
    p = result.values["p"]
    want = (p * (1 - p) / 2000) ** 0.5
    np.testing.assert_allclose(result.errors["p"], want, rtol=1e-9)


def rabi_without_width(seed):
    truth = {**RABI, "width": 0.0}
    data = counts(Rabi(), truth, {"time": TIMES}, 400, seed=seed)
    starts = [
        Parameter("frequency", 3.5, lower=0.0),
        Parameter("width", 0.2, lower=0.0),
        Parameter("contrast", 0.8, lower=0.0, upper=1.0),
        Parameter("floor", 0.05, lower=0.0, upper=0.3),
    ]
    return truth, data, fit(Rabi(), data, starts)


@pytest.mark.parametrize("seed", range(4))
def test_a_noise_width_compatible_with_zero_gets_an_upper_limit(seed):
    """P is even in the width: at zero its derivative vanishes, and so does F."""
    truth, data, result = rabi_without_width(seed)
    reason = no_number(result, "width")
    assert "the data are compatible with 0" in reason
    # The others' errors stay valid.
    for name in ("frequency", "contrast", "floor"):
        distance = (result.values[name] - truth[name]) / result.errors[name]
        assert abs(distance) < 4.5
    # The limit is where the profile has risen by 2.71, by an independent profile.
    found = float(LIMIT.search(reason).group(1))
    starts = [
        Parameter(name, result.values[name], lower=0.0)
        for name in ("frequency", "contrast", "floor")
    ]
    rise = [
        fit(Rabi(), data, [*starts, Parameter("width", w, fixed=True)]).deviance
        - result.deviance
        for w in (0.93 * found, 1.07 * found)
    ]
    # Two digits are printed (5 % at worst), the interpolation adds a few per cent.
    assert rise[0] < 2.7055 * max(1, result.reduced) < rise[1]


def test_a_clear_width_is_identified():
    data = counts(Rabi(), RABI, {"time": TIMES}, 400, seed=0)
    starts = [
        Parameter("frequency", 3.5, lower=0.0),
        Parameter("width", 0.2, lower=0.0),
        Parameter("contrast", 0.8, lower=0.0, upper=1.0),
        Parameter("floor", 0.05, lower=0.0, upper=0.3),
    ]
    assert fit(Rabi(), data, starts).reasons == {}


def test_a_parameter_held_back_by_its_bound_is_said_to():
    data = counts(Passage(), PASSAGE, {"rate": RATES}, 1000, seed=0)
    starts = [
        Parameter("gap", 0.5, lower=0.0, upper=0.7),
        Parameter("scale", 1.0, fixed=True),
    ]
    result = fit(Passage(), data, starts)
    assert result.at_bound == {"gap": "upper"} and result.values["gap"] == 0.7
    assert "at its upper bound" in no_number(result, "gap")
    assert "at upper bound" in result.report()


def test_an_even_parameter_without_bounds_is_not_given_a_small_error():
    truth = {"coupling": 2.0, "offset": 0.0}
    data = counts(Driven(), truth, {"time": TIMES}, 300, seed=2)
    result = fit(Driven(), data, {"coupling": 2.5, "offset": 0.3})
    if not result.identified["offset"]:
        assert "limit" in no_number(result, "offset")
    assert abs(result.values["coupling"] - 2.0) < 4.5 * result.errors["coupling"]


class Sum(Driven):
    """A detuned oscillation whose offset has two parts, never told apart."""

    parameters = ("coupling", "first", "second")

    def __call__(self, parameters, controls):
        offset = parameters["first"] + parameters["second"]
        return super().__call__(
            {"coupling": parameters["coupling"], "offset": offset}, controls
        )


def test_two_offsets_that_only_add_are_told_as_a_sum():
    truth = {"coupling": 2.0, "first": 1.5, "second": -0.3}
    data = means(Sum(), truth, {"time": TIMES}, 0.01, seed=3)
    starts = [
        Parameter("coupling", 2.5, lower=0.0),
        Parameter("first", 1.0),
        Parameter("second", -0.4),
    ]
    result = fit(Sum(), data, starts)
    for name in ("first", "second"):
        assert "the data determine only first + second" in no_number(result, name)
    # What has no part in it is marginalised as if the sum were one parameter.
    one = [Parameter("coupling", 2.5, lower=0.0), Parameter("offset", 1.0, lower=0.0)]
    alone = fit(Driven(), data, one)
    np.testing.assert_allclose(
        result.errors["coupling"], alone.errors["coupling"], rtol=1e-4
    )  # both optima are good to 1e-5 standard errors


class Product(Passage):
    """A passage seen through two efficiencies, and with a faint trace of the gap."""

    parameters = ("gap", "scale", "first", "second")

    def __call__(self, parameters, controls):
        seen = super().__call__(parameters, controls)
        trace = 1e-3 * parameters["gap"] * jnp.sin(controls["rate"])
        return parameters["first"] * parameters["second"] * seen * (1 + trace)


@pytest.mark.parametrize("upper", [1.0, None])
def test_a_bound_met_along_an_open_direction_determines_nothing(upper):
    """Only the product counts; that one of the two meets its bound is an accident."""
    truth = {**PASSAGE, "first": 0.9, "second": 0.8}
    data = counts(Product(), truth, {"rate": RATES}, 2000, seed=0)
    starts = [
        Parameter("gap", 1.0, lower=0.0),
        Parameter("scale", 1.2, lower=0.0),
        Parameter("first", 0.8, lower=0.0, upper=upper),
        Parameter("second", 0.7, lower=0.0, upper=upper),
    ]
    result = fit(Product(), data, starts)
    assert "the data determine only first*second" in no_number(result, "first")
    no_number(result, "second")
    # The trace breaks the degeneracy of gap and scale, far too weakly to be of use.
    assert "almost unseen by the data" in no_number(result, "gap")
    no_number(result, "scale")


def test_no_success_at_all_gives_a_lower_limit_for_the_gap():
    """All 20 · 12 trials ended in the other state: any larger gap will do."""
    data = Counts({"rate": RATES}, np.zeros(12), 20)
    starts = [Parameter("gap", 2.0, lower=0.0), Parameter("scale", 1.0, fixed=True)]
    result = fit(Passage(), data, starts)
    found = float(LIMIT.search(no_number(result, "gap")).group(1))

    def deviance(gap):
        return -2 * 20 * np.sum(np.log1p(-np.exp(-np.pi * gap**2 / (2 * RATES))))

    # Two digits are printed (2 %), the interpolation adds a few per cent.
    assert deviance(1.06 * found) < 2.7055 < deviance(0.94 * found)


def test_directions_are_put_into_words():
    x = np.array([1.3, 0.7, 2.9])
    v = (x * np.array([1.0, 2.0, -1.0]))[:, None]
    text = describe_open(("gap", "rate", "time"), x, v, exact=True)
    assert "gap*time and rate*time^2" in text
    assert "(d ln gap : d ln rate : d ln time = 1 : 2 : -1)" in text
    odd = (x[:2] * np.array([1.0, 0.618034]))[:, None]
    text = describe_open(("gap", "rate"), x[:2], odd, exact=True)
    assert "(d ln gap : d ln rate = 1 : 0.618)" in text
