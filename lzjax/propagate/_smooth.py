"""Smooth functions of one lane, block by block, with their derivatives."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from ..models import AbstractHamiltonian
from ._lanes import in_blocks
from ._leaves import join, split

# Lanes that run together: their intermediate numbers stay in a core's cache, and in a
# GPU's memory.
_LANES = 16
_LANES_ON_GPU = 1 << 14


def by_lane(function: Callable, model: AbstractHamiltonian, *arguments: Any) -> Any:
    """`function(model, *arguments)` of one lane, in blocks."""
    leaves, structure = split(model)
    numbers, shape = jax.tree.flatten(arguments)

    def one(*arrays):
        rest = jax.tree.unflatten(shape, arrays[: len(numbers)])
        return function(join(structure, arrays[len(numbers) :]), *rest)

    return smooth_in_blocks(one)(*numbers, *leaves)


def smooth_in_blocks(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays of one lane, whose batches run in blocks.

    Derivatives of any order, in both modes, are found block by block as well: the
    whole Jacobian of a lane first, then its product with the tangents. Memory is that
    of a block. Outputs are real.
    """

    # Traced once, however many batches there are around it.
    traced = jax.jit(function)

    def block(axes, *arrays):
        return jax.vmap(traced, in_axes=axes)(*arrays)

    @jax.custom_jvp
    def run(*arrays):
        return in_blocks(block, None, _LANES, _LANES_ON_GPU, traced)(*arrays)

    def rule(primals, tangents):
        moving = [
            j
            for j, tangent in enumerate(tangents)
            if not isinstance(tangent, SymbolicZero)
        ]
        value, slopes = smooth_in_blocks(_with_jacobian(function, moving))(*primals)
        along = jnp.concatenate([jnp.ravel(tangents[j]) for j in moving])
        return value, jax.tree.map(lambda slope: slope @ along, slopes)

    run.defjvp(rule, symbolic_zeros=True)
    return run


def _with_jacobian(function: Callable[..., Any], moving: list[int]):
    """The function and its Jacobian, with the numbers of what moves as a last axis."""

    def both(*arrays):
        sizes = [arrays[j].size for j in moving]
        row = jnp.concatenate([jnp.ravel(arrays[j]) for j in moving])

        def of_row(row):
            every, start = list(arrays), 0
            for j, size in zip(moving, sizes, strict=True):
                every[j] = row[start : start + size].reshape(arrays[j].shape)
                start += size
            value = function(*every)
            return value, value

        outputs = sum(
            x.size for x in jax.tree.leaves(jax.eval_shape(function, *arrays))
        )
        # Forwards costs by inputs, backwards by outputs, and each as much again.
        jacobian = jax.jacfwd if row.size <= 2 * outputs else jax.jacrev
        slopes, value = jacobian(of_row, has_aux=True)(row)
        return value, slopes

    return both
