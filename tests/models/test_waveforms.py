"""Waveforms: values, algebra, where their kinks are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from lzjax import models

TIMES = np.linspace(-3.0, 3.0, 25)
ROUNDING = dict(rtol=1e-14, atol=1e-15)


def values(waveform):
    return np.asarray(jax.vmap(waveform)(jnp.asarray(TIMES)))


def _own(t, p):
    return p["a"] * jnp.sin(p["b"][0] * t)


SAMPLES = {
    "constant": (models.Constant(0.7), lambda t: 0.7 + 0 * t),
    "linear": (models.Linear(0.7, -0.2), lambda t: 0.7 * t - 0.2),
    "sinusoid": (
        models.Sinusoid(0.7, 2.0, 0.3, 0.1),
        lambda t: 0.7 * np.cos(2 * t + 0.3) + 0.1,
    ),
    "samples": (
        models.PiecewiseLinear([-1.0, 0.5, 2.0], [0.3, -0.7, 1.1]),
        lambda t: np.interp(t, [-1.0, 0.5, 2.0], [0.3, -0.7, 1.1]),
    ),
    "one sample": (models.PiecewiseLinear([0.5], [0.3]), lambda t: 0.3 + 0 * t),
    "plateaus": (
        models.PiecewiseConstant([-1.0, 0.6], [0.3, -0.7, 1.1]),
        lambda t: np.where(t < -1.0, 0.3, np.where(t < 0.6, -0.7, 1.1)),
    ),
    "ramp": (
        models.Ramp(0.2, 0.9, -1.0, 1.5),
        lambda t: np.interp(t, [-1.0, 1.5], [0.2, 0.9]),
    ),
    "tanh": (
        models.TanhRamp(0.7, 0.5, 0.2, -0.1),
        lambda t: 0.7 * np.tanh((t - 0.2) / 0.5) - 0.1,
    ),
    "trapezoid": (
        models.TrapezoidPulse(0.7, -1.5, 2.0, 0.5),
        lambda t: np.interp(t, [-1.5, -1.0, 1.5, 2.0], [0, 0.7, 0.7, 0]),
    ),
    "gauss": (
        models.GaussianPulse(0.7, 0.5, 0.2),
        lambda t: 0.7 * np.exp(-((t - 0.2) ** 2) / 0.5),
    ),
    "sech": (
        models.SechPulse(0.7, 0.5, 0.2),
        lambda t: 0.7 / np.cosh((t - 0.2) / 0.5),
    ),
    "function": (
        models.FunctionWaveform(_own, {"a": 2, "b": [1.5]}),
        lambda t: 2 * np.sin(1.5 * t),
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_waveform_has_the_values_of_its_formula(name):
    waveform, formula = SAMPLES[name]
    np.testing.assert_allclose(values(waveform), formula(TIMES), **ROUNDING)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_algebra_is_that_of_the_values(name):
    waveform, formula = SAMPLES[name]
    cases = {
        "sum": (waveform + models.Linear(0.3), formula(TIMES) + 0.3 * TIMES),
        "number": (1 + waveform, formula(TIMES) + 1),
        "difference": (waveform - 0.4, formula(TIMES) - 0.4),
        "product": (2.5 * waveform, 2.5 * formula(TIMES)),
        "sign": (-waveform, -formula(TIMES)),
        "complex": (waveform * (1 + 2j), (1 + 2j) * formula(TIMES)),
        "later": (waveform.shifted(0.7), formula(TIMES - 0.7)),
        "slower": (waveform.stretched(1.7), formula(TIMES / 1.7)),
        "both": (waveform.shifted(0.7).stretched(2), formula(TIMES / 2 - 0.7)),
    }
    for kind, (made, want) in cases.items():
        np.testing.assert_allclose(values(made), want, err_msg=kind, **ROUNDING)


@pytest.mark.parametrize("name", SAMPLES)
def test_kinks_and_landmarks_move_with_the_waveform(name):
    waveform, _ = SAMPLES[name]
    moved = (3.0 * waveform).shifted(0.7).stretched(2.0) + models.Constant(1.0)
    for marks in ("breakpoints", "landmarks"):
        here, there = getattr(waveform, marks)(), getattr(moved, marks)()
        np.testing.assert_allclose(there, 2.0 * (here + 0.7), **ROUNDING)


def test_every_kink_is_declared():
    """Away from the breakpoints a waveform is smooth: no jump of its slope."""
    for name, (waveform, _) in SAMPLES.items():
        fine = jnp.linspace(-3.0, 3.0, 6001)
        slope = jax.vmap(jax.grad(lambda t, w=waveform: w(t) * 1.0))(fine)
        jumps = np.abs(np.diff(slope)) > 0.05
        # Smooth slopes here change by less than 10 · 0.001 from point to point.
        places = np.asarray(0.5 * (fine[1:] + fine[:-1]))[jumps]
        kinks = np.asarray(waveform.breakpoints())
        for place in places:
            assert np.min(np.abs(kinks - place)) < 2e-3, name


def test_far_out_pulses_are_zero_and_their_slopes_too():
    for pulse in (models.SechPulse(1.0, 0.1), models.GaussianPulse(1.0, 0.1)):
        for t in (-1e6, 1e6):
            assert float(pulse(jnp.asarray(t))) == 0.0
            assert float(jax.grad(pulse)(t)) == 0.0


@given(
    st.lists(st.floats(-5, 5), min_size=2, max_size=6, unique=True), st.floats(-6, 6)
)
def test_samples_are_interpolated_like_numpy_does(knots, t):
    knots = np.sort(knots)
    if np.min(np.diff(knots)) < 1e-3:  # steeper ones magnify rounding
        return
    heights = np.cos(np.arange(len(knots)))
    got = models.PiecewiseLinear(knots, heights)(jnp.asarray(t))
    # The rounding of t is magnified by slopes of up to 2/1e-3.
    np.testing.assert_allclose(got, np.interp(t, knots, heights), atol=1e-11)


def test_complex_samples_are_interpolated_as_a_whole():
    waveform = models.PiecewiseLinear([0.0, 1.0], [1j, 1.0])
    np.testing.assert_allclose(waveform(jnp.asarray(0.25)), 0.25 + 0.75j, rtol=1e-15)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: models.PiecewiseLinear([0.0, 1.0], [1.0]),
            ValueError,
            "one value for each time, got 2 times and 1 values",
        ),
        (
            lambda: models.PiecewiseConstant([0.0, 1.0], [1.0, 2.0]),
            ValueError,
            "one value more than times, got 2 times and 2 values",
        ),
        (
            lambda: models.PiecewiseLinear([0.0, 0.0], [1.0, 2.0]),
            ValueError,
            "strictly increasing `times`, got",
        ),
        (
            lambda: models.PiecewiseConstant([1.0, 0.0], [1.0, 2.0, 3.0]),
            ValueError,
            "strictly increasing",
        ),
        (
            lambda: models.PiecewiseLinear([], []),
            ValueError,
            r"got shapes \(0,\) and \(0,\)",
        ),
        (
            lambda: models.PiecewiseLinear([0.0, np.nan], [1.0, 2.0]),
            ValueError,
            "strictly increasing",
        ),
        (
            lambda: models.PiecewiseLinear(np.zeros((2, 2)), np.zeros((2, 2))),
            ValueError,
            "one-dimensional.*batch with jax.vmap",
        ),
        (lambda: models.Linear(1j), TypeError, "expected real numbers, got complex128"),
        (lambda: models.Sinusoid(1.0, 2j), TypeError, "Take the real part"),
        (
            lambda: models.Constant(1.0) + np.sin,
            TypeError,
            "wrap it: lz.models.FunctionWaveform",
        ),
    ],
)
def test_a_wrong_argument_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_batches_are_made_outside():
    knots = jnp.asarray([[0.0, 1.0], [0.0, 2.0]])
    heights = jnp.asarray([[0.0, 1.0], [1.0, 3.0]])

    def at_half(knots, heights):
        return models.PiecewiseLinear(knots, heights)(0.5)

    got = jax.vmap(at_half)(knots, heights)
    np.testing.assert_allclose(got, [0.5, 1.5], rtol=1e-15)
    slope = jax.grad(lambda k: at_half(k, heights[0]))(knots[0])
    # f = t/k₁ at k₀ = 0, so ∂f/∂k₁ = −0.5 and ∂f/∂k₀ = −(1 − 0.5).
    np.testing.assert_allclose(slope, [-0.5, -0.5], rtol=1e-15)


@pytest.mark.parametrize(
    "wave",
    [
        models.GaussianPulse(3.0, 0.2, 1.5),
        models.SechPulse(3.0, 0.2, 1.5),
        models.TanhRamp(3.0, 0.2, 1.5),
    ],
    ids=lambda wave: type(wave).__name__,
)
def test_nothing_is_left_of_a_shape_beyond_its_landmarks(wave):
    marks = wave.landmarks()
    low, middle, high = marks[0], jnp.median(marks), marks[-1]
    assert middle == 1.5
    for edge, far in ((low, -1e3), (high, 1e3)):
        assert abs(wave(edge) - wave(jnp.asarray(far))) < 1e-9
