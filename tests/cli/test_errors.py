"""Mistakes in files and on the command line: one line on stderr, exit code 2."""

import pytest

from lzjax.cli import main

CSV = """\
# pulse lengths in us
time,k,n
0.1,3,50
0.2,10,50
0.3,21,50
0.4,33,50
"""

TOML = """\
[data]
kind = "counts"
successes = "k"
trials = "n"
[data.controls]
time = "time"
[units]
time = "us"
angular_frequency = "rad/us"
[experiment]
detuning = "offset"
coupling = "gap"
start = "0"
stop = "time"
initial = 0
measured = 1
[experiment.readout]
false_positive = "p01"
[parameters]
gap = {value = 5.0, lower = 0}
offset = 1.0
p01 = {value = 0.02, lower = 0, upper = 0.2}
[fit]
starts = 2
"""

SWEEP = """\
[axes]
gap = {start = 0.5, stop = 2.0, points = 3}
time = [0.5, 1.0]
[fixed]
offset = 0.0
[experiment]
detuning = "offset"
coupling = "gap"
start = "0"
stop = "time"
initial = 0
measured = 1
"""


def run(capsys, *arguments):
    """The exit code and what was printed to stderr."""
    code = main([str(argument) for argument in arguments])
    return code, capsys.readouterr().err


def assert_one_line(err, part):
    assert part in err, err
    assert len(err.strip().splitlines()) == 1, err
    assert err.startswith("lzjax: ")
    assert "Traceback" not in err


# What is replaced in the configuration, by what, and what the message must say.
BAD_CONFIG = {
    "no toml": ("[data]", "[data", "is not a TOML file"),
    "unknown table": ("[fit]", "[fits]", "Did you mean `fit`?"),
    "unknown key": ("stop =", "stopp =", "Did you mean `stop`?"),
    "unknown data key": ("trials =", "trails =", "Did you mean `trials`?"),
    "unknown fit key": ("starts", "start", "Did you mean `starts`?"),
    "bad starts": ("starts = 2", "starts = 0", "fit.starts must be a whole number"),
    "no stop": ('stop = "time"', "", "[experiment] lacks `stop`"),
    "no kind": ('kind = "counts"', "", "[data] lacks `kind`"),
    "bad kind": ('"counts"', '"count"', "Did you mean `counts`?"),
    "wrong kind": ('"counts"', '"means"', "does not belong to data of kind `means`"),
    "unknown name": ('"offset"', '"offst"', "Did you mean `offset`?"),
    "time in stop": ('"time"\ninitial', '"time + t"\ninitial', "unknown name `t`"),
    "bad formula": ('"offset"', '"offset +"', "cannot read the formula"),
    "unsafe formula": ('"offset"', '"offset.real"', "not allowed"),
    "bad formula type": ('"offset"', "[1]", "must be a formula"),
    "infinite formula": ('"offset"', '"offset / 0"', "NaN or infinite"),
    "readout name": ('"p01"', '"p10"', "`p10` is not a parameter"),
    "unused parameter": ("offset = 1.0", "offset = 1.0\nspare = 1.0", "`spare`"),
    "reserved name": ("offset = 1.0", "offset = 1.0\nsin = 1.0", "`sin` is taken"),
    "time as name": ("offset = 1.0", "offset = 1.0\nt = 1.0", "taken by the time"),
    "bad name": ("offset = 1.0", "offset = 1.0\n'a-b' = 1.0", "cannot be used"),
    "twice": ("offset = 1.0", "offset = 1.0\ntime = 1.0", "both a parameter and a"),
    "text value": ("offset = 1.0", 'offset = "a"', "must be a number"),
    "bounds": ("lower = 0}", "lower = 9}", "outside its bounds"),
    "parameter key": ("lower = 0}", "lowr = 0}", "Did you mean `lower`?"),
    "fixed": ("lower = 0}", "fixed = 1}", "true or false"),
    "nan": ("offset = 1.0", "offset = nan", "must be finite"),
    "bad time unit": ('"us"', '"micros"', "units.time must be one of"),
    "hertz": ('"rad/us"', '"MHz"', "multiplied by 2π"),
    "units that do not fit": ('"rad/us"', '"rad/ns"', "it must be `rad/us`"),
    "level": ("measured = 1", "measured = 2", "must be 0 or 1"),
    "rtol": ("measured = 1", "measured = 1\nrtol = 1", "between 1e-12 and 0.1"),
    "backwards": ('start = "0"', 'start = "1"', "lies before experiment.start"),
    "basis": ("initial = 0", 'initial = 0\nbasis = "bare"', "`diabatic`"),
    "column": ('"k"', '"kk"', "has no column `kk`"),
    "control column": ('time = "time"', 'time = "tim"', "Did you mean `time`?"),
    "no controls": ('time = "time"', "", "[data.controls] is empty"),
    "noise name": (
        "[parameters]",
        "[experiment.noise]\ndetuning = 's'\n[parameters]",
        "`s`",
    ),
    "nodes": ("[parameters]", "[experiment.noise]\nnodes = 0\n[parameters]", "nodes"),
    "sampled": (
        'start = "0"',
        'start = "-inf"\nsample_detuning = 0.1',
        "needs a finite start",
    ),
    "sample step": ('start = "0"', 'start = "0"\nsample_detuning = 0', "positive"),
    "many samples": (
        'start = "0"',
        'start = "0"\nsample_detuning = 1e-6',
        "use a longer step",
    ),
    "moving window": (
        'stop = "time"',
        'stop = "time + gap"\nsample_detuning = 0.1',
        "depends on `gap`",
    ),
    "breakpoints": ("initial = 0", "initial = 0\nbreakpoints = 1", "must be a list"),
}


