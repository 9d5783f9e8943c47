"""How to compute the oracle's values for pulses and other shapes of sweeps."""

import jax.numpy as jnp
import numpy as np

import lzjax as lz
from lzjax import bases, models
from tests.oracles import oracles
from tests.propagate.oracle_linear import leave, matrix, stay, sweep, unitary


def pulse_over_a_ramp(p):
    detuning, chirp = p.get("d0", 0.0), p.get("B", 0.0)
    return models.demkov_kunike(p["Omega"], detuning, chirp, p["T"])


def ramp(p):
    return models.demkov_kunike_tanh(p["Delta"], p["B"], p.get("D0", 0.0), p["T"])


def adiabatic_jump(build):
    return lambda p, rtol: matrix(build(p), rtol, basis="adiabatic")[1, 0]


def parabola(p):
    return models.parabolic_sweep(p["Delta"], p["b"], p["c"])


def cubic(p):
    return models.cubic_sweep(p["Delta"], p["alpha"], p["c"])


def power_law(p, power, signed):
    return models.power_law_sweep(p["Delta"], p["beta"], power, signed=signed)


def root(signed):
    def compute(p, rtol):
        return matrix(power_law(p, 0.5, signed), rtol)[0, 0]

    return compute


def turning(p):
    omega, kappa = p.get("omega", 0.0), p.get("kappa", 0.0)
    return models.rotating_coupling(p["Delta"], p["alpha"], omega, kappa)


def turning_window(p, rtol):
    return matrix(turning(p), rtol, -p["T"], p["T"])[0, 0]


def locally_adiabatic(p, rtol):
    end = np.sin(np.arctan(p["eps_max"] / p["Delta"])) / (p["kappa"] * p["Delta"])
    model = models.roland_cerf(p["Delta"], p["kappa"])
    return matrix(model, rtol, -end, end, basis="adiabatic")[1, 0]


def counter_diabatic(p, rtol):
    bare = sweep(p)
    model = models.counter_diabatic(bare)
    u = unitary(model, rtol, -p["T"], p["T"])
    # The adiabatic states are those of the bare sweep.
    first = bases.superadiabatic_states(bare, jnp.asarray(-p["T"]), 0)
    last = bases.superadiabatic_states(bare, jnp.asarray(p["T"]), 0)
    return jnp.abs(last[:, 1].conj() @ u @ first[:, 0]) ** 2


def _morse(t, p):
    x = 1.2 + p["v"] * t

    def curve(depth, beta, centre, offset):
        return depth * (1.0 - jnp.exp(-beta * (x - centre))) ** 2 + offset

    return 2 * p["V"], 0.0, curve(0.2, 0.9, 2.0, 0.0) - curve(0.15, 0.8, 3.0, 0.03)


def morse_curves(p, rtol):
    model = lz.TwoLevelFunction(_morse, {"v": p["v"], "V": p["V"]})
    end = (5.5 - 1.2) / p["v"]
    return matrix(model, rtol, 0.0, end, basis="adiabatic")[1, 0]


def _transfer(t, p):
    part = jnp.clip((t - p["start"]) / p["length"], 0.0, 1.0)
    smooth = part - jnp.sin(2 * jnp.pi * part) / (2 * jnp.pi)
    return 2.0 * p["b"] * (1.0 + (p["side"] - 1.0) * smooth)


def around_an_intersection(side):
    def compute(p, rtol):
        passage, length = 2 * p["X"] / p["v"], p["T_transfer"]
        knots = np.array([0.0, passage, passage + length, 2 * passage + length])
        x = models.PiecewiseLinear(knots, 2.0 * p["X"] * np.array([-1, 1, 1, -1.0]))
        numbers = dict(start=passage, length=length, b=p["b"], side=side)
        y = models.FunctionWaveform(_transfer, numbers, breakpoints=knots[1:3])
        model = lz.TwoLevel(x, y)
        return matrix(model, rtol, 0.0, knots[-1], basis="adiabatic")[1, 0]

    return compute


SHAPES = (
    {
        name: lambda p, rtol: matrix(pulse_over_a_ramp(p), rtol)[1, 0]
        for prefix in ("rz-", "ae-", "dk1-")
        for name in oracles(prefix)
    }
    | {name: adiabatic_jump(ramp) for name in oracles("dk2")}
    | {name: leave(parabola) for name in oracles("parab-")}
    | {name: stay(cubic) for name in oracles("cubic-local-")}
    | {
        name: lambda p, rtol: matrix(power_law(p, p["a"], True), rtol)[0, 0]
        for name in oracles("pow-")
    }
    | {name: root(True) for name in oracles("sqrt-odd-")}
    | {name: root(False) for name in oracles("sqrt-even-")}
    | {name: turning_window for name in oracles("rot-fin-")}
    | {name: turning_window for name in oracles("twist-k")}
    | {name: morse_curves for name in oracles("morse-")}
    | {name: locally_adiabatic for name in oracles("rolandcerf-")}
    | {
        name: adiabatic_jump(lambda p: models.nikitin(p["dE"], p["theta"], p["gamma"]))
        for name in oracles("nikitin-")
    }
    | {
        "rot-inf": stay(turning),
        "cd": counter_diabatic,
        "ci-race-same": around_an_intersection(1.0),
        "ci-race-enclose": around_an_intersection(-1.0),
    }
)
