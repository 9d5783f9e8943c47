"""How to compute the oracle's values for more than two levels."""

import jax.numpy as jnp
import numpy as np

from lzjax import models
from tests.oracles import oracles
from tests.propagate.oracle_linear import matrix


def among_five(model):
    """The same levels with others that couple to nothing: one compilation for all."""
    extra = 5 - model.dim
    # Slopes that no other level has, in between.
    slopes = jnp.concatenate([model.slopes, jnp.asarray([0.17, -0.23][:extra])])
    energies = jnp.concatenate([model.energies, jnp.asarray([0.3, 0.6][:extra])])
    couplings = jnp.pad(model.couplings, (0, extra))
    return models.MultistateSweep(slopes, energies, couplings)


def all_of(build):
    """All probabilities of a model, the levels of `among_five` left out."""

    def compute(p, rtol):
        model = build(p)
        dim = model.dim
        # Three levels have a program of their own, in use by many records.
        whole = model if dim == 3 else among_five(model)
        return np.asarray(matrix(whole, rtol))[:dim, :dim]

    return compute


def some_of(build, *entries):
    return lambda p, rtol: [all_of(build)(p, rtol)[entry] for entry in entries]


def band(p):
    return models.demkov_osherov(p["alpha"], p["E"], p["V"])


def chain(p):
    return models.chain([1, 0, -1], [0, 0, p["t2"]], [p["V12"], p["V23"]])


def against_the_order(p, rtol):
    """The record does not say how far apart the two parallel levels lie: the transition
    against their order vanishes at any distance, near and far."""
    couplings = [p["V12"], p["V23"]]
    chains = [
        models.chain([0, p["alpha"], 0], [0, 0, rest], couplings)
        for rest in (0.2, 1.0, 5.0)
    ]
    return max(matrix(chain, rtol)[0, 2] for chain in chains)


def bow_tie(p):
    return models.bow_tie(p["slopes"][1:], p["V"])


def spin(p):
    return models.spin_sweep(p.get("S", 1), p["Delta"], p["alpha"])


def grid(p):
    return models.crossing_grid(1.0, p["Ea"], p["Eb"], p["V"])


def random_levels(p):
    couplings = np.array(p["V_re"]) + 1j * np.array(p["V_im"])
    return models.MultistateSweep(p["slopes"], p["E"], couplings)


def cavity(p):
    # More photons change nothing: from |up, 0> no |up, n> can be reached, and
    # |down, 1> alone couples.
    return models.cavity_crossing(p["alpha"], p["g"], p["Omega"], photons=2)


def stays_up(p, rtol):
    return all_of(cavity)(p, rtol)[:2, 0].sum()


def decoupled(build, names, initial):
    """The survival of a level in its own block of a spin one, the rest left out."""

    def compute(p, rtol):
        _, (states, block) = models.decoupled_blocks(build(1, p[names], p["alpha"]))
        # One level more, for the program of three.
        slopes = jnp.append(block.slopes, 0.37)
        energies = jnp.append(block.energies, 0.0)
        couplings = jnp.pad(block.couplings, (0, 1))
        model = models.MultistateSweep(slopes, energies, couplings)
        weights = np.abs(np.asarray(states)[initial]) ** 2
        level = int(np.argmax(weights))
        assert weights[level] > 1 - 1e-12
        return matrix(model, rtol)[level, level]

    return compute


def beside_a_far_level(p, rtol):
    """Between states of first superadiabatic order: between adiabatic ones it is
    0.2651436."""
    half, far = 0.5 * p["Delta"], p["V3"]
    couplings = np.array([[0, half, far], [half, 0, far], [far, far, 0]])
    slopes = 0.5 * p["alpha"] * np.array([1.0, -1.0, 0.0])
    model = models.MultistateSweep(slopes, [0.0, 0.0, p["W"]], couplings)
    end = p["T"]
    return matrix(model, rtol, -end, end, basis="superadiabatic", order=1)[1, 0]


LEVELS = (
    {name: all_of(band) for name in [*oracles("V-"), "DO5"]}
    | {name: all_of(bow_tie) for name in oracles("bowtie")}
    | {name: all_of(spin) for name in oracles("spin-")}
    | {name: stays_up for name in oracles("cavity-")}
    | {name: some_of(chain, (2, 0)) for name in oracles("chain-t2-")}
    | {
        "third-level": beside_a_far_level,
        "DO5-nogo": some_of(band, (1, 4), (2, 4), (3, 4)),
        "bowtie4-BE": some_of(bow_tie, (1, 1), (3, 3)),
        "chain-reversed": against_the_order,
        "chain-spin1": some_of(spin, (2, 0)),
        "BE-random4-full": all_of(random_levels),
        "grid-2x2-BE": some_of(grid, (0, 0), (1, 1)),
        "grid-2x2-nogo": some_of(grid, (0, 1), (1, 0)),
        "spin1-decoupled-a": decoupled(models.quadratic_zeeman_sweep, "Omega", 1),
        "spin1-decoupled-b": decoupled(models.rhombic_sweep, "E", 0),
    }
)
