"""Figures without a display: matplotlib's state and backend are not touched."""

import sys
from pathlib import Path
from typing import Any

from .. import plots
from .._checks import require
from ._write import written


def new_figure(
    rows: int, ratios: tuple[float, ...], size: tuple[float, float]
) -> tuple:
    """A figure that no window manager knows of, and its axes.

    **Raises:** `ImportError` if matplotlib is missing.
    """
    figure = require("matplotlib.figure", extra="plots").Figure(
        figsize=size, layout="constrained"
    )
    return figure, figure.subplots(rows, 1, sharex=True, height_ratios=ratios)


def save(figure: Any, path: Path) -> None:
    """Save a figure, whole or not at all."""
    with written(path) as temporary:
        figure.savefig(temporary, dpi=150)


def save_fit_figure(fitted: Any, path: Path, title: str | None = None) -> bool:
    """The fit over its data, along the first control; False without matplotlib."""
    try:
        figure, axes = new_figure(2, (3.0, 1.0), (7.0, 4.8))
    except ImportError as error:
        print(f"lzjax: no figure: {error}", file=sys.stderr)
        return False
    control = next(iter(fitted.config.data.controls))
    units = fitted.config.units
    plots.plot_fit(
        fitted.result,
        fitted.data,
        control,
        experiment=fitted.experiment,
        units={control: units["time"]}
        if control == "time" and "time" in units
        else None,
        titles=None if title is None else [title],
        axes=axes,
    )
    save(figure, path)
    return True
