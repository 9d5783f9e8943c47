"""Averages over noise: records, closed forms, explicit sums and convergence."""

import numpy as np
import pytest

import lzjax as lz
from lzjax.experiments._noise import MAX_NODES, gauss_hermite
from tests.experiments.builds import QUICK, WINDOW, experiment, sweep, triangle
from tests.oracles import oracle

# Both noises at once: with either sigma zero the other's records hold, and with both
# zero the noiseless ones. One compilation. For sigma = 2 the sum over 20 nodes misses
# e^(−2) by 2^20 / (2·20!!) of the next moment, 1e-12; the offset turns the phase by
# 40 ξ, ξ = 0.01, for which 8 nodes leave 0.4^16 / 8! < 1e-11.
DOUBLE_PASSAGE = lz.Experiment(
    triangle,
    parameters=["gap"],
    window=(-80.0, 80.0),
    initial=0,
    measured=1,
    basis="adiabatic",
    noise=[
        lz.PhaseNoise("phase", time=0.0, nodes=20),
        lz.DetuningNoise("offset", nodes=8),
    ],
    rtol=1e-10,
)


@pytest.mark.parametrize(
    ("name", "sigma"),
    [
        ("noise-phase-s1.0", {"phase": 1.0}),
        ("noise-phase-s2.0", {"phase": 2.0}),
        ("static-noise-double", {"offset": 0.01}),
        ("lzsm-double-20", {}),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_a_double_passage_with_noise(name, sigma):
    record = oracle(name)
    numbers = {"gap": 1.0, "phase": 0.0, "offset": 0.0} | sigma
    (got,) = DOUBLE_PASSAGE(numbers, {})
    # Two solves, each to 1e-10 in amplitude, that is 2e-10 in probability: 4e-10 for
    # the records of 1e-10.
    assert abs(got - record["value"]) < max(record["tolerance"], 4e-10)


# The default window: all times.
SLOW = lz.Experiment(
    sweep,
    parameters=["gap"],
    controls=["rate"],
    # exp(−π(Δ₀ + Jx)²/2) over a Gaussian: 60 nodes leave 1e-13 of it.
    noise=[lz.CouplingNoise("relative", nodes=60)],
    rtol=1e-10,
)


def test_a_slowly_varying_gap():
    """Its average over all times has a closed form; relative error J/Δ₀."""
    record = oracle("slow-trans")
    p = record["parameters"]
    numbers = {"gap": p["Delta0"], "relative": p["J"] / p["Delta0"]}
    (got,) = SLOW(numbers, {"rate": [p["alpha"]]})
    # Probabilities to twice the tolerance of amplitudes.
    assert abs(got - record["value"]) < max(record["tolerance"], 2e-10)


def test_over_all_times_it_is_the_formula_of_landau_and_zener():
    (got,) = SLOW({"gap": 0.8, "relative": 0.0}, {"rate": [1.3]})
    # As above.
    assert abs(got - np.exp(-np.pi * 0.8**2 / (2 * 1.3))) < 2e-10


RATES = {"rate": np.array([0.7, 1.3])}


BOTH = experiment(
    noise=[lz.CouplingNoise("eta", nodes=2), lz.DetuningNoise("sigma", nodes=3)]
)


def test_no_noise_is_no_noise():
    plain = experiment()({"gap": 0.8}, RATES)
    noisy = BOTH({"gap": 0.8, "eta": 0.0, "sigma": 0.0}, RATES)
    # Equal numbers with weights that add to one: rounding.
    np.testing.assert_allclose(noisy, plain, rtol=0, atol=1e-14)


def test_detuning_noise_is_the_sum_over_shifted_models():
    noisy = BOTH({"gap": 0.8, "eta": 0.0, "sigma": 0.6}, RATES)
    places, weights = np.polynomial.hermite_e.hermegauss(3)
    want = np.zeros(2)
    for place, weight in zip(places, weights / np.sqrt(2 * np.pi), strict=True):
        for k, rate in enumerate(RATES["rate"]):
            # A shift of the detuning is a shift of time.
            shift = 0.6 * place / rate
            window = (WINDOW[0] + shift, WINDOW[1] + shift)
            model = lz.LinearSweep(0.8, rate)
            want[k] += weight * lz.transition_probability(
                model, *window, initial=0, final=0, solver=QUICK
            )
    # The same steps and sums: rounding.
    np.testing.assert_allclose(noisy, want, rtol=0, atol=1e-12)


def test_coupling_and_detuning_noise_average_over_both():
    # Two nodes lie at ±1 with equal weights.
    want = [
        BOTH({"gap": 0.8 * factor, "eta": 0.0, "sigma": 0.6}, RATES)
        for factor in (0.8, 1.2)
    ]
    got = BOTH({"gap": 0.8, "eta": 0.2, "sigma": 0.6}, RATES)
    # The same steps: rounding.
    np.testing.assert_allclose(got, np.mean(want, axis=0), rtol=0, atol=1e-14)


PHASE = experiment(
    noise=[lz.PhaseNoise("sigma", time="when", nodes=25)],
    controls=["rate", "when"],
    measured=1,
)


def test_phase_noise_shrinks_the_interference_and_no_more():
    """P = c₀ + c₁ e^(−σ²/2): three values of sigma, two unknowns."""
    assert PHASE.parameters == ("gap", "sigma")
    controls = RATES | {"when": [0.5, -0.2]}
    calm, some, wild = (
        PHASE({"gap": 0.8, "sigma": s}, controls) for s in (0.0, 1.0, 2.0)
    )
    kept = (wild - calm) / (some - calm)
    # The nodes miss e^(−2) by 2^50/50!! or so, far below rounding; division by a
    # contrast of 0.1 or more.
    want = (1 - np.exp(-2.0)) / (1 - np.exp(-0.5))
    np.testing.assert_allclose(kept, want, rtol=1e-12)
    plain = experiment(measured=1)({"gap": 0.8}, RATES)
    # Two windows of 24 steps instead of one: the error of fourth order of the longer
    # steps, (0.3)⁴ times a slope of the commutator, below 1e-3.
    np.testing.assert_allclose(calm, plain, rtol=0, atol=1e-3)


def test_phase_noise_outside_of_the_window_fails():
    numbers = {"gap": 0.8, "sigma": 0.5}
    # The ends belong to the window.
    ends = PHASE(numbers, RATES | {"when": list(WINDOW)})
    assert np.all(np.isfinite(ends))
    for when in (-3.1, 4.5):
        with pytest.raises(RuntimeError, match="PhaseNoise acts outside"):
            PHASE(numbers, RATES | {"when": [0.0, when]})


def with_nodes(nodes):
    return experiment(noise=[lz.DetuningNoise("sigma", nodes=nodes)])


NOISY = {"gap": 0.8, "sigma": 0.3}


def test_more_nodes_leave_less_error_and_the_estimate_bounds_it():
    best = with_nodes(11)(NOISY, RATES)
    estimates = []
    for nodes in (3, 7):
        estimate = with_nodes(nodes).quadrature_error(NOISY, RATES)
        error = np.abs(with_nodes(nodes)(NOISY, RATES) - best)
        # Error = change + what four more nodes leave, which is ten times smaller.
        assert np.all(error < 1.1 * estimate), (nodes, error, estimate)
        estimates.append(np.max(estimate))
    assert estimates[0] > 10 * estimates[1]


def test_the_estimate_of_noise_free_predictions_is_zero():
    np.testing.assert_array_equal(
        experiment().quadrature_error({"gap": 0.8}, RATES), np.zeros(2)
    )


def test_where_no_more_nodes_are_allowed_the_estimate_takes_fewer():
    most = with_nodes(MAX_NODES - 1)
    assert [part.nodes for part in most.with_nodes(4).noise] == [MAX_NODES - 5]
    assert [part.nodes for part in with_nodes(3).with_nodes(4).noise] == [7]


@pytest.mark.parametrize("nodes", [1, 2, 9, MAX_NODES])
def test_nodes_reproduce_the_moments_of_a_normal_distribution(nodes):
    places, weights = gauss_hermite(nodes)
    # Rounding of weights that add to one; higher moments grow to 15.
    for power, moment in enumerate([1, 0, 1, 0, 3, 0, 15]):
        if power < 2 * nodes:
            np.testing.assert_allclose(weights @ places**power, moment, atol=1e-11)


def test_the_words_for_each_noise():
    kinds = (
        lz.DetuningNoise(0.1),
        lz.CouplingNoise(0.1),
        lz.PhaseNoise(0.1, time=0.0),
    )
    words = [part.describe() for part in kinds]
    assert words == [
        "quasi-static detuning",
        "relative coupling error",
        "relative phase",
    ]
