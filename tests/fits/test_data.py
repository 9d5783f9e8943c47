"""Counts and Means: what they accept, and what they refuse."""

import numpy as np
import pytest

from lzjax.fits import Counts, Means

T = {"t": np.array([1.0, 2.0])}


@pytest.mark.parametrize(
    ("successes", "trials", "match"),
    [
        ([-1, 2], 10, "`successes` is -1 at point 0: counts cannot be negative"),
        ([1, 11], 10, "`successes` is 11 at point 1: more successes than trials"),
        ([0, 0], [10, 0], "`trials` is 0 at point 1: every point needs at least one"),
        ([0.3, 0.4], 10, "counts are whole numbers; for means with errors use lz.Mean"),
        ([1.0, np.nan], 10, "`successes` must be finite, got nan in 1 of 2 entries"),
        ([1, 2, 3], [10, 10], r"`trials` must be as long as the data, \(3,\)"),
        ([[1, 2]], 10, r"`successes` must have shape \(n,\)"),
        ([1, 2, 3], 10, "control 't' must have one entry for each of the 3 data point"),
    ],
)
def test_impossible_counts_are_refused(successes, trials, match):
    with pytest.raises(ValueError, match=match):
        Counts(T, successes, trials)


@pytest.mark.parametrize(
    ("values", "errors", "match"),
    [
        (
            [0.1, 0.2],
            [0.1, 0.0],
            "`errors` is 0 at point 1: standard errors must be po",
        ),
        ([0.1, 0.2], -1.0, "`errors` is -1 at point 0"),
        ([0.1, np.inf], 0.1, "`values` must be finite, got inf"),
        ([0.1, 0.2], [0.1], "`errors` must be as long as the data"),
    ],
)
def test_impossible_means_are_refused(values, errors, match):
    with pytest.raises(ValueError, match=match):
        Means(T, values, errors)


def test_what_is_no_number_is_refused():
    with pytest.raises(TypeError, match="`controls` must be a dict"):
        Counts([1.0, 2.0], [1, 2], 10)
    with pytest.raises(TypeError, match="`successes` must be numbers"):
        Counts(T, ["many", "few"], 10)


def test_a_unit_is_refused_and_named():
    class Quantity(float):
        unit = object.__new__(type("MHz", (), {"__str__": lambda self: "MHz"}))

    with pytest.raises(
        TypeError, match="carries the unit MHz. Fits take plain numbers"
    ):
        Means(T, [0.1, 0.2], Quantity(0.1))


def test_one_number_of_trials_serves_all_points():
    data = Counts(T, [1, 2], 10)
    np.testing.assert_array_equal(data.trials, [10.0, 10.0])
    np.testing.assert_array_equal(data.observed(), [0.1, 0.2])


def test_errors_of_the_data_never_vanish():
    data = Counts(T, [0, 10], 10)
    half = 0.5 / 10
    want = np.sqrt(half * (1 - half) / 10)
    np.testing.assert_allclose(data.data_errors(), [want, want], rtol=1e-14)
