"""Colours, labels and axes shared by all figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._checks import require

# The palette of Okabe & Ito (2008), told apart with any colour vision; yellow left
# out, it is hard to see on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
INK = "#222222"
GREY = "#8A8A8A"


def colour(index: int) -> str:
    """The colour of the `index`-th curve."""
    return COLOURS[index % len(COLOURS)]


def new_axes(rows: int, columns: int, **options: Any) -> tuple[Any, np.ndarray]:
    """A new figure and its axes, shape `(rows, columns)`, laid out tightly."""
    pyplot = require("matplotlib.pyplot", extra="plots")
    return pyplot.subplots(
        rows, columns, squeeze=False, layout="constrained", **options
    )


def given_axes(axes: Any, shape: tuple[int, int]) -> tuple[Any, np.ndarray]:
    """The user's axes as an array of `shape`, and the figure they are in.

    **Raises:** `ValueError` if their number does not fit.
    """
    array = np.asarray(axes, dtype=object).reshape(-1)
    if array.size != shape[0] * shape[1]:
        raise ValueError(
            f"this plot needs {shape[0] * shape[1]} axes, in {shape[0]} rows and "
            f"{shape[1]} columns; got {array.size}."
        )
    return array[0].figure, array.reshape(shape)


def tidy(ax: Any) -> None:
    """No box around the data, small outward ticks."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(direction="out", length=3)


def label(name: Any, units: Any = None) -> str:
    """ "scan_rate" and "rad/us²" -> "scan rate (rad/us²)"."""
    words = str(name).replace("_", " ")
    return f"{words} ({units})" if units else words


def probability_axis(ax: Any, text: str = "probability") -> None:
    """An axis from 0 to 1, with a little room for points at the ends."""
    ax.set_ylim(-0.03, 1.03)
    ax.set_ylabel(text)


def one_of(name: str, value: Any, allowed: Sequence[Any]) -> Any:
    """`value`, if it is allowed.

    **Raises:** `ValueError`, listing what is allowed.
    """
    if value not in allowed:
        choices = ", ".join(repr(choice) for choice in allowed)
        raise ValueError(f"`{name}` must be one of {choices}; got {value!r}.")
    return value
