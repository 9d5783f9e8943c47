"""Models as rows of real arrays, which batches, blocks and derivatives are made of."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array


def split(model: Any) -> tuple[tuple[Array, ...], Any]:
    """A model as real arrays and the (static) structure that puts it together."""
    arrays, static = eqx.partition(model, eqx.is_array)
    leaves, treedef = jax.tree.flatten(arrays)
    is_complex = tuple(bool(jnp.iscomplexobj(leaf)) for leaf in leaves)
    real: list[Array] = []
    for leaf, two in zip(leaves, is_complex, strict=True):
        real += [jnp.real(leaf), jnp.imag(leaf)] if two else [leaf]
    return tuple(real), (treedef, static, is_complex)


def join(structure: Any, leaves: tuple[Array, ...]) -> Any:
    treedef, static, is_complex = structure
    rest = list(leaves)
    arrays = [
        rest.pop(0) + 1j * rest.pop(0) if two else rest.pop(0) for two in is_complex
    ]
    return eqx.combine(jax.tree.unflatten(treedef, arrays), static)
