"""The inverse problem: what went into a map comes out of it."""

import numpy as np
import pytest

import lzjax as lz
from lzjax import interferometry as inter
from tests.exact.oracle_forms import FORMS
from tests.oracles import compute, oracle

TRUE = dict(
    gap=0.08,
    lever_arm=1.7,
    offset_shift=0.21,
    amplitude_scale=2.9,
    relaxation_time=60.0,
    coherence_time=15.0,
)
NOISE = 0.01


def measured(contrast=1.0, background=0.0):
    """A map in volts, with noise."""
    volts, settings = np.linspace(-3.0, 3.1, 111), np.linspace(0.1, 2.0, 10)
    clean = inter.interferogram_lines(
        TRUE["gap"],
        TRUE["lever_arm"] * volts + TRUE["offset_shift"],
        TRUE["amplitude_scale"] * settings,
        1.0,
        relaxation_time=TRUE["relaxation_time"],
        coherence_time=TRUE["coherence_time"],
    ).populations
    rng = np.random.default_rng(4)
    noisy = clean + NOISE * rng.normal(size=clean.shape)
    return inter.Interferogram(volts, settings, background + contrast * noisy)


def agrees(result, *names):
    for name in names:
        assert result.errors[name] < 0.05 * TRUE[name]
        assert abs(result.values[name] - TRUE[name]) < 4 * result.errors[name], name


def test_gap_times_and_calibration_are_read_from_a_map():
    found = inter.read_interferogram(
        measured(), NOISE, 1.0, relaxation_time=TRUE["relaxation_time"], starts=1
    )
    assert found.success and abs(found.deviance / found.points - 1) < 0.2
    agrees(found, "gap", "lever_arm", "offset_shift", "amplitude_scale")
    agrees(found, "coherence_time")


@pytest.mark.slow
def test_gap_and_relaxation_time_are_not_told_apart_by_a_map_alone():
    found = inter.read_interferogram(measured(), NOISE, 1.0, starts=1)
    assert not found.identified["gap"] and not found.identified["relaxation_time"]
    assert "gap^2*relaxation_time" in str(found)
    agrees(found, "lever_arm", "amplitude_scale", "coherence_time")


@pytest.mark.slow
def test_a_signal_of_unknown_contrast_gives_the_gap_too():
    found = inter.read_interferogram(
        measured(3.3, 0.4), 3.3 * NOISE, 1.0, gap=TRUE["gap"], calibrated=False
    )
    agrees(found, "relaxation_time", "coherence_time", "amplitude_scale")
    assert abs(found.values["contrast"] - 3.3) < 4 * found.errors["contrast"]


@pytest.mark.slow
def test_the_full_solution_and_the_formula_predict_nearly_the_same():
    map_ = inter.Interferogram([0.3, 1.0, 2.02], [1.0, 3.0], np.zeros((2, 3)))
    values = dict(
        gap=0.05,
        angular_frequency=1.0,
        lever_arm=1.0,
        offset_shift=0.0,
        amplitude_scale=1.0,
        contrast=2.0,
        background=0.1,
    )
    times = dict(relaxation_time=60.0, coherence_time=15.0)
    for damped, numbers in ((True, values | times), (False, values)):
        short = inter.MapExperiment(damped=damped)
        full = inter.MapExperiment(damped=damped, steps=128)
        assert set(short.parameters) == set(numbers)
        a, b = (e(numbers, map_.controls()) for e in (short, full))
        # Overlap of lines, (gap/ω)² at contrast 2.
        np.testing.assert_allclose(a, b, rtol=0, atol=0.01)


@pytest.mark.slow
def test_an_avoided_crossing_is_read_from_its_resonances():
    """Gap and lever arm of a charge qubit, from where photons are absorbed."""
    rng = np.random.default_rng(1)
    gap, lever, centre, error = 46.0, 105.0, 0.03, 0.8
    x = np.linspace(-1.5, 1.5, 60)
    omega = np.sqrt((lever * (x - centre)) ** 2 + gap**2)
    data = lz.Means({"detuning": x}, omega + error * rng.normal(size=x.size), error)
    start = {"gap": 30.0, "lever_arm": 80.0, "centre": 0.0}
    found = lz.fit(inter.ResonanceCurve(), data, start, starts=1)
    for name, value in (("gap", gap), ("lever_arm", lever), ("centre", centre)):
        assert abs(found.values[name] - value) < 4 * found.errors[name]
    # Two photons of half the energy.
    half = inter.ResonanceCurve(photons=2)(found.values, data.controls)
    np.testing.assert_allclose(2 * half, found.predictions[0], rtol=1e-12)


def test_a_resonance_curve_is_the_gap_of_the_crossing():
    values = dict(gap=4.0, lever_arm=2.0, centre=1.0)
    found = inter.ResonanceCurve(photons=2)(
        values, {"detuning": np.array([1.0, 2.5, -0.5])}
    )
    np.testing.assert_allclose(found, [2.0, 2.5, 2.5])
    with pytest.raises(ValueError, match="`photons` must be a whole number"):
        inter.ResonanceCurve(photons=0)


PHASES = {"phase": 2 * np.pi / 16 * np.arange(16)}
FRINGE = inter.FringeExperiment()


def test_a_fringe_tells_its_noise_as_well_as_the_bound_of_the_oracle_says():
    """16 phases, 1000 shots each, the phase known: Fisher's information."""
    got, want = compute(FORMS, "crlb-sigma"), oracle("crlb-sigma")["value"]
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-9)


@pytest.mark.slow
def test_a_fit_of_a_fringe_reaches_the_bound():
    record = oracle("crlb-sigma")
    p = record["parameters"]
    values = {"p": p["P"], "sigma": p["sigma"], "phase_offset": 0.0}
    mean = np.asarray(FRINGE(values, PHASES))
    data = lz.Counts(PHASES, np.round(1000 * mean), 1000)
    start = [
        lz.Parameter("p", 0.2, lower=0, upper=0.5),
        lz.Parameter("sigma", 0.4, lower=0),
        lz.Parameter("phase_offset", 0.0, fixed=True),
    ]
    found = lz.fit(FRINGE, data, start, starts=1)
    # Whole counts move the values by some hundredths of their errors.
    for name, bound in zip(("p", "sigma"), record["value"], strict=True):
        assert abs(found.values[name] - values[name]) < 0.1 * found.errors[name]
        np.testing.assert_allclose(found.errors[name], bound, rtol=0.02)
