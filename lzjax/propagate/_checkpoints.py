"""Backwards along a chain of states, of which some are kept and the others found again
from these.

States are numbered, with digits to the base `_KEPT`. One that ends with z zeros is kept
until another one takes its place, which is that of z and of the digit before the zeros.
With the states up to some number computed, all those are there that differ from it in
the last digit alone, or in the digit before and end with one zero, and so on.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

# Digits enough for all integers of 32 bits. A state is computed at most as often as the
# number of steps has digits; more memory made nothing faster.
_KEPT, _DIGITS = 32, 7
STATES = _KEPT * _DIGITS


def retraced(
    advanced: Callable[[Any, Any], Any],
    turned: Callable[[Any, Any, Any], Any],
    start: Any,
    carry: Any,
    count: Int[Array, ""],
) -> Any:
    """What `carry = turned(k, state[k], carry)` leads to, for k from `count` − 1 down
    to 0, where `state[0] = start` and `state[k + 1] = advanced(k, state[k])`. The
    memory is that of `STATES` states."""

    def forward(k, kept):
        return _put(kept, k + 1, advanced(k, _get(kept, k)))

    def stretch(state):
        """Back to the next number that ends with a zero."""
        kept, known, end, carry = state
        kept = jax.lax.fori_loop(known, end - 1, forward, kept)
        begin = (end - 1) // _KEPT * _KEPT

        def back(i, both):
            # What a loop only reads is copied for it.
            kept, carry = both
            k = end - 1 - i
            return kept, turned(k, _get(kept, k), carry)

        kept, carry = jax.lax.fori_loop(0, end - begin, back, (kept, carry))
        # Of the states before, the last one that is still kept.
        return kept, begin - _KEPT ** _zeros(begin), begin, carry

    kept = jax.tree.map(lambda x: jnp.zeros((STATES, *x.shape), x.dtype), start)
    none = jnp.zeros_like(count)
    state = _put(kept, none, start), none, count, carry
    return jax.lax.while_loop(lambda state: state[2] > 0, stretch, state)[3]


def _zeros(number: Int[Array, ""]) -> Int[Array, ""]:
    """How many digits at the end of the number are zero; of 0, all but one."""
    powers = np.array([_KEPT**k for k in range(1, _DIGITS)], number.dtype)
    return jnp.sum(number % powers == 0, dtype=number.dtype)


def _place(number: Int[Array, ""]) -> Int[Array, ""]:
    zeros = _zeros(number)
    return zeros * _KEPT + number // _KEPT**zeros % _KEPT


def _put(kept: Any, number: Int[Array, ""], state: Any) -> Any:
    put = jax.lax.dynamic_update_index_in_dim
    place = _place(number)
    return jax.tree.map(lambda rows, x: put(rows, x, place, 0), kept, state)


def _get(kept: Any, number: Int[Array, ""]) -> Any:
    get = jax.lax.dynamic_index_in_dim
    place = _place(number)
    return jax.tree.map(lambda rows: get(rows, place, 0, keepdims=False), kept)
