"""Sweeps against closed forms, and the promises about chunks and compilation."""

import os
import signal
import threading
import typing

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax.sweeps import SweepInterrupted, _sweep as sweep_module, sweep

GAPS = np.linspace(0.1, 2.0, 23)
RATES = np.geomspace(0.1, 10.0, 17)


def landau_zener(gap, rate):
    return jnp.exp(-jnp.pi * gap**2 / (2 * rate))


def closed_form():
    return np.exp(-np.pi * GAPS[:, None] ** 2 / (2 * RATES[None, :]))


class ToyExperiment(eqx.Module):
    """P(stay) of a crossing, with a false-positive rate; what sweeps need, no more."""

    parameters: tuple[str, ...] = eqx.field(default=("gap", "p01"), static=True)
    controls: tuple[str, ...] = eqx.field(default=("rate",), static=True)

    def __call__(self, parameters, controls):
        stay = landau_zener(parameters["gap"], controls["rate"])
        return stay + parameters["p01"] * (1 - stay)


def test_a_sweep_is_the_closed_form_with_its_labels():
    dataset = sweep(landau_zener, {"gap": GAPS, "rate": RATES}, progress=False)
    assert dataset["result"].dims == ("gap", "rate")
    np.testing.assert_array_equal(dataset["gap"], GAPS)
    np.testing.assert_array_equal(dataset["rate"], RATES)
    # One exponential: a few units in the last place.
    np.testing.assert_allclose(dataset["result"], closed_form(), rtol=1e-14)
    assert dataset.attrs["non_finite"] == 0
    assert dataset.attrs["jax_version"] == jax.__version__


def test_the_order_of_the_axes_is_the_order_of_the_dimensions():
    dataset = sweep(landau_zener, {"rate": RATES, "gap": GAPS}, progress=False)
    assert dataset["result"].dims == ("rate", "gap")
    np.testing.assert_allclose(dataset["result"], closed_form().T, rtol=1e-14)


def test_an_experiment_is_swept_over_parameters_and_controls():
    axes = {"gap": GAPS, "rate": RATES}
    dataset = sweep(ToyExperiment(), axes, fixed={"p01": 0.1}, progress=False)
    want = closed_form() + 0.1 * (1 - closed_form())
    np.testing.assert_allclose(dataset["probability"], want, rtol=1e-14)
    assert dataset.attrs["fixed_p01"] == 0.1


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("chunk", [1, 7, 8, 391])
def test_the_chunk_changes_no_bit(chunk, workers):
    axes = {"gap": GAPS, "rate": RATES}  # 391 points
    one = sweep(landau_zener, axes, chunk=1000, workers=1, progress=False)
    other = sweep(landau_zener, axes, chunk=chunk, workers=workers, progress=False)
    np.testing.assert_array_equal(one["result"], other["result"])


def test_one_compilation_serves_all_chunks_and_new_numbers():
    traces = []

    def counted(gap, rate):
        traces.append(1)
        return gap * rate

    axes = {"gap": GAPS, "rate": RATES}
    options = dict(chunk=50, workers=2, progress=False)
    sweep(counted, axes, **options)
    first = len(traces)  # one for the shapes, one for the program
    assert first == 2
    again = sweep(counted, {"gap": GAPS + 1, "rate": RATES}, **options)
    np.testing.assert_allclose(again["result"], (GAPS[:, None] + 1) * RATES)
    assert len(traces) <= first + 1  # the shapes at most, not the program


def test_new_fixed_numbers_do_not_compile_again(caplog):
    def f(x, scale):
        return scale * x

    sweep(f, {"x": GAPS}, fixed={"scale": 2.0}, progress=False)
    with jax.log_compiles():
        dataset = sweep(f, {"x": GAPS}, fixed={"scale": 3.0}, progress=False)
    assert [r for r in caplog.records if "Compiling" in r.message] == []
    np.testing.assert_array_equal(dataset["result"], 3.0 * GAPS)


def test_no_program_holds_more_than_one_chunk():
    """Each call gives results of the chunk's size, not the grid's."""
    sizes = []

    def f(x, y):
        return x + y

    real = sweep_module.evaluate_chunk

    def spy(*args):
        out = real(*args)
        sizes.append({name: value.shape for name, value in out.items()})
        return out

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep_module, "evaluate_chunk", spy)
        axes = {"x": np.arange(300.0), "y": np.arange(200.0)}
        dataset = sweep(f, axes, chunk=4096, workers=1, progress=False)
    assert sizes == [{"result": (4096,)}] * 15  # ceil(60000 / 4096)
    want = np.add.outer(np.arange(300.0), np.arange(200.0))
    np.testing.assert_array_equal(dataset["result"], want)


