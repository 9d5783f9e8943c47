"""spinsim: all lanes in one call, as windows of one long time, on all cores.

spinsim computes the propagators of equal windows in parallel; the field of window k is
that of lane k. Derivatives by central differences.
"""

import math
from functools import partial

import numpy as np

from .problems import Problem, Run, differences


def runs(problem: Problem, quick: bool) -> list[Run]:
    import numba

    # spinsim 1.0 imports a part of numba that is no longer there, and does not use it.
    numba.roc = getattr(numba, "roc", None)
    import spinsim

    counts = [2**k for k in range(8, 15)]
    simulator = spinsim.Simulator(
        field(problem),
        spinsim.SpinQuantumNumber.HALF,
        spinsim.Device.CPU,
        use_rotating_frame=False,
    )
    made = []
    for steps in counts:
        solve = partial(states, problem, simulator, steps)
        made.append(
            Run(
                "spinsim",
                "Magnus CF4",
                {"steps": steps},
                partial(solve, problem.gap),
                partial(differences, solve, problem.gap),
            )
        )
    return made


def field(problem: Problem):
    """The field at a time of the row of windows, from (lanes, gaps, numbers...)."""
    t0, window = problem.t0, problem.t1 - problem.t0
    if problem.name == "linear sweep":

        def get_field(time, numbers, found):
            lanes = int(numbers[0])
            lane = min(int(time // window), lanes - 1)
            t = time - lane * window + t0
            found[0] = numbers[1 + lane]
            found[1] = 0.0
            found[2] = numbers[1 + lanes + lane] * t

        return get_field

    if problem.name != "periodic drive":
        raise ValueError(f"write the field of the {problem.name} for numba here.")

    def get_field(time, numbers, found):
        lanes = int(numbers[0])
        lane = min(int(time // window), lanes - 1)
        t = time - lane * window + t0
        found[0] = numbers[1 + lane]
        found[1] = 0.0
        offset = numbers[1 + lanes + lane]
        found[2] = offset + numbers[1 + 2 * lanes + lane] * math.cos(t)

    return get_field


def states(problem: Problem, simulator, steps: int, gap) -> np.ndarray:
    lanes, window = len(gap), problem.t1 - problem.t0
    found = simulator.evaluate(
        0.0,
        (lanes + 0.5) * window,
        window / steps,
        window,
        np.array([1.0, 0.0], complex),
        np.concatenate([[lanes], gap, *problem.parameters.values()]),
    )
    return found.time_evolution[:, :, 0]