@pytest.mark.parametrize("name", BAD_CONFIG)
def test_a_bad_configuration_is_one_line_and_code_2(name, tmp_path, capsys):
    old, new, message = BAD_CONFIG[name]
    assert old in TOML
    (tmp_path / "d.csv").write_text(CSV)
    (tmp_path / "c.toml").write_text(TOML.replace(old, new, 1))
    code, err = run(capsys, "fit", tmp_path / "d.csv", "--config", tmp_path / "c.toml")
    assert code == 2
    assert_one_line(err, message)


BAD_CSV = {
    "empty": ("", "is empty"),
    "header only": ("time,k,n\n", "no rows"),
    "binary": ("\x00\x01\x02", "binary data"),
    "not a number": (
        CSV.replace("0.2,10", "0.2,ten"),
        "line 4, column `k`: `ten` is not",
    ),
    "empty cell": (CSV.replace("0.2,10", "0.2,"), "line 4, column `k`"),
    "nan": (
        CSV.replace("0.2,10", "nan,10"),
        "line 4, column `time`: `nan` is not finite",
    ),
    "negative": (
        CSV.replace("0.2,10", "0.2,-1"),
        "line 4, column `k`: `-1` is negative",
    ),
    "fraction": (CSV.replace("0.2,10", "0.2,1.5"), "`1.5` is not a whole number"),
    "too many": (CSV.replace("0.2,10", "0.2,51"), "`51` exceeds the trials"),
    "no trials": (CSV.replace("0.2,10,50", "0.2,0,0"), "is below 1: no trials"),
    "ragged": (
        CSV.replace("0.2,10,50", "0.2,10"),
        "line 4: 2 cells under a header of 3",
    ),
    "missing column": (CSV.replace("time,k,n", "time,k,m"), "has no column `n`"),
    "repeated column": (CSV.replace("time,k,n", "time,k,k"), "more than once"),
}


@pytest.mark.parametrize("name", BAD_CSV)
def test_bad_data_are_one_line_and_code_2(name, tmp_path, capsys):
    text, message = BAD_CSV[name]
    (tmp_path / "d.csv").write_text(text)
    (tmp_path / "c.toml").write_text(TOML)
    code, err = run(capsys, "fit", tmp_path / "d.csv", "--config", tmp_path / "c.toml")
    assert code == 2
    assert_one_line(err, message)


def test_errors_of_means_must_be_positive(tmp_path, capsys):
    config = TOML.replace(
        'kind = "counts"\nsuccesses = "k"\ntrials = "n"',
        'kind = "means"\nvalue = "k"\nerror = "n"',
    )
    (tmp_path / "c.toml").write_text(config)
    (tmp_path / "d.csv").write_text("time,k,n\n0.1,0.5,0.1\n0.2,0.5,0\n")
    code, err = run(capsys, "fit", tmp_path / "d.csv", "--config", tmp_path / "c.toml")
    assert code == 2
    assert_one_line(err, "line 3, column `n`: `0` must be positive")


def test_latin_1_is_not_utf_8(tmp_path, capsys):
    (tmp_path / "c.toml").write_text(TOML)
    (tmp_path / "d.csv").write_bytes("time,k,n\n0.1,3,5\xb5\n".encode("latin-1"))
    code, err = run(capsys, "fit", tmp_path / "d.csv", "--config", tmp_path / "c.toml")
    assert code == 2
    assert_one_line(err, "not UTF-8")


