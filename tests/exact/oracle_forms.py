"""How to compute the oracle's values from closed forms: name -> function of the
record's parameters and of a tolerance, which closed forms do not need."""

import jax
import jax.numpy as jnp
import numpy as np

import lzjax as lz
from lzjax import exact, interferometry, models
from tests.oracles import oracles


def form(function, *names):
    """A closed form of the record's parameters of these names."""
    return lambda p, rtol: function(*(p[name] for name in names))


# --- passages -------------------------------------------------------------------------


def noisy_fringe(p, rtol):
    return exact.double_passage_with_phase_noise(p["P"], p["Phi_St"], p["sigma"])


def noisy_fringe_of_half_the_phase(p, rtol):
    # These state the deviation of Φ, half of the relative phase.
    return noisy_fringe(p | {"sigma": 2 * p["sigma"]}, rtol)


def slope_of_a_noisy_fringe(p, rtol):
    fringe = jax.grad(exact.double_passage_with_phase_noise, argnums=(0, 1, 2))
    return jnp.stack(fringe(p["P"], p["Phi"], p["sigma"]))


def average_over_the_phase_of_a_dither(p, rtol):
    """As a fraction of the transition without dither, to first order in the gap²."""
    gap, phases = 1e-7, jnp.linspace(0.0, 2 * np.pi, 512, endpoint=False)
    numbers = gap, p["alpha"], p["A"], p["omega"]
    found = exact.dithered_sweep_weak(*numbers, phases).value
    return jnp.mean(found) / exact.landau_zener_transition(gap, p["alpha"])


# --- sweeps, in the units where Δ = 1 -------------------------------------------------


def fast_root(p, rtol):
    # x = Δ³/β²
    return exact.power_law_fast(1.0, p["x"] ** -0.5, 0.5, signed=True).checked()


def slow_root(p, rtol):
    return exact.power_law_slow(1.0, p["x"] ** -0.5, 0.5, signed=True).checked()


def exponent_of_a_linear_sweep(p, rtol):
    model = lz.LinearSweep(p["Delta"], p["alpha"])
    return -jnp.log(exact.dykhne_davis_pechukas(model, 1.0 + 1.0j)[0].checked())


def exponent_of_a_tanh_sweep(p, rtol):
    model = models.demkov_kunike_tanh(p["Delta"], p["B"], 0.0, p["T"])
    return -jnp.log(exact.dykhne_davis_pechukas(model, 0.9j)[0].value)


def survival_beside_a_decaying_level(p, rtol):
    numbers = p["Delta"], p["alpha"], p["Gamma"]
    return exact.decaying_level_survival(*numbers).checked()


# --- many levels ----------------------------------------------------------------------


def displaced_oscillator(p):
    numbers = p["Delta"], p["alpha"], p["g"], p["Omega"]
    return models.dissipative_crossing(*numbers, photons=p["fock"])


def survival_beside_an_oscillator(p, rtol):
    model = displaced_oscillator(p)
    return exact.brundobler_elser(model.slopes, model.couplings).value[0]


def survival_through_a_flat_band(p, rtol):
    # Γ = 2πV²ρ
    low, high = p["band"]
    spacing = (high - low) / p["N"]
    levels = low + (np.arange(p["N"]) + 0.5) * spacing
    coupling = np.sqrt(float(p["Gamma"]) * spacing / (2 * np.pi))
    couplings = np.full(p["N"], coupling)
    return exact.demkov_osherov(p["alpha"], levels, couplings)[0, 0]


def second_of_a_band(couplings, rate):
    return exact.demkov_osherov(rate, jnp.array([-1.0, 1.0]), couplings)[2, 0]


def slope_of_the_product_rule(p, rtol):
    couplings = jnp.array([p["V1"], p["V2"]])
    return jax.grad(second_of_a_band)(couplings, p["alpha"])


# --- what a crossing tells ------------------------------------------------------------


def most_informative_passage(p, rtol):
    gap = 0.7
    rate = exact.most_informative_rate(gap)
    return [np.pi * gap**2 / 2 / rate, exact.landau_zener(gap, rate)]


def largest_cross_section(p, rtol):
    """By bisection of the slope."""
    slope = jax.jit(jax.grad(exact.cross_section_function))
    low, high = 0.2, 0.8
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return [low, exact.cross_section_function(low)]


def ratio_of_slopes(p, rtol):
    """dP/d ln Δ over dP/d ln s of passages at the rates s·(0.5, 1, 3)."""

    def survivals(logs):
        gap, scale = jnp.exp(logs)
        return exact.landau_zener(gap * p["Delta"], scale * jnp.array([0.5, 1.0, 3.0]))

    slopes = jax.jacfwd(survivals)(jnp.zeros(2))
    return slopes[:, 0] / slopes[:, 1]


def bound_of_a_fringe(p, rtol):
    """The standard errors of P and σ by Fisher's information, the phase known."""
    fringe = interferometry.FringeExperiment()
    phases = {"phase": 2 * np.pi / p["K"] * np.arange(p["K"])}

    def predict(x):
        return fringe({"p": x[0], "sigma": x[1], "phase_offset": 0.0}, phases)

    truth = jnp.array([p["P"], p["sigma"]])
    slopes, mean = jax.jacfwd(predict)(truth), predict(truth)
    weights = p["shots"] / (mean * (1 - mean))
    bound = jnp.linalg.inv(slopes.T @ (weights[:, None] * slopes))
    return jnp.sqrt(jnp.diagonal(bound))


def _of(prefix, compute):
    return {name: compute for name in oracles(prefix)}


FORMS = (
    _of("lzsm-aim-", form(exact.adiabatic_impulse, "P", "Phi_St"))
    | _of("echo-aim-", form(exact.adiabatic_impulse_echo, "P", "Phi_St"))
    | _of("noise-aim-s", noisy_fringe)
    | _of("noise-aim-half-", noisy_fringe_of_half_the_phase)
    | _of("incoh-", form(exact.incoherent_passages, "P", "N"))
    | _of("tauLZ-", form(exact.crossing_duration, "Delta", "alpha"))
    | _of("stokes-d", form(exact.stokes_phase, "delta"))
    | _of("decay-inf-", survival_beside_a_decaying_level)
    | {
        "grad-fringe": slope_of_a_noisy_fringe,
        "cdt": form(exact.coherent_destruction_ratio),
        "dither-phaseavg": average_over_the_phase_of_a_dither,
        "sqrt-fast": fast_root,
        "sqrt-slow": slow_root,
        "ddp-lz": exponent_of_a_linear_sweep,
        "ddp-tanh": exponent_of_a_tanh_sweep,
        "magnus1": form(exact.magnus_survival, "Delta", "alpha"),
        "dissip-T0": survival_beside_an_oscillator,
        "continuum-flat": survival_through_a_flat_band,
        "grad-DO": slope_of_the_product_rule,
        "fast-trans-0.0": lambda p, rtol: (
            exact.fast_gap_noise(p["Delta"], p["J"], p["alpha"]).value
        ),
        "fisher-opt": most_informative_passage,
        "lz-xsec": largest_cross_section,
        "ident-rank": ratio_of_slopes,
        "crlb-sigma": bound_of_a_fringe,
    }
)
