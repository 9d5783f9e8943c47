"""From a checked configuration to an experiment, data and parameters."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import experiments, fits, models
from ._config import DataConfig
from ._csv import Columns
from ._errors import CommandError
from ._experiment import WAVEFORMS, ExperimentConfig, NameOrNumber
from ._formulas import Formula

# More kinks than this make a program that is slow to compile and to run.
_MOST_SAMPLES = 20_000


def make_data(config: DataConfig, columns: Columns) -> Any:
    """The measured data, `lz.Counts` or `lz.Means`.

    **Raises:** `CommandError` with the line of the first bad cell.
    """
    controls = {
        name: columns.numbers(column, f"data.controls.{name}")
        for name, column in config.controls.items()
    }
    got = {key: _column(config, columns, key) for key in config.columns}
    if config.kind == "means":
        _refuse(config, columns, "error", got["error"] <= 0, "must be positive")
        return fits.Means(controls, got["value"], got["error"])
    successes, trials = got["successes"], got["trials"]
    for key in ("trials", "successes"):
        values = got[key]
        _refuse(config, columns, key, values < 0, "is negative")
        whole = "is not a whole number"
        _refuse(config, columns, key, values != np.round(values), whole)
    _refuse(config, columns, "trials", trials < 1, "is below 1: no trials")
    _refuse(config, columns, "successes", successes > trials, "exceeds the trials")
    return fits.Counts(controls, successes, trials)


def _column(config: DataConfig, columns: Columns, key: str) -> np.ndarray:
    name = config.columns[key]
    if isinstance(name, str):
        return columns.numbers(name, f"data.{key}")
    return np.full(len(columns.rows), name)


def _refuse(config, columns, key, bad, problem) -> None:
    name = config.columns[key]
    if isinstance(name, str):
        columns.refuse(bad, name, problem)
    elif np.any(bad):
        raise CommandError(f"data.{key}: {name:g} {problem}.")


def make_parameters(config: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """The parameters of a fit.

    **Raises:** `CommandError` if value and bounds do not fit together.
    """
    made = []
    for name, options in config.items():
        try:
            made.append(fits.Parameter(name, **options))
        except (TypeError, ValueError) as error:
            raise CommandError(f"parameters.{name}: {error}") from None
    return made


def make_experiment(
    config: ExperimentConfig,
    *,
    parameters: tuple[str, ...],
    controls: tuple[str, ...],
    trial: Mapping[str, Any],
    free: Collection[str] = (),
) -> Any:
    """The experiment that the formulas describe, an `lz.Experiment`.

    **Arguments:**

    - `parameters`, `controls`: the names it has.
    - `trial`: name -> a number or an array `(n,)` of values to try the formulas on.
    - `free`: the parameters that a fit may change.

    **Raises:** `CommandError` if a formula is not finite, or a window is backwards.
    """
    trial = {name: jnp.asarray(value, dtype=float) for name, value in trial.items()}
    _try(config, trial)
    kinks = _kinks(config, trial, free)
    field = _field(config)

    def build(p: Mapping, c: Mapping) -> Any:
        values = {**p, **c}
        return models.TwoLevelFunction(field, values, breakpoints=kinks(values))

    def window(p: Mapping, c: Mapping) -> tuple:
        values = {**p, **c}
        return _end(config.start, values), _end(config.stop, values)

    options: dict[str, Any] = {} if config.rtol is None else {"rtol": config.rtol}
    return experiments.Experiment(
        build,
        parameters=parameters,
        controls=controls,
        window=window if config.window_names() else window({}, {}),
        initial=config.initial,
        measured=config.measured,
        basis=config.basis,
        **options,
        **_readout(config.readout),
        noise=_noise(config),
        **_dissipation(config.dissipation),
    )


def _readout(readout: Mapping[str, NameOrNumber]) -> dict[str, Any]:
    return {"readout": experiments.ReadoutError(**readout)} if readout else {}


def _dissipation(rates: Mapping[str, NameOrNumber]) -> dict[str, Any]:
    return {"dissipation": experiments.Dissipation(**rates)} if rates else {}


def _noise(config: ExperimentConfig) -> tuple:
    kinds = {
        "detuning": experiments.DetuningNoise,
        "coupling": experiments.CouplingNoise,
    }
    return tuple(
        kinds[key](name, nodes=config.nodes) for key, name in config.noise.items()
    )


def _end(end: Formula | float, values: Mapping[str, Any]) -> Any:
    return end(values) if isinstance(end, Formula) else end


def _field(config: ExperimentConfig) -> Callable:
    """(t, values) -> (coupling, 0, detuning): H = ½ (detuning σz + coupling σx)."""

    def field(t, values):
        z, x = (
            _waveform(config.waveforms[key], config.sample.get(key), config, t, values)
            for key in WAVEFORMS
        )
        return x, jnp.zeros_like(t), z

    return field


def _waveform(formula: Formula, step: float | None, config, t, values) -> jax.Array:
    def at(time):
        return jnp.asarray(formula({**values, "t": time}), dtype=float)

    if step is None:
        return at(t)
    start, stop = _end(config.start, values), _end(config.stop, values)
    left = start + jnp.floor((t - start) / step) * step
    left = jnp.clip(left, start, jnp.maximum(start, stop - 1e-12 * step))
    right = jnp.maximum(jnp.minimum(left + step, stop), left + 1e-12 * step)
    return at(left) + (at(right) - at(left)) * (t - left) / (right - left)


def _kinks(config, trial, free) -> Callable:
    """values -> the times at which the field has a kink, inside the window."""
    counts = {
        key: _sample_count(config, step, trial, free)
        for key, step in config.sample.items()
    }

    def kinks(values):
        times = [
            jnp.asarray(kink(values), dtype=float)[None] for kink in config.breakpoints
        ]
        start, stop = _end(config.start, values), _end(config.stop, values)
        for key, step in config.sample.items():
            times.append(start + step * jnp.arange(1, counts[key]))
        if not times:
            return jnp.zeros(0)
        return jnp.clip(jnp.concatenate(times), start, stop)

    return kinks


def _sample_count(config, step, trial, free) -> int:
    """Samples in the longest window: an array's length cannot depend on a parameter."""
    moving = sorted(config.window_names() & set(free))
    if moving:
        raise CommandError(
            f"a sampled waveform needs a window that the fit does not change, but it "
            f"depends on `{moving[0]}`: fix that parameter, or write the formula "
            "without sampling."
        )
    start, stop = _window(config, trial)
    count = math.ceil(float(np.max(stop - start)) / step)
    if count > _MOST_SAMPLES:
        raise CommandError(
            f"sampling every {step:g} makes {count} samples in the longest window, "
            f"more than {_MOST_SAMPLES}: use a longer step."
        )
    return max(count, 1)


