"""How to compute the oracle's values for levels that decay and couplings that are not
conjugated."""

import numpy as np

import lzjax as lz
from lzjax import models
from tests.oracles import oracles


def leaky(p):
    sweep = lz.LinearSweep(p["Delta"], p["alpha"])
    return models.DecayingLevels(sweep, [0.0, p["Gamma"]])


def left(p, rtol, start):
    """Of a level, in itself and in the other."""
    u = lz.solve(leaky(p), -20.0, 20.0, rtol=rtol).checked().propagator
    return np.abs(u[np.array([start, 1 - start]), start]) ** 2


def left_after_two_passages(p, rtol):
    end, top = p["T"], p["eps_max"]
    low = top - end  # at the rate one
    fold = models.PiecewiseLinear([-end, 0.0, end], [low, top, low])
    model = models.DecayingLevels(lz.TwoLevel(fold, p["Delta"]), [0.0, p["Gamma"]])
    return lz.transition_probability(model, -end, end, initial=0, final=0, rtol=rtol)


def left_of_the_adiabatic_states(p, rtol):
    """Ground and excited, from the ground state; level 0 of the frame is the upper."""
    frame = models.AdiabaticFrame(lz.LinearSweep(p["Delta"], p["alpha"]))
    model = models.DecayingLevels(frame, [p["Gamma"], 0.0])
    return lz.transition_matrix(model, -p["T"], p["T"], rtol=rtol)[::-1, 1]


def grown(p, rtol):
    """Between the eigenstates next to up at ±150: they leave αΔ/ε³ = 3e-7 of an
    amplitude that grew to 1.8."""
    end = 150.0
    gap = p["Delta_R"] + 1j * p["Delta_I"]
    model = models.complex_symmetric_sweep(gap, p["alpha"])
    u = lz.solve(model, -end, end, rtol=rtol).checked().propagator

    def eigenstate(t):
        # vᵀv = 1 belongs to a symmetric matrix; the state that is nearest to up.
        _, vectors = np.linalg.eig(np.asarray(model(np.asarray(t))))
        v = vectors[:, np.argmax(np.abs(vectors[0]))]
        return v / np.sqrt(v @ v)

    return np.abs(eigenstate(end) @ np.asarray(u) @ eigenstate(-end)) ** 2


LEAKS = (
    {name: lambda p, rtol: left(p, rtol, 0) for name in oracles("decay-G")}
    | {name: lambda p, rtol: left(p, rtol, 1) for name in oracles("decay-leaky-start-")}
    | {name: grown for name in oracles("complexsym-")}
    | {
        "decay-double": left_after_two_passages,
        "decay-adiabatic": left_of_the_adiabatic_states,
    }
)
