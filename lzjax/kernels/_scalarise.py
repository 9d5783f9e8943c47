"""Lane scalarisation: a function of one sample as elementwise operations on lanes.

The function is traced once. Its program is then emitted again, cell by cell: every
entry of every small array becomes a real number for each sample, a *lane*, or a number
that is known already. Complex numbers, matrices, zeros and ones are gone; what is left
is elementwise, which compilers fuse into one loop and GPU kernels keep in registers.
"""

from typing import Any

import jax
import jax.extend
import numpy as np
from jax import lax

from ._cells import Arithmetic, NotScalarisable, Pair, Precision, is_known
from ._functions import Functions
from ._indexing import PICKS
from ._structure import MOVES, Cells, constants, each, filled

_RULES = {**MOVES, **PICKS}
# Arrays larger than this are not worth having in registers.
_LARGEST = 1024
# Rounds of inner loops that are written out.
_ROUNDS = 64

_INNER = {
    "checkpoint": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vmap_call": "call",
    "eval_jaxpr": "call_jaxpr",
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
}
_SAME = {"copy", "copy_p", "reduce_precision", "stop_gradient"}
# Where arrays are, in a program for several devices.
_SAME |= {"mesh_cast", "pcast", "pvary", "reshard", "sharding_constraint"}
_COMPARISONS = {"eq", "ge", "gt", "le", "lt", "ne"}
_TOTAL_ORDER = {"eq_to": "eq", "le_to": "le", "lt_to": "lt"}
_BINARY = {"add": "add", "add_any": "add", "mul": "mul", "sub": "sub", "div": "div"}


