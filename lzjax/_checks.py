"""Checks of the installation and of arguments, with messages that say what to do."""

import importlib
import re
from collections.abc import Callable, Collection, Sequence
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# Versions that must not be used, and why.
_BROKEN_JAX = {
    (0, 10, 2): "it returns wrong numbers on the CPU without any warning (jax#39103)",
    (0, 11, 1): "its compiled loops are many times slower than they should be",
}
_OLDEST_JAX = (0, 10, 1)
_GOOD_JAX = "jax>=0.10.1,!=0.10.2,!=0.11.1"


def require(module_name: str, extra: str) -> ModuleType:
    """The optional module `module_name`, imported now.

    **Raises:** `ImportError` if it is missing, naming the `extra` that brings it.
    """
    try:
        return importlib.import_module(module_name)
    except ImportError as error:
        raise ImportError(
            f"this part of lzjax needs `{module_name}`, which could not be imported "
            f'({error}). To install it: pip install "lzjax[{extra}]"'
        ) from error


def check_jax(version: str | None = None) -> None:
    """Refuse the versions of jax that are known to give wrong or very slow results.

    Called once, when lzjax is imported.

    **Arguments:**

    - `version`: the version to judge; the installed one by default.

    **Raises:** `ImportError` if that version is too old, 0.10.2 or 0.11.1.
    """
    found = jax.__version__ if version is None else version
    release = _release(found)
    if release in _BROKEN_JAX:
        reason = _BROKEN_JAX[release]
    elif release < _OLDEST_JAX:
        reason = "it is older than the oldest version lzjax is tested with"
    else:
        return
    raise ImportError(
        f"lzjax refuses to run on jax {found}: {reason}. "
        f'To install a good version: pip install --upgrade "{_GOOD_JAX}"'
    )


def _release(version: str) -> tuple[int, ...]:
    """The numbers a version begins with: "0.10.2rc1" -> (0, 10, 2)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(n) for n in match.group().split(".")) if match else ()


def jax_computes_3x3_correctly(batch: int = 20_000) -> bool:
    """Whether the installed jax passes a case that one of its versions gets wrong.

    A jitted, vmapped product of real 3×3 matrices, squared and summed, compared with
    NumPy. jax 0.10.2 fails on the CPU from a batch of 16 385 on, by factors of up to
    3·10³ and in silence (jax#39103).
    """
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, batch, 3, 3)).astype(np.float32)

    def norm(a, b):
        return jnp.sum((a @ b) ** 2)

    got = np.asarray(jax.jit(jax.vmap(norm))(a, b), dtype=float)
    want = np.sum((a.astype(float) @ b.astype(float)) ** 2, axis=(1, 2))
    # All terms are positive, so the sum is well conditioned, but a product's nine
    # entries may cancel: single precision loses 1e-7 of sum(|a||b|)², not of `want`.
    scale = np.sum((np.abs(a).astype(float) @ np.abs(b)) ** 2, axis=(1, 2))
    # 1e-2 also lets the reduced-precision products of some accelerators pass.
    return bool(np.all(np.abs(got - want) <= 1e-2 * scale))


def is_concrete(value: Any) -> bool:
    """Whether `value` has numbers in it now, not only when a traced program runs."""
    return not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(value))


def check_finite(name: str, value: Any) -> None:
    """Refuse NaN and infinities in a concrete number or array.

    Under `jax.jit`, `jax.grad` or `jax.vmap` a traced value has no numbers yet, and
    this check passes it.

    **Raises:** `ValueError` if any entry is not finite.
    """
    _check_entries(name, value, np.isfinite, "be finite")


def check_positive(name: str, value: Any) -> None:
    """Refuse zero, negative numbers and NaN; traced values pass, see `check_finite`.

    **Raises:** `ValueError` if any entry is not above zero.
    """
    _check_entries(name, value, lambda array: array > 0, "be positive")


def check_nonzero(name: str, value: Any) -> None:
    """Refuse zero and NaN; traced values pass, see `check_finite`.

    **Raises:** `ValueError` if any entry is zero.
    """
    _check_entries(
        name, value, lambda array: (array != 0) & ~np.isnan(array), "not be zero"
    )


def check_not_negative(name: str, value: Any) -> None:
    """Refuse negative numbers and NaN; traced values pass, see `check_finite`.

    **Raises:** `ValueError` if any entry is below zero.
    """
    _check_entries(name, value, lambda array: array >= 0, "not be negative")


def _check_entries(
    name: str, value: Any, is_good: Callable[[Any], Any], must: str
) -> None:
    if not is_concrete(value):
        return
    array = np.asarray(value)
    bad = array[~np.asarray(is_good(array))]
    if bad.size > 0:
        raise ValueError(f"`{name}` must {must}, got {bad.flat[0]}.")


def check_one_of(name: str, value: Any, allowed: Collection[Any]) -> Any:
    """`value`, refused if it is not among `allowed`.

    **Raises:** `ValueError`, listing what is allowed.
    """
    if value not in allowed:
        choices = ", ".join(repr(choice) for choice in allowed)
        raise ValueError(f"`{name}` must be one of {choices}; got {value!r}.")
    return value


def check_steps(name: str, steps: Any) -> None:
    """Refuse what is neither `None` nor a whole number from 1 up."""
    whole = isinstance(steps, int | np.integer) and not isinstance(steps, bool)
    if steps is not None and not (whole and steps >= 1):
        raise ValueError(f"`{name}` must be a whole number from 1 up, got {steps!r}.")


def check_shape(
    name: str, value: Any, shape: Sequence[int | None], hint: str = ""
) -> None:
    """Refuse an array whose shape is not `shape`; `None` stands for any length.

    **Arguments:**

    - `name`: what the caller calls it.
    - `value`: an array or array-like; traced arrays have shapes and are checked too.
    - `shape`: one entry an axis.
    - `hint`: a sentence that says what to do, added to the message.

    **Raises:** `ValueError` with the shape that was got.
    """
    got = np.shape(value)
    fits = len(got) == len(shape) and all(
        want is None or have == want for have, want in zip(got, shape, strict=True)
    )
    if not fits:
        inside = ", ".join("any" if n is None else str(n) for n in shape)
        wanted = f"({inside},)" if len(shape) == 1 else f"({inside})"
        message = f"`{name}` must have shape {wanted}, got {got}."
        raise ValueError(f"{message} {hint}".rstrip())
