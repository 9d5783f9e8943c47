"""Array types, and the converters that give a module's fields their dtype."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

Scalar = Float[Array, ""]
ComplexScalar = Complex[Array, ""]
Vector = Float[Array, " n"]
Field = Float[Array, "3"]
Ket = Complex[Array, " N"]
Kets = Complex[Array, "T N"]
Operator = Complex[Array, "N N"]
Operators = Complex[Array, "T N N"]
TransitionMatrix = Float[Array, "N N"]

__all__ = [
    "Array",
    "ArrayLike",
    "ComplexScalar",
    "Field",
    "Ket",
    "Kets",
    "Operator",
    "Operators",
    "Scalar",
    "TransitionMatrix",
    "Vector",
    "as_array",
    "as_complex_or_real_array",
    "as_complex_or_real_scalar",
    "as_scalar",
    "is_single",
    "readable",
]


def as_array(value: Any) -> Any:
    """`value` as a real floating-point array.

    Numbers, lists and NumPy arrays become float64, integers too. A JAX array or
    tracer keeps its floating-point dtype: whoever made it chose that. The stand-ins
    that JAX's transformations put into a module (`None`, `object()`, shapes without
    numbers) are returned unharmed.

    **Raises:** `TypeError` if `value` is complex or not a number.
    """
    array = as_complex_or_real_array(value)
    if not _is_stand_in(array) and jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise TypeError(
            f"expected real numbers, got {array.dtype}. Take the real part or the "
            "modulus first; a complex coupling is accepted only where it is documented."
        )
    return array


def as_complex_or_real_array(value: Any) -> Any:
    """As `as_array`, but complex numbers are allowed and become complex128."""
    if _is_stand_in(value):
        return value
    array = jnp.asarray(value)
    is_inexact = jnp.issubdtype(array.dtype, jnp.inexact)
    if isinstance(value, jax.Array) and is_inexact:
        return array
    is_complex = jnp.issubdtype(array.dtype, jnp.complexfloating)
    return array.astype(complex if is_complex else float)


def as_scalar(value: Any) -> Any:
    """As `as_array`, for a field of shape `()`.

    The shape is not checked: a module whose fields carry a batch axis is what
    `jax.vmap` takes.
    """
    return as_array(value)


def as_complex_or_real_scalar(value: Any) -> Any:
    """As `as_scalar`, but a complex number stays complex."""
    return as_complex_or_real_array(value)


def is_single(numbers: Any) -> bool:
    """Whether an array, or a type of numbers, is in float32."""
    return jnp.result_type(numbers).itemsize == 4


def readable(module: Any) -> str:
    """A module as text with the numbers in it, as Python writes them, not with the
    shapes of its arrays; what has no numbers yet, under a transformation, keeps its
    shape."""
    numbers = jax.tree.map(_shown, module)
    return eqx.tree_pformat(numbers, short_arrays=False)


def _shown(leaf: Any) -> Any:
    is_number = eqx.is_array(leaf) and leaf.shape == ()
    return leaf.item() if is_number and not isinstance(leaf, jax.core.Tracer) else leaf


def _is_stand_in(value: Any) -> bool:
    if value is None or type(value) is object:
        return True
    if isinstance(value, jax.ShapeDtypeStruct):
        return True
    # The tangent of an integer, which has no numbers.
    return getattr(value, "dtype", None) == jax.dtypes.float0
