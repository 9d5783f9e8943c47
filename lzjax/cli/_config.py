"""What the tables of a configuration mean, checked; nothing is computed here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..sweeps import check_axis
from ._csv import Columns
from ._errors import CommandError, listed
from ._experiment import ExperimentConfig, read_experiment
from ._tables import Table, as_number, check_names
from ._units import read_units


@dataclass(frozen=True)
class DataConfig:
    """The table [data]: which columns hold the outcomes and the controls."""

    kind: str
    columns: dict[str, str | float]
    controls: dict[str, str]


@dataclass(frozen=True)
class FitConfig:
    """A whole configuration of `lzjax fit`."""

    experiment: ExperimentConfig
    data: DataConfig
    parameters: dict[str, dict[str, Any]]
    units: dict[str, str]
    options: dict[str, Any]


@dataclass(frozen=True)
class SweepConfig:
    """A whole configuration of `lzjax sweep`."""

    experiment: ExperimentConfig
    axes: dict[str, np.ndarray]
    fixed: dict[str, float]
    units: dict[str, str]


def fit_config(tables: Mapping[str, Any]) -> FitConfig:
    """**Raises:** `CommandError` saying which entry is wrong."""
    known = ("data", "units", "experiment", "parameters", "fit")
    top = Table(tables, "", known)
    data = _data(top.need("data"))
    parameters = {
        name: _parameter(name, value)
        for name, value in Table(
            top.need("parameters"), "parameters", tuple(top.get("parameters"))
        ).values.items()
    }
    check_names(parameters, "parameters")
    both = sorted(set(parameters) & set(data.controls))
    if both:
        raise CommandError(f"{listed(both)} is both a parameter and a control.")
    experiment = read_experiment(top.need("experiment"))
    experiment.check(parameters, data.controls)
    units = read_units(top.get("units", {}))
    return FitConfig(experiment, data, parameters, units, _options(top.get("fit", {})))


def sweep_config(tables: Mapping[str, Any]) -> SweepConfig:
    """**Raises:** `CommandError` saying which entry is wrong."""
    top = Table(tables, "", ("axes", "fixed", "units", "experiment"))
    axes = {name: _axis(name, value) for name, value in _plain(top, "axes").items()}
    for name, values in axes.items():
        try:
            check_axis(name, values)
        except (TypeError, ValueError) as error:
            raise CommandError(f"axes.{name}: {error}") from None
    if not axes:
        raise CommandError("[axes] is empty: name at least one parameter to sweep.")
    fixed = {
        name: as_number(value, f"fixed.{name}")
        for name, value in (_plain(top, "fixed") if "fixed" in top else {}).items()
    }
    check_names(axes, "axes")
    check_names(fixed, "fixed")
    both = sorted(set(axes) & set(fixed))
    if both:
        raise CommandError(f"{listed(both)} is both in [axes] and in [fixed].")
    experiment = read_experiment(top.need("experiment"))
    experiment.check([*axes, *fixed], [])
    return SweepConfig(experiment, axes, fixed, read_units(top.get("units", {})))


def _plain(top: Table, key: str) -> Mapping[str, Any]:
    values = top.need(key)
    if not isinstance(values, Mapping):
        raise CommandError(f"[{key}] must be a table, got {values!r}.")
    return values


def _data(values: Any) -> DataConfig:
    known = ("kind", "successes", "trials", "value", "error", "controls")
    table = Table(values, "data", known)
    kind = table.choice("kind", ("counts", "means"))
    wanted = ("successes", "trials") if kind == "counts" else ("value", "error")
    for key in ("successes", "trials", "value", "error"):
        if key in table and key not in wanted:
            raise CommandError(
                f"data.{key} does not belong to data of kind `{kind}`, which have "
                f"{listed(wanted)}."
            )
    columns: dict[str, str | float] = {}
    for key in wanted:
        value = table.need(key)
        by_number = key in ("trials", "error") and not isinstance(value, str)
        columns[key] = as_number(value, f"data.{key}") if by_number else table.text(key)
    controls = _plain(table, "controls")
    for name, column in controls.items():
        if not isinstance(column, str):
            raise CommandError(
                f"data.controls.{name} must be the name of a column, got {column!r}."
            )
    if not controls:
        raise CommandError("[data.controls] is empty: name at least one control.")
    check_names(controls, "data.controls")
    return DataConfig(kind, columns, dict(controls))


def _parameter(name: str, value: Any) -> dict[str, Any]:
    where = f"parameters.{name}"
    if not isinstance(value, Mapping):
        return {"value": as_number(value, where)}
    table = Table(value, where, ("value", "lower", "upper", "fixed", "scale"))
    options: dict[str, Any] = {"value": table.number("value")}
    for key in ("lower", "upper", "scale"):
        if key in table:
            options[key] = table.number(key)
    options["fixed"] = table.get("fixed", False)
    if not isinstance(options["fixed"], bool):
        raise CommandError(f"{where}.fixed must be true or false.")
    return options


def _options(values: Any) -> dict[str, Any]:
    table = Table(values, "fit", ("starts", "seed", "spread", "steps", "polish_steps"))
    options: dict[str, Any] = {}
    for key, least in (("starts", 1), ("seed", 0), ("steps", 1), ("polish_steps", 1)):
        if key in table:
            options[key] = table.whole(key, 0, least)
    if "spread" in table:
        options["spread"] = table.number("spread")
    return options


def _axis(name: str, value: Any) -> np.ndarray:
    where = f"axes.{name}"
    if isinstance(value, list):
        return np.asarray([as_number(v, f"{where}[{i}]") for i, v in enumerate(value)])
    if not isinstance(value, Mapping):
        raise CommandError(
            f"{where} must be a list of numbers or {{start, stop, points}}, got "
            f"{value!r}. A single number belongs into [fixed]."
        )
    table = Table(value, where, ("start", "stop", "points", "scale"))
    start, stop = table.number("start"), table.number("stop")
    table.need("points")
    points = table.whole("points", 0, 2)
    if start == stop:
        raise CommandError(f"{where} starts and stops at {start}: put it into [fixed].")
    if table.choice("scale", ("linear", "log"), "linear") == "linear":
        return np.linspace(start, stop, points)
    if start <= 0 or stop <= 0:
        raise CommandError(f"{where}: a log scale needs start and stop above 0.")
    return np.geomspace(start, stop, points)


def check_columns(data: DataConfig, columns: Columns) -> None:
    """Refuse columns that the file does not have.

    **Raises:** `CommandError` with the columns it has.
    """
    for key, column in data.columns.items():
        if isinstance(column, str):
            columns.check(column, f"data.{key}")
    for name, column in data.controls.items():
        columns.check(column, f"data.controls.{name}")
