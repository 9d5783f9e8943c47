"""How to compute the oracle's values for states: in a band, and of a mean field."""

import jax.numpy as jnp
import numpy as np

import lzjax as lz
from lzjax import models
from lzjax.propagate import evolve_mean_field, evolve_state
from tests.oracles import oracles


def superadiabatic(model, t):
    """The state of the lowest energy, corrected to first order in the sweep rate.

    A bare level at t = −30 shares four parts in 10⁴ with the band; that would be
    2e-4 in the end.
    """
    energies, states = np.linalg.eigh(np.asarray(model(jnp.asarray(t))))
    change = states.conj().T @ (np.asarray(model.slopes) * states[:, 0])
    mixing = change[1:] / (energies[1:] - energies[0]) ** 2
    state = states[:, 0] - 1j * states[:, 1:] @ mixing
    return state / np.linalg.norm(state)


def stopped_in_a_band(p):
    """The state at the end, the level first."""
    edges = np.linspace(*p["band"], p["N"] + 1)
    model = models.level_through_band(p["alpha"], edges, p["Gamma"] * np.ones(p["N"]))
    start = superadiabatic(model, p["t_start"])
    ends = [p["t_start"], p["t_end"]]
    return evolve_state(model, start, ends, steps=1200, rtol=1e-7)[-1]


def interacting(p):
    model = lz.LinearSweep(p["v"], p["alpha"])
    ts = jnp.array([-p["T"], p["T"]])
    return evolve_mean_field(model, p["c"], 0, ts, steps=32000, rtol=1e-7)[-1]


def first(compute):
    """The steps are fixed: the tolerance of the record is not asked."""
    return lambda p, rtol: jnp.abs(compute(p)[0]) ** 2


STATES = {name: first(stopped_in_a_band) for name in oracles("continuum-partial-")} | {
    "nonlinear-2.0": first(interacting)
}
