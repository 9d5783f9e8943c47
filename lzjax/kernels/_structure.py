"""Operations on whole arrays that only move, add or pick cells.

They happen while the program is traced and cost nothing when it runs, sums aside.
"""

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ._cells import Arithmetic, Cell, NotScalarisable, Pair, known

Cells: TypeAlias = np.ndarray
LARGEST = 4096


def filled(cell: Cell, shape: tuple[int, ...] = ()) -> Cells:
    out = np.empty(shape, object)
    for place in np.ndindex(shape):
        out[place] = cell
    return out


def constants(value: Any) -> Cells:
    value = np.asarray(value)
    if value.size > LARGEST:
        raise NotScalarisable(f"a constant array of {value.size} numbers")
    out = np.empty(value.shape, object)
    for place in np.ndindex(value.shape):
        out[place] = known(value[place])
    return out


def each(function: Callable[..., Cell], *arrays: Cells) -> Cells:
    """`function` cell by cell, of arrays that broadcast."""
    shape = np.broadcast_shapes(*[array.shape for array in arrays])
    columns = [np.broadcast_to(array, shape).reshape(-1) for array in arrays]
    out = np.empty(math.prod(shape), object)
    for k, cells in enumerate(zip(*columns, strict=True)):
        out[k] = function(*cells)
    return out.reshape(shape)


