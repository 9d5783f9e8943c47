"""Propagation against values computed without lzjax, each to its own tolerance.

The records that no propagation computes (closed forms, open systems, wavepackets, ...)
are compared beside the tests of their parts, by the functions of `tests/computed.py`.
"""

import numpy as np
import pytest

from tests.computed import COMPUTED, PROPAGATED, TABLES
from tests.oracles import compute, oracle, oracles


@pytest.mark.parametrize("name", PROPAGATED)
def test_propagation_agrees_with_the_oracle(name):
    record = oracle(name)
    got = np.asarray([float(x) for x in np.ravel(compute(PROPAGATED, name))])
    value, tolerance = np.ravel(record["value"]), record["tolerance"]
    np.testing.assert_allclose(got, value, rtol=0, atol=tolerance)


def test_every_record_is_computed_in_one_place():
    assert set(COMPUTED) == set(oracles(""))
    assert sum(map(len, TABLES)) == len(COMPUTED)
