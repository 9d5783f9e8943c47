"""How to compute the oracle's values for repeated passages and drives."""

import jax.numpy as jnp
import numpy as np
import scipy.optimize
import scipy.special

import lzjax as lz
from lzjax import bases, models
from tests.oracles import oracles
from tests.propagate.oracle_linear import leave, matrix, stay, unitary


def passages(p, back, offset=0.0):
    """A triangle of the detuning, and a coupling that is `back` Δ on the way back."""
    low = p.get("eps_start", p.get("eps_end"))
    end = p.get("T") or (p["eps_max"] - low) / p["alpha"]
    low = p["eps_max"] - p["alpha"] * end
    knots = np.array([-end, 0.0, end])
    values = np.array([low, p["eps_max"], low]) + offset
    coupling = p["Delta"] * np.array([1.0, back])
    model = lz.TwoLevel(
        models.PiecewiseLinear(knots, values),
        models.PiecewiseConstant([0.0], coupling),
    )
    return model, end


def double_passage(p, rtol, back=1.0, offset=0.0):
    model, end = passages(p, back, offset)
    return matrix(model, rtol, -end, end, basis="adiabatic")[1, 0]


def echo(p, rtol):
    return double_passage(p, rtol, back=-1.0)


def averaged_over_a_static_offset(p, rtol):
    # The phase turns by about 40 ξ, ξ = 0.01: 12 nodes leave nothing.
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    found = [double_passage(p, rtol, offset=p["std"] * node) for node in nodes]
    return weights @ np.array(found) / weights.sum()


def averaged_over_a_phase(p, rtol):
    model, end = passages(p, 1.0)
    here = [
        bases.superadiabatic_states(model, jnp.asarray(t), 0) for t in (-end, 0.0, end)
    ]
    out = here[1].conj().T @ unitary(model, rtol, -end, 0.0) @ here[0]
    back = here[2].conj().T @ unitary(model, rtol, 0.0, end) @ here[1]
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)

    def flip(phase):
        turn = np.diag(np.exp(0.5j * phase * np.array([1.0, -1.0])))
        return abs((back @ turn @ out)[1, 0]) ** 2

    return weights @ [flip(p["sigma"] * node) for node in nodes] / weights.sum()


PASSAGES = (
    {name: double_passage for name in oracles("lzsm-double-")}
    | {name: echo for name in oracles("lzsm-echo-")}
    | {name: echo for name in oracles("echo-emax")}
    | {name: averaged_over_a_phase for name in oracles("noise-phase-")}
    | {"static-noise-double": averaged_over_a_static_offset}
)

# --- drives ---------------------------------------------------------------------------


def driven(p, **changes):
    p = {"eps0": 0.0, "phase": 0.0} | p | changes
    names = ("Delta", "eps0", "A", "omega", "phase")
    return lz.DrivenTwoLevel(*(p[name] for name in names))


def one_period(model, rtol):
    return unitary(model, rtol, 0.0, 2 * np.pi / float(model.angular_frequency))


def after_periods(p, rtol):
    end = p.get("n", 1) * 2 * np.pi / p["omega"]
    return matrix(driven(p), rtol, 0.0, end)[1, 0]


def round_trip(p, rtol):
    end = 2 * np.pi / p["omega"]
    return matrix(driven(p), rtol, 0.0, end, basis="adiabatic")[1, 0]


def stroboscopic_average(p, rtol):
    u = one_period(driven(p), rtol)
    flips = abs(u[1, 0]) ** 2
    return flips / (2 * (flips + u[0, 0].imag ** 2))


def quasienergy_gap(model, rtol):
    u = one_period(model, rtol)
    # sin(qT), not cos(qT): the gap is small.
    sine = jnp.sqrt(u[0, 0].imag ** 2 + abs(u[1, 0]) ** 2)
    angle = jnp.arcsin(jnp.minimum(sine, 1.0))
    return float(angle * model.angular_frequency / jnp.pi)


def least(function, low, high):
    # 1e-9 in the place; the minimum itself is flat.
    options = {"xatol": 1e-9}
    return scipy.optimize.minimize_scalar(
        function, bounds=(low, high), method="bounded", options=options
    )


def photon_resonance(p, rtol):
    centre = p["n"] * p["omega"]
    gap = least(
        lambda eps0: quasienergy_gap(driven(p, eps0=eps0), rtol),
        centre - 0.01,
        centre + 0.01,
    )
    return gap.fun


def bloch_siegert(p, rtol):
    # The splitting of 0.1 is known to 1e-12, which places its minimum to 1e-6.
    return least(
        lambda omega: quasienergy_gap(driven(p, omega=omega), 1e-12), 0.99, 1.02
    ).x


def degeneracy(p, rtol):
    def flip(ratio):
        u = one_period(driven(p, A=ratio * p["omega"]), rtol)
        return float(u[1, 0].imag)

    return scipy.optimize.brentq(flip, 2.3, 2.5, xtol=1e-10)


def averaged_over_times_and_phases(p, rtol):
    # Populations of the Floquet modes, averaged over the phase of the drive.
    def up(phase):
        u = one_period(driven(p, phase=phase), rtol)
        axis = jnp.array([-u[1, 0].imag, u[1, 0].real, -u[0, 0].imag])
        return 0.5 * (1 + abs(axis[2]) / jnp.linalg.norm(axis))

    mean = np.mean([up(phase) for phase in 2 * np.pi * np.arange(32) / 32])
    return 2 * mean * (1 - mean)


def dithered(p):
    names = ("Delta", "alpha", "A", "omega")
    return lz.DitheredSweep(*(p[name] for name in names), p.get("phase", 0.0))


def central_resonance(p, rtol):
    # The dither's own phase is taken out at both ends, and the states are those of
    # the sweep with the gap Δ J₀(A/ω).
    end = p["T"]
    u = unitary(dithered(p), rtol, -end, end)
    angle = 0.5 * p["A"] / p["omega"] * np.sin(p["omega"] * end)
    turn = np.diag(np.exp(1j * angle * np.array([1.0, -1.0])))
    u = turn @ u @ turn
    gap = p["Delta"] * scipy.special.j0(p["A"] / p["omega"])
    slow = lz.LinearSweep(gap, p["alpha"])
    first = bases.superadiabatic_states(slow, jnp.asarray(-end), 1)
    last = bases.superadiabatic_states(slow, jnp.asarray(end), 1)
    return jnp.abs(last[:, 1].conj() @ u @ first[:, 0]) ** 2


DRIVES = (
    {name: after_periods for name in oracles("period-") if "avg" not in name}
    | {name: stroboscopic_average for name in oracles("period-avg-")}
    | {name: round_trip for name in oracles("aim-sin-")}
    | {name: photon_resonance for name in oracles("bessel-")}
    | {name: averaged_over_times_and_phases for name in oracles("lorentz-")}
    | {name: stay(dithered) for name in oracles("dither-full-")}
    | {name: leave(dithered) for name in oracles("dither-weak-")}
    | {name: central_resonance for name in oracles("dither-window-")}
    | {"bloch-siegert": bloch_siegert, "cdt-exact-D0.1": degeneracy}
)
