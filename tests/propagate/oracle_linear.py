"""How to compute the oracle's values for linear sweeps: name -> function."""

import jax
import jax.numpy as jnp
import numpy as np

import lzjax as lz
from lzjax import bases, models
from tests.oracles import oracles

INF = np.inf
PLANCK = 6.62607015e-34  # J s, exact in the SI


def matrix(model, rtol, t0=-INF, t1=INF, **options):
    return lz.transition_matrix(model, t0, t1, rtol=rtol, **options)


def unitary(model, rtol, t0, t1):
    return lz.solve(model, t0, t1, rtol=rtol).checked().propagator


def sweep(p):
    return lz.LinearSweep(p["Delta"], p["alpha"])


# --- linear sweeps over all times -----------------------------------------------------


def stay(build=sweep):
    return lambda p, rtol: matrix(build(p), rtol)[0, 0]


def leave(build=sweep):
    return lambda p, rtol: matrix(build(p), rtol)[1, 0]


def in_si_units(p):
    hbar = PLANCK / (2 * np.pi)
    return lz.LinearSweep(p["Delta_J"] / hbar, p["alpha_J_per_s"] / hbar)


def text_two(p):
    # H = [[αt, V], [V, −αt]]: twice the detuning and twice the coupling.
    return lz.LinearSweep(2 * p["V"], 2 * p["alpha"])


def molecular(p):
    return lz.LinearSweep(2 * p["V"], p["v"] * (p["F1"] - p["F2"]))


def intersection(p):
    # H = g(x σz + y σx) on the line x = vt, y = b.
    return lz.LinearSweep(2 * p["g"] * p["b"], 2 * p["g"] * p["v"])


def complex_coupling(p):
    return lz.LinearSweep(p["Delta_R"] + 1j * p["Delta_I"], p["alpha"])


def rotating_frame(p):
    # A coupling Δ exp(iκt²/2) stands still in a frame whose detuning is (α − κ)t.
    return lz.LinearSweep(p["Delta"], p["alpha"] - p["kappa"])


@jax.jit
@jax.grad
def gradient_of_stay(model, rtol):
    return lz.transition_matrix(model, rtol=rtol)[0, 0]


@jax.jit
@jax.grad
def gradient_of_finite_stay(model, t0, t1, rtol):
    return lz.transition_matrix(model, t0, t1, rtol=rtol)[0, 0]


def slope_of_stay(p, rtol):
    slope = gradient_of_stay(sweep(p), rtol)
    return [slope.gap, slope.rate]


def slope_of_finite_stay(p, rtol):
    ends = float(p["t0"]), float(p["t1"])
    slope = gradient_of_finite_stay(sweep(p), *ends, rtol)
    return [slope.gap, slope.rate]


def energy_dependence(p, rtol):
    # One trajectory at the velocity of the crossing: dP/dE by way of the rate.
    speed = np.sqrt(2 * (p["E"] - p["E_x"]) / p["m"])
    model = lz.LinearSweep(2 * p["V"], speed * p["dF"])
    along = p["dF"] / (p["m"] * speed)
    # The tolerance is one of the propagator: a slope may lose a digit against it.
    slope = gradient_of_stay(model, 0.1 * rtol).rate
    return [matrix(model, rtol)[0, 0], slope * along]


def averaged_over_the_gap(p, rtol):
    # 40 Gauss-Hermite nodes: exp(−πΔ²/2α) over a width of 0.6 needs about 20.
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    gaps = p["Delta0"] + p["J"] * nodes
    found = [matrix(lz.LinearSweep(gap, p["alpha"]), rtol)[0, 0] for gap in gaps]
    return weights @ np.array(found) / weights.sum()


def entropy(p, rtol):
    stays = matrix(sweep(p), rtol)[0, 0]
    return -stays * jnp.log(stays) - (1 - stays) * jnp.log(1 - stays)


def stokes_phase(p, rtol):
    return jnp.angle(lz.scattering_matrix(sweep(p), basis="adiabatic", rtol=rtol)[0, 0])


def across_an_anisotropic_intersection(p, rtol):
    # H = gx x σz + gy y σx on a line with the direction θ and impact parameter b.
    # Rounded: cos(π/2) = 6e-17 would be a sweep, of an endless duration.
    cos, sin = np.round([np.cos(p["theta"]), np.sin(p["theta"])], 15)
    along = models.Linear(2 * p["gx"] * p["v"] * cos, -2 * p["gx"] * p["b"] * sin)
    across = models.Linear(2 * p["gy"] * p["v"] * sin, 2 * p["gy"] * p["b"] * cos)
    return matrix(lz.TwoLevel(along, across), rtol, basis="adiabatic")[1, 0]


ALL_TIMES = {
    "lz-D0.5-a1": stay(),
    "lz-D1-a0.5": stay(),
    "lz-D1.5-a1": stay(),
    "lz-D2-a1": stay(),
    "lz-D1-a3": stay(),
    "lz-adiabatic-1e-8": stay(),
    "lz-diabatic-1m1e-6": leave(),
    "lz-SI": stay(in_si_units),
    "text 2-matrix": stay(text_two),
    "text 2-other": leave(text_two),
    "text 2-alpha-as-difference-rate": stay(
        lambda p: lz.LinearSweep(2 * p["V"], p["alpha"])
    ),
    "neg-alpha": stay(),
    "belyaev": stay(),
    "sym-start": lambda p, rtol: matrix(sweep(p), rtol).ravel(),
    "complex-0.3--0.5": stay(complex_coupling),
    "dirac": stay(lambda p: lz.LinearSweep(2 * p["v"] * p["ky"], 2 * p["v"] * p["F"])),
    "mol-lz": stay(molecular),
    "mol-energy": energy_dependence,
    "ci-b0.0001": stay(intersection),
    "ci-b0.3": stay(intersection),
    "ci-aniso-0.000": across_an_anisotropic_intersection,
    "ci-aniso-1.571": across_an_anisotropic_intersection,
    "twist-inf-k0.5": stay(rotating_frame),
    "twist-inf-k3.0": stay(rotating_frame),
    "grad-D1.0-a1.0": slope_of_stay,
    "grad-D0.5-a2.0": slope_of_stay,
    "slow-trans": averaged_over_the_gap,
    "diag-entropy": entropy,
    "stokes-D1": stokes_phase,
    "stokes-D2": stokes_phase,
}