def _sum(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return _reduced(emit.add, array, eqn)


def _product(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return _reduced(emit.mul, array, eqn)


def _greatest(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return _reduced(functools.partial(emit.extremum, "max"), array, eqn)


def _least(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return _reduced(functools.partial(emit.extremum, "min"), array, eqn)


def _all(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return _reduced(functools.partial(emit.logical, "and"), array, eqn)


def _any(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return _reduced(functools.partial(emit.logical, "or"), array, eqn)


_OF_NOTHING = {
    "reduce_and": True,
    "reduce_or": False,
    "reduce_prod": 1.0,
    "reduce_sum": 0.0,
}


def _reduced(function: Callable, array: Cells, eqn) -> Cells:
    for axis in sorted(eqn.params["axes"], reverse=True):
        if array.shape[axis] == 0:
            if eqn.primitive.name not in _OF_NOTHING:
                raise NotScalarisable(f"{eqn.primitive.name} of an empty array")
            nothing = _OF_NOTHING[eqn.primitive.name]
            array = filled(nothing, array.shape[:axis] + array.shape[axis + 1 :])
            continue
        array = functools.reduce(
            lambda a, b: each(function, a, b),
            [_taken(array, k, axis) for k in range(array.shape[axis])],
        )
    return array


def _taken(array: Cells, index: int, axis: int) -> Cells:
    place = (slice(None),) * axis + (slice(index, index + 1),)
    return array[place].reshape(array.shape[:axis] + array.shape[axis + 1 :])


def _cumulated(function: Callable, array: Cells, eqn) -> Cells:
    axis = eqn.params["axis"]
    rows = [_taken(array, k, axis) for k in range(array.shape[axis])]
    if eqn.params["reverse"]:
        rows = rows[::-1]
    rows = list(itertools.accumulate(rows, lambda a, b: each(function, a, b)))
    return np.stack(rows[::-1] if eqn.params["reverse"] else rows, axis)


def _cumsum(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return _cumulated(emit.add, array, eqn)


def _cumprod(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return _cumulated(emit.mul, array, eqn)


def _dot_general(emit: Arithmetic, a: Cells, b: Cells, eqn) -> Cells:
    (a_sum, b_sum), (a_batch, b_batch) = eqn.params["dimension_numbers"]
    a_free = [i for i in range(a.ndim) if i not in (*a_sum, *a_batch)]
    b_free = [i for i in range(b.ndim) if i not in (*b_sum, *b_batch)]
    a = a.transpose((*a_batch, *a_free, *a_sum))
    b = b.transpose((*b_batch, *b_free, *b_sum))
    batch = a.shape[: len(a_batch)]
    rows = a.shape[len(batch) : len(batch) + len(a_free)]
    columns = b.shape[len(batch) : len(batch) + len(b_free)]
    a = a.reshape((math.prod(batch), math.prod(rows), -1))
    b = b.reshape((math.prod(batch), math.prod(columns), -1))
    out = np.empty((math.prod(batch), math.prod(rows), math.prod(columns)), object)
    for n, i, j in np.ndindex(out.shape):
        products = [emit.mul(x, y) for x, y in zip(a[n, i], b[n, j], strict=True)]
        out[n, i, j] = functools.reduce(emit.add, products, 0.0)
    return out.reshape(batch + rows + columns)


def _reshape(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return array.reshape(eqn.outvars[0].aval.shape)


def _broadcast_in_dim(emit: Arithmetic, array: Cells, eqn) -> Cells:
    shape = eqn.params["shape"]
    inner = [1] * len(shape)
    for size, place in zip(
        array.shape, eqn.params["broadcast_dimensions"], strict=True
    ):
        inner[place] = size
    return np.broadcast_to(array.reshape(inner), shape)


def _transpose(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return array.transpose(eqn.params["permutation"])


def _slice(emit: Arithmetic, array: Cells, eqn) -> Cells:
    strides = eqn.params["strides"] or (1,) * array.ndim
    starts, limits = eqn.params["start_indices"], eqn.params["limit_indices"]
    return array[tuple(map(slice, starts, limits, strides))]


def _concatenate(emit: Arithmetic, *arrays_and_eqn) -> Cells:
    *arrays, eqn = arrays_and_eqn
    return np.concatenate(arrays, eqn.params["dimension"])


def _stack(emit: Arithmetic, *arrays_and_eqn) -> Cells:
    *arrays, eqn = arrays_and_eqn
    return np.stack(arrays, eqn.params["axis"])


def _rev(emit: Arithmetic, array: Cells, eqn) -> Cells:
    return np.flip(array, eqn.params["dimensions"])


def _iota(emit: Arithmetic, eqn) -> Cells:
    shape, axis = eqn.params["shape"], eqn.params["dimension"]
    return constants(np.indices(shape)[axis].astype(eqn.params["dtype"]))


def _pad(emit: Arithmetic, array: Cells, value: Cells, eqn) -> Cells:
    for axis, (low, high, inner) in enumerate(eqn.params["padding_config"]):
        size = array.shape[axis]
        shape = list(array.shape)
        shape[axis] = size + max(size - 1, 0) * inner
        spread = filled(value[()], tuple(shape))
        spread[(slice(None),) * axis + (slice(None, None, inner + 1),)] = array
        for amount, at_end in ((low, False), (high, True)):
            if amount < 0:
                kept = slice(0, amount) if at_end else slice(-amount, None)
                spread = spread[(slice(None),) * axis + (kept,)]
            elif amount:
                shape = list(spread.shape)
                shape[axis] = amount
                edge = filled(value[()], tuple(shape))
                parts = [spread, edge] if at_end else [edge, spread]
                spread = np.concatenate(parts, axis)
        array = spread
    return array


def _complex(emit: Arithmetic, re: Cells, im: Cells, eqn) -> Cells:
    return each(Pair, re, im)


MOVES: dict[str, Callable] = {
    "broadcast_in_dim": _broadcast_in_dim,
    "complex": _complex,
    "concatenate": _concatenate,
    "cumprod": _cumprod,
    "cumsum": _cumsum,
    "dot_general": _dot_general,
    "expand_dims": _reshape,
    "iota": _iota,
    "pad": _pad,
    "reduce_and": _all,
    "reduce_max": _greatest,
    "reduce_min": _least,
    "reduce_or": _any,
    "reduce_prod": _product,
    "reduce_sum": _sum,
    "reshape": _reshape,
    "rev": _rev,
    "slice": _slice,
    "squeeze": _reshape,
    "stack": _stack,
    "transpose": _transpose,
}
