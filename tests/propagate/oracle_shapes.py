"""How to compute the oracle's values for pulses and other shapes of sweeps."""

import jax.numpy as jnp
import numpy as np

import lzjax as lz
from lzjax import bases, models
from tests.oracles import oracles
from tests.propagate.oracle_linear import leave, matrix, stay, sweep, unitary


def pulse_over_a_ramp(p):
    ramp = models.TanhRamp(p.get("B", 0.0), p["T"], offset=p.get("d0", 0.0))
    return lz.TwoLevel(ramp, models.SechPulse(p["Omega"], p["T"]))


def ramp(p):
    detuning = models.TanhRamp(p["B"], p["T"], offset=p.get("D0", 0.0))
    return lz.TwoLevel(detuning, p["Delta"])


def adiabatic_jump(build):
    return lambda p, rtol: matrix(build(p), rtol, basis="adiabatic")[1, 0]


def polynomial(*coefficients):
    return models.FunctionWaveform(_cubic, jnp.asarray(coefficients, float))


def _cubic(t, c):
    return c[0] + t * (c[1] + t * (c[2] + t * c[3]))


def parabola(p):
    return lz.TwoLevel(polynomial(p["c"], 0.0, p["b"], 0.0), p["Delta"])


def cubic(p):
    return lz.TwoLevel(polynomial(0.0, p["alpha"], 0.0, p["c"]), p["Delta"])


def _power_law(t, p):
    size = p["beta"] * jnp.abs(t) ** p["power"]
    side = jnp.where(t < 0, p["below"], 1.0)
    return p["gap"], 0.0, side * size


def power_law(p, power, below):
    numbers = dict(gap=p["Delta"], beta=p["beta"], power=float(power), below=below)
    return lz.TwoLevelFunction(_power_law, numbers, breakpoints=[0.0])


def root(below):
    def compute(p, rtol):
        return matrix(power_law(p, 0.5, below), rtol)[0, 0]

    return compute


def _turning(t, p):
    angle = p["omega"] * t + 0.5 * p["kappa"] * t * t
    gap = p["gap"]
    return gap * jnp.cos(angle), gap * jnp.sin(angle), p["rate"] * t


def turning(p):
    numbers = dict(
        gap=p["Delta"],
        rate=p["alpha"],
        omega=p.get("omega", 0.0),
        kappa=p.get("kappa", 0.0),
    )
    return lz.TwoLevelFunction(_turning, {k: float(v) for k, v in numbers.items()})


def turning_window(p, rtol):
    return matrix(turning(p), rtol, -p["T"], p["T"])[0, 0]


def _nikitin(t, p):
    fall = jnp.exp(-p["gamma"] * t)
    return jnp.sin(p["theta"]) * fall, 0.0, p["dE"] - jnp.cos(p["theta"]) * fall


def _locally_adiabatic(t, p):
    sine = p["kappa"] * p["Delta"] * t
    return p["Delta"], 0.0, p["Delta"] * sine / jnp.sqrt(1.0 - sine**2)


def locally_adiabatic(p, rtol):
    end = np.sin(np.arctan(p["eps_max"] / p["Delta"])) / (p["kappa"] * p["Delta"])
    numbers = {name: float(value) for name, value in p.items()}
    model = lz.TwoLevelFunction(_locally_adiabatic, numbers)
    return matrix(model, rtol, -end, end, basis="adiabatic")[1, 0]


def _counter_field(t, p):
    rate, gap = p["alpha"], p["Delta"]
    return 0.0, -rate * gap / (rate**2 * t**2 + gap**2), 0.0


def counter_diabatic(p, rtol):
    bare = sweep(p)
    model = bare + lz.TwoLevelFunction(_counter_field, dict(p))
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
        name: lambda p, rtol: matrix(power_law(p, p["a"], -1.0), rtol)[0, 0]
        for name in oracles("pow-")
    }
    | {name: root(-1.0) for name in oracles("sqrt-odd-")}
    | {name: root(1.0) for name in oracles("sqrt-even-")}
    | {name: turning_window for name in oracles("rot-fin-")}
    | {name: turning_window for name in oracles("twist-k")}
    | {name: morse_curves for name in oracles("morse-")}
    | {name: locally_adiabatic for name in oracles("rolandcerf-")}
    | {
        name: adiabatic_jump(
            lambda p: lz.TwoLevelFunction(_nikitin, {k: float(v) for k, v in p.items()})
        )
        for name in oracles("nikitin-")
    }
    | {
        "rot-inf": stay(turning),
        "cd": counter_diabatic,
        "ci-race-same": around_an_intersection(1.0),
        "ci-race-enclose": around_an_intersection(-1.0),
    }
)
