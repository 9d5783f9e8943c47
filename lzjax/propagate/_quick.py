"""The generator for loops over steps: sines that compilers can vectorise.

On a CPU libraries compute float64 sines one by one, many times as slowly as registers
full of them can be had by arithmetic: most of the time of a driven model.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.extend.core
import jax.numpy as jnp
from jaxtyping import Array

from ._cos_sinc import quick_cos, quick_sin

_QUICK = {"cos": quick_cos, "sin": quick_sin}
_INLINED = {"jit", "pjit"}
# What takes as long as tens of products.
_COSTLY = set(
    "acos acosh asin asinh atan atan2 atanh cbrt cos cosh custom_jvp_call "
    "custom_vjp_call digamma div erf erfc exp exp2 expm1 gather lgamma log log1p "
    "logistic pow rem scan sin sinh sqrt tan tanh while".split()
)


def quick(function: Callable, *examples: Any) -> tuple[Callable, bool]:
    """The function with quick sines, and whether it takes long: then its values are
    worth keeping rather than computing anew for each use."""
    program = jax.make_jaxpr(function)(*examples)
    structure = jax.tree.structure(jax.eval_shape(function, *examples))

    def quicker(*arguments):
        found = _evaluated(program.jaxpr, program.consts, jax.tree.leaves(arguments))
        return jax.tree.unflatten(structure, found)

    return quicker, _is_costly(program.jaxpr)


def quick_on_lanes(function: Callable, axes: tuple, examples: tuple) -> Callable:
    """`jax.vmap` of such a function, lanes on the last axis of what it gives; `axes` as
    for `vmap`, `examples` the arguments of one lane."""
    one, costly = quick(function, *examples)
    many = jax.vmap(one, axes, out_axes=-1)

    def kept(*arguments):
        return jax.lax.optimization_barrier(many(*arguments))

    return kept if costly else many


def _inner(eqn: Any) -> Any:
    return eqn.params["jaxpr"] if eqn.primitive.name in _INLINED else None


def _is_costly(program: Any) -> bool:
    return any(
        _is_costly(_inner(eqn).jaxpr) if _inner(eqn) else eqn.primitive.name in _COSTLY
        for eqn in program.eqns
    )


def _evaluated(
    program: Any, consts: Sequence[Any], arguments: list[Any]
) -> list[Array]:
    values = dict(zip(program.constvars, consts, strict=True))
    values.update(zip(program.invars, arguments, strict=True))

    def read(atom):
        literal = isinstance(atom, jax.extend.core.Literal)
        return atom.val if literal else values[atom]

    for eqn in program.eqns:
        inputs = [read(atom) for atom in eqn.invars]
        name, inner = eqn.primitive.name, _inner(eqn)
        if inner is not None:
            found = _evaluated(inner.jaxpr, inner.consts, inputs)
        elif name in _QUICK and jnp.issubdtype(eqn.invars[0].aval.dtype, jnp.floating):
            found = [_QUICK[name](jnp.asarray(inputs[0]))]
        else:
            params = eqn.primitive.get_bind_params(eqn.params)
            found = eqn.primitive.bind(*inputs, **params)
            found = found if eqn.primitive.multiple_results else [found]
        values.update(zip(eqn.outvars, found, strict=True))
    return [read(atom) for atom in program.outvars]
