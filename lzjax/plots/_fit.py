"""A fit over its data, with the residuals below."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ._style import COLOURS, GREY, INK, given_axes, label, new_axes, tidy

_CURVE_POINTS = 500


def plot_fit(
    result: Any,
    data: Any,
    control: str | None = None,
    *,
    experiment: Any = None,
    units: Mapping[str, str] | None = None,
    titles: Sequence[str] | None = None,
    axes: Any = None,
) -> Any:
    r"""Measured probabilities with error bars, the fitted curve, and residuals.

    The bars of counts are Wilson's interval of one standard deviation, which has a
    length also where no event, or only events, were seen. Residuals are in units of
    the standard deviation of each point.

    **Arguments:**

    - `result`: a `FitResult`.
    - `data`: the `Counts` or `Means` that were fitted, or the sequence of them.
    - `control`: the control along the horizontal axis; needed if there are several.
    - `experiment`: the experiment (or the sequence of them) that was fitted. With it
      the curve is drawn between the data too, where `control` is the only control.
    - `units`: name of a control -> its unit, for the label.
    - `titles`: one for each data set.
    - `axes`: matplotlib axes, two for each data set: all data panels, then all
      residual panels.

    **Returns:** the figure.

    **Raises:** `ValueError` if the control is not in the data or the lengths differ.

    Source: Wilson, J. Am. Stat. Assoc. 22, 209 (1927).
    """
    sets = _as_list(data)
    predictions = _matched("result.predictions", result.predictions, sets, data)
    residuals = _matched("result.residuals", result.residuals, sets, data)
    experiments = [None] * len(sets)
    if experiment is not None:
        experiments = _matched("experiment", experiment, sets, data)
    if titles is not None and len(titles) != len(sets):
        raise ValueError(
            f"{len(titles)} `titles` were given for {len(sets)} data sets."
        )

    shape = (2, len(sets))
    if axes is None:
        figure, grid = new_axes(
            *shape,
            sharex="col",
            figsize=(6.4 if len(sets) == 1 else 4.4 * len(sets), 4.6),
            height_ratios=(3.0, 1.0),
        )
    else:
        figure, grid = given_axes(axes, shape)
    for i, one in enumerate(sets):
        name = _control_of(one, control)
        at = np.asarray(one.controls[name], dtype=float)
        curve = _curve(experiments[i], result.values, one, name)
        _draw_data(grid[0, i], at, one, np.asarray(predictions[i]), curve)
        _draw_residuals(grid[1, i], at, np.asarray(residuals[i]))
        grid[1, i].set_xlabel(label(name, (units or {}).get(name)))
        if titles is not None:
            grid[0, i].set_title(titles[i])
    grid[0, 0].set_ylabel("probability" if _all_counts(sets) else "value")
    grid[1, 0].set_ylabel("residual (σ)")
    return figure


def wilson_interval(successes: Any, trials: Any) -> tuple[np.ndarray, np.ndarray]:
    """The interval of one standard deviation of a binomial probability."""
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    p = k / n
    centre = (p + 0.5 / n) / (1 + 1 / n)
    half = np.sqrt(p * (1 - p) / n + 0.25 / n**2) / (1 + 1 / n)
    return np.clip(centre - half, 0, p), np.clip(centre + half, p, 1)


def _is_counts(data: Any) -> bool:
    return getattr(data, "trials", None) is not None


def _all_counts(sets: Sequence[Any]) -> bool:
    return all(_is_counts(data) for data in sets)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _matched(name: str, value: Any, sets: Sequence[Any], data: Any) -> list[Any]:
    """One entry a data set: a joint fit has sequences, a single one bare values."""
    single = not isinstance(data, (list, tuple))
    entries = (
        [value] if single and not isinstance(value, (list, tuple)) else list(value)
    )
    if len(entries) != len(sets):
        raise ValueError(
            f"`{name}` has {len(entries)} entries for {len(sets)} data sets: pass the "
            "data that were fitted."
        )
    return entries


def _control_of(data: Any, control: str | None) -> str:
    names = [k for k, v in data.controls.items() if np.ndim(v) == 1]
    if control is None and len(names) == 1:
        return names[0]
    if control is None or control not in names:
        known = ", ".join(f"`{name}`" for name in names)
        raise ValueError(
            f"`control` must be one of the controls of the data, {known}; got "
            f"{control!r}."
        )
    return control


def _curve(experiment: Any, values: Mapping, data: Any, name: str) -> Any:
    """The prediction on a fine grid, where no other control would have to be chosen."""
    if experiment is None or len(data.controls) != 1:
        return None
    at = np.asarray(data.controls[name], dtype=float)
    fine = np.linspace(at.min(), at.max(), _CURVE_POINTS)
    parameters = {k: jnp.asarray(values[k], dtype=float) for k in experiment.parameters}
    return fine, np.asarray(experiment(parameters, {name: jnp.asarray(fine)}))


def _draw_data(ax: Any, at: np.ndarray, data: Any, prediction: Any, curve: Any) -> None:
    if _is_counts(data):
        successes = np.asarray(data.successes, dtype=float)
        values = successes / np.asarray(data.trials, dtype=float)
        low, high = wilson_interval(successes, data.trials)
        bars = np.stack([values - low, high - values])
        ax.set_ylim(-0.03, 1.03)
    else:
        values = np.asarray(data.values, dtype=float)
        bars = np.broadcast_to(np.asarray(data.errors, dtype=float), values.shape)
    ax.errorbar(
        at,
        values,
        yerr=bars,
        fmt="o",
        ms=3.5,
        lw=1.0,
        color=INK,
        label="data",
        zorder=2,
    )
    order = np.argsort(at, kind="stable")
    x, y = (at[order], prediction[order]) if curve is None else curve
    ax.plot(x, y, color=COLOURS[1], lw=1.5, label="fit", zorder=3)
    ax.legend(  # above the axes: a fringe leaves no empty corner inside
        frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0)
    )
    tidy(ax)


def _draw_residuals(ax: Any, at: np.ndarray, residuals: np.ndarray) -> None:
    ax.axhspan(-1, 1, color=GREY, alpha=0.2, lw=0)
    ax.axhline(0, color=GREY, lw=0.8)
    ax.plot(at, residuals, "o", ms=3.5, color=INK)
    reach = max(3.0, 1.1 * float(np.max(np.abs(residuals), initial=0.0)))
    ax.set_ylim(-reach, reach)
    tidy(ax)