def test_the_automatic_chunk_shrinks_for_large_results():
    def large(x):
        return jnp.full(100_000, x)  # 0.8 MB a point

    dataset = sweep(large, {"x": np.arange(200.0)}, workers=1, progress=False)
    assert dataset.attrs["chunk"] * 0.8e6 <= 2**26


def test_arrays_and_dicts_and_named_tuples_become_variables():
    class Pair(typing.NamedTuple):
        twice: jax.Array
        both: jax.Array

    def pair(x):
        return Pair(2 * x, jnp.stack([x, -x]))

    def entries(x):
        return pair(x)._asdict()

    for target in (pair, entries):
        dataset = sweep(target, {"x": GAPS}, chunk=5, progress=False)
        assert dataset["twice"].dims == ("x",)
        assert dataset["both"].dims == ("x", "both_0")
        np.testing.assert_array_equal(dataset["both"], np.stack([GAPS, -GAPS], axis=1))


def test_a_module_with_data_is_a_target():
    class Line(eqx.Module):
        slope: jax.Array

        def __call__(self, x, offset=0.0):
            return self.slope * x + offset

    dataset = sweep(Line(jnp.asarray(2.0)), {"x": GAPS}, progress=False)
    np.testing.assert_array_equal(dataset["result"], 2 * GAPS)


def test_integers_stay_integers():
    table = jnp.asarray([3.0, 5.0, 7.0])
    dataset = sweep(lambda level: table[level], {"level": [2, 0]}, progress=False)
    np.testing.assert_array_equal(dataset["result"], [7.0, 3.0])


def test_fixed_integers_and_text_are_constants():
    def f(x, count, kind):
        return jnp.sum(jnp.full(count, x)) if kind == "sum" else x

    fixed = {"count": 3, "kind": "sum"}
    dataset = sweep(f, {"x": GAPS}, fixed=fixed, progress=False)
    np.testing.assert_allclose(dataset["result"], 3 * GAPS, rtol=1e-15)
    assert dataset.attrs["fixed_count"] == 3
    assert dataset.attrs["fixed_kind"] == "sum"


def test_results_that_are_not_finite_are_counted_and_warned_about_once():
    with pytest.warns(RuntimeWarning, match="3 of 6 results") as caught:
        axes = {"x": np.asarray([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])}
        dataset = sweep(lambda x: jnp.sqrt(x), axes, chunk=2, progress=False)
    assert len(caught) == 1
    assert dataset.attrs["non_finite"] == 3


def test_an_interruption_keeps_what_was_computed(monkeypatch):
    real = sweep_module.evaluate_chunk
    calls = []

    def stop_later(*args):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(sweep_module, "evaluate_chunk", stop_later)
    with pytest.raises(SweepInterrupted, match="30 of 100") as caught:
        axes = {"x": np.arange(1.0, 101.0)}
        sweep(lambda x: 2 * x, axes, chunk=10, workers=1, progress=False)
    partial = caught.value.partial
    finished = partial["finished"].values
    assert finished.sum() == 30
    np.testing.assert_array_equal(partial["result"][finished], np.arange(2.0, 62.0, 2))
    assert np.all(np.isnan(partial["result"].values[~finished]))


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_ctrl_c_stops_a_threaded_sweep_and_keeps_finished_chunks(monkeypatch):
    real = sweep_module.run_chunks
    main, done = threading.main_thread().ident, threading.Event()

    def slow(x):
        return jax.lax.fori_loop(0, 20_000, lambda i, y: jnp.sin(y), x)

    def interrupt():
        # While threads work: compilers may swallow what reaches them.
        assert done.wait(300.0)
        signal.pthread_kill(main, signal.SIGINT)

    def run_chunks(compute, plan, results, finished, advance):
        def told(count):
            advance(count)
            if finished.sum() > count:
                done.set()

        real(compute, plan, results, finished, told)

    monkeypatch.setattr(sweep_module, "run_chunks", run_chunks)
    thread = threading.Thread(target=interrupt)
    # What runs in the background of a shell is started with this signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        with pytest.raises(SweepInterrupted) as caught:
            sweep(slow, {"x": np.arange(2e4)}, chunk=10, workers=2, progress=False)
        thread.join()
    finally:
        signal.signal(signal.SIGINT, before)
    finished = caught.value.partial["finished"].values
    values = caught.value.partial["result"].values
    assert 0 < finished.sum() < finished.size
    np.testing.assert_array_equal(np.isfinite(values), finished)
    assert isinstance(caught.value, KeyboardInterrupt)


