"""Picking and placing entries by index.

An index that is known moves cells while the program is traced. A computed one becomes
a selection among all entries that it could mean, for short tables.
"""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from jax import lax

from ._cells import Arithmetic, Cell, NotScalarisable, is_known, known
from ._structure import Cells

TABLE = 64


def _picked(emit: Arithmetic, array: Cells, index: list[Cell], dtype: Any) -> Cell:
    """`array[index]`, each part of the index clamped into its range."""
    for axis, part in enumerate(index):
        if not is_known(part):
            size = array.shape[axis]
            if size > TABLE:
                raise NotScalarisable(f"an entry of {size} by a computed index")
            cases = [
                _picked(emit, array, [*index[:axis], k, *index[axis + 1 :]], dtype)
                for k in range(size)
            ]
            return cases[0] if size == 1 else _chosen(emit, part, cases, dtype)
    sizes = zip(index, array.shape, strict=True)
    return array[tuple(min(max(int(i), 0), n - 1) for i, n in sizes)]


def _chosen(emit: Arithmetic, which: Cell, cases: list[Cell], dtype: Any) -> Cell:
    # Like `emit.select` by an integer, but clamped at both ends.
    found = cases[-1]
    for k in range(len(cases) - 2, -1, -1):
        below = emit.compare("le", which, k)
        found = emit.select(below, [found, cases[k]], dtype)
    return found


def _dynamic_slice(emit: Arithmetic, array: Cells, *starts_and_eqn) -> Cells:
    *starts, eqn = starts_and_eqn
    sizes = eqn.params["slice_sizes"]
    dtype = eqn.outvars[0].aval.dtype
    # The window stays inside as a whole: only these starts are possible.
    out = np.empty(sizes, object)
    for place in np.ndindex(tuple(sizes)):
        window = array[
            tuple(
                slice(p, n - size + 1 + p)
                for p, n, size in zip(place, array.shape, sizes, strict=True)
            )
        ]
        out[place] = _picked(emit, window, [s[()] for s in starts], dtype)
    return out


def _gather(emit: Arithmetic, array: Cells, starts: Cells, eqn) -> Cells:
    numbers, sizes = eqn.params["dimension_numbers"], eqn.params["slice_sizes"]
    if numbers.operand_batching_dims:
        raise NotScalarisable("gather with batch dimensions")
    fills = eqn.params["mode"] == lax.GatherScatterMode.FILL_OR_DROP
    dtype = eqn.outvars[0].aval.dtype
    kept = [d for d in range(array.ndim) if d not in numbers.collapsed_slice_dims]
    out = np.empty(eqn.outvars[0].aval.shape, object)
    for place in np.ndindex(out.shape):
        offset = [0] * array.ndim
        for d, position in zip(kept, numbers.offset_dims, strict=True):
            offset[d] = place[position]
        row = tuple(p for d, p in enumerate(place) if d not in numbers.offset_dims)
        index: list[Cell] = [0] * array.ndim
        for column, d in enumerate(numbers.start_index_map):
            index[d] = starts[(*row, column)]
        window = array[
            tuple(
                slice(o, n - size + 1 + o)
                for o, n, size in zip(offset, array.shape, sizes, strict=True)
            )
        ]
        cell = _picked(emit, window, index, dtype)
        if fills:
            for d in numbers.start_index_map:
                low = emit.compare("ge", index[d], 0)
                high = emit.compare("le", index[d], array.shape[d] - sizes[d])
                outside = eqn.params["fill_value"]
                nothing = (
                    (math.nan if np.dtype(dtype).kind in "fc" else 0)
                    if outside is None
                    else known(np.asarray(outside))
                )
                inside = emit.logical("and", low, high)
                cell = emit.select(inside, [nothing, cell], dtype)
        out[place] = cell
    return out


def _dynamic_update_slice(emit: Arithmetic, array: Cells, new: Cells, *rest) -> Cells:
    *starts, eqn = rest
    corner = []
    for start, n, size in zip(starts, array.shape, new.shape, strict=True):
        inside = emit.extremum("max", start[()], 0)
        corner.append(emit.extremum("min", inside, n - size))
    out = array.copy()
    for place in np.ndindex(new.shape):
        index = [emit.add(c, p) for c, p in zip(corner, place, strict=True)]
        _put(emit, out, index, lambda old, x=new[place]: x, eqn)
    return out


def _put(
    emit: Arithmetic, array: Cells, index: list[Cell], change: Callable, eqn
) -> None:
    """Change the entry at an index, known or computed; nothing outside."""
    if array.size > TABLE and not all(map(is_known, index)):
        raise NotScalarisable(f"{eqn.primitive.name} at a computed index")
    options = [
        [int(part)] if is_known(part) else range(size)
        for part, size in zip(index, array.shape, strict=True)
    ]
    for place in itertools.product(*options):
        if not all(0 <= p < n for p, n in zip(place, array.shape, strict=True)):
            continue
        here: Cell = True
        for part, p in zip(index, place, strict=True):
            here = emit.logical("and", emit.compare("eq", part, p), here)
        cases = [array[place], change(array[place])]
        array[place] = emit.select(here, cases, eqn.outvars[0].aval.dtype)


def _scatter(emit: Arithmetic, array: Cells, starts: Cells, new: Cells, eqn) -> Cells:
    return _scattered(emit, lambda old, update: update, array, starts, new, eqn)


def _scatter_add(emit: Arithmetic, array: Cells, starts: Cells, new: Cells, eqn):
    return _scattered(emit, emit.add, array, starts, new, eqn)


def _scattered(emit: Arithmetic, combine: Callable, array, starts, new, eqn) -> Cells:
    numbers = eqn.params["dimension_numbers"]
    if numbers.operand_batching_dims:
        raise NotScalarisable(f"{eqn.primitive.name} with batch dimensions")
    out = array.copy()
    kept = [d for d in range(array.ndim) if d not in numbers.inserted_window_dims]
    for place in np.ndindex(new.shape):
        index: list[Cell] = [0] * array.ndim
        for d, position in zip(kept, numbers.update_window_dims, strict=True):
            index[d] = place[position]
        row = tuple(
            p for d, p in enumerate(place) if d not in numbers.update_window_dims
        )
        for column, d in enumerate(numbers.scatter_dims_to_operand_dims):
            index[d] = emit.add(index[d], starts[(*row, column)])
        _put(emit, out, index, lambda old, x=new[place]: combine(old, x), eqn)
    return out


PICKS: dict[str, Callable] = {
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "gather": _gather,
    "scatter": _scatter,
    "scatter-add": _scatter_add,
    "scatter_add": _scatter_add,
}
