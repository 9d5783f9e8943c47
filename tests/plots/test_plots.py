"""Figures have the right curves, labels and limits, and change no settings."""

import types

import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import fits, plots, sweeps

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

TIMES = np.linspace(0.0, 3.0, 13)
TRUTH = {"contrast": 0.9, "frequency": 7.0}


class Fringes:
    """P = ½ (1 + contrast · cos(frequency · time)): an experiment of one line."""

    parameters = ("contrast", "frequency")
    controls = ("time",)

    def __call__(self, p, c):
        return 0.5 + 0.5 * p["contrast"] * jnp.cos(p["frequency"] * c["time"])


def measured(trials=200):
    probability = Fringes()(TRUTH, {"time": TIMES})
    return fits.Counts({"time": TIMES}, np.round(trials * probability), trials)


def fake_result(*sets):
    """What `plot_fit` uses of a FitResult."""
    predictions = [np.asarray(Fringes()(TRUTH, data.controls)) for data in sets]
    residuals = [
        np.asarray(data.residuals(jnp.asarray(p)))
        for data, p in zip(sets, predictions, strict=True)
    ]
    return types.SimpleNamespace(
        values=TRUTH, predictions=tuple(predictions), residuals=tuple(residuals)
    )


@pytest.fixture(autouse=True)
def settings_stay_and_figures_close():
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
    assert matplotlib.get_backend().lower() == "agg"
    pyplot.close("all")


def test_populations_are_those_of_evolve_and_sum_to_one():
    model = lz.LinearSweep(gap=1.0, rate=1.0)
    figure = plots.plot_populations(model, -8.0, 8.0, points=50)
    levels, populations = figure.axes
    curves = np.asarray([line.get_ydata() for line in populations.lines])
    assert curves.shape == (2, 50)
    # The evolution is unitary to its own accuracy, 1e-8 by default.
    np.testing.assert_allclose(curves.sum(axis=0), 1.0, atol=1e-6)
    psi0 = jnp.asarray([1.0 + 0j, 0.0])
    states = lz.evolve(model, psi0, jnp.linspace(-8.0, 8.0, 50))
    np.testing.assert_allclose(curves, np.abs(states).T ** 2, atol=1e-12)
    assert len(levels.lines) == 4  # two adiabatic, two diabatic
    times, upper = levels.lines[2].get_data()
    # Adiabatic energy ½√(t² + 1): eigenvalues of a 2×2 matrix, to rounding.
    np.testing.assert_allclose(upper, 0.5 * np.sqrt(times**2 + 1), rtol=1e-12)
    assert populations.get_xlabel() == "time"
    assert populations.get_ylabel() == "diabatic population"


def test_adiabatic_populations_start_in_the_lowest_state():
    model = lz.LinearSweep(gap=1.0, rate=1.0)
    figure = plots.plot_populations(model, -8.0, 8.0, points=30, basis="adiabatic")
    lowest = figure.axes[1].lines[0].get_ydata()
    assert abs(lowest[0] - 1) < 1e-12  # prepared there, up to rounding
    # P(adiabatic) = 1 - exp(-π/2) = 0.792; the ringing at t = 8 is ~ 1/(2t)².
    assert abs(lowest[-1] - (1 - np.exp(-np.pi / 2))) < 2e-2


@pytest.mark.parametrize(
    "change, message",
    [
        ({"t1": np.inf}, "finite window"),
        ({"t1": -8.0}, "different from"),
        ({"basis": "bare"}, "'diabatic', 'adiabatic'"),
        ({"points": 1}, "at least 2"),
        ({"psi0": np.ones(3)}, r"shape \(2,\)"),
        ({"psi0": np.zeros(2)}, "length above 0"),
    ],
)
def test_wrong_population_arguments_are_refused(change, message):
    arguments = {"t0": -8.0, "t1": 8.0, **change}
    with pytest.raises(ValueError, match=message):
        plots.plot_populations(lz.LinearSweep(1.0, 1.0), **arguments)


def test_a_fit_is_drawn_over_its_data_with_residuals_below():
    data = measured()
    figure = plots.plot_fit(fake_result(data), data, units={"time": "us"})
    upper, lower = figure.axes
    points = upper.containers[0].lines[0]
    np.testing.assert_allclose(points.get_xdata(), TIMES)
    np.testing.assert_allclose(points.get_ydata(), data.successes / data.trials)
    fit = next(line for line in upper.lines if line.get_label() == "fit")
    np.testing.assert_allclose(fit.get_ydata(), Fringes()(TRUTH, data.controls))
    dots = [line for line in lower.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots[0].get_ydata(), fake_result(data).residuals[0])
    assert lower.get_xlabel() == "time (us)"
    assert lower.get_ylabel() == "residual (σ)"
    assert {t.get_text() for t in upper.get_legend().get_texts()} == {"data", "fit"}


