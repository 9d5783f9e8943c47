"""lzjax: step control at tolerances, and fixed numbers of steps, under `jax.vmap`."""

import jax
import numpy as np

import lzjax as lz
from lzjax.propagate._arguments import default_solver

from .problems import Problem, Run, jax_run

BY_TOLERANCE, BY_STEPS = "lzjax", "lzjax, fixed steps"


def runs(problem: Problem, quick: bool) -> list[Run]:
    tolerances = [float(x) for x in 10.0 ** -np.arange(1, 12.1, 1.0 if quick else 0.5)]
    counts = 2 ** np.arange(7, 13)
    made = []
    for make in (lz.Magnus4, lz.Magnus6):
        # One program for all tolerances.
        state, slope = programs(problem, solver=make())
        for rtol in tolerances:
            by_default = isinstance(default_solver(rtol), make)
            name, setting = make.__name__, {"rtol": rtol}
            name = "default" if by_default else name
            run = jax_run(problem, BY_TOLERANCE, name, setting, state, slope, rtol)
            made.append(run)
    for make in (lz.Magnus4, lz.Magnus6):
        for steps in counts:
            state, slope = programs(problem, solver=make(steps=int(steps)))
            name, setting = make.__name__, {"steps": int(steps)}
            made.append(jax_run(problem, BY_STEPS, name, setting, state, slope, 1e-8))
    return made


def programs(problem: Problem, **solver):
    """States, and probabilities with their slopes, as compiled functions of arrays."""

    def column(gap, parameters, rtol):
        model = problem.model(gap, parameters)
        found = lz.solve(model, problem.t0, problem.t1, rtol=rtol, **solver)
        return found.propagator[:, 0]

    def probability(gap, parameters, rtol):
        return abs(column(gap, parameters, rtol)[0]) ** 2

    lanes = (0, 0, None)
    state = jax.jit(jax.vmap(column, lanes))
    slope = jax.jit(jax.vmap(jax.value_and_grad(probability), lanes))
    return state, slope
