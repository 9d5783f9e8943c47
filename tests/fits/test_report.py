"""The report, as text."""

import dataclasses

import numpy as np
import pytest

from lzjax.fits import FitResult, Parameter
from lzjax.fits._report import rounded


@pytest.mark.parametrize(
    ("value", "error", "want"),
    [
        (15.28731, 0.01234, ("15.287", "0.012")),
        (15.28731, 0.0996, ("15.29", "0.10")),
        (-0.5, 0.25, ("-0.50", "0.25")),
        (1234.5, 67.0, ("1234", "67")),
        (1.5e12, 2.5e10, ("1.500e+12", "2.5e+10")),
        (3.21e-12, 4.4e-14, ("3.210e-12", "4.4e-14")),
        (0.123456789, float("nan"), ("0.123457", "")),
    ],
)
def test_digits_end_where_the_error_does(value, error, want):
    assert rounded(value, error) == want


RESULT = FitResult(
    parameters=(
        Parameter("frequency", 4.2, lower=0.0),
        Parameter("contrast", 0.7, lower=0.0, upper=1.0),
        Parameter("width", 0.2, lower=0.0),
        Parameter("detuning", 0.0),
        Parameter("rate", 2.0, fixed=True),
    ),
    names=("frequency", "contrast", "width", "detuning"),
    values={
        "frequency": 3.00123,
        "contrast": 0.90512,
        "width": 0.0,
        "detuning": -0.4321,
        "rate": 2.0,
    },
    errors={
        "frequency": 0.00213,
        "contrast": 0.0104,
        "width": np.nan,
        "detuning": 0.12,
        "rate": np.nan,
    },
    covariance=np.array(
        [
            [0.00213**2, 0.5 * 0.00213 * 0.0104, np.nan, 0.0],
            [0.5 * 0.00213 * 0.0104, 0.0104**2, np.nan, -0.2 * 0.0104 * 0.12],
            [np.nan, np.nan, np.nan, np.nan],
            [0.0, -0.2 * 0.0104 * 0.12, np.nan, 0.12**2],
        ]
    ),
    identified={
        "frequency": True,
        "contrast": True,
        "width": False,
        "detuning": True,
    },
    reasons={"width": "the data are compatible with 0; upper limit 0.031 at 95 %"},
    at_bound={"width": "lower"},
    deviance=61.5,
    chi2=60.2,
    chi2_data=63.0,
    points=60,
    starts=np.array([61.5] * 14 + [99.0] * 2),
    reached=14,
    predictions=(np.zeros(60),),
    residuals=(np.zeros(60),),
    quadrature=0.02,
    error_scale=1.0,
    success=True,
    message="",
)

TEXT = """\
60 points in 1 data set, 4 free parameters
  deviance / dof           61.50 / 56 = 1.098
  chi2 / dof               60.20 / 56 = 1.075
  chi2 / dof, data errors  63.00 / 56 = 1.125
  starts                   14 of 16 starts reached the best optimum
  status                   converged

name        value   error  rel. error  start  bounds    notes
----------------------------------------------------------------------------------
frequency  3.0012  0.0021     0.071 %    4.2  [0, inf]
contrast    0.905   0.010       1.1 %    0.7  [0, 1]
width           0                        0.2  [0, inf]  not identified, at lower bound
detuning    -0.43    0.12        28 %      0
rate            2                                       fixed

Not identified:
  width: the data are compatible with 0; upper limit 0.031 at 95 %

Correlations of 0.1 and more:
  frequency  contrast  +0.500
  contrast   detuning  -0.200

Finer noise averages would change predictions by at most 0.02 of a data error."""


def test_the_report_is_this_text():
    got = RESULT.report().splitlines()
    want = TEXT.splitlines()
    want[8] = "-" * max(len(line) for line in want[7:14])
    assert got == want
    assert str(RESULT) == RESULT.report()


def test_the_short_form_names_what_is_open():
    want = "FitResult(4 free parameters, deviance/dof = 1.1, not identified: width)"
    assert repr(RESULT) == want


def test_remarks_are_printed():
    loud = dataclasses.replace(
        RESULT, error_scale=1.5, message="Warning: coarse.", success=False
    )
    text = loud.report()
    assert "NOT CONVERGED" in text and text.endswith("Warning: coarse.")
    assert "All errors are enlarged by 1.5, the root of chi2 / dof." in text


def test_parameters_with_one_reason_share_its_line():
    reasons = {"frequency": "only a*b", "width": "only a*b"}
    text = dataclasses.replace(RESULT, reasons=reasons).report()
    assert "  frequency, width: only a*b" in text


def test_without_degrees_of_freedom_no_ratio_is_given():
    exact = dataclasses.replace(RESULT, points=4)
    assert np.isnan(exact.reduced) and np.isnan(exact.reduced_deviance)
    assert "61.50 / 0\n" in exact.report()
