"""Solutions by an independent integrator, to a few 1e-12.

Beside the exact propagators of `lz.exact.finite_window_propagator` its states are right
to 2e-12 and those of `doubt` to 2e-14: the differences that are recorded are its own.
"""

from typing import NamedTuple

import numpy as np

from .problems import Problem


class Reference(NamedTuple):
    """Final states (lanes, 2), probabilities of state 0, derivatives in the gap."""

    state: np.ndarray
    probability: np.ndarray
    slope: np.ndarray


def reference(problem: Problem) -> Reference:
    """By SciPy's DOP853, of all lanes at once with their variational equations."""
    from scipy.integrate import solve_ivp

    lanes, gap = problem.lanes, problem.gap

    def rate(t, y):
        a, b, da, db = y.reshape(4, lanes)
        z = problem.detuning(np, t, problem.parameters)
        move = [
            z * a + gap * b,
            gap * a - z * b,
            z * da + gap * db + b,
            gap * da - z * db + a,
        ]
        return (-0.5j * np.stack(move)).ravel()

    start = np.zeros((4, lanes), complex)
    start[0] = 1.0
    found = solve_ivp(
        rate,
        (problem.t0, problem.t1),
        start.ravel(),
        method="DOP853",
        rtol=3e-14,
        atol=3e-15,
        t_eval=[problem.t1],
    )
    a, b, da, _ = found.y[:, -1].reshape(4, lanes)
    return Reference(np.stack([a, b], -1), abs(a) ** 2, 2.0 * (a.conj() * da).real)


def doubt(problem: Problem, want: Reference) -> dict[str, float]:
    """How far lzjax with very many steps is from the reference: both or one err."""
    import jax

    import lzjax as lz

    def probability(gap, parameters):
        solver = lz.Magnus6(steps=20_000)
        model = problem.model(gap, parameters)
        u = lz.solve(model, problem.t0, problem.t1, solver=solver).propagator
        return abs(u[0, 0]) ** 2, u[:, 0]

    both = jax.jit(jax.vmap(jax.value_and_grad(probability, has_aux=True)))
    (p, state), slope = both(problem.gap, problem.parameters)
    return {
        "state": furthest(np.asarray(state), want.state),
        "probability": furthest(np.asarray(p), want.probability),
        "slope": furthest(np.asarray(slope), want.slope),
    }


def furthest(found: np.ndarray, want: np.ndarray) -> float:
    """The largest distance over the lanes that both have: of states, or of numbers."""
    lanes = min(len(found), len(want))
    difference = np.asarray(found)[:lanes] - want[:lanes]
    if difference.ndim == 2:
        difference = np.linalg.norm(difference, axis=-1)
    return float(np.max(np.abs(difference)))
