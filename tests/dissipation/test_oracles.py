"""Open systems against values computed without lzjax, each to its own tolerance."""

import numpy as np
import pytest

from lzjax.dissipation import evolve_lindblad, solve_lindblad
from tests.dissipation.systems import DOWN, X, Z, qubit, system
from tests.oracles import oracle, oracles

# The steps meet the tolerance with room to spare; this asks for what the records of
# 1e-10 need.
RTOL = 1e-10


@pytest.mark.parametrize("name", [n for n in oracles("dephase-") if "-T" in n])
def test_dephasing_during_a_sweep(name):
    record = oracle(name)
    p = record["parameters"]
    sweep = qubit(p["Delta"], rate=p["alpha"], dephasing=p["gamma"])
    rho = solve_lindblad(sweep, -p["T"], p["T"], rtol=RTOL).checked()(0)
    assert abs(rho[0, 0] - record["value"]) < record["tolerance"]


@pytest.mark.parametrize("name", oracles("shevchenko-"))
def test_the_steady_state_of_a_driven_qubit(name):
    record = oracle(name)
    p = record["parameters"]
    driven = qubit(
        p["Delta"],
        offset=p["eps0"],
        drive=(p["A"], p["omega"], 0.0),
        dephasing=1 / p["T2"] - 0.5 / p["T1"],
        decay=1 / p["T1"],
    )
    period = 2 * np.pi / p["omega"]
    channel = np.asarray(solve_lindblad(driven, 0.0, period, rtol=RTOL).channel)
    # The state that a period leaves alone: first entry from the trace, the others from
    # a linear system whose smallest number is period / T1 = 0.01: 1e-12 / 0.01.
    rest = np.linalg.solve(np.eye(3) - channel[1:, 1:], channel[1:, 0]) / 2**0.5
    x, y, z = rest
    rho = 0.5 * np.eye(2) + np.array([[z, x - 1j * y], [x + 1j * y, -z]]) / 2**0.5
    path = evolve_lindblad(driven, rho, np.linspace(0.0, period, 33), rtol=RTOL)
    # The mean over equal times is exact but for the 32nd harmonic, 1e-20 or so.
    mean = np.mean(path[:-1, 0, 0].real)
    assert abs(mean - record["value"]) < record["tolerance"]


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


@pytest.mark.parametrize("name", oracles("rtn-"))
def test_telegraph_noise_is_a_qubit_beside_a_classical_bit(name):
    """The bit flips by jumps at rate k each way, and shifts the detuning by ±b."""
    record = oracle(name)
    p = record["parameters"]
    one = np.eye(2)
    noisy = system(
        0.5 * np.stack([np.kron(Z, one), np.kron(Z, Z), np.kron(X, one)]),
        np.stack([np.kron(one, DOWN), np.kron(one, DOWN.T), np.eye(4)]),
        [p["k"], p["k"], 0.0],
        rate=p["alpha"],
        drive=(p["b"], 0.0, 0.0),
        rest=p["Delta"],
    )
    equilibrium = np.diag([0.5, 0.5, 0.0, 0.0])
    # A hundredth of the record's tolerance, less the usual room to spare.
    rho = solve_lindblad(noisy, -20.0, 20.0, rtol=1e-8).checked()(equilibrium)
    up = (rho[0, 0] + rho[1, 1]).real
    assert abs(up - record["value"]) < record["tolerance"]
