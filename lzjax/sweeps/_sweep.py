"""`sweep`: a function or an experiment on a grid of named axes."""

import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from .._checks import require
from ._axes import check_axes
from ._chunks import evaluate_chunk, make_plan, result_shapes, run_chunks
from ._dataset import (
    check_result_names,
    count_non_finite,
    describe_run,
    empty_results,
    make_dataset,
)
from ._interrupted import SweepInterrupted
from ._progress import progress_bar
from ._target import as_point

if TYPE_CHECKING:
    import xarray


def sweep(
    target: Any,
    axes: Mapping[str, Any],
    *,
    fixed: Mapping[str, Any] | None = None,
    chunk: int | None = None,
    progress: bool = True,
    workers: int | None = None,
) -> "xarray.Dataset":
    """Evaluate `target` at each point of the grid spanned by the named `axes`.

    ```python
    lz.sweep(
        lambda gap, rate: lz.transition_probability(lz.LinearSweep(gap, rate)),
        {"gap": np.linspace(0.1, 2.0, 50), "rate": np.geomspace(0.1, 10.0, 40)},
    )
    ```

    The points are computed in chunks of one size, so the target is compiled once and
    the memory on the device is bounded by the chunk, not by the grid. Calling again
    with the same target and new numbers of the same shapes does not compile again;
    a `lambda` written anew is a new target.

    **Arguments:**

    - `target`: a JAX function of keyword arguments, called with scalars, that returns
      a number, an array, or a dict or named tuple of these; or an experiment, whose
      parameters and controls can both be axes.
    - `axes`: name -> values, one-dimensional. Their order is that of the dimensions.
    - `fixed`: name -> value of the other arguments. Numbers with a decimal point and
      arrays can change without a new compilation; integers, strings and functions
      are constants of the compiled program.
    - `chunk`: points computed at once. By default chosen from the device, the number
      of workers and the size of the results.
    - `progress`: draw a progress bar, if rich is installed and stderr is a terminal.
    - `workers`: threads that compute chunks at the same time. By default the number
      of CPUs on a CPU, 1 on an accelerator.

    **Returns:** an `xarray.Dataset`. The variables have the names in the target's
    dict; a bare result is called `result`, an experiment's is `probability`.
    Dimensions of array results are `<variable>_0`, `<variable>_1`, ... The attributes
    hold the fixed values, the versions of lzjax and jax, the device, the chunk, and
    `non_finite`, the number of results that are NaN or infinite.

    **Raises:**

    - `ValueError` or `TypeError` if the axes or the names do not fit the target.
    - `SweepInterrupted` (a `KeyboardInterrupt`) on ctrl-C; its `partial` holds the
      Dataset so far.
    """
    require("xarray", extra="sweeps")  # say so now, not after the computation
    grid = check_axes(axes)
    point, constants = as_point(target, grid, dict(fixed or {}))
    workers = _default_workers() if workers is None else workers
    _check_count("workers", workers)
    if chunk is not None:
        _check_count("chunk", chunk)

    shapes = result_shapes(point, grid, constants)
    check_result_names(grid, shapes)
    total = int(np.prod([len(values) for values in grid.values()]))
    plan = make_plan(total, shapes, chunk, workers)
    about = describe_run(constants, plan.chunk)
    results = empty_results(shapes, total)
    finished = np.zeros(total, dtype=bool)
    names = tuple(grid)
    on_device = tuple(jnp.asarray(values) for values in grid.values())

    def compute(start: int) -> dict:
        at = jnp.asarray(start)
        return evaluate_chunk(point, names, on_device, constants, at, plan.chunk)

    try:
        with progress_bar(total, "sweep", progress) as advance:
            run_chunks(compute, plan, results, finished, advance)
    except KeyboardInterrupt as interrupt:
        partial = make_dataset(grid, results, about, finished)
        raise SweepInterrupted(partial, int(finished.sum()), total) from interrupt

    bad = count_non_finite(results)
    if bad:
        size = sum(r.size for r in results.values())
        warnings.warn(
            f"{bad} of {size} results of the sweep are NaN or infinite; they are kept "
            "in the Dataset as they are.",
            RuntimeWarning,
            stacklevel=2,
        )
    return make_dataset(grid, results, {**about, "non_finite": bad})


def _default_workers() -> int:
    is_cpu = jnp.zeros(()).device.platform == "cpu"
    return (os.cpu_count() or 1) if is_cpu else 1


def _check_count(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"`{name}` must be an integer, got {value!r}.")
    if value < 1:
        raise ValueError(f"`{name}` must be at least 1, got {value}.")
