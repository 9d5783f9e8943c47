"""How to compute the oracle's values for curve crossings, wavepackets, rates and
conical intersections."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from lzjax import models, molecules
from tests.oracles import oracles

# --- straight curves ------------------------------------------------------------------


def crossing(p):
    velocity = p.get("v", 1.0)
    return molecules.CurveCrossing(p["V"], p["F1"], p["F2"], velocity=velocity)


def derivative_coupling(p, rtol):
    return crossing(p).derivative_coupling(p["x"])


def peak_and_width(p, rtol):
    """The width from where the coupling has fallen to half, by bisection."""
    coupling = crossing(p).derivative_coupling
    peak = coupling(0.0)
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if coupling(middle) > 0.5 * peak else (low, middle)
    return [peak, 2 * low]


def area(p, rtol):
    # x = w tan u turns a Lorentzian of half-width w into a constant.
    nodes, weights = np.polynomial.legendre.leggauss(40)
    u, half_width = 0.5 * np.pi * nodes, 0.4
    density = crossing(p).derivative_coupling(half_width * np.tan(u))
    return 0.5 * np.pi * weights @ (density * half_width / np.cos(u) ** 2)


def criterion_and_jump(p, rtol):
    model = crossing(p)
    return [model.adiabaticity_criterion(), model.p_diabatic_survival()]


# --- wavepackets ----------------------------------------------------------------------


def _bend(x, p):
    return p["slope"] * p["length"] * jnp.tanh(x / p["length"])


def bent_curves(p):
    """Diabatic curves ±F w tanh(x/w)."""
    rise = models.FunctionWaveform(_bend, {"slope": p["F"], "length": p["w"]})
    return molecules.Curves(rise, -rise, p["V"])


def packet(p, points, reach):
    return molecules.Wavepacket.gaussian(
        bent_curves(p),
        grid=np.linspace(-reach, reach, points, endpoint=False),
        position=p["x0"],
        momentum=p["p0"],
        width=p["sigma"],
    )


def split(p, points, steps):
    """The packet before and after."""
    start = packet(p, points, 24.0)
    end = molecules.propagate_wavepacket(
        start, mass=p["m"], duration=30.0 * p["m"] / p["p0"], steps=steps
    )
    return start, end


def upper(points, steps):
    return lambda p, rtol: split(p, points, steps)[1].populations()[1]


# --- rates ----------------------------------------------------------------------------


def marcus(p, rtol):
    return molecules.marcus_rate(p["V"], p["lam"], p["dG"], p["kT"])


def zener_rate(p, rtol):
    return molecules.landau_zener_rate(p["V"], p["lam"], p["dG"], p["kT"], p["omega"])


# --- conical intersections ------------------------------------------------------------

CONE = molecules.LinearVibronic.cone(1.0)


def circle(centre, radius, count):
    angle = 2 * np.pi * np.arange(count) / count
    return centre + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def opened(m):
    """A cone opened by an imaginary coupling m, as by spin and orbit."""

    def hamiltonian(x):
        return jnp.array([[x[0], x[1] - 1j * m], [x[1] + 1j * m, -x[0]]])

    return hamiltonian


def phase_around_the_cone(p, rtol):
    loop = circle(np.array(p["centre"]), p["radius"], 64)
    return abs(molecules.geometric_phase(CONE.matrix, loop))


def phase_around_an_opened_cone(p, rtol):
    loop = circle(0.0, p["radius"], 2000)
    return abs(molecules.geometric_phase(opened(p["m"]), loop))


@eqx.filter_jit
def couplings_beside_the_cone(points):
    return jax.vmap(CONE.derivative_coupling)(points)


def vortex(p, rtol):
    return couplings_beside_the_cone(np.array([[p["x"], p["y"]]]))[0]


def circulation(p, rtol):
    # The trapezoidal rule converges as 0.22^128 on the circle.
    centre = np.array([0.2, -0.1])
    loop = circle(centre, 1.0, 128)
    tangents = 2 * np.pi / 128 * (loop - centre) @ np.array([[0, 1], [-1, 0]])
    return np.sum(couplings_beside_the_cone(loop) * tangents)


MOLECULES = {
    "dcoup-0.0": derivative_coupling,
    "dcoup--1.0": derivative_coupling,
    "dcoup-peak": peak_and_width,
    "dcoup-area": area,
    "massey": criterion_and_jump,
    "wavepacket-30": upper(1024, 500),
    "wavepacket-60": upper(2048, 2000),
    "marcus": marcus,
    "lztst-0.1": zener_rate,
    "berry-enclosing": phase_around_the_cone,
    "ci-vortex": vortex,
    "ci-circulation": circulation,
} | {name: phase_around_an_opened_cone for name in oracles("berry-massive-")}
