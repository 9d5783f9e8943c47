"""QuTiP: `sesolve` for one lane after the other, and for all lanes as one system.

The one system is block-diagonal, sparse. Derivatives by central differences.
"""

from functools import partial

import numpy as np
import qutip
import scipy.sparse

from .problems import Problem, Run, differences

# For each style; the multistep methods are slower here.
METHODS = {"blocks": ("dop853", "vern7", "vern9"), "loop": ("vern9",)}
SOME = 5


def runs(problem: Problem, quick: bool) -> list[Run]:
    tolerances = 10.0 ** -np.arange(5, 13.1, 2.0)
    # A loop takes the same time for each lane: a few are enough.
    some = problem.first(min(SOME, problem.lanes))
    styles = {"blocks": (all_at_once, problem), "loop": (one_by_one, some)}
    made = []
    for style, (function, given) in styles.items():
        for method in METHODS[style]:
            for rtol in map(float, tolerances):
                solve = partial(function, given, method=method, rtol=rtol)
                made.append(
                    Run(
                        "QuTiP",
                        f"{method}, {style}",
                        {"rtol": rtol},
                        partial(solve, given.gap),
                        partial(differences, solve, given.gap),
                        problem.lanes / given.lanes,
                    )
                )
    return made


def _options(method: str, rtol: float) -> dict:
    return {
        "method": method,
        "rtol": rtol,
        "atol": rtol,
        "nsteps": 10**7,
        "store_states": False,
        "store_final_state": True,
        "progress_bar": "",
        "normalize_output": False,
    }


def one_by_one(problem: Problem, gap, *, method: str, rtol: float) -> np.ndarray:
    names = list(problem.functions)
    terms = [[0.5 * qutip.sigmaz(), _by_name(problem, name)] for name in names]
    h = qutip.QobjEvo(
        [[0.5 * qutip.sigmax(), _gap], *terms],
        args={"gap": 0.0, **dict.fromkeys(names, 0.0)},
    )
    solver = qutip.SESolver(h, options=_options(method, rtol))
    times, start = [problem.t0, problem.t1], qutip.basis(2, 0)
    found = []
    for lane in range(len(gap)):
        here = {name: problem.parameters[name][lane] for name in names}
        done = solver.run(start, times, args={"gap": gap[lane], **here})
        found.append(done.final_state.full()[:, 0])
    return np.array(found)


def _gap(t, gap):
    return gap


def _by_name(problem: Problem, name: str):
    function = problem.functions[name]
    # QuTiP hands arguments over by name.
    scope: dict = {"function": function, "np": np}
    return eval(f"lambda t, {name}: {name} * function(np, t)", scope)


def all_at_once(problem: Problem, gap, *, method: str, rtol: float) -> np.ndarray:
    lanes = len(gap)
    flip, sign = np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag([1.0, -1.0])

    def blocks(numbers, matrix):
        made = scipy.sparse.kron(scipy.sparse.diags(0.5 * numbers), matrix, "csr")
        return qutip.Qobj(made)

    h = qutip.QobjEvo(
        [
            blocks(gap, flip),
            *[
                [blocks(problem.parameters[name], sign), partial(_call, function)]
                for name, function in problem.functions.items()
            ],
        ]
    )
    start = qutip.Qobj(np.tile([1.0, 0.0], lanes).reshape(-1, 1))
    times = [problem.t0, problem.t1]
    done = qutip.sesolve(h, start, times, options=_options(method, rtol))
    return done.final_state.full().reshape(lanes, 2)


def _call(function, t):
    return function(np, t)