def _window(config, trial) -> tuple[np.ndarray, np.ndarray]:
    ends = (_end(config.start, trial), _end(config.stop, trial))
    start, stop = np.broadcast_arrays(*(np.asarray(end, dtype=float) for end in ends))
    return np.atleast_1d(start), np.atleast_1d(stop)


def _try(config, trial) -> None:
    """Evaluate every formula once, at a few times of each window."""
    for formula, with_time in config.formulas():
        if not with_time:
            _check_finite(formula, formula(trial))
    start, stop = _window(config, trial)
    backwards = np.flatnonzero(stop < start)
    if backwards.size:
        i = int(backwards[0])
        raise CommandError(
            f"experiment.stop lies before experiment.start at point {i + 1} "
            f"({stop[i]:g} < {start[i]:g})."
        )
    low, high = np.maximum(start, -1e3), np.minimum(stop, 1e3)
    for part in (0.0, 0.31, 0.73, 1.0):
        time = low + part * (high - low)
        time = jnp.asarray(time[0] if time.size == 1 else time)
        for formula in config.waveforms.values():
            _check_finite(formula, formula({**trial, "t": time}))


def _check_finite(formula: Formula, result: Any) -> None:
    if not np.all(np.isfinite(np.asarray(result, dtype=float))):
        raise CommandError(
            f'{formula.where}: the formula "{formula.text}" is NaN or infinite at the '
            "starting values."
        )
