"""The commands from end to end: files in, files and text out."""

import json

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax.cli import main

# A constant field: P(t) = (gap/Ω)² sin²(Ωt/2), Ω² = gap² + offset² (Rabi).
SWEEP = """\
[axes]
gap = {start = 0.5, stop = 4.0, points = 4, scale = "log"}
time = [0.5, 1.0, 2.0]
[fixed]
offset = 1.5
[units]
time = "us"
[experiment]
detuning = "offset"
coupling = "gap"
start = "0"
stop = "time"
initial = 0
measured = 1
"""

FIT = """\
[data]
kind = "counts"
successes = "k"
trials = 400
[data.controls]
time = "us"
[experiment]
detuning = "offset"
coupling = "gap"
start = "0"
stop = "time"
initial = 0
measured = 1
[parameters]
gap = {value = 4.7, lower = 0}
offset = {value = 1.5, fixed = true}
[fit]
starts = 2
"""


def rabi(gap, offset, t):
    omega = np.hypot(gap, offset)
    return (gap / omega) ** 2 * np.sin(0.5 * omega * t) ** 2


@pytest.mark.parametrize("suffix", [".nc", ".npz"])
def test_a_sweep_is_saved_with_its_labels_and_drawn(suffix, tmp_path, capsys):
    (tmp_path / "s.toml").write_text(SWEEP)
    out = tmp_path / "new" / f"map{suffix}"
    assert main(["sweep", str(tmp_path / "s.toml"), "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    if suffix == ".nc":
        xarray = pytest.importorskip("xarray")
        with xarray.open_dataset(out, engine="scipy") as dataset:
            assert dataset["probability"].dims == ("gap", "time")
            assert dataset.attrs["fixed_offset"] == 1.5
            arrays = {name: dataset[name].values for name in dataset.variables}
    else:
        arrays = dict(np.load(out))
    np.testing.assert_allclose(arrays["gap"], np.geomspace(0.5, 4.0, 4))
    want = rabi(arrays["gap"][:, None], 1.5, arrays["time"][None, :])
    # The solver works to 1e-8.
    np.testing.assert_allclose(arrays["probability"], want, atol=1e-7)
    assert (out.parent / "map.png").read_bytes().startswith(b"\x89PNG")
    assert len(list(out.parent.iterdir())) == 2  # nothing temporary is left


def test_a_sampled_waveform_is_linear_between_its_samples(tmp_path):
    """Samples of t² every `step`; between them a line, so that ∫ε dt is a sum."""
    from lzjax.cli._build import _field, _kinks
    from lzjax.cli._config import sweep_config
    from lzjax.cli._tables import read_toml

    text = SWEEP.replace('"offset"', '"offset * t ** 2"')
    text = text.replace('start = "0"', 'start = "0"\nsample_detuning = 0.3')
    (tmp_path / "s.toml").write_text(text)
    config = sweep_config(read_toml(tmp_path / "s.toml")).experiment
    values = {"offset": 2.0, "gap": 1.0, "time": 1.0}
    samples = np.asarray([0.0, 0.3, 0.6, 0.9, 1.0])
    times = np.linspace(0.0, 1.0, 41)
    field = _field(config)
    got = [field(jnp.asarray(t), values)[2] for t in times]
    want = np.interp(times, samples, 2.0 * samples**2)
    np.testing.assert_allclose(got, want, atol=1e-12)  # rounding of t / step
    trial = {name: jnp.asarray(value) for name, value in values.items()}
    kinks = _kinks(config, trial, ())(values)
    np.testing.assert_allclose(kinks, [0.3, 0.6, 0.9], atol=1e-15)


def test_a_fit_finds_the_gap_and_writes_its_files(tmp_path, capsys):
    rng = np.random.default_rng(3)
    times = np.linspace(0.1, 3.0, 30)
    counts = rng.binomial(400, rabi(5.0, 1.5, times))
    rows = "\n".join(f"{t},{k}" for t, k in zip(times, counts, strict=True))
    (tmp_path / "d.csv").write_text("us,k\n" + rows + "\n")
    (tmp_path / "c.toml").write_text(FIT)
    out = tmp_path / "out"
    arguments = [
        "fit",
        tmp_path / "d.csv",
        "--config",
        tmp_path / "c.toml",
        "--out",
        out,
    ]
    assert main([str(argument) for argument in arguments]) == 0
    assert "gap" in capsys.readouterr().out
    summary = json.loads((out / "fit.json").read_text())
    error = summary["errors"]["gap"]
    # 30 × 400 shots: ∂P/∂gap ~ t/2, so the error is near 1/√(Σ n t² / ...) ~ 0.005.
    assert 1e-3 < error < 2e-2
    assert abs(summary["values"]["gap"] - 5.0) < 5 * error  # a false alarm in 10⁶
    table = np.genfromtxt(out / "predictions.csv", delimiter=",", names=True)
    np.testing.assert_allclose(table["time"], times)
    np.testing.assert_allclose(table["observed"], counts / 400)
    names = {path.name for path in out.iterdir()}
    assert names == {"report.txt", "fit.json", "predictions.csv", "fit.png"}


def test_info_says_what_is_installed_and_what_is_missing(capsys, monkeypatch):
    from lzjax.cli import _info

    real = _info.installed
    hidden = ("rich", "xarray")
    monkeypatch.setattr(
        _info, "installed", lambda name: None if name in hidden else real(name)
    )
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for part in (
        jax.__version__,
        equinox.__version__,
        "float64",
        jax.default_backend(),
    ):
        assert part in out
    assert 'missing rich: pip install "lzjax[cli]"' in out
    assert 'missing xarray: pip install "lzjax[sweeps]"' in out


def test_ctrl_c_saves_the_part_of_a_sweep_that_is_done(tmp_path, capsys, monkeypatch):
    from lzjax.sweeps import _chunks, _sweep

    real = _sweep.evaluate_chunk

    def stop_at_the_second(*args):
        if int(args[4]) > 0:  # the first flat index of the chunk
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(_sweep, "evaluate_chunk", stop_at_the_second)
    monkeypatch.setattr(_chunks, "_CPU_CHUNK", 4)
    (tmp_path / "s.toml").write_text(SWEEP)
    out = tmp_path / "s.npz"
    assert main(["sweep", str(tmp_path / "s.toml"), "--out", str(out)]) == 130
    err = capsys.readouterr().err
    assert len(err.strip().splitlines()) == 1
    assert "the part so far is in" in err
    arrays = dict(np.load(out))
    finished = arrays["finished"]
    assert 0 < finished.sum() < finished.size
    np.testing.assert_array_equal(np.isfinite(arrays["probability"]), finished)


def test_the_demo_data_are_what_the_demo_says():
    """The shipped table and configuration fit each other; the fit has its own test."""
    from lzjax.cli import _demo

    columns = _demo.parse_csv(_demo._text("demo.csv"), _demo.Path("demo.csv"))
    assert len(columns.rows) == 60
    truth = json.loads(_demo._text("demo.json"))
    config = _demo.fit_config(_demo.tomllib.loads(_demo._text("demo.toml")))
    assert set(truth) == set(config.parameters)


def test_the_table_of_truth_and_fit_has_pulls():
    from lzjax.cli._demo import comparison

    nan = float("nan")
    text = comparison({"a": 1.0, "b": 2.0}, {"a": 1.2, "b": 2.5}, {"a": 0.1, "b": nan})
    lines = text.splitlines()
    assert lines[0].split() == ["parameter", "truth", "fit", "error", "pull"]
    assert lines[1].split() == ["a", "1.0000", "1.2000", "0.1000", "+2.0"]
    assert lines[2].split() == ["b", "2.0000", "2.5000", "-", "-"]


@pytest.mark.slow
def test_the_demo_finds_the_truth(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "SIMULATED" in out
    rows = out[out.index("truth") :].splitlines()[1:7]
    pulls = np.asarray([float(row.split()[-1]) for row in rows])
    # Six pulls from fixed data; |pull| > 3.5 for any of six happens once in 360 draws.
    assert np.all(np.abs(pulls) < 3.5), out
    assert (tmp_path / "lzjax-demo.png").stat().st_size > 10_000
