"""States of a chain, met again from the last to the first."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax.propagate import _checkpoints


@jax.jit
def met(count):
    """Rows (k, state[k]) in the order in which they are met; state[k] is Σ j, j < k."""

    def turned(k, state, carry):
        turn, rows = carry
        return turn + 1, rows.at[turn].set(jnp.stack([k, state]))

    carry = 0, jnp.zeros((300, 2), jnp.int32)
    return _checkpoints.retraced(
        lambda k, state: state + k, turned, jnp.int32(0), carry, count
    )


@pytest.mark.parametrize(("kept", "digits"), [(2, 9), (4, 5), (32, 7)])
def test_all_states_are_met_from_the_last_to_the_first(kept, digits, monkeypatch):
    monkeypatch.setattr(_checkpoints, "_KEPT", kept)
    monkeypatch.setattr(_checkpoints, "_DIGITS", digits)
    monkeypatch.setattr(_checkpoints, "STATES", digits * kept)
    # What was traced knows of other digits.
    jax.clear_caches()
    for count in (0, 1, 2, 3, 4, 5, 16, 31, 32, 33, 64, 255, 256, 257, 300):
        turns, rows = met(jnp.int32(count))
        k = np.arange(count)[::-1]
        assert turns == count
        np.testing.assert_array_equal(rows[:count], np.stack([k, k * (k - 1) // 2], 1))


def test_numbers_of_32_bits_have_digits_enough():
    assert _checkpoints._KEPT**_checkpoints._DIGITS > 2**31
    # The largest power is one itself.
    assert _checkpoints._KEPT ** (_checkpoints._DIGITS - 1) < 2**31
