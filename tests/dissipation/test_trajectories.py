"""Averages over paths of the noise: the paths' statistics, and limits on paper."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import dissipation, exact
from lzjax.dissipation import OneOverF, OrnsteinUhlenbeck, RandomTelegraph, WhiteNoise
from tests.dissipation.systems import X, Z

SWEEP = lz.LinearSweep(1.0, 1.0)
PATHS = 4000
EDGES = jnp.linspace(0.0, 3.0, 13)


def kubo(rate, t):
    """Variance of the integral of unit coloured noise over a time t."""
    return 2.0 * (rate * t - 1.0 + np.exp(-rate * t)) / rate**2


def telegraph(rate):
    """The same for a random telegraph, from its values at the middles."""
    h = float(EDGES[1] - EDGES[0])
    apart = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    return h**2 * np.sum(np.exp(-2 * rate * h * apart))


ONE_OVER_F = OneOverF(Z / 2, 0.7, 0.1, 30.0, 9)
PROCESSES = {
    "white": (WhiteNoise(Z / 2, 0.6), 0.6 * 3.0),
    "coloured": (OrnsteinUhlenbeck(Z / 2, 0.8, 1.2), 0.64 * kubo(1.2, 3.0)),
    "slow": (OrnsteinUhlenbeck(Z / 2, 0.8, 1e-4), 0.64 * 9.0),
    "fast": (OrnsteinUhlenbeck(Z / 2, 0.8, 200.0), 0.64 * kubo(200.0, 3.0)),
    "telegraph": (RandomTelegraph(Z / 2, 0.9, 0.5), 0.81 * telegraph(0.5)),
    "1/f": (
        ONE_OVER_F,
        0.49 * np.mean([kubo(float(r), 3.0) for r in ONE_OVER_F.rates()]),
    ),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_paths_have_the_variance_of_their_integral(name):
    process, variance = PROCESSES[name]
    keys = jax.random.split(jax.random.key(7), PATHS)
    paths = jax.jit(jax.vmap(lambda key: process.values(key, EDGES)))(keys)
    integral = np.asarray(jnp.sum(paths, axis=1) * (EDGES[1] - EDGES[0]))
    # The variance of N Gaussian draws is known to √(2/N); four of those.
    np.testing.assert_allclose(np.var(integral), variance, rtol=4 * (2 / PATHS) ** 0.5)
    assert abs(np.mean(integral)) < 4 * (variance / PATHS) ** 0.5


def test_the_spectrum_of_one_over_f_noise():
    noise = OneOverF(Z / 2, 0.7, 1e-3, 1e4, 15)
    omega = np.geomspace(1.0, 3.0, 5)
    expected = 14 / 15 * np.pi * 0.7**2 / np.log(1e7) / omega
    # Two rates a decade ripple by 1e-3; the ends, three decades away, cut off as much.
    np.testing.assert_allclose(noise.spectrum(omega), expected, rtol=3e-3)


def average(noise, gap, end, *, intervals, seed=3, model=None, trajectories=1000):
    model = lz.LinearSweep(gap, 1.0) if model is None else model
    return dissipation.trajectory_average(
        model,
        noise,
        0,
        -end,
        end,
        key=jax.random.key(seed),
        intervals=intervals,
        trajectories=trajectories,
    )


def test_slow_noise_of_the_gap_averages_the_gap():
    found = average(OrnsteinUhlenbeck(X / 2, 0.6, 1e-6), 0.8, 8.0, intervals=100)
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    windows = [exact.finite_window_propagator(0.8 + 0.6 * x, 1, -8, 8) for x in nodes]
    each = np.array([abs(window[0, 0]) ** 2 for window in windows])
    known = weights @ each / weights.sum()
    # Four standard errors: one key in 16 000 fails by chance.
    assert abs(found.probabilities[0] - known) < 4 * found.standard_error[0]
    assert 0.003 < found.standard_error[0] < 0.02
    np.testing.assert_allclose(jnp.sum(found.probabilities), 1.0, atol=1e-9)
    # A complete sweep: Kayanuma's slow limit, up to the ripple of the window, Δ/8.
    assert abs(known - exact.slow_gap_noise(0.8, 0.6, 1.0)) < 0.1


def test_white_noise_ends_as_strong_dephasing_says():
    """Rates Δ²γ/(ε² + γ²)/2 between the levels, integrated over the window."""
    gamma, end = 10.0, 10.0
    found = average(WhiteNoise(Z / 2, 2 * gamma), 1.0, end, intervals=1000)
    known = 0.5 * (1 + np.exp(-2.0 * np.arctan(end / gamma)))
    # Corrections of (Δ/γ)² beside the statistics.
    assert abs(found.probabilities[0] - known) < 4 * found.standard_error[0] + 0.005


def test_keys_are_reproducible_and_batches_change_nothing():
    noise = OrnsteinUhlenbeck(X / 2, 0.6, 1e-6)
    options = dict(intervals=10, trajectories=20)

    def run(seed, batch):
        return dissipation.trajectory_average(
            SWEEP, noise, 0, -1.0, 1.0, key=jax.random.key(seed), batch=batch, **options
        )

    first, again, other = run(1, 20), run(1, 4), run(2, 20)
    np.testing.assert_allclose(first.mean, again.mean, rtol=0, atol=1e-13)
    np.testing.assert_allclose(
        first.standard_error, again.standard_error, rtol=1e-9, atol=1e-12
    )
    assert abs(first.mean[0, 0] - other.mean[0, 0]) > 1e-6
    both = first + other
    assert both.trajectories == 40
    np.testing.assert_allclose(both.mean, (first.mean + other.mean) / 2)
    assert both.standard_error[0] < first.standard_error[0]


@pytest.mark.slow
def test_coloured_noise_agrees_with_its_exact_average():
    noise = OrnsteinUhlenbeck(Z / 2, 1.0, 2.0)
    found = average(noise, 1.0, 6.0, intervals=200, trajectories=4000)
    rho = dissipation.NoiseAverage(SWEEP, noise, orders=8).average(
        0, -6.0, 6.0, rtol=1e-6
    )
    assert abs(found.probabilities[0] - rho[0, 0].real) < 4 * found.standard_error[0]


@pytest.mark.slow
def test_telegraph_noise_agrees_with_its_exact_average():
    found = average(
        RandomTelegraph(Z / 2, 1.3, 0.3), 1.0, 6.0, intervals=300, trajectories=4000
    )
    system = dissipation.telegraph_noise(SWEEP, Z / 2, 1.3, 0.3)
    channel = lz.solve_lindblad(system, -6.0, 6.0).checked()
    rho = dissipation.without_the_bit(channel(dissipation.beside_a_bit(0, 2)))
    assert abs(found.probabilities[0] - rho[0, 0].real) < 4 * found.standard_error[0]


@pytest.mark.slow
def test_fast_noise_of_the_gap_is_kayanumas_limit():
    spread, rate, end = 0.6, 40.0, 40.0
    found = average(OrnsteinUhlenbeck(X / 2, spread, rate), 0.0, end, intervals=8000)
    known = exact.fast_gap_noise(0.0, spread, 1.0, correlation_rate=rate, t_end=end)
    # The exact averages of the oracles are within 0.1/λ² of the formula.
    assert abs(found.probabilities[0] - known.value) < 4 * found.standard_error[0]


@pytest.mark.slow
def test_noise_on_many_levels_and_sums_of_noise():
    """Two levels away from the fast path, and two noises as one."""
    half = WhiteNoise(Z / 2, 0.4)
    dense = lz.HamiltonianFunction(lambda t, m: m(t), SWEEP)
    found = average(half + half, 1.0, 4.0, intervals=200, model=dense)
    system = lz.Lindblad(SWEEP, WhiteNoise(Z / 2, 0.8).jumps())
    rho = lz.solve_lindblad(system, -4.0, 4.0).checked()(0)
    assert abs(found.probabilities[0] - rho[0, 0].real) < 4 * found.standard_error[0]


def test_wrong_trajectories_are_refused():
    noise = WhiteNoise(np.eye(3), 1.0)
    options = dict(key=jax.random.key(0))
    with pytest.raises(ValueError, match="the noise acts on 3 levels"):
        dissipation.trajectory_average(SWEEP, noise, 0, 0.0, 1.0, **options)
    noise = WhiteNoise(Z, 1.0)
    with pytest.raises(ValueError, match="`batch` must divide"):
        dissipation.trajectory_average(
            SWEEP, noise, 0, 0.0, 1.0, trajectories=10, batch=3, **options
        )
    with pytest.raises(ValueError, match="`operator` must have shape"):
        WhiteNoise(np.ones(3), 1.0)
    with pytest.raises(ValueError, match="`slowest` must be positive"):
        OneOverF(Z, 1.0, 0.0, 1.0)
