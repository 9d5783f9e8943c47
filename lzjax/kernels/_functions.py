"""Functions of single cells: the elementary ones, real and complex."""

from collections.abc import Callable

import jax
import numpy as np
from jax import lax

from ._cells import Arithmetic, Cell, NotScalarisable, Pair, as_pair, is_known
from ._elementary import REWRITTEN

# Real functions of one number that every backend has.
_PLAIN = {
    "cos": np.cos,
    "erf": None,
    "exp": np.exp,
    "exp2": np.exp2,
    "log": np.log,
    "logistic": None,
    "rsqrt": lambda x: 1.0 / np.sqrt(x),
    "sign": np.sign,
    "sin": np.sin,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
}
_REWRITTEN_UNARY = {
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "cbrt": np.cbrt,
    "ceil": np.ceil,
    "cosh": np.cosh,
    "expm1": np.expm1,
    "floor": np.floor,
    "log1p": np.log1p,
    "sinh": np.sinh,
    "tan": np.tan,
}
_REAL_BINARY = {"atan2": np.arctan2, "pow": np.power, "rem": np.fmod}


class Functions:
    """Elementary functions of cells, as `jax.lax` has them or, where they are to be
    `neutral`, from what GPU kernels have."""

    def __init__(self, emit: Arithmetic, neutral: bool):
        self.emit, self.neutral = emit, neutral

    def named(self, name: str, params: dict) -> Callable[..., Cell]:
        """A function of one or two numbers, by the name of its primitive."""
        emit = self.emit
        simple = {
            "neg": emit.neg,
            "square": lambda a: emit.mul(a, a),
            "one_minus_square": lambda a: emit.mul(emit.add(1.0, a), emit.sub(1.0, a)),
            "real": lambda a: as_pair(a).re,
            "imag": lambda a: as_pair(a).im,
            "conj": self.conjugate,
            "abs": self.absolute,
            "is_finite": lambda a: emit.compare("eq", emit.sub(a, a), 0.0),
        }
        if name == "polynomial":
            return self.polynomial
        if name in simple:
            return simple[name]
        if name in ("exp", "log", "sin", "cos", "sqrt"):
            complex_rule = getattr(self, f"complex_{name}")

            def either(a):
                if not isinstance(a, Pair):
                    return self.real(name, a)
                return complex_rule(a)

            return either
        if name == "round":
            return lambda a: self.rounded(a, params["rounding_method"])
        if name in _PLAIN or name in _REWRITTEN_UNARY or name in _REAL_BINARY:
            return lambda *cells: self.real(name, *cells)
        raise NotScalarisable(f"the operation `{name}`")

    def real(self, name: str, *cells: Cell) -> Cell:
        if any(isinstance(cell, Pair) for cell in cells):
            raise NotScalarisable(f"`{name}` of a complex number")
        if name == "pow":
            if is_known(cells[1]) and not isinstance(cells[0], bool):
                if float(cells[1]).is_integer() and abs(cells[1]) <= 64:
                    return self.emit.integer_pow(cells[0], int(cells[1]))
                if cells[1] == 0.5:
                    return self.real("sqrt", cells[0])
        if all(is_known(cell) for cell in cells):
            numpy = {**_PLAIN, **_REWRITTEN_UNARY, **_REAL_BINARY}[name]
            if numpy is not None:
                with np.errstate(all="ignore"):
                    return float(numpy(*[float(cell) for cell in cells]))
            dtype = self.emit.precision.lanes
            cells = tuple(np.asarray(cell, dtype) for cell in cells)
            with jax.ensure_compile_time_eval():
                return float(getattr(lax, name)(*cells))
        if name in REWRITTEN and self.neutral:
            return self.rewritten(REWRITTEN[name], cells)
        if name == "rem" or name == "pow" or name == "atan2":
            return self.emit.lanewise(getattr(lax, name), *cells)
        return self.emit.lanewise(getattr(lax, name), cells[0])

    def rewritten(self, function: Callable, cells: tuple[Cell, ...]) -> Cell:
        def whole(*arrays):
            shape = max((np.shape(array) for array in arrays), key=len)
            return function(*[jax.numpy.broadcast_to(x, shape) for x in arrays])

        if any(not is_known(c) and c.dtype.kind != "f" for c in cells):
            raise NotScalarisable("a remainder or power of integers")
        return self.emit.lanewise(whole, *cells)

    def rounded(self, a: Cell, method: lax.RoundingMethod) -> Cell:
        if is_known(a):
            if method == lax.RoundingMethod.TO_NEAREST_EVEN:
                return float(np.rint(a))
            return float(np.sign(a) * np.floor(abs(a) + 0.5))
        return self.emit.lanewise(lambda x: lax.round(x, method), a)

    def clamped(self, low: Cell, a: Cell, high: Cell) -> Cell:
        return self.emit.extremum("min", self.emit.extremum("max", a, low), high)

    def polynomial(self, x: Cell, *coefficients: Cell) -> Cell:
        total = coefficients[-1]
        for coefficient in coefficients[-2::-1]:
            total = self.emit.add(self.emit.mul(total, x), coefficient)
        return total

    def conjugate(self, a: Cell) -> Cell:
        return Pair(a.re, self.emit.neg(a.im)) if isinstance(a, Pair) else a

    def absolute(self, a: Cell) -> Cell:
        if isinstance(a, Pair):
            emit = self.emit
            square = emit.add(emit.mul(a.re, a.re), emit.mul(a.im, a.im))
            return self.real("sqrt", square)
        return abs(a) if is_known(a) else self.emit.lanewise(lax.abs, a)

    def complex_exp(self, a: Pair) -> Pair:
        if is_known(a.im) and a.im == 0.0:
            return Pair(self.real("exp", a.re), 0.0)
        size = self.real("exp", a.re)
        return self.emit.mul(size, Pair(self.real("cos", a.im), self.real("sin", a.im)))

    def complex_log(self, a: Pair) -> Pair:
        size = self.real("log", self.absolute(a))
        return Pair(size, self.real("atan2", a.im, a.re))

    def complex_sin(self, a: Pair) -> Pair:
        re = self.emit.mul(self.real("sin", a.re), self.real("cosh", a.im))
        return Pair(re, self.emit.mul(self.real("cos", a.re), self.real("sinh", a.im)))

    def complex_cos(self, a: Pair) -> Pair:
        re = self.emit.mul(self.real("cos", a.re), self.real("cosh", a.im))
        im = self.emit.mul(self.real("sin", a.re), self.real("sinh", a.im))
        return Pair(re, self.emit.neg(im))

    def complex_sqrt(self, a: Pair) -> Pair:
        # √|z| at half the angle; without cancellation on any side.
        emit = self.emit
        root = self.real("sqrt", self.absolute(a))
        half = emit.mul(0.5, self.real("atan2", a.im, a.re))
        return emit.mul(root, Pair(self.real("cos", half), self.real("sin", half)))