class Emission:
    """One pass over a program, for lanes of one precision."""

    def __init__(self, precision: Precision, neutral: bool):
        self.emit = Arithmetic(precision)
        self.functions = Functions(self.emit, neutral)
        self.neutral = neutral

    def program(self, jaxpr: Any, consts: Any, arguments: list[Cells]) -> list[Cells]:
        values: dict[Any, Cells] = {}

        def read(atom) -> Cells:
            if isinstance(atom, jax.extend.core.Literal):
                return constants(atom.val)
            return values[atom]

        for variable, const in zip(jaxpr.constvars, consts, strict=True):
            values[variable] = _constant(const)
        values.update(zip(jaxpr.invars, arguments, strict=True))
        for eqn in jaxpr.eqns:
            for variable in eqn.outvars:
                size = int(np.prod(variable.aval.shape, dtype=int))
                if size > _LARGEST:
                    raise NotScalarisable(
                        f"{eqn.primitive.name} with an array of {size} numbers"
                    )
            out = self.equation(eqn, [read(atom) for atom in eqn.invars])
            # NumPy gives the entry of an array of no dimensions, not the array.
            out = [x if isinstance(x, np.ndarray) else filled(x) for x in out]
            values.update(zip(eqn.outvars, out, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def equation(self, eqn: Any, arguments: list[Cells]) -> list[Cells]:
        name, params, emit = eqn.primitive.name, eqn.params, self.emit
        dtype = eqn.outvars[0].aval.dtype if eqn.outvars else None
        if name in _INNER:
            inner = params[_INNER[name]]
            return self.program(*_opened(inner), arguments)
        if name == "call_hi_primitive":
            operation = params["_prim"]
            whole = jax.make_jaxpr(
                lambda *x: operation.expand(*jax.tree.unflatten(operation.in_tree, x))
            )(*[atom.aval for atom in eqn.invars])
            return self.program(whole.jaxpr, whole.consts, arguments)
        if name in _RULES:
            return [_RULES[name](emit, *arguments, eqn)]
        if name in _SAME:
            return [arguments[0]]
        if name == "optimization_barrier":
            return self.barrier(arguments)
        if name == "split":
            ends = np.cumsum(params["sizes"])[:-1]
            return list(np.split(arguments[0], ends, params["axis"]))
        if name == "unstack":
            axis = params["axis"]
            return list(np.moveaxis(arguments[0], axis, 0))
        if name == "select_n":
            which, *cases = arguments
            return [each(lambda w, *c: emit.select(w, list(c), dtype), which, *cases)]
        if name == "cond":
            return self.cond(eqn, arguments)
        if name == "scan":
            return self.scan(eqn, arguments)
        if name == "convert_element_type":
            to = params["new_dtype"]
            return [each(lambda a: emit.converted(a, to), arguments[0])]
        if name == "integer_pow":
            return [each(lambda a: emit.integer_pow(a, params["y"]), arguments[0])]
        if name == "clamp":
            return [each(self.functions.clamped, *arguments)]
        if name in _BINARY:
            return [each(getattr(emit, _BINARY[name]), *arguments)]
        if name in _COMPARISONS or name in _TOTAL_ORDER:
            relation = _TOTAL_ORDER.get(name, name)
            return [each(lambda a, b: emit.compare(relation, a, b), *arguments)]
        if name in ("and", "or", "xor"):
            return [each(lambda a, b: emit.logical(name, a, b), *arguments)]
        if name == "not":
            return [each(emit.invert, arguments[0])]
        if name in ("max", "min"):
            return [each(lambda a, b: emit.extremum(name, a, b), *arguments)]
        return [each(self.functions.named(name, params), *arguments)]

    def barrier(self, arguments: list[Cells]) -> list[Cells]:
        # A kernel has no fusions to keep apart.
        if self.neutral:
            return arguments
        lanes: list[Any] = []

        def collect(cell):
            if isinstance(cell, Pair):
                collect(cell.re)
                collect(cell.im)
            elif not is_known(cell):
                lanes.append(cell)
            return cell

        for array in arguments:
            each(collect, array)
        if not lanes:
            return arguments
        fenced = iter(lax.optimization_barrier(tuple(lanes)))

        def back(cell):
            if isinstance(cell, Pair):
                re = back(cell.re)
                return Pair(re, back(cell.im))
            return cell if is_known(cell) else next(fenced)

        return [each(back, array) for array in arguments]

    def cond(self, eqn: Any, arguments: list[Cells]) -> list[Cells]:
        which, *operands = arguments
        branches = [_opened(branch) for branch in eqn.params["branches"]]
        index = which[()]
        if is_known(index):
            chosen = min(max(int(index), 0), len(branches) - 1)
            return self.program(*branches[chosen], operands)
        cases = [self.program(*branch, operands) for branch in branches]
        return [
            each(
                lambda *cells, dtype=variable.aval.dtype: self.emit.select(
                    index, list(cells), dtype
                ),
                *results,
            )
            for variable, *results in zip(eqn.outvars, *cases, strict=True)
        ]

    def scan(self, eqn: Any, arguments: list[Cells]) -> list[Cells]:
        params = eqn.params
        length = params["length"]
        if length > _ROUNDS:
            raise NotScalarisable(f"an inner loop of {length} rounds")
        if "ft_in" in params:  # from jax 0.12 on
            shared, carry, rows = map(list, params["ft_in"].update(arguments).unpack())
        else:
            ends = params["num_consts"], params["num_consts"] + params["num_carry"]
            shared, carry = arguments[: ends[0]], arguments[ends[0] : ends[1]]
            rows = arguments[ends[1] :]
        order = range(length)[::-1] if params["reverse"] else range(length)
        outputs: list[Any] = [None] * length
        for k in order:
            out = self.program(
                *_opened(params["jaxpr"]),
                [*shared, *carry, *[_row(x, k) for x in rows]],
            )
            carry, outputs[k] = out[: len(carry)], out[len(carry) :]
        return carry + [np.stack(column) for column in zip(*outputs, strict=True)]


def _row(array: Cells, k: int) -> Cells:
    return array[k : k + 1].reshape(array.shape[1:])


def _opened(program: Any) -> tuple[Any, Any]:
    """A program and its constants, whichever way a primitive keeps it."""
    inner = getattr(program, "jaxpr", program)
    return inner, getattr(program, "consts", ())


def _constant(value: Any) -> Cells:
    if isinstance(value, jax.core.Tracer):
        raise NotScalarisable("a traced value that is not an argument")
    return constants(value)
