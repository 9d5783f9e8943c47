"""`lzjax demo`: the main job, from data to a fit, on a small simulated data set."""

import importlib.resources
import json
import math
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._config import fit_config
from ._csv import parse_csv
from ._figure import save_fit_figure
from ._fit import fit_columns
from ._write import prepare_folder

_DATA = importlib.resources.files(__package__) / "data"
FIGURE = "lzjax-demo.png"


def run_demo(folder: Path) -> None:
    """Fit the data of the package, print truth against fit, and draw the figure."""
    prepare_folder(folder)
    config = fit_config(tomllib.loads(_text("demo.toml")))
    truth = json.loads(_text("demo.json"))
    columns = parse_csv(_text("demo.csv"), Path("demo.csv"))
    print(
        "SIMULATED data: a two-level system driven through its avoided crossing,\n"
        f"read after {len(columns.rows)} pulse lengths with 400 shots each. Each shot "
        "has its own\ndetuning error, and the readout errs. All parameters are fitted "
        "at once."
    )
    print("fitting (compiling takes most of the time) ...", file=sys.stderr, flush=True)
    begin = time.perf_counter()
    fitted = fit_columns(config, columns, progress=True)
    print(f"\n{fitted.result.report()}\n")
    print(f"fitted in {time.perf_counter() - begin:.0f} s, compilation included\n")
    print(comparison(truth, fitted.result.values, fitted.result.errors))
    path = folder / FIGURE
    if save_fit_figure(fitted, path, title="SIMULATED data"):
        print(f"\nfigure: {path}")


def comparison(
    truth: Mapping[str, float], values: Mapping[str, Any], errors: Mapping[str, Any]
) -> str:
    """The table truth | fit | error | pull, where pull = (fit − truth) / error."""
    rows = [f"{'parameter':<16}{'truth':>10}{'fit':>10}{'error':>10}{'pull':>8}"]
    for name, true in truth.items():
        value, error = float(values[name]), float(errors[name])
        known = math.isfinite(error) and error > 0
        pull = f"{(value - true) / error:+.1f}" if known else "-"
        shown = f"{error:.4f}" if known else "-"
        rows.append(f"{name:<16}{true:>10.4f}{value:>10.4f}{shown:>10}{pull:>8}")
    return "\n".join(rows)


def _text(name: str) -> str:
    return (_DATA / name).read_text(encoding="utf-8")
