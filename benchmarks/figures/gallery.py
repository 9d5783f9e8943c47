"""Draws one figure for each family of systems: levels, dynamics, and the answer of
the solver (points) on that of the formula (line).

    python benchmarks/figures/gallery.py OUTPUT_FOLDER
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

import lzjax as lz  # noqa: E402
from lzjax import dissipation, exact, interferometry, models, molecules  # noqa: E402
from lzjax.plots import plot_populations  # noqa: E402

SLOPES = jnp.array([1.0, -0.5])
SIGMA_X = np.array([[0.0, 1.0], [1.0, 0.0]])


class Family(NamedTuple):
    """What is drawn: a model in a window, and a probability over one parameter.

    `quantity` says which probability. `solved` and `known` take the parameter's values.
    `solved` may give two numbers for each: the probability and its standard error.
    `between` is how far the two may be apart.
    """

    name: str
    model: Any
    window: tuple[float, float]
    parameter: str
    values: np.ndarray
    quantity: str
    solved: Callable
    known: Callable
    between: float
    formula: str = "closed form"


def over(function):
    return jax.jit(jax.vmap(function))


def stay(build, final=0, **options):
    """The infinite-window probability to go from level 0 to `final`."""
    return over(lambda x: lz.transition_matrix(build(x), **options)[final, 0])


def leaky(decay):
    return models.DecayingLevels(lz.LinearSweep(1.0, 1.0), jnp.stack([0.0, decay]))


def in_bow_tie(coupling):
    return models.bow_tie(SLOPES, jnp.stack([coupling, 0.3 + 0.0 * coupling]))


def cone_path(impact):
    cone = molecules.LinearVibronic.cone(1.0, 0.4)
    return cone, molecules.StraightPath.past(impact, 0.7, 0.3)


def tully_path(velocity):
    curves = molecules.tully_simple_crossing()
    start = jnp.zeros_like(velocity)
    return molecules.AlongPath(curves, molecules.StraightPath(velocity, start))


def tully_jump(velocity):
    # From x = −5 to 5, where the coupling is e^{−25}.
    model, end = tully_path(velocity), 5.0 / velocity
    return lz.transition_matrix(model, -end, end, basis="adiabatic")[1, 0]


def tully_formula(velocity):
    curves = molecules.tully_simple_crossing()
    return curves.crossing(0.1, velocity).p_diabatic_survival()


def coherent_row(offsets):
    return interferometry.interferogram(0.1, offsets, [3.0], 1.0).populations[0]


def formula_row(offsets):
    return interferometry.interferogram_lines(0.1, offsets, [3.0], 1.0).populations[0]


def noisy(spreads):
    """Survivals and standard errors under slow noise of the gap."""
    found = []
    for k, spread in enumerate(spreads):
        noise = dissipation.OrnsteinUhlenbeck(SIGMA_X / 2, spread, 1e-6)
        average = dissipation.trajectory_average(
            lz.LinearSweep(0.8, 1.0),
            noise,
            0,
            -40.0,
            40.0,
            key=jax.random.key(k),
            intervals=1600,
            batch=250,
        )
        found.append((average.probabilities[0], average.standard_error[0]))
    return tuple(map(jnp.stack, zip(*found, strict=True)))


def families() -> list[Family]:
    scan = np.linspace(0.1, 2.0, 20)
    return [
        Family(
            "one passage",
            lz.LinearSweep(1.0, 1.0),
            (-8.0, 12.0),
            "gap",
            scan,
            "diabatic survival",
            stay(lambda gap: lz.LinearSweep(gap, 1.0)),
            over(lambda gap: exact.p_diabatic_survival(gap, 1.0)),
            1e-8,
        ),
        Family(
            "nonlinear sweeps",
            models.demkov_kunike_tanh(1.0, 4.0, 1.5, 1.0),
            (-4.0, 4.0),
            "width",
            scan,
            "adiabatic jump",
            stay(
                lambda width: models.demkov_kunike_tanh(1.0, 4.0, 1.5, width),
                1,
                basis="adiabatic",
            ),
            over(lambda width: exact.demkov_kunike_tanh(1.0, 4.0, 1.5, width)),
            1e-8,
        ),
        Family(
            "couplings",
            models.rotating_coupling(1.0, 1.0, 0.0, 0.5),
            (-8.0, 12.0),
            "chirp",
            np.linspace(-2.0, 0.8, 20),
            "diabatic survival",
            stay(lambda chirp: models.in_rotating_frame(1.0, 1.0, 0.0, chirp)),
            over(lambda chirp: exact.rotating_coupling(1.0, 1.0, chirp)),
            1e-8,
        ),
        Family(
            "drives",
            lz.DrivenTwoLevel(0.5, 1.0, 3.0, 1.0),
            (0.0, 8 * np.pi),
            "offset",
            np.linspace(0.52, 3.48, 149),
            "other diabatic level, time average",
            coherent_row,
            formula_row,
            0.05,
        ),
        Family(
            "many levels",
            in_bow_tie(jnp.asarray(0.4)),
            (-12.0, 12.0),
            "coupling of level 1",
            scan,
            "survival of level 0",
            stay(in_bow_tie),
            over(lambda v: exact.bow_tie(SLOPES, jnp.stack([v, 0.3 + 0 * v]))[0, 0]),
            1e-7,
        ),
        Family(
            "open systems",
            leaky(jnp.asarray(0.5)),
            (-10.0, 20.0),
            "decay",
            np.linspace(0.5, 10.0, 20),
            "diabatic survival, −20 to 20",
            over(lambda g: lz.transition_matrix(leaky(g), -20.0, 20.0)[0, 0]),
            over(lambda g: exact.decaying_level_survival(1.0, 1.0, g, 20.0).value),
            0.02,
        ),
        Family(
            "noise",
            lz.LinearSweep(0.8, 1.0),
            (-8.0, 12.0),
            "spread of the gap (sweep from −40 to 40: ripple of 0.02)",
            np.linspace(0.1, 2.0, 8),
            "diabatic survival, averaged",
            noisy,
            over(lambda j: exact.slow_gap_noise(0.8, j, 1.0)),
            0.06,
        ),
        Family(
            "molecules",
            tully_path(jnp.asarray(0.005)),
            (-1000.0, 1000.0),
            "velocity (atomic units)",
            np.linspace(0.002, 0.015, 20),
            "adiabatic jump",
            over(tully_jump),
            over(tully_formula),
            0.2,
            "Zener's formula, local slopes",
        ),
        Family(
            "conical intersections",
            molecules.AlongPath(*cone_path(0.5)),
            (-8.0, 8.0),
            "impact parameter",
            np.linspace(0.02, 1.0, 20),
            "adiabatic jump",
            stay(lambda b: molecules.AlongPath(*cone_path(b)), 1, basis="adiabatic"),
            over(lambda b: _survival(cone_path(b))),
            1e-7,
        ),
    ]


def _survival(passage):
    cone, path = passage
    sweep = cone.passage(path)
    return exact.landau_zener(sweep.gap, sweep.rate)


def draw(family: Family):
    figure = plt.figure(figsize=(9.6, 3.8), layout="constrained")
    left, right = figure.subfigures(1, 2)
    levels, populations = left.subplots(2, sharex=True)
    plot_populations(family.model, *family.window, axes=(levels, populations))
    # Room for the legend above the levels.
    low, high = levels.get_ylim()
    levels.set_ylim(low, high + 0.25 * (high - low))
    axes = right.subplots()
    values = jnp.asarray(family.values)
    known, solved = family.known(values), family.solved(values)
    fine = jnp.linspace(values[0], values[-1], 10 * len(values) - 9)
    axes.plot(fine, family.known(fine), label=family.formula)
    if isinstance(solved, tuple):
        solved, errors = solved
        axes.errorbar(values, solved, errors, fmt="o", markersize=4, label="solved")
    else:
        axes.plot(values, solved, "o", markersize=4, label="solved")
    axes.set(xlabel=family.parameter, ylabel=family.quantity, title=family.name)
    axes.set_ylim(-0.02, 1.25 * axes.get_ylim()[1])
    axes.legend(loc="upper right")
    return figure, float(jnp.max(jnp.abs(known - solved)))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--only", nargs="*", help="families, all by default")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    for family in families():
        if options.only and family.name not in options.only:
            continue
        figure, apart = draw(family)
        path = options.output / f"{family.name.replace(' ', '_')}.png"
        figure.savefig(path, dpi=110)
        plt.close(figure)
        print(f"{path}: {family.formula} and solution differ by at most {apart:.1e}")
        if apart > family.between:
            raise SystemExit(f"{family.name}: further apart than {family.between}.")


if __name__ == "__main__":
    main()
