"""The labelled result of a sweep."""

import importlib.metadata
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import require


def empty_results(
    shapes: Mapping[str, jax.ShapeDtypeStruct], total: int
) -> dict[str, np.ndarray]:
    """Arrays for all results, flat over the grid: NaN, or zero for integers."""
    results = {}
    for name, result in shapes.items():
        inexact = np.issubdtype(result.dtype, np.inexact)
        fill = np.nan if inexact else 0
        results[name] = np.full((total, *result.shape), fill, dtype=result.dtype)
    return results


def make_dataset(
    axes: Mapping[str, np.ndarray],
    results: Mapping[str, np.ndarray],
    attributes: Mapping[str, Any],
    finished: np.ndarray | None = None,
) -> Any:
    """The results over their axes; further dimensions are `<variable>_0`, ..."""
    xarray = require("xarray", extra="sweeps")
    shape = tuple(len(values) for values in axes.values())
    variables = {}
    for name, flat in results.items():
        extra = tuple(f"{name}_{i}" for i in range(flat.ndim - 1))
        variables[name] = ((*axes, *extra), flat.reshape(shape + flat.shape[1:]))
    if finished is not None:
        variables["finished"] = (tuple(axes), finished.reshape(shape))
    return xarray.Dataset(variables, coords=dict(axes), attrs=dict(attributes))


def check_result_names(axes: Mapping[str, Any], shapes: Mapping[str, Any]) -> None:
    """Refuse a result that has the name of an axis.

    **Raises:** `ValueError`, naming it.
    """
    for name in shapes:
        if name in axes:
            raise ValueError(
                f"the target returns `{name}`, which is also the name of an axis: "
                "rename the result."
            )


def count_non_finite(results: Mapping[str, np.ndarray]) -> int:
    """How many of all results are NaN or infinite."""
    inexact = (r for r in results.values() if np.issubdtype(r.dtype, np.inexact))
    return sum(int(r.size - np.count_nonzero(np.isfinite(r))) for r in inexact)


def describe_run(fixed: Mapping[str, Any], chunk: int) -> dict[str, Any]:
    """Attributes that say how a Dataset was made; all can be written to a file."""
    try:
        version = importlib.metadata.version("lzjax")
    except importlib.metadata.PackageNotFoundError:
        version = "not installed"
    about: dict[str, Any] = {
        "lzjax_version": version,
        "jax_version": jax.__version__,
        "device": jnp.zeros(()).device.device_kind,
        "chunk": chunk,
    }
    for name, value in fixed.items():
        about[f"fixed_{name}"] = _attribute(value)
    return about


def _attribute(value: Any) -> Any:
    """A number, a one-dimensional array of numbers, or text."""
    if isinstance(value, (bool, str)):
        return str(value)
    if isinstance(value, (int, float, np.generic, np.ndarray, jax.Array)):
        array = np.asarray(value)
        if array.dtype.kind in "iuf" and array.ndim <= 1:
            return array if array.ndim else array.item()
    return repr(value)
