"""How to compute the oracle's values for open and noisy systems."""

import jax.numpy as jnp
import numpy as np

import lzjax as lz
from lzjax import dissipation, models
from lzjax.dissipation import evolve_lindblad, solve_lindblad
from lzjax.propagate import evolve_state
from tests.dissipation.systems import DOWN, X, Z, qubit, system
from tests.oracles import oracles

# --- constant rates -------------------------------------------------------------------


def dephasing_sweep(p):
    return qubit(p["Delta"], rate=p["alpha"], dephasing=p["gamma"])


def stays_while_dephasing(p, rtol):
    end = solve_lindblad(dephasing_sweep(p), -p["T"], p["T"], rtol=rtol).checked()
    return end(0)[0, 0].real


def stays_while_dephasing_for_ever(p, rtol):
    """From −60 to 60, and before and after by the rate law Δ²γ/2(ε² + γ²): what it
    misses, (Δ/ε)² of the exponent, falls on an inversion of 0.009."""
    end = 60.0
    inside = stays_while_dephasing(p | {"T": end}, rtol)
    outside = np.arctan(p["gamma"] / (p["alpha"] * end)) * p["Delta"] ** 2 / p["alpha"]
    return 0.5 + (inside - 0.5) * np.exp(-2 * outside)


def mean_of_a_driven_qubit(p, rtol):
    """Up, in the state that a period leaves alone."""
    driven = qubit(
        p["Delta"],
        offset=p["eps0"],
        drive=(p["A"], p["omega"], 0.0),
        dephasing=1 / p["T2"] - 0.5 / p["T1"],
        decay=1 / p["T1"],
    )
    period = 2 * np.pi / p["omega"]
    channel = np.asarray(solve_lindblad(driven, 0.0, period, rtol=rtol).channel)
    # First entry from the trace, the others from a linear system whose smallest number
    # is period / T1 = 0.01: 1e-12 / 0.01.
    rest = np.linalg.solve(np.eye(3) - channel[1:, 1:], channel[1:, 0]) / 2**0.5
    x, y, z = rest
    rho = 0.5 * np.eye(2) + np.array([[z, x - 1j * y], [x + 1j * y, -z]]) / 2**0.5
    path = evolve_lindblad(driven, rho, np.linspace(0.0, period, 33), rtol=rtol)
    # The mean over equal times is exact but for the 32nd harmonic, 1e-20 or so.
    return np.mean(path[:-1, 0, 0].real)


# --- in the basis of the moment, level 0 the upper state ------------------------------


def adiabatic_frame(p):
    return models.AdiabaticFrame(lz.LinearSweep(p["Delta"], p["alpha"]))


def excited(p, rtol, jumps):
    found = solve_lindblad(
        lz.Lindblad(adiabatic_frame(p), jumps), -p["T"], p["T"], rtol=rtol
    )
    return found.checked()(1)[0, 0].real


def excited_while_relaxing(p, rtol):
    return excited(p, rtol, dissipation.relaxation(1 / p["T1"], 0, 1))


def excited_while_energies_dephase(p, rtol):
    return excited(p, rtol, dissipation.dephasing(p["gamma"]))


# --- noise ----------------------------------------------------------------------------


def telegraph(p, rtol):
    """A qubit beside a classical bit that flips by jumps at the rate k each way and
    shifts the detuning by ±b: what `telegraph_noise` is, with fewer compilations."""
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
    rho = solve_lindblad(noisy, -20.0, 20.0, rtol=rtol).checked()(equilibrium)
    return (rho[0, 0] + rho[1, 1]).real


def coloured(p, operator, orders):
    noise = dissipation.OrnsteinUhlenbeck(operator, p["sigma"], p["lam"])
    sweep = lz.LinearSweep(p["Delta"], p["alpha"])
    return dissipation.NoiseAverage(sweep, noise, orders=orders)


def slow_noise(operator):
    """Many orders, so one state of the linear equation, not its propagator."""

    def compute(p, rtol):
        average = coloured(p, operator, orders=14)
        start = jnp.zeros(average.dim, complex).at[0].set(1.0)
        states = evolve_state(average, start, [-p["T"], p["T"]], steps=1600, rtol=2e-8)
        return states[-1, 0].real

    return compute


def fast_noise_of_the_detuning(p, rtol):
    average = coloured(p, Z / 2, orders=8)
    return average.average(0, -p["T"], p["T"], rtol=10 * rtol)[0, 0].real


def fast_noise_of_the_gap(p, rtol):
    average = coloured(p | {"sigma": p["J"]}, X / 2, orders=5)
    start = jnp.zeros(average.dim, complex).at[0].set(1.0)
    # About the same phase in all steps: the detuning rises with |t|.
    half = p["T"] * np.sqrt(np.linspace(0.0, 1.0, 33))
    times, steps = np.concatenate([-half[:0:-1], half]), round(10 * p["T"])
    return evolve_state(average, start, times, steps=steps, rtol=1e-8)[-1, 0].real


OPEN = (
    {name: stays_while_dephasing for name in oracles("dephase-") if "-T" in name}
    | {name: mean_of_a_driven_qubit for name in oracles("shevchenko-")}
    | {name: excited_while_relaxing for name in oracles("relax-")}
    | {name: excited_while_energies_dephase for name in oracles("addephase-")}
    | {name: telegraph for name in oracles("rtn-")}
    | {name: fast_noise_of_the_gap for name in oracles("fast-trans-finiteT-")}
    | {
        "dephase-inf-1.0": stays_while_dephasing_for_ever,
        "ou-long-0.5-0.5": slow_noise(Z / 2),
        "ou-trans-0.5-0.5": slow_noise(X / 2),
        "ou-long-1.0-2.0": fast_noise_of_the_detuning,
    }
)
