"""Experiments in closed form, to simulate data from and to fit."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from lzjax.fits import Counts, Means


class Passage(eqx.Module):
    """One infinite-window passage: P = exp(-π gap² / (2 · scale · rate))."""

    parameters = ("gap", "scale")
    controls = ("rate",)

    def __call__(self, parameters, controls):
        action = parameters["gap"] ** 2 / (parameters["scale"] * controls["rate"])
        return jnp.exp(-0.5 * jnp.pi * action)


class Rabi(eqx.Module):
    """Rabi oscillation of noisy frequency: ½ a (1 - cos(ωt) exp(-σ²t²/2)) + floor."""

    parameters = ("frequency", "width", "contrast", "floor")
    controls = ("time",)

    def __call__(self, parameters, controls):
        t = controls["time"]
        decay = jnp.exp(-0.5 * (parameters["width"] * t) ** 2)
        wave = 0.5 * (1 - jnp.cos(parameters["frequency"] * t) * decay)
        return parameters["floor"] + parameters["contrast"] * wave


class Driven(eqx.Module):
    """Detuned oscillation: Ω²/(Ω² + δ²) sin²(√(Ω² + δ²) t / 2)."""

    parameters = ("coupling", "offset")
    controls = ("time",)

    def __call__(self, parameters, controls):
        square = parameters["coupling"] ** 2 + parameters["offset"] ** 2
        wave = jnp.sin(0.5 * jnp.sqrt(square) * controls["time"]) ** 2
        return parameters["coupling"] ** 2 / square * wave


class Constant(eqx.Module):
    """The same probability everywhere; `spare` and what is in it do nothing."""

    parameters = ("p", "spare")
    controls = ("shot",)

    def __call__(self, parameters, controls):
        return parameters["p"] + 0.0 * controls["shot"]


RATES = np.geomspace(0.2, 5.0, 12)
TIMES = np.linspace(0.1, 6.0, 60)
PASSAGE = {"gap": 0.8, "scale": 1.0}
RABI = {"frequency": 3.0, "width": 0.15, "contrast": 0.9, "floor": 0.03}


def counts(experiment, truth, controls, trials, seed):
    """Simulated counts of `experiment` at `truth`."""
    p = np.asarray(experiment(truth, controls))
    drawn = np.random.default_rng(seed).binomial(trials, p)
    return Counts(controls, drawn, trials)


def means(experiment, truth, controls, error, seed):
    """Simulated means with Gaussian errors."""
    p = np.asarray(experiment(truth, controls))
    return Means(
        controls, np.random.default_rng(seed).normal(p, error), np.full(len(p), error)
    )