# --- finite and half-infinite windows of a linear sweep -------------------------------


def finite_stay(p, rtol):
    return matrix(sweep(p), rtol, p["t0"], p["t1"])[0, 0]


def first_column(p, rtol):
    u = unitary(sweep(p), rtol, p["t0"], p["t1"])
    return [u[0, 0].real, u[0, 0].imag, u[1, 0].real, u[1, 0].imag]


def jump(p, rtol):
    t0, t1 = p.get("t0", -p.get("T", 0.0)), p.get("t1", p.get("T"))
    return matrix(sweep(p), rtol, t0, t1, basis="adiabatic")[1, 0]


def half(basis):
    def compute(p, rtol):
        found = matrix(sweep(p), rtol, t1=0.0, basis=basis)
        return found[0, 0] if basis == "diabatic" else found[1, 0]

    return compute


def jump_time(p, rtol):
    # dP/dt = gap · Im(c₁* c₀) at t = 0; a column's own phase drops out.
    c0, c1 = unitary(sweep(p), rtol, -INF, 0.0)[:, 0]
    rate = p["Delta"] * jnp.imag(jnp.conj(c1) * c0)
    return matrix(sweep(p), rtol)[1, 0] / rate


def splitting(p, t):
    return np.hypot(p["alpha"] * t, p["Delta"])


def rate_of_work(p, rtol):
    def work(t):
        excited = matrix(sweep(p), rtol, t1=t, basis="adiabatic")[1, 0]
        return excited * splitting(p, t)

    first, last = p["window"]
    return (work(last) - work(first)) / (last - first)


def thermal_work(p, rtol):
    ends = dict(t0=-p["T"], t1=p["T"])
    found = lz.readout.work_statistics(sweep(p), **ends, beta=p["beta"], rtol=rtol)
    return [found.jarzynski, found.mean]


def superadiabatic(p, rtol):
    options = dict(basis="superadiabatic", order=p["order"])
    return matrix(sweep(p), rtol, p["t0"], p["t"], **options)[1, 0]


def phase_of_the_flip(p, rtol):
    def flip(phase):
        model = lz.LinearSweep(p["Delta"] * np.exp(1j * phase), p["alpha"])
        return unitary(model, rtol, p["t0"], p["t1"])[1, 0]

    return jnp.angle(flip(p["phi"]) / flip(0.0))


def density_of_defects(p, rtol):
    tau, modes = p["tau_Q"], p["N_modes"]
    total = 0.0
    for k in (np.arange(modes) + 0.5) * np.pi / modes:
        model = models.ising_quench_mode(k, tau)
        # From g = 10 to 0.
        total += matrix(model, rtol, -10 * tau, 0.0, basis="adiabatic")[1, 0]
    return total / modes


WINDOWS = (
    {name: finite_stay for name in oracles("fin-")}
    | {name: first_column for name in oracles("finU-")}
    | {name: jump for name in oracles("finad-")}
    | {name: half("diabatic") for name in oracles("half-")}
    | {name: half("adiabatic") for name in oracles("halfad-")}
    | {name: jump_time for name in oracles("jumptime-")}
    | {name: slope_of_finite_stay for name in oracles("gradfin-")}
    | {name: superadiabatic for name in oracles("superad-")}
    | {name: density_of_defects for name in oracles("ising-")}
    | {name: lambda p, rtol: 1 - jump(p, rtol) for name in oracles("adlimit-")}
    | {
        "repr-equiv": jump,
        "gate-fid": lambda p, rtol: (4 * (1 - jump(p, rtol)) + 2) / 6,
        "wirr-T20.0": lambda p, rtol: jump(p, rtol) * splitting(p, p["T"]),
        "wirr-rate": rate_of_work,
        "jarzynski": thermal_work,
        "complex-phase-amp": phase_of_the_flip,
        "nonlinear-0.0": lambda p, rtol: matrix(
            lz.LinearSweep(p["v"], p["alpha"]), rtol, -p["T"], p["T"]
        )[0, 0],
    }
    | {
        name: lambda p, rtol: matrix(sweep(p), rtol, t1=p["t"])[1, 0]
        for name in oracles("fresnel-")
    }
)

# --- energies and states at one time --------------------------------------------------


def levels(p, rtol):
    return bases.energies(sweep(p), jnp.asarray(p.get("t", 0.0)))


def smallest_gap(p, rtol):
    p = {"Delta": 2 * p["V"], "alpha": 1.0} if "V" in p else p
    return jnp.diff(levels(p, rtol))[0]


def mixing_angle(p, rtol):
    model, t = sweep(p), jnp.asarray(p["t"])
    states = bases.superadiabatic_states(model, t, 0)
    angle = 2 * jnp.arctan2(states[1, 1].real, states[0, 1].real)
    return [angle, jnp.abs((states.conj().T @ model(t) @ states)[0, 1])]


TIMES = {name: smallest_gap for name in oracles("gap-")} | {
    "eig": levels,
    "mixing": mixing_angle,
}
