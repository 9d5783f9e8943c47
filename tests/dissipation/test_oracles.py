"""Open systems against values computed without lzjax, each to its own tolerance."""

import numpy as np
import pytest

from lzjax.dissipation import solve_lindblad
from tests.dissipation.oracle_open import OPEN
from tests.dissipation.systems import system
from tests.oracles import compute, oracle, oracles

# The steps meet the tolerance with room to spare. Telegraph noise asks for a hundredth
# of the record's tolerance, less that room; the others for what records of 1e-10 need.
RTOL = {"rtn": 1e-8, "addephase": 1e-9, "ou": 1e-8}


SLOW = ("fast-trans", "addephase", "ou-long-1.0")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name.startswith(SLOW) else ())
        for name in OPEN
    ],
)
def test_an_open_system_is_that_of_the_oracle(name):
    record = oracle(name)
    got = compute(OPEN, name, RTOL.get(name.partition("-")[0], 1e-10))
    assert abs(got - record["value"]) <= record["tolerance"]


LEAKY = [n for n in oracles("decay-") if n.endswith("-T20") or "-leaky-" in n]


@pytest.mark.parametrize("name", LEAKY)
def test_a_decaying_level_loses_to_a_third(name):
    """−iΓ/2 on a level is the part without quantum jumps of a decay at rate Γ."""
    record = oracle(name)
    p = record["parameters"]
    up, down, third, _ = np.eye(4)  # four as below: one compilation less
    operators = 0.5 * np.stack(
        [
            np.outer(up, up) - np.outer(down, down),
            np.zeros((4, 4)),
            np.outer(up, down) + np.outer(down, up),
        ]
    )
    jumps = np.stack([np.outer(third, down), np.eye(4), np.eye(4)])
    leaky = system(
        operators, jumps, [p["Gamma"], 0, 0], rate=p["alpha"], rest=p["Delta"]
    )
    # A start in the leaky level names the leaky level first.
    start = 1 if "-leaky-" in name else 0
    rho = solve_lindblad(leaky, -20.0, 20.0, rtol=1e-9).checked()(start)
    left = [rho[start, start].real, rho[1 - start, 1 - start].real]
    np.testing.assert_allclose(left, record["value"], rtol=0, atol=record["tolerance"])
    np.testing.assert_allclose(np.trace(rho).real, 1.0, rtol=0, atol=1e-12)  # rounding
