"""Fits: what oscillations identify, coverage of errors, Cramér-Rao bounds."""

import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import breakdown as mb

ALPHA = mb.OrbitLine("alpha", upper_reflections=2)
BETA = mb.OrbitLine("beta", tunnellings=4)
FIELDS = 1 / np.linspace(1 / 30, 1 / 15, 600)
CONTROLS = {"field": FIELDS, "temperature": np.full(600, 0.5)}
TRUTH = {
    "alpha_amplitude": 1.0,
    "alpha_frequency": 600.0,
    "alpha_mass": 1.8,
    "alpha_phase": np.pi,
    "beta_amplitude": 30.0,
    "beta_frequency": 3900.0,
    "beta_mass": 3.5,
    "beta_phase": 0.0,
    "breakdown_field": 41.0,
    "dingle_temperature": 0.5,
}
MASSES = ("alpha_mass", "beta_mass")


def truth(experiment):
    return {name: TRUTH[name] for name in experiment.parameters}


def bound(orbits, known=()):
    experiment = mb.OscillationCurve(orbits)
    known = [name for name in (*MASSES, *known) if name in experiment.parameters]
    return mb.cramer_rao(experiment, truth(experiment), CONTROLS, 0.01, known)


def test_which_orbits_tell_the_breakdown_field():
    alone = bound([BETA])
    assert not alone.identified["breakdown_field"]
    assert not alone.identified["dingle_temperature"]
    assert alone.identified["beta_frequency"]
    assert np.isinf(alone.errors["breakdown_field"])
    free = bound([ALPHA]).errors["breakdown_field"]
    fixed = bound([ALPHA], ["alpha_phase"]).errors["breakdown_field"]
    joint = bound([ALPHA, BETA]).errors["breakdown_field"]
    everything = bound([ALPHA, BETA], ["alpha_phase"]).errors["breakdown_field"]
    assert everything < fixed < 0.3 * free and joint < 0.5 * free
    assert everything < joint


def test_bounds_are_the_errors_of_a_linear_model():
    """B₀ alone: the bound of a mean of y·cos θ weighted by it."""
    experiment = mb.BreakdownAnisotropy()
    angles = np.linspace(-1.0, 1.0, 21)
    values = {"breakdown_field": 20.0, "offset": 0.0}
    found = mb.cramer_rao(experiment, values, {"angle": angles}, 0.3, ["offset"])
    want = 0.3 / np.sqrt(np.sum(1 / np.cos(angles) ** 2))
    np.testing.assert_allclose(found.errors["breakdown_field"], want, rtol=1e-12)
    with pytest.raises(ValueError, match="missing: .'offset'."):
        mb.cramer_rao(experiment, {"breakdown_field": 1.0}, {"angle": angles}, 0.3)


def simulated(experiment, controls, error, seed):
    clean = np.asarray(experiment(truth(experiment), controls))
    noise = np.random.default_rng(seed).normal(0.0, error, clean.shape)
    return lz.Means(controls, clean + noise, error)


def parameters(experiment, **fixed):
    def one(name):
        if name in fixed or name in MASSES:
            return lz.Parameter(name, TRUTH[name], fixed=True)
        if name.endswith(("field", "temperature", "amplitude")):
            return lz.Parameter(name, 1.1 * TRUTH[name], lower=0.0)
        scale = 0.3 if name.endswith("frequency") else 0.2
        return lz.Parameter(name, TRUTH[name], scale=scale)

    return [one(name) for name in experiment.parameters]


@pytest.mark.slow
def test_one_orbit_through_its_junctions_does_not_identify_the_breakdown_field():
    experiment = mb.OscillationCurve([BETA])
    controls = {name: array[::6] for name, array in CONTROLS.items()}
    data = simulated(experiment, controls, 0.001, 1)
    result = lz.fit(experiment, data, parameters(experiment), starts=1)
    assert not result.identified["breakdown_field"]
    assert not result.identified["dingle_temperature"]
    assert result.identified["beta_frequency"]
    assert abs(result.values["beta_frequency"] - 3900.0) < 1.0


def test_two_orbits_together_do():
    experiment = mb.OscillationCurve([ALPHA, BETA])
    controls = {name: array[::3] for name, array in CONTROLS.items()}
    data = simulated(experiment, controls, 0.01, 2)
    result = lz.fit(experiment, data, parameters(experiment), starts=1)
    free = [name for name in experiment.parameters if name not in MASSES]
    assert all(result.identified[name] for name in free), result.report()
    for name in free:
        assert abs(result.values[name] - TRUTH[name]) < 4 * result.errors[name], name
    best = mb.cramer_rao(experiment, result.values, controls, 0.01, MASSES)
    for name in free:
        np.testing.assert_allclose(result.errors[name], best.errors[name], rtol=1e-3)


