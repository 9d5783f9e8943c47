"""Arithmetic of cells: what the entries of small arrays are after scalarisation.

A cell is a Python number, known when the program is traced; a lane, one real (or
boolean, or integer) number a sample in an array over all samples; or a `Pair` of two
such, a complex number. Zeros and ones vanish here: what multiplies a zero is never
computed, also where it would not be finite.
"""

import dataclasses
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Cell = Any
LIMIT = 40_000


class NotScalarisable(Exception):
    """What a function does that has no form on lanes; the message names it."""


@dataclasses.dataclass(slots=True)
class Pair:
    """A complex cell."""

    re: Cell
    im: Cell


def is_known(cell: Cell) -> bool:
    return isinstance(cell, bool | int | float)


def _is(cell: Cell, number: float) -> bool:
    return is_known(cell) and not isinstance(cell, bool) and cell == number


def as_pair(cell: Cell) -> Pair:
    return cell if isinstance(cell, Pair) else Pair(cell, 0.0)


def known(value: Any) -> Cell:
    """A number of NumPy's as a cell."""
    number = value.item()
    return Pair(number.real, number.imag) if isinstance(number, complex) else number


class Precision(NamedTuple):
    """The dtype that lanes have for a traced dtype."""

    traced: np.dtype
    lanes: np.dtype

    def of(self, dtype: Any) -> np.dtype:
        return self.lanes if dtype == self.traced else np.dtype(dtype)