def test_with_the_experiment_the_curve_is_fine():
    data = measured()
    figure = plots.plot_fit(fake_result(data), data, experiment=Fringes())
    fit = next(line for line in figure.axes[0].lines if line.get_label() == "fit")
    want = Fringes()(TRUTH, {"time": fit.get_xdata()})
    assert len(fit.get_xdata()) > 10 * len(TIMES)
    np.testing.assert_allclose(fit.get_ydata(), want)


def test_several_data_sets_have_a_column_each():
    counts = measured()
    means = fits.Means({"time": TIMES}, counts.observed(), 0.03)
    figure = plots.plot_fit(
        fake_result(counts, means), [counts, means], titles=["counts", "means"]
    )
    assert len(figure.axes) == 4
    assert [ax.get_title() for ax in figure.axes] == ["counts", "means", "", ""]


def test_bars_of_counts_have_a_length_at_zero_and_all():
    """Wilson at k = 0: from 0 to 1/(n + 1)."""
    from lzjax.plots._fit import wilson_interval

    low, high = wilson_interval([0, 100], [100, 100])
    np.testing.assert_allclose(low, [0, 100 / 101], atol=1e-15)
    np.testing.assert_allclose(high, [1 / 101, 1], atol=1e-15)


def test_a_fit_goes_into_given_axes():
    from matplotlib import pyplot

    data = measured()
    figure, axes = pyplot.subplots(2, 1)
    assert plots.plot_fit(fake_result(data), data, axes=axes) is figure
    assert axes[0].lines
    with pytest.raises(ValueError, match="needs 2 axes"):
        plots.plot_fit(fake_result(data), data, axes=axes[0])


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"control": "tim"}, "`time`"),
        ({"titles": ["a", "b"]}, "2 `titles` were given for 1"),
    ],
)
def test_wrong_fit_arguments_are_refused(arguments, message):
    data = measured()
    with pytest.raises(ValueError, match=message):
        plots.plot_fit(fake_result(data), data, **arguments)


def test_data_that_were_not_fitted_are_refused():
    data = measured()
    with pytest.raises(ValueError, match="1 entries for 2 data sets|data sets"):
        plots.plot_fit(fake_result(data), [data, data])


def swept(**options):
    axes = {"gap": np.linspace(0.1, 3.0, 12), "rate": np.geomspace(0.1, 10.0, 9)}
    return sweeps.sweep(
        lambda gap, rate: {"survival": jnp.exp(-jnp.pi * gap**2 / (2 * rate))},
        axes,
        progress=False,
    )


def test_a_sweep_of_two_axes_is_a_map_with_a_labelled_bar():
    dataset = swept()
    dataset["gap"].attrs["units"] = "rad/us"
    figure = plots.plot_sweep(dataset)
    ax, bar = figure.axes
    mesh = ax.collections[0]
    np.testing.assert_allclose(
        np.asarray(mesh.get_array()).reshape(9, 12), dataset["survival"].values.T
    )
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("gap (rad/us)", "rate")
    assert bar.get_ylabel() == "survival"
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    turned = plots.plot_sweep(dataset, x="rate").axes[0]
    assert (turned.get_xlabel(), turned.get_xscale()) == ("rate", "log")


def test_a_sweep_of_one_axis_is_a_line():
    dataset = swept().isel(rate=3)
    ax = plots.plot_sweep(dataset).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), dataset["survival"])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("gap", "survival")


def test_cells_of_a_map_lie_around_their_values():
    from lzjax.plots._sweep import _edges

    np.testing.assert_allclose(
        _edges(np.asarray([1.0, 2.0, 3.0])), [0.5, 1.5, 2.5, 3.5]
    )
    tenfold = 10.0 ** np.asarray([-0.5, 0.5, 1.5, 2.5])
    np.testing.assert_allclose(_edges(np.asarray([1.0, 10.0, 100.0])), tenfold)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"variable": "surviva"}, "'survival'"),
        ({"x": "gapp"}, "'gap', 'rate'"),
        ({"x": "gap", "y": "gap"}, "different axes"),
    ],
)
def test_wrong_sweep_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_sweep(swept(), **arguments)


def test_three_axes_are_refused_with_what_to_do():
    axes = {name: [0.0, 1.0] for name in "abc"}
    dataset = sweeps.sweep(lambda a, b, c: a + b + c, axes, progress=False)
    with pytest.raises(ValueError, match="dataset.sel"):
        plots.plot_sweep(dataset)


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "lzjax\[plots\]"'):
        plots.plot_sweep(swept())


def test_drawing_imports_nothing_until_it_is_used():
    """`lzjax.plots` is imported by `import lzjax`; matplotlib must not come with it."""
    import subprocess
    import sys

    code = "import lzjax, sys; print('matplotlib' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert out.stdout.strip() == "False", out.stderr
