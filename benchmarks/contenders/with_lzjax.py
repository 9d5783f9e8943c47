"""lzjax: step control at tolerances, and fixed numbers of steps, under `jax.vmap`."""

import jax
import numpy as np

import lzjax as lz

from .problems import Problem, Run, jax_run

BY_TOLERANCE, BY_STEPS = "lzjax", "lzjax, fixed steps"


def runs(problem: Problem, quick: bool) -> list[Run]:
    tolerances = [float(x) for x in 10.0 ** -np.arange(1, 12.1, 1.0 if quick else 0.5)]
    counts = 2 ** np.arange(7, 13)
    made = []
    for name, solver in (("default", {}), ("Magnus6", {"solver": lz.Magnus6()})):
        # One program for all tolerances, but for the default, which looks at them.
        state, slope = programs(problem, static=not solver, **solver)
        made += [
            jax_run(problem, BY_TOLERANCE, name, {"rtol": rtol}, state, slope, rtol)
            for rtol in tolerances
        ]
    for make in (lz.Magnus4, lz.Magnus6):
        for steps in counts:
            state, slope = programs(problem, solver=make(steps=int(steps)))
            name, setting = make.__name__, {"steps": int(steps)}
            made.append(jax_run(problem, BY_STEPS, name, setting, state, slope, 1e-8))
    return made


def programs(problem: Problem, static: bool = False, **solver):
    """States, and probabilities with their slopes, as compiled functions of arrays and
    of a tolerance; with `static` they are compiled for each tolerance."""

    def column(gap, parameters, rtol):
        model = problem.model(gap, parameters)
        found = lz.solve(model, problem.t0, problem.t1, rtol=rtol, **solver)
        return found.propagator[:, 0]

    def probability(gap, parameters, rtol):
        return abs(column(gap, parameters, rtol)[0]) ** 2

    def batched(function):
        def run(gap, parameters, rtol):
            return jax.vmap(lambda g, p: function(g, p, rtol))(gap, parameters)

        return jax.jit(run, static_argnums=(2,) if static else ())

    return batched(column), batched(jax.value_and_grad(probability))
