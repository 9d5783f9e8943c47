"""The named axes of a sweep: what is allowed, said before anything is computed."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def check_axes(axes: Any) -> dict[str, np.ndarray]:
    """The axes as finite, one-dimensional arrays, in the order given.

    **Raises:** `TypeError` or `ValueError`, naming the axis and what to do.
    """
    if not isinstance(axes, Mapping):
        raise TypeError(
            "`axes` must be a dict from names to the values to sweep, such as "
            f'{{"gap": [0.5, 1.0]}}; got {type(axes).__name__}.'
        )
    if not axes:
        raise ValueError(
            "`axes` is empty: name at least one parameter and its values, such as "
            '{"gap": [0.5, 1.0]}.'
        )
    return {name: check_axis(name, values) for name, values in axes.items()}


def check_axis(name: Any, values: Any) -> np.ndarray:
    """One axis as a finite, one-dimensional array without repeated values."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"an axis is named by a non-empty string, got {name!r}.")
    array = np.asarray(values)
    if array.ndim == 0:
        raise ValueError(
            f"the axis `{name}` is a single value, {values!r}. Put it in `fixed`, or "
            f"write [{values!r}] for an axis of length one."
        )
    if array.ndim > 1:
        raise ValueError(
            f"the axis `{name}` must be one-dimensional, got shape {array.shape}. "
            "The grid is made from the axes: do not pass a meshgrid."
        )
    if array.size == 0:
        raise ValueError(f"the axis `{name}` is empty: give at least one value.")
    if array.dtype.kind not in "iuf":
        raise TypeError(
            f"the axis `{name}` must hold real numbers, got type {array.dtype}. For a "
            "complex parameter, sweep its modulus and its phase."
        )
    if not np.all(np.isfinite(array)):
        where = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ValueError(
            f"the axis `{name}` must be finite, got {array[where]} at index {where}."
        )
    unique, counts = np.unique(array, return_counts=True)
    if unique.size != array.size:
        raise ValueError(
            f"the axis `{name}` has the value {unique[counts > 1][0]} more than once: "
            "each point of a grid is computed once. Use `np.unique` first."
        )
    # Integers stay integers: a target may use one as an index.
    return array if array.dtype.kind in "iu" else array.astype(float)
