"""Fits recover simulated truths, with errors that mean what they say."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax.fits import Means, Parameter, Renamed, fit
from lzjax.fits._fit import _message
from tests.fits.toys import (
    PASSAGE,
    RABI,
    RATES,
    TIMES,
    Driven,
    Passage,
    Rabi,
    counts,
    means,
)
from tests.oracles import oracle

GAP = [Parameter("gap", 1.1, lower=0.0), Parameter("scale", 1.0, fixed=True)]
RABI_STARTS = [
    Parameter("frequency", 4.2, lower=0.0),
    Parameter("width", 0.25, lower=0.0),
    Parameter("contrast", 0.7, lower=0.0, upper=1.0),
    Parameter("floor", 0.05, lower=0.0, upper=0.3),
]


def pull(result, truth):
    """Distances from the truth in standard errors, of all identified parameters."""
    return np.array(
        [
            (result.values[name] - truth[name]) / result.errors[name]
            for name in result.names
            if result.identified[name]
        ]
    )


def test_the_gap_of_known_sweep_rates_is_found():
    data = counts(Passage(), PASSAGE, {"rate": RATES}, 1000, seed=0)
    result = fit(Passage(), data, GAP)
    assert result.success and result.identified == {"gap": True}
    assert np.all(np.abs(pull(result, PASSAGE)) < 4)  # false alarm once in 16000
    assert result.dof == 11 and result.values["scale"] == 1.0
    assert math.isnan(result.errors["scale"])
    # 11 ± √22 degrees of freedom: five standard errors.
    assert result.deviance < 11 + 5 * 22**0.5


def test_the_error_of_one_parameter_is_the_closed_form():
    """σ = (Σ n (dP/dgap)² / (P (1-P)))^(-1/2), the Cramér-Rao bound, at the optimum."""
    data = counts(Passage(), PASSAGE, {"rate": RATES}, 1000, seed=0)
    result = fit(Passage(), data, GAP)
    gap = result.values["gap"]
    p = np.exp(-np.pi * gap**2 / (2 * RATES))
    slope = -np.pi * gap / RATES * p
    want = np.sum(1000 * slope**2 / (p * (1 - p))) ** -0.5
    # The guard on P moves it by 1e-12 of the smallest P (4e-3 here), the rest rounds.
    np.testing.assert_allclose(result.errors["gap"], want, rtol=1e-9)
    np.testing.assert_allclose(result.covariance, [[want**2]], rtol=2e-9)


class Fringe(eqx.Module):
    """Double passage with phase noise: 2 P (1-P) (1 - exp(-σ²/2) cos 2Φ)."""

    parameters = ("P", "sigma")
    controls = ("phase",)

    def __call__(self, parameters, controls):
        p, decay = parameters["P"], jnp.exp(-0.5 * parameters["sigma"] ** 2)
        wave = decay * jnp.cos(2 * controls["phase"])
        return 2 * p * (1 - p) * (1 - wave)


def test_the_errors_of_a_fringe_are_the_cramer_rao_bound():
    """Data without noise: the optimum is the truth, the errors are the bound there."""
    record = oracle("crlb-sigma")
    truth = {name: record["parameters"][name] for name in ("P", "sigma")}
    phases = np.pi * np.arange(record["parameters"]["K"]) / 16
    p = np.asarray(Fringe()(truth, {"phase": phases}))
    error = np.sqrt(p * (1 - p) / record["parameters"]["shots"])
    starts = [Parameter("P", 0.25, 0.0, 0.5), Parameter("sigma", 0.5, lower=0.0)]
    result = fit(Fringe(), Means({"phase": phases}, p, error), starts)
    got = [result.errors["P"], result.errors["sigma"]]
    # The fit stops within 1e-5 standard errors of the truth (relative 1e-2 each).
    np.testing.assert_allclose(got, record["value"], rtol=1e-6)


def test_a_rabi_oscillation_is_found_from_far_starts():
    data = counts(Rabi(), RABI, {"time": TIMES}, 400, seed=1)
    result = fit(Rabi(), data, RABI_STARTS)
    assert result.success and all(result.identified.values()) and not result.at_bound
    assert np.sum(pull(result, RABI) ** 2) < 25  # χ² of 4: once in 20000
    assert result.reached >= 8
    np.testing.assert_allclose(np.diag(result.correlation), 1.0, rtol=1e-12)
    assert result.predictions[0].shape == result.residuals[0].shape == (60,)
    np.testing.assert_allclose(
        np.sum(result.residuals[0] ** 2), result.deviance, rtol=1e-9
    )


def test_random_starts_within_a_factor_of_two_find_the_best_optimum():
    """Ten users, each a factor up to 2 off in every parameter."""
    data = counts(Rabi(), RABI, {"time": TIMES}, 400, seed=1)
    rng = np.random.default_rng(7)
    found = []
    for seed in range(10):
        guess = [
            Parameter(p.name, value, p.lower, p.upper)
            for p in RABI_STARTS
            for value in [min(0.99, RABI[p.name] * 2 ** rng.uniform(-1, 1))]
            if p.upper is not None
        ]
        guess += [
            Parameter(p.name, RABI[p.name] * 2 ** rng.uniform(-1, 1), p.lower)
            for p in RABI_STARTS
            if p.upper is None
        ]
        found.append(fit(Rabi(), data, guess, seed=seed).deviance)
    # Optima closer than 1e-3 in deviance are one: a thirtieth of a standard error.
    assert np.sum(np.array(found) < min(found) + 1e-3) >= 9


def test_means_with_errors_give_least_squares():
    truth = {"coupling": 2.0, "offset": 1.0}
    data = means(Driven(), truth, {"time": TIMES}, 0.02, seed=4)
    starts = [Parameter("coupling", 3.0, lower=0), Parameter("offset", 1.5, lower=0)]
    result = fit(Driven(), data, starts)
    assert np.all(np.abs(pull(result, truth)) < 4)
    np.testing.assert_allclose(result.deviance, result.chi2, rtol=1e-12)
    np.testing.assert_allclose(result.chi2_data, result.chi2, rtol=1e-12)


def test_a_joint_fit_shares_what_has_one_name():
    one = {"coupling": 2.0, "offset": 1.0}
    two = {"coupling": 2.0, "offset": 0.4}
    data = [
        counts(Driven(), one, {"time": TIMES}, 500, seed=5),
        means(Driven(), two, {"time": TIMES[:30]}, 0.02, seed=6),
    ]
    experiments = [Driven(), Renamed(Driven(), {"offset": "offset_two"})]
    starts = [
        Parameter("coupling", 2.9, lower=0),
        Parameter("offset", 1.5, lower=0),
        Parameter("offset_two", 0.6, lower=0),
    ]
    result = fit(experiments, data, starts)
    assert np.all(np.abs(pull(result, {**one, "offset_two": 0.4})) < 4)
    assert [len(p) for p in result.predictions] == [60, 30]
    # Information adds: the shared coupling is known better than from either set alone.
    alone = fit(Driven(), data[0], starts[:2])
    assert result.errors["coupling"] < alone.errors["coupling"]


def test_errors_are_enlarged_only_on_request():
    truth = {"coupling": 2.0, "offset": 1.0}
    good = means(Driven(), truth, {"time": TIMES}, 0.02, seed=4)
    data = Means(good.controls, good.values, np.asarray(good.errors) / 2)
    starts = [Parameter("coupling", 3.0, lower=0), Parameter("offset", 1.5, lower=0)]
    plain, scaled = (
        fit(Driven(), data, starts, scale_errors=choice) for choice in (False, True)
    )
    assert plain.reduced > 2 and plain.error_scale == 1
    ratio = scaled.errors["coupling"] / plain.errors["coupling"]
    np.testing.assert_allclose(ratio, plain.reduced**0.5, rtol=1e-12)
    assert "All errors are enlarged by" in scaled.report()


def test_pulls_are_standard_normal():
    """50 simulated data sets, 4 parameters: errors neither too small nor too big."""
    pulls = []
    for seed in range(50):
        data = counts(Rabi(), RABI, {"time": TIMES}, 400, seed=100 + seed)
        result = fit(Rabi(), data, RABI_STARTS, seed=seed)
        assert all(result.identified.values()), result.report()
        pulls.append(pull(result, RABI))
    pulls = np.array(pulls)
    n = len(pulls)
    # Four standard errors of a mean, 1/√n, and of a standard deviation, 1/√(2n).
    np.testing.assert_allclose(pulls.mean(axis=0), 0.0, atol=4 / n**0.5)
    np.testing.assert_allclose(pulls.std(axis=0), 1.0, atol=4 / (2 * n) ** 0.5)


def test_new_numbers_do_not_compile_again(caplog):
    def run(seed, gap):
        data = counts(Passage(), PASSAGE, {"rate": RATES * gap}, 900 + seed, seed)
        start = [Parameter("gap", gap, lower=0.0), Parameter("scale", gap, fixed=True)]
        return fit(Passage(), data, start, seed=seed)

    run(0, 1.0)
    with jax.log_compiles():
        run(1, 0.9)
    assert [r.message for r in caplog.records if "ompil" in r.message] == []


def test_one_start_goes_from_the_users_value():
    data = counts(Passage(), PASSAGE, {"rate": RATES}, 1000, seed=0)
    one = fit(Passage(), data, GAP, starts=1)
    assert len(one.starts) == 1 and one.reached == 1
    many = fit(Passage(), data, GAP)
    np.testing.assert_allclose(one.values["gap"], many.values["gap"], rtol=1e-6)


class Off(Passage):
    """A passage whose predictions are off by 0.01 everywhere."""

    def __call__(self, parameters, controls):
        return super().__call__(parameters, controls) + 0.01


class Coarse(Passage):
    """A passage that says which one has the finer average."""

    finer = Off()


@pytest.mark.parametrize("renamed", [False, True])
def test_a_coarse_noise_average_is_reported(renamed):
    data = counts(Passage(), PASSAGE, {"rate": RATES}, 1000, seed=0)
    experiment = Renamed(Coarse(), {"gap": "gap"}) if renamed else Coarse()
    result = fit(experiment, data, GAP)
    want = np.max(0.01 / np.asarray(data.data_errors()))
    np.testing.assert_allclose(result.quadrature, want, rtol=1e-9)
    assert "the noise average is too coarse" in result.message
    assert math.isnan(fit(Passage(), data, GAP).quadrature)


def test_a_single_start_at_a_bad_optimum_is_warned_about():
    text = _message(success=True, gain=0.0, quadrature=math.nan, lonely=True)
    assert "a better optimum may exist" in text
    assert _message(success=True, gain=0.0, quadrature=math.nan, lonely=False) == ""


def test_progress_goes_to_stderr(capsys):
    data = counts(Passage(), PASSAGE, {"rate": RATES}, 1000, seed=0)
    fit(Passage(), data, GAP, progress=True)
    out, err = capsys.readouterr()
    assert out == "" and "round 1: 16 starts" in err
