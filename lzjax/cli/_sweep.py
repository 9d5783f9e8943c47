"""`lzjax sweep`: an experiment made of formulas on a grid, saved with its labels."""

import itertools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import plots, sweeps
from .._checks import require
from ._build import make_experiment
from ._config import SweepConfig, sweep_config
from ._errors import CommandError
from ._figure import new_figure, save
from ._tables import read_toml
from ._write import prepare_folder, written

_FORMATS = (".nc", ".npz")
# A control that nothing reads, with a name that no formula can have.
_POINT = "grid point"


def run_sweep(config: Path, out: Path | None) -> None:
    """Compute the grid, save it, and draw it if it has one or two axes.

    **Raises:** `CommandError` for anything wrong in the file.
    """
    tables = sweep_config(read_toml(config))
    path = config.with_suffix(".nc") if out is None else out
    _check_format(path)
    prepare_folder(path.parent)
    try:
        dataset = compute(tables)
    except sweeps.SweepInterrupted as interrupt:
        save_dataset(interrupt.partial, path)
        raise KeyboardInterrupt(f"stopped; the part so far is in {path}.") from None
    save_dataset(dataset, path)
    print(f"written: {path}")
    if len(tables.axes) <= 2:
        picture = path.with_suffix(".png")
        if _draw(dataset, picture):
            print(f"written: {picture}")


def compute(config: SweepConfig) -> Any:
    """The Dataset of a configuration."""
    experiment = make_experiment(
        config.experiment,
        parameters=(*config.axes, *config.fixed),
        controls=(_POINT,),  # one setting a grid point; the axes are parameters
        trial={**_trial(config.axes), **config.fixed},
    )

    def probability(**values):
        return {"probability": experiment(values, {_POINT: jnp.zeros(1)})[0]}

    dataset = sweeps.sweep(probability, config.axes, fixed=config.fixed)
    for kind, unit in config.units.items():
        dataset.attrs[f"unit_{kind}"] = unit
    return dataset


def _trial(axes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """First, middle and last value of each axis, in all combinations."""
    few = [sorted({0, len(v) // 2, len(v) - 1}) for v in axes.values()]
    points = np.asarray(list(itertools.product(*few)))
    return {name: v[points[:, i]] for i, (name, v) in enumerate(axes.items())}


def _check_format(path: Path) -> None:
    if path.suffix not in _FORMATS:
        raise CommandError(
            f"--out must end in {' or '.join(_FORMATS)}, got {path.name}."
        )
    if path.suffix == ".nc":
        # Now, not after the computation. Of the extras, this one has scipy.
        require("scipy.io", extra="fits")


def save_dataset(dataset: Any, path: Path) -> None:
    """Save as netCDF, or the bare arrays as .npz."""
    with written(path) as temporary:
        if path.suffix == ".nc":
            dataset.to_netcdf(temporary, engine="scipy")
        else:
            arrays = {
                str(name): np.asarray(dataset[name]) for name in dataset.variables
            }
            np.savez(temporary, **arrays)


def _draw(dataset: Any, path: Path) -> bool:
    try:
        figure, ax = new_figure(1, (1.0,), (6.0, 4.2))
    except ImportError as error:
        print(f"lzjax: no figure: {error}", file=sys.stderr)
        return False
    plots.plot_sweep(dataset, "probability", ax=ax)
    save(figure, path)
    return True
