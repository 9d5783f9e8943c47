"""A sweep as a line or a map."""

from typing import Any

import numpy as np

from ._style import COLOURS, given_axes, label, new_axes, one_of, tidy


def plot_sweep(
    dataset: Any,
    variable: str | None = None,
    *,
    x: str | None = None,
    y: str | None = None,
    ax: Any = None,
) -> Any:
    """One variable of a swept Dataset: a line over one axis, a map over two.

    **Arguments:**

    - `dataset`: what `lz.sweep` returned.
    - `variable`: which result to draw; needed if there are several.
    - `x`, `y`: the axes to draw along; by default, of a sweep with two axes, the
      first across and the second up. An axis that is evenly spaced in its logarithm
      gets a logarithmic scale.
    - `ax`: matplotlib axes to draw into.

    Labels carry units where the Dataset's variables and coordinates have the
    attribute `units`.

    **Returns:** the figure.

    **Raises:** `ValueError` if the variable or an axis does not exist, or if more
    than two dimensions are left: choose with `dataset.sel` or `dataset.isel` first.
    """
    data = dataset[_variable_of(dataset, variable)].squeeze(drop=True)
    if data.ndim not in (1, 2):
        raise ValueError(
            f"`{data.name}` has the dimensions {tuple(data.dims)}; a figure shows one "
            "or two. Choose values of the others with `dataset.sel` or `dataset.isel`."
        )
    across, up = _directions(data, x, y)
    if ax is None:
        figure, grid = new_axes(1, 1, figsize=(5.6, 4.0))
        ax = grid[0, 0]
    else:
        figure, _ = given_axes(ax, (1, 1))
    if up is None:
        _draw_line(ax, data, across)
    else:
        _draw_map(figure, ax, data.transpose(up, across), across, up)
    return figure


def _variable_of(dataset: Any, variable: str | None) -> str:
    names = [str(name) for name in dataset.data_vars if name != "finished"]
    if variable is None and len(names) == 1:
        return names[0]
    return one_of("variable", variable, names)


def _directions(data: Any, x: str | None, y: str | None) -> tuple[str, str | None]:
    dims = [str(dim) for dim in data.dims]
    for name, value in (("x", x), ("y", y)):
        if value is not None:
            one_of(name, value, dims)
    if data.ndim == 1:
        if y is not None:
            raise ValueError(f"`{data.name}` has one axis, `{dims[0]}`: leave out `y`.")
        return dims[0], None
    if x is not None and x == y:
        raise ValueError(f"`x` and `y` must be different axes, got {x!r} twice.")
    if x is None:
        x = next(dim for dim in dims if dim != y)
    return x, next(dim for dim in dims if dim != x)


def _draw_line(ax: Any, data: Any, across: str) -> None:
    at = _coordinate(data, across)
    ax.plot(at, data.values, color=COLOURS[0], lw=1.6)
    if is_logarithmic(at):
        ax.set_xscale("log")
    ax.set_xlabel(_label_of(data, across))
    ax.set_ylabel(label(data.name, data.attrs.get("units")))
    tidy(ax)


def _draw_map(figure: Any, ax: Any, data: Any, across: str, up: str) -> None:
    x, y = _coordinate(data, across), _coordinate(data, up)
    if is_logarithmic(x):
        ax.set_xscale("log")
    if is_logarithmic(y):
        ax.set_yscale("log")
    mesh = ax.pcolormesh(
        _edges(x), _edges(y), data.values, cmap="viridis", rasterized=True
    )
    ax.set_xlabel(_label_of(data, across))
    ax.set_ylabel(_label_of(data, up))
    ax.tick_params(direction="out", length=3)
    bar = figure.colorbar(mesh, ax=ax)
    bar.set_label(label(data.name, data.attrs.get("units")))
    bar.outline.set_visible(False)


def _coordinate(data: Any, name: str) -> np.ndarray:
    if name in data.coords:
        return np.asarray(data[name])
    return np.arange(data.sizes[name])  # a dimension of an array result


def _label_of(data: Any, name: str) -> str:
    units = data[name].attrs.get("units") if name in data.coords else None
    return label(name, units)


def is_logarithmic(values: np.ndarray) -> bool:
    """Whether the values are evenly spaced in their logarithm."""
    if values.size < 3 or np.any(values <= 0):
        return False
    steps = np.diff(np.log(values))
    # The steps of the logarithm of evenly spaced values shrink or grow all along; here
    # they may differ by what a few printed digits leave.
    return bool(np.ptp(steps) < 1e-3 * np.abs(steps).min())


def _edges(values: np.ndarray) -> np.ndarray:
    """The borders of the cells around `values`, halfway as the eye sees it."""
    if values.size == 1:
        return np.asarray([values[0] - 0.5, values[0] + 0.5])
    seen = np.log(values) if is_logarithmic(values) else values.astype(float)
    half = 0.5 * np.diff(seen)
    inner = seen[:-1] + half
    edges = np.concatenate([[seen[0] - half[0]], inner, [seen[-1] + half[-1]]])
    return np.exp(edges) if is_logarithmic(values) else edges
