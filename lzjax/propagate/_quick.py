"""Functions for loops over steps: sines that compilers can vectorise, no zeros.

On a CPU libraries compute float64 sines one by one, many times as slowly as registers
full of them can be had by arithmetic: most of the time of a driven model. And no
compiler leaves out a product with zero, as it might be one with infinity.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core
import jax.numpy as jnp
import numpy as np

from ._cos_sinc import quick_cos, quick_sin

_QUICK = {"cos": quick_cos, "sin": quick_sin}
_INLINED = {"jit", "pjit"}
# What takes as long as tens of products.
_COSTLY = set(
    "acos acosh asin asinh atan atan2 atanh cbrt cos cosh custom_jvp_call "
    "custom_vjp_call digamma div erf erfc exp exp2 expm1 gather lgamma log log1p "
    "logistic pow rem scan sin sinh sqrt tan tanh while".split()
)


# What is zero where all that it takes is.
_OF_ZEROS = set(
    "broadcast_in_dim convert_element_type copy neg reshape squeeze".split()
)
# So many terms of a sum compilers write out.
_FEW = 8
# More values than these of costly functions are computed anew for each lane that shares
# them, unless they are kept.
_MANY = 16
# Stands for a number known to be zero.
_ZERO = object()


def quick(
    function: Callable, *examples: Any, shared: bool = False
) -> tuple[Callable, bool]:
    """The function with quick sines and without what known zeros make vanish, and
    whether it takes long: then its values are worth keeping rather than computing anew
    for each use. `shared`: that lanes share numbers on which such may depend."""
    program = jax.make_jaxpr(function)(*examples)
    structure = jax.tree.structure(jax.eval_shape(function, *examples))

    def quicker(*arguments):
        leaves = jax.tree.leaves(arguments)
        found = _evaluated(program.jaxpr, program.consts, leaves, shared)
        filled = map(_filled, found, program.jaxpr.outvars)
        return jax.tree.unflatten(structure, filled)

    return quicker, _is_costly(program.jaxpr)


def _inner(eqn: Any) -> Any:
    return eqn.params["jaxpr"] if eqn.primitive.name in _INLINED else None


def _is_costly(program: Any) -> bool:
    return any(
        _is_costly(_inner(eqn).jaxpr) if _inner(eqn) else eqn.primitive.name in _COSTLY
        for eqn in program.eqns
    )


def _filled(value: Any, atom: Any) -> Any:
    return jnp.zeros(atom.aval.shape, atom.aval.dtype) if value is _ZERO else value


def _evaluated(
    program: Any, consts: Sequence[Any], arguments: list[Any], shared: bool
) -> list[Any]:
    """What the program gives; `_ZERO` for what is known to be zero."""
    values = dict(zip(program.constvars, consts, strict=True))
    values.update(zip(program.invars, arguments, strict=True))

    def read(atom):
        if not isinstance(atom, jax.extend.core.Literal):
            return values[atom]
        known = jnp.issubdtype(atom.aval.dtype, jnp.inexact) and np.all(atom.val == 0)
        return _ZERO if known else atom.val

    for eqn in program.eqns:
        found: Sequence[Any]
        inputs = [read(atom) for atom in eqn.invars]
        name, inner = eqn.primitive.name, _inner(eqn)
        if inner is not None:
            found = _evaluated(inner.jaxpr, inner.consts, inputs, shared)
        elif name == "optimization_barrier":
            some = jax.lax.optimization_barrier([x for x in inputs if x is not _ZERO])
            found = [x if x is _ZERO else some.pop(0) for x in inputs]
        elif (short := _with_zeros(name, inputs)) is not None:
            found = [short]
        else:
            inputs = list(map(_filled, inputs, eqn.invars))
            if name == "reduce_sum" and eqn.invars[0].aval.size > _FEW:
                # Else its terms are computed in the loop that sums, one by one.
                inputs = jax.lax.optimization_barrier(inputs)
            found = _bound(eqn, inputs)
            if shared and name in _COSTLY and eqn.outvars[0].aval.size > _MANY:
                found = jax.lax.optimization_barrier(list(found))
        values.update(zip(eqn.outvars, found, strict=True))
    return [read(atom) for atom in program.outvars]


def _with_zeros(name: str, inputs: list[Any]) -> Any:
    """What some operations give when something is zero; else `None`. What is not finite
    beside a zero shows in the rest of the function."""
    zeros = [x is _ZERO for x in inputs]
    if (name == "mul" and any(zeros)) or (name in _OF_ZEROS and all(zeros)):
        return _ZERO
    if name in ("add", "add_any", "sub") and any(zeros):
        first, second = inputs
        if second is _ZERO:
            return first
        return -second if name == "sub" else second
    return None


def _bound(eqn: Any, inputs: list[Any]) -> Sequence[Any]:
    name = eqn.primitive.name
    if name in _QUICK and jnp.issubdtype(eqn.invars[0].aval.dtype, jnp.floating):
        return [_QUICK[name](jnp.asarray(inputs[0]))]
    params = eqn.primitive.get_bind_params(eqn.params)
    found = eqn.primitive.bind(*inputs, **params)
    return found if eqn.primitive.multiple_results else [found]