class Arithmetic:
    """The operations that are emitted, counted against a limit."""

    def __init__(self, precision: Precision):
        self.precision = precision
        self.emitted = 0

    def lanewise(self, operation: Callable, *cells: Cell) -> Cell:
        """One operation of `jax.lax` on lanes of one dtype and known numbers."""
        self.emitted += 1
        if self.emitted > LIMIT:
            raise NotScalarisable(f"more than {LIMIT} operations on numbers")
        lanes = [cell for cell in cells if not is_known(cell)]
        dtype, shape = lanes[0].dtype, _common_shape(lanes)
        with np.errstate(over="ignore"):
            return operation(
                *[dtype.type(c) if is_known(c) else _broadcast(c, shape) for c in cells]
            )

    def add(self, a: Cell, b: Cell) -> Cell:
        if isinstance(a, Pair) or isinstance(b, Pair):
            a, b = as_pair(a), as_pair(b)
            return Pair(self.add(a.re, b.re), self.add(a.im, b.im))
        if is_known(a) and is_known(b):
            return a + b
        if _is(a, 0.0):
            return b
        return a if _is(b, 0.0) else self.lanewise(lax.add, a, b)

    def neg(self, a: Cell) -> Cell:
        if isinstance(a, Pair):
            return Pair(self.neg(a.re), self.neg(a.im))
        if is_known(a):
            return 0.0 if a == 0 else -a
        return self.lanewise(lax.neg, a)

    def sub(self, a: Cell, b: Cell) -> Cell:
        if isinstance(a, Pair) or isinstance(b, Pair):
            a, b = as_pair(a), as_pair(b)
            return Pair(self.sub(a.re, b.re), self.sub(a.im, b.im))
        if is_known(a) and is_known(b):
            return a - b
        if _is(a, 0.0):
            return self.neg(b)
        return a if _is(b, 0.0) else self.lanewise(lax.sub, a, b)

    def mul(self, a: Cell, b: Cell) -> Cell:
        if isinstance(a, Pair) or isinstance(b, Pair):
            a, b = as_pair(a), as_pair(b)
            re = self.sub(self.mul(a.re, b.re), self.mul(a.im, b.im))
            return Pair(re, self.add(self.mul(a.re, b.im), self.mul(a.im, b.re)))
        if is_known(a) and is_known(b):
            return a * b
        if is_known(b):
            a, b = b, a
        if _is(a, 0.0):
            return 0.0
        if _is(a, 1.0):
            return b
        return self.neg(b) if _is(a, -1.0) else self.lanewise(lax.mul, a, b)

    def div(self, a: Cell, b: Cell) -> Cell:
        if isinstance(b, Pair):
            if _is(b.im, 0.0):
                return self.div(a, b.re)
            square = self.add(self.mul(b.re, b.re), self.mul(b.im, b.im))
            above = self.mul(a, Pair(b.re, self.neg(b.im)))
            return self.div(above, square)
        if isinstance(a, Pair):
            return Pair(self.div(a.re, b), self.div(a.im, b))
        if is_known(b):
            with np.errstate(all="ignore"):
                inverse = float(np.divide(1.0, b))
            if is_known(a):
                return _known_quotient(a, b)
            # Only where nothing but the last digit can change.
            if a.dtype.kind == "f" and 1e-30 < abs(inverse) < 1e30:
                return self.mul(a, inverse)
        if _is(a, 0.0):
            return 0.0
        return self.lanewise(lax.div, a, b)

    def integer_pow(self, a: Cell, power: int) -> Cell:
        if power < 0:
            return self.div(1.0, self.integer_pow(a, -power))
        result, square = 1.0, a
        while power:
            if power & 1:
                result = self.mul(result, square)
            power >>= 1
            if power:
                square = self.mul(square, square)
        return result

    def compare(self, name: str, a: Cell, b: Cell) -> Cell:
        if isinstance(a, Pair) or isinstance(b, Pair):
            a, b = as_pair(a), as_pair(b)
            parts = self.compare(name, a.re, b.re), self.compare(name, a.im, b.im)
            return self.logical("and" if name == "eq" else "or", *parts)
        if is_known(a) and is_known(b):
            return bool(getattr(operator, name)(a, b))
        return self.lanewise(getattr(lax, name), a, b)

    def logical(self, name: str, a: Cell, b: Cell) -> Cell:
        if is_known(a):
            a, b = b, a
        if is_known(b):
            if name == "xor":
                return self.invert(a) if b else a
            decides = b == (name == "or")
            return b if decides else a
        return self.lanewise(getattr(lax, f"bitwise_{name}"), a, b)

    def invert(self, a: Cell) -> Cell:
        return (not a) if is_known(a) else self.lanewise(lax.bitwise_not, a)

    def select(self, which: Cell, cases: list[Cell], dtype: Any) -> Cell:
        """`cases[which]`, for two cases by a boolean, else by an integer."""
        if is_known(which):
            return cases[min(max(int(which), 0), len(cases) - 1)]
        if any(isinstance(case, Pair) for case in cases):
            pairs = [as_pair(case) for case in cases]
            real = np.zeros((), dtype).real.dtype
            return Pair(
                self.select(which, [pair.re for pair in pairs], real),
                self.select(which, [pair.im for pair in pairs], real),
            )
        if all(is_known(c) and c == cases[0] for c in cases) or all(
            case is cases[0] for case in cases
        ):
            return cases[0]
        if which.dtype != np.dtype(bool):
            found = cases[-1]
            for k in range(len(cases) - 2, -1, -1):
                here = self.compare("le", which, k)
                found = self.select(here, [found, cases[k]], dtype)
            return found
        dtype = self.precision.of(dtype)
        lanes = [which, *[case for case in cases if not is_known(case)]]
        shape = _common_shape(lanes)
        full = [
            lax.full(shape, case, dtype) if is_known(case) else _broadcast(case, shape)
            for case in cases
        ]
        self.emitted += 1
        return lax.select_n(_broadcast(which, shape), *full)

    def extremum(self, name: str, a: Cell, b: Cell) -> Cell:
        if is_known(a) and is_known(b):
            return known(np.asarray(getattr(np, f"{name}imum")(a, b)))
        return self.lanewise(getattr(lax, name), a, b)

    def converted(self, a: Cell, dtype: Any) -> Cell:
        kind = np.dtype(dtype).kind
        if kind == "c":
            real = np.zeros((), dtype).real.dtype
            pair = as_pair(a)
            return Pair(self.converted(pair.re, real), self.converted(pair.im, real))
        if isinstance(a, Pair):
            a = a.re
        if is_known(a):
            number = bool if kind == "b" else float if kind == "f" else int
            return number(a)
        if kind == "b" and a.dtype != np.dtype(bool):
            return self.compare("ne", a, 0)
        # Integers only count and choose; 32 bits are enough, and quicker.
        to = np.dtype(np.int32) if kind in "iu" else self.precision.of(dtype)
        if a.dtype == to:
            return a
        self.emitted += 1
        return lax.convert_element_type(a, to)


def _known_quotient(a: Any, b: Any) -> Cell:
    if isinstance(a, int) and isinstance(b, int):
        return int(math.trunc(a / b)) if b else 0
    with np.errstate(all="ignore"):
        return float(np.divide(float(a), float(b)))


def _common_shape(lanes: list[jax.Array]) -> tuple[int, ...]:
    return max((lane.shape for lane in lanes), key=len)


def _broadcast(lane: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    return lane if lane.shape == shape else jnp.broadcast_to(lane, shape)
