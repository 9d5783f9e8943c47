"""Where cells end."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, strategies as st

from lzjax.propagate._grid import edges

times = st.floats(-5.0, 5.0)


@given(
    st.lists(st.floats(-6.0, 6.0), max_size=14),
    times,
    times,
    st.lists(st.floats(0.0, 1.0), max_size=4),
)
@example([0.0, 0.0, 7.0], -1.0, 1.0, [0.5])
@example([0.5, 1.0, -1.0], 1.0, -1.0, [0.25, 0.75])
@example([0.5, -2.0], 1.0, 1.0, [0.5])
def test_edges_are_all_times_in_order(marks, t0, t1, inner):
    """Marks outside of the window count as t0; more of them than twelve are sorted."""
    marks, inner = np.array(marks), np.sort(np.array(inner))
    found = np.asarray(edges(jnp.array(marks), *map(jnp.array, (t0, t1, inner))))
    inside = (marks > min(t0, t1)) & (marks < max(t0, t1))
    every = [t0 + (t1 - t0) * inner, np.where(inside, marks, t0), [t0, t1]]
    ordered = np.sort(np.concatenate(every))
    np.testing.assert_array_equal(found, ordered if t1 >= t0 else ordered[::-1])
    assert found[-1] == t1


@pytest.mark.parametrize("t0, t1", [(-1.0, 1.0), (1.0, -1.0)])
@pytest.mark.parametrize("count", [2, 13])
def test_each_mark_moves_one_edge(t0, t1, count):
    """Also where it lies on another one, or on the edge of a cell."""
    marks = jnp.array([0.5, 0.5, *np.linspace(-0.9, 0.8, count - 2)])
    ends, inner = (jnp.array(t0), jnp.array(t1)), jnp.array([0.25, 0.75])
    slopes = jax.jacfwd(lambda m: edges(m, *ends, inner))(marks)
    np.testing.assert_array_equal(np.sort(slopes, axis=0)[-1], 1.0)
    np.testing.assert_array_equal(np.sum(slopes, axis=0), 1.0)
    assert np.max(np.sum(slopes, axis=1)) == 1.0
