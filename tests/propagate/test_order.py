"""Numbers in order, few by comparing and many by sorting."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from lzjax.propagate._order import order_of, rising

NUMBERS = st.integers(-3, 3) | st.floats(-1e9, 1e9, allow_subnormal=False)


@given(st.lists(NUMBERS, max_size=6))
def test_few_numbers_are_sorted_and_equal_ones_keep_their_order(numbers):
    numbers = np.asarray(numbers, float)
    np.testing.assert_array_equal(rising(jnp.asarray(numbers)), np.sort(numbers))
    want = np.argsort(numbers, kind="stable")
    np.testing.assert_array_equal(order_of(jnp.asarray(numbers)), want)


@pytest.mark.parametrize("count", [7, 60])
def test_the_order_of_a_permutation_is_its_inverse(count):
    permutation = np.random.default_rng(1).permutation(count)
    inverse = order_of(jnp.asarray(permutation))
    np.testing.assert_array_equal(permutation[inverse], np.arange(count))


@pytest.mark.parametrize("count", [7, 60])
def test_each_number_moves_its_own_place(count):
    numbers = jnp.asarray(np.random.default_rng(2).normal(size=count))
    slopes = jax.jacfwd(rising)(numbers)
    np.testing.assert_array_equal(slopes @ numbers, jnp.sort(numbers))
    np.testing.assert_array_equal(jax.jacrev(rising)(numbers), slopes)