def test_the_gap_in_the_place_of_the_breakdown_field():
    """B₀ ∝ Δ²: the relative error of Δ is half that of B₀."""
    unit = mb.Junction(1.0, [2e5, 3e5, 0.0], [-2e5, 3e5, 0.0]).breakdown_field(
        [0, 0, 1]
    )
    gap = float(np.sqrt(41.0 / unit))
    by_gap = mb.OscillationCurve([ALPHA, BETA], unit)
    assert "gap" in by_gap.parameters and "breakdown_field" not in by_gap.parameters
    values = {**TRUTH, "gap": gap}
    del values["breakdown_field"]
    found = mb.cramer_rao(by_gap, values, CONTROLS, 0.01, MASSES).errors["gap"]
    want = bound([ALPHA, BETA]).errors["breakdown_field"]
    np.testing.assert_allclose(found / gap, 0.5 * want / 41.0, rtol=1e-9)


@pytest.mark.slow
def test_masses_gap_scattering_and_phases_from_sweeps_at_several_temperatures():
    """Everything free at once: pulls of the size of one."""
    unit = mb.Junction(1.0, [2e5, 3e5, 0.0], [-2e5, 3e5, 0.0]).breakdown_field(
        [0, 0, 1]
    )
    gap = float(np.sqrt(41.0 / unit))
    experiment = mb.OscillationCurve([ALPHA, BETA], unit)
    true = {name: TRUTH[name] for name in TRUTH if name != "breakdown_field"}
    true["gap"] = gap
    temperatures = np.repeat([0.4, 0.8, 1.4, 2.2], 150)
    controls = {"field": np.tile(FIELDS[::4], 4), "temperature": temperatures}
    clean = np.asarray(experiment(true, controls))
    data = lz.Means(controls, np.random.default_rng(8).normal(clean, 0.005), 0.005)

    def one(name):
        if name.endswith(("temperature", "amplitude", "mass", "gap")):
            return lz.Parameter(name, 1.08 * true[name], lower=0.0)
        scale = 0.3 if name.endswith("frequency") else 0.2
        return lz.Parameter(name, true[name] + 0.1 * scale, scale=scale)

    free = [one(name) for name in experiment.parameters]
    result = lz.fit(experiment, data, free, starts=1)
    assert all(result.identified.values()), result.report()
    pulls = [(result.values[n] - true[n]) / result.errors[n] for n in true]
    assert np.max(np.abs(pulls)) < 4 and np.sqrt(np.mean(np.square(pulls))) < 2
    assert result.errors["gap"] < 0.05 * gap


@pytest.mark.slow
def test_errors_of_a_tilted_quasi_two_dimensional_junction_cover_the_truth():
    """40 simulated sets: pulls have unit variance, 68 % lie within one error."""
    experiment = mb.BreakdownAnisotropy()
    angles = np.deg2rad(np.linspace(-70, 70, 15))
    true = {"breakdown_field": 23.0, "offset": 0.03}
    clean = np.asarray(experiment(true, {"angle": jnp.asarray(angles)}))
    error = 0.03 * clean
    rng = np.random.default_rng(11)
    free = [
        lz.Parameter("breakdown_field", 20.0, lower=0.0),
        lz.Parameter("offset", 0.0, scale=0.1),
    ]
    pulls = []
    for _ in range(40):
        data = lz.Means({"angle": angles}, rng.normal(clean, error), error)
        result = lz.fit(experiment, data, free, starts=1)
        pulls.append([(result.values[n] - true[n]) / result.errors[n] for n in true])
    pulls = np.array(pulls)
    # 80 pulls: the mean square has the standard deviation √(2/80) = 0.16, the share
    # within one error √(0.68 · 0.32/80) = 0.05; four of them are allowed.
    assert abs(np.mean(pulls**2) - 1) < 0.64
    assert abs(np.mean(np.abs(pulls) < 1) - 0.683) < 0.21


@pytest.mark.slow
def test_the_gruneisen_parameter_from_pressures():
    experiment = mb.BreakdownUnderPressure()
    pressures = np.linspace(0.0, 1.6, 12)
    true = {"breakdown_field": 41.0, "gruneisen": -2.0, "compressibility": 0.1}
    clean = np.asarray(experiment(true, {"pressure": jnp.asarray(pressures)}))
    values = np.random.default_rng(3).normal(clean, 0.3)
    data = lz.Means({"pressure": pressures}, values, 0.3)
    free = [
        lz.Parameter("breakdown_field", 40.0, lower=0.0),
        lz.Parameter("gruneisen", -1.0),
        lz.Parameter("compressibility", 0.1, fixed=True),
    ]
    result = lz.fit(experiment, data, free, starts=1)
    assert abs(result.values["gruneisen"] + 2.0) < 4 * result.errors["gruneisen"] < 0.5


def test_the_gap_from_the_breakdown_field():
    first, second, direction = [2e5, 1e5, 3e4], [-1e5, 2.5e5, -2e4], [0.6, 0.0, 0.8]
    junction = mb.Junction(0.012, first, second)
    field = junction.breakdown_field(direction)
    gap = mb.junction_gap(field, first, second, direction)
    np.testing.assert_allclose(gap, 0.012, rtol=1e-13)


def test_orbits_need_names_of_their_own():
    with pytest.raises(ValueError, match="each its own"):
        mb.OscillationCurve([ALPHA, ALPHA])