BAD_SWEEP = {
    "empty axes": (
        "gap = {start = 0.5, stop = 2.0, points = 3}\ntime = [0.5, 1.0]",
        "",
        "[axes] is empty",
    ),
    "scalar axis": ("[0.5, 1.0]", "1.0", "belongs into [fixed]"),
    "axis key": ("points = 3", "point = 3", "Did you mean `points`?"),
    "one point": ("points = 3", "points = 1", "whole number from 2 on"),
    "scale": ("points = 3", 'points = 3, scale = "log10"', "Did you mean `log`?"),
    "log of zero": ("start = 0.5", 'scale = "log", start = 0.0', "above 0"),
    "text in axis": ("[0.5, 1.0]", '[0.5, "a"]', "axes.time[1] must be a number"),
    "repeated value": ("[0.5, 1.0]", "[0.5, 0.5]", "more than once"),
    "both": (
        "offset = 0.0",
        "offset = 0.0\ngap = 1.0",
        "both in [axes] and in [fixed]",
    ),
    "unknown name": ('"offset"', '"offest"', "Did you mean `offset`?"),
    "unused": ("offset = 0.0", "offset = 0.0\nspare = 1.0", "nothing in [experiment]"),
    "empty list": ("[0.5, 1.0]", "[]", "is empty"),
}


@pytest.mark.parametrize("name", BAD_SWEEP)
def test_a_bad_sweep_is_one_line_and_code_2(name, tmp_path, capsys):
    old, new, message = BAD_SWEEP[name]
    assert old in SWEEP
    (tmp_path / "s.toml").write_text(SWEEP.replace(old, new, 1))
    code, err = run(capsys, "sweep", tmp_path / "s.toml")
    assert code == 2
    assert_one_line(err, message)
    assert [p.name for p in tmp_path.iterdir()] == ["s.toml"]


BAD_COMMANDS = {
    "nothing": ([], "which command?"),
    "unknown": (["fti"], "Did you mean `fit`?"),
    "no config": (["fit", "d.csv"], "--config"),
    "unknown option": (["info", "--colour"], "--colour"),
    "missing toml": (
        ["sweep", "not-there.toml"],
        "cannot read not-there.toml: No such",
    ),
    "missing toml of a fit": (["fit", "d.csv", "--config", "nope.toml"], "nope.toml"),
    "a folder": (["sweep", "."], "cannot read"),
}


@pytest.mark.parametrize("name", BAD_COMMANDS)
def test_a_bad_command_is_one_line_and_code_2(name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, message = BAD_COMMANDS[name]
    code, err = run(capsys, *arguments)
    assert code == 2
    assert_one_line(err, message)


def test_a_missing_data_file_is_one_line(tmp_path, capsys):
    (tmp_path / "c.toml").write_text(TOML)
    code, err = run(capsys, "fit", tmp_path / "no.csv", "--config", tmp_path / "c.toml")
    assert code == 2
    assert_one_line(err, "no.csv: No such file")


def test_a_bad_output_is_refused_before_computing(tmp_path, capsys):
    (tmp_path / "s.toml").write_text(SWEEP)
    code, err = run(capsys, "sweep", tmp_path / "s.toml", "--out", tmp_path / "a.txt")
    assert code == 2
    assert_one_line(err, "must end in .nc or .npz")
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "a.nc"
    code, err = run(capsys, "sweep", tmp_path / "s.toml", "--out", out)
    assert code == 2
    assert_one_line(err, "cannot write into")


def test_debug_shows_the_traceback(capsys):
    code, err = run(capsys, "sweep", "not-there.toml", "--debug")
    assert code == 2
    assert "Traceback" in err


def test_other_failures_are_one_line_and_code_1(capsys, monkeypatch):
    from lzjax.cli import _main

    def fail(options):
        raise RuntimeError("the device is on fire\nsecond line")

    monkeypatch.setitem(_main._COMMANDS, "info", ("", fail))
    code, err = run(capsys, "info")
    assert code == 1
    assert_one_line(err, "RuntimeError: the device is on fire (--debug shows")


def test_ctrl_c_is_code_130(capsys, monkeypatch):
    from lzjax.cli import _main

    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setitem(_main._COMMANDS, "info", ("", stop))
    code, err = run(capsys, "info")
    assert code == 130
    assert_one_line(err, "stopped")


def test_help_and_version_are_code_0(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in ("demo", "fit", "sweep", "info"):
        assert command in out
    assert main(["fit", "--help"]) == 0
    assert "--config" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert "lzjax" in capsys.readouterr().out


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    from lzjax.cli._errors import CommandError
    from lzjax.cli._write import write_text, written

    path = tmp_path / "a.txt"
    write_text(path, "first")
    with pytest.raises(CommandError, match="cannot write .*a.txt: No space left"):
        with written(path) as temporary:
            temporary.write_text("sec")
            raise OSError(28, "No space left on device")
    assert path.read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
