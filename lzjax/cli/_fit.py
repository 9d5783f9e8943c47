"""`lzjax fit`: data and formulas to values, errors, a report and a figure."""

import json
import math
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import fits
from ._build import make_data, make_experiment, make_parameters
from ._config import FitConfig, check_columns, fit_config
from ._csv import Columns, read_csv
from ._errors import CommandError
from ._figure import save_fit_figure
from ._tables import read_toml
from ._write import prepare_folder, write_text, written


class Fitted(NamedTuple):
    """A finished fit with what it was made from."""

    result: Any
    experiment: Any
    data: Any
    config: FitConfig


def run_fit(data: Path, config: Path, out: Path | None) -> None:
    """Fit, print the report, and write the files if `out` is given.

    **Raises:** `CommandError` for anything wrong in the two files.
    """
    tables = fit_config(read_toml(config))
    columns = read_csv(data)
    if out is not None:
        prepare_folder(out)
    fitted = fit_columns(tables, columns, progress=sys.stderr.isatty())
    print(fitted.result.report())
    if out is not None:
        write_fit(fitted, out)
    if not fitted.result.success:
        print(f"lzjax: warning: {fitted.result.message}", file=sys.stderr)


def fit_columns(config: FitConfig, columns: Columns, progress: bool) -> Fitted:
    """Build the experiment, the data and the parameters, and fit.

    **Raises:** `CommandError` if they do not fit together.
    """
    check_columns(config.data, columns)
    data = make_data(config.data, columns)
    parameters = make_parameters(config.parameters)
    controls = {name: np.asarray(values) for name, values in data.controls.items()}
    trial = {**{p.name: p.value for p in parameters}, **controls}
    free = [p.name for p in parameters if not p.fixed]
    if not free:
        raise CommandError("[parameters]: all are fixed, there is nothing to fit.")
    experiment = make_experiment(
        config.experiment,
        parameters=tuple(config.parameters),
        controls=tuple(controls),
        trial=trial,
        free=free,
    )
    result = fits.fit(experiment, data, parameters, progress=progress, **config.options)
    return Fitted(result, experiment, data, config)


def write_fit(fitted: Fitted, folder: Path) -> None:
    """report.txt, fit.json, predictions.csv and fit.png."""
    write_text(folder / "report.txt", fitted.result.report() + "\n")
    write_text(folder / "fit.json", json.dumps(summary(fitted.result), indent=2) + "\n")
    with written(folder / "predictions.csv") as path:
        header = [*fitted.data.controls, "observed", "error", "predicted", "residual"]
        table = _table(fitted)
        np.savetxt(path, table, "%.10g", ",", header=",".join(header), comments="")
    names = ["report.txt", "fit.json", "predictions.csv"]
    if save_fit_figure(fitted, folder / "fit.png"):
        names.append("fit.png")
    print(f"written to {folder}: {', '.join(names)}")


def summary(result: Any) -> dict[str, Any]:
    """The numbers of a fit, as JSON can hold them: null where there is none."""
    return {
        "values": {name: _number(v) for name, v in result.values.items()},
        "errors": {name: _number(v) for name, v in result.errors.items()},
        "free": list(result.names),
        "covariance": [
            [_number(v) for v in row] for row in np.asarray(result.covariance)
        ],
        "deviance": _number(result.deviance),
        "dof": int(result.dof),
        "identified": {name: bool(v) for name, v in result.identified.items()},
        "success": bool(result.success),
        "message": str(result.message),
    }


def _number(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _table(fitted: Fitted) -> np.ndarray:
    """Controls, what was observed, its error, the prediction and the residual."""
    data, result = fitted.data, fitted.result
    columns = [np.asarray(values) for values in data.controls.values()]
    columns += [
        data.observed(),
        data.data_errors(),
        result.predictions[0],
        result.residuals[0],
    ]
    return np.stack([np.asarray(column, dtype=float) for column in columns], axis=1)
