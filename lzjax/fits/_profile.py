"""Profile likelihoods: what the data say about a parameter that may be at its bound."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ._optimise import Effort, run_polish
from ._problem import Problem

# χ² of one degree of freedom that a one-sided 95 % limit and two standard errors reach.
ONE_SIDED_95 = 2.7055
TWO_SIGMA = 4.0
# Where the bound itself cannot be evaluated, a point this close stands for it.
_NUDGE = 1e-6


@dataclass(frozen=True)
class Profile:
    """The lowest deviance with one parameter kept at each of some values."""

    at: Float[np.ndarray, " v"]
    x: Float[np.ndarray, "v n"]
    deviance: Float[np.ndarray, " v"]


def profile(
    problem: Problem,
    x: Float[np.ndarray, " n"],
    k: int,
    values: Float[np.ndarray, " v"],
    effort: Effort,
) -> Profile:
    """Keep parameter `k` at each value and minimise over all others."""
    points = np.tile(x, (len(values), 1))
    points[:, k] = values
    moving = np.ones(points.shape, bool)
    moving[:, k] = False
    ends, deviance = run_polish(problem, points, moving, effort)
    return Profile(np.asarray(values, float), ends, deviance)


def at_bound(problem, x, k, bound: float, effort) -> tuple[np.ndarray, float]:
    """The best values and deviance with parameter `k` on its bound, or right beside."""
    towards = np.sign(x[k] - bound) or (1.0 if bound == lower_bound(problem, k) else -1)
    near = bound + towards * _NUDGE * float(problem.coordinates.size[k])
    found = profile(problem, x, k, np.array([bound, near]), effort)
    which = 0 if np.isfinite(found.deviance[0]) else 1
    return found.x[which], float(found.deviance[which])


def bounds_of(problem: Problem, k: int) -> list[float]:
    """The bounds that parameter `k` has."""
    both = lower_bound(problem, k), upper_bound(problem, k)
    return [bound for bound in both if bound is not None]


def lower_bound(problem: Problem, k: int) -> float | None:
    """The lower bound of parameter `k`, or None."""
    has = problem.coordinates.kinds[k] in ("above", "between")
    return float(problem.coordinates.lower[k]) if has else None


def upper_bound(problem: Problem, k: int) -> float | None:
    """The upper bound of parameter `k`, or None."""
    has = problem.coordinates.kinds[k] in ("below", "between")
    return float(problem.coordinates.upper[k]) if has else None


def limit(
    problem: Problem,
    x: Float[np.ndarray, " n"],
    k: int,
    origin: float,
    direction: float,
    best: float,
    rise: float,
    effort: Effort,
) -> float | None:
    """Where, away from `origin`, the profile is `rise` above `best`; None if nowhere.

    Eight distances over five decades find the crossing, four more inside narrow it
    down; the rise, nearly a power of the distance there, is interpolated in logarithms:
    good to a few per cent, as a limit needs.
    """
    size = float(problem.coordinates.size[k])
    other = upper_bound(problem, k) if direction > 0 else lower_bound(problem, k)
    longest = 100 * size if other is None else abs(other - origin)
    shortest = min(1e-3 * size, 1e-3 * longest)
    bracket = (shortest, longest)
    for count in (8, 4):
        distances = np.geomspace(*bracket, count)
        values = origin + direction * distances
        risen = profile(problem, x, k, values, effort).deviance - best
        # The profile may start high where the optimum lies away from the origin.
        low = np.flatnonzero(~(risen > rise))
        if not len(low) or low[-1] == count - 1:
            return None
        j = int(low[-1])
        bracket = (distances[j], distances[j + 1])
    ends = np.maximum(risen[j : j + 2], 1e-9)
    share = np.log(rise / ends[0]) / np.log(ends[1] / ends[0])
    return float(origin + direction * bracket[0] * (bracket[1] / bracket[0]) ** share)