def test_an_error_in_a_thread_reaches_the_caller(monkeypatch):
    real = sweep_module.evaluate_chunk
    calls = []

    def fail_later(*args):
        calls.append(1)
        if len(calls) > 3:
            raise RuntimeError("out of luck")
        return real(*args)

    monkeypatch.setattr(sweep_module, "evaluate_chunk", fail_later)
    with pytest.raises(RuntimeError, match="out of luck"):
        sweep(lambda x: x, {"x": GAPS}, chunk=2, workers=2, progress=False)


WRONG = {
    "no axes": (landau_zener, {}, {}, ValueError, "`axes` is empty"),
    "not a dict": (landau_zener, [1.0], {}, TypeError, "must be a dict"),
    "unknown": (
        landau_zener,
        {"gapp": GAPS, "rate": RATES},
        {},
        ValueError,
        "Did you mean `gap`",
    ),
    "unknown fixed": (
        landau_zener,
        {"gap": GAPS, "rate": RATES},
        {"x": 1.0},
        ValueError,
        "`fixed` has `x`",
    ),
    "missing": (landau_zener, {"gap": GAPS}, {}, ValueError, "also needs `rate`"),
    "twice": (
        landau_zener,
        {"gap": GAPS, "rate": RATES},
        {"gap": 1.0},
        ValueError,
        "both in `axes` and in `fixed`",
    ),
    "empty": (
        landau_zener,
        {"gap": [], "rate": RATES},
        {},
        ValueError,
        "`gap` is empty",
    ),
    "scalar": (landau_zener, {"gap": 1.0, "rate": RATES}, {}, ValueError, "`fixed`"),
    "2-d": (
        landau_zener,
        {"gap": np.ones((2, 2)), "rate": RATES},
        {},
        ValueError,
        "one-dimensional",
    ),
    "nan": (
        landau_zener,
        {"gap": [1.0, np.nan], "rate": RATES},
        {},
        ValueError,
        "nan at index 1",
    ),
    "repeated": (
        landau_zener,
        {"gap": [1.0, 1.0], "rate": RATES},
        {},
        ValueError,
        "more than once",
    ),
    "complex": (
        landau_zener,
        {"gap": [1j], "rate": RATES},
        {},
        TypeError,
        "real numbers",
    ),
    "text": (
        landau_zener,
        {"gap": ["a"], "rate": RATES},
        {},
        TypeError,
        "real numbers",
    ),
    "not callable": (3, {"gap": GAPS}, {}, TypeError, "`target` must be a function"),
    "experiment": (
        ToyExperiment(),
        {"gap": GAPS, "rates": RATES},
        {"p01": 0.0},
        ValueError,
        "Did you mean `rate`",
    ),
    "experiment lacks": (
        ToyExperiment(),
        {"gap": GAPS},
        {"p01": 0.0},
        ValueError,
        "also needs `rate`",
    ),
    "bad result": (lambda x: "a", {"x": GAPS}, {}, TypeError, "got str"),
    "tuple": (lambda x: (x, x), {"x": GAPS}, {}, TypeError, "dict or named tuple"),
    "name taken": (
        lambda x: {"x": x},
        {"x": GAPS},
        {},
        ValueError,
        "also the name of an axis",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_refused_with_what_to_do(name):
    target, axes, fixed, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        sweep(target, axes, fixed=fixed, progress=False)


@pytest.mark.parametrize("option", [{"chunk": 0}, {"workers": 0}, {"workers": -1}])
def test_counts_below_one_are_refused(option):
    with pytest.raises(ValueError, match="at least 1"):
        sweep(landau_zener, {"gap": GAPS, "rate": RATES}, progress=False, **option)


def test_a_fractional_chunk_is_refused():
    with pytest.raises(TypeError, match="`chunk` must be an integer"):
        sweep(landau_zener, {"gap": GAPS, "rate": RATES}, progress=False, chunk=2.5)


def test_the_solver_swept_over_gap_and_rate_is_the_landau_zener_formula():
    def survival(gap, rate):
        return lz.transition_probability(lz.LinearSweep(gap, rate), initial=0, final=0)

    axes = {"gap": [0.3, 0.8, 1.5], "rate": [0.5, 2.0]}
    dataset = sweep(survival, axes, progress=False)
    gap, rate = np.meshgrid(axes["gap"], axes["rate"], indexing="ij")
    want = np.exp(-np.pi * gap**2 / (2 * rate))
    # `solve` works to rtol = 1e-8 on the propagator.
    np.testing.assert_allclose(dataset["result"], want, atol=1e-7)
