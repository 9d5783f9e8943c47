"""Which parameters the data identify, and why not the others."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from ._fisher import Fisher, chi2_of, information, open_groups
from ._optimise import Effort, run_deviances
from ._problem import Problem
from ._profile import (
    ONE_SIDED_95,
    TWO_SIGMA,
    at_bound,
    bounds_of,
    limit,
    lower_bound,
    profile,
    upper_bound,
)
from ._words import describe_open

# A bound is reached if the deviance on it is the best one up to this.
_ON_BOUND = 1e-3
# Within this share of its scale from a bound, a parameter is suspected to be on it.
_NEAR = 1e-2
# A standard error above this share of the distance to the bound asks for a profile.
_WIDE = 0.5


@dataclass
class Verdict:
    """The optimum, and for every parameter what the data say about it."""

    x: Float[np.ndarray, " n"]
    deviance: float
    fisher: Fisher
    on_bound: Bool[np.ndarray, " n"]
    reasons: dict[str, str] = field(default_factory=dict)
    bounds: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Case:
    """What every step of the judgement needs."""

    problem: Problem
    effort: Effort
    inflation: float


def identify(
    problem: Problem,
    x: Float[np.ndarray, " n"],
    deviance: float,
    effort: Effort,
    say: Callable[[str], None],
) -> Verdict:
    """Judge every parameter at the optimum `x`.

    1. Directions without information, and those with a standard error above a scale:
       the parameters that take part are not identified.
    2. A parameter near a bound, or whose error is above half its distance to zero: its
       profile likelihood decides. On the bound, or within two standard errors of it
       (Δdeviance < 4, times the reduced χ² if above 1), it is not identified, and a
       one-sided limit at 95 % takes the place of an error.

    What is wholly undetermined in 1. is not asked about in 2.: a bound that a start
    happened to reach along such a direction determines nothing.
    """
    none = np.zeros(len(x), bool)
    verdict = Verdict(x, deviance, information(problem, x, none, effort), none)
    dof = problem.points - len(x)
    reduced = chi2_of(problem, verdict.fisher.predictions) / dof if dof > 0 else 1.0
    case = _Case(problem, effort, max(1.0, reduced))
    judged: set[int] = set()
    for k in _near_bounds(verdict, problem):
        say(f"profile of {problem.free[k]}")
        judged.add(k)
        _judge_bounds(case, verdict, k)
    if verdict.bounds:
        verdict.fisher = information(problem, verdict.x, verdict.on_bound, effort)
    _judge_groups(case, verdict, judged)
    return verdict


def _near_bounds(verdict: Verdict, problem: Problem) -> list[int]:
    """Parameters whose bounds need a look, the closest to a bound first."""
    groups = open_groups(verdict.fisher)
    lost = {k for group, _, hard in groups if hard for k in group}
    together = {k for group, _, _ in groups if len(group) > 1 for k in group}
    found = []
    for k, error in enumerate(verdict.fisher.errors):
        if k in lost:
            continue
        size = float(problem.coordinates.size[k])
        for bound, distance in _distances(problem, verdict.x, k):
            near = distance < _NEAR * size
            unsure = error > _WIDE * distance or verdict.fisher.silent[k]
            natural = bound == 0 or problem.coordinates.kinds[k] != "between"
            if near or (unsure and natural and k not in together):
                found.append((distance / size, k))
    return list(dict.fromkeys(k for _, k in sorted(found)))


def _distances(problem: Problem, x: np.ndarray, k: int) -> list[tuple[float, float]]:
    """The bounds of parameter `k` and how far they are, the closer one first."""
    pairs = [(bound, abs(x[k] - bound)) for bound in bounds_of(problem, k)]
    return sorted(pairs, key=lambda pair: pair[1])


def _judge_bounds(case: _Case, verdict: Verdict, k: int) -> None:
    problem, name = case.problem, case.problem.free[k]
    if verdict.fisher.silent[k] and not _matters(case, verdict, k):
        verdict.reasons[name] = "no prediction depends on it"
        return
    bound, distance = _distances(problem, verdict.x, k)[0]
    x, deviance = at_bound(problem, verdict.x, k, bound, case.effort)
    rise = (deviance - verdict.deviance) / case.inflation
    inwards = 1.0 if bound == lower_bound(problem, k) else -1.0
    if deviance - verdict.deviance < _ON_BOUND:
        _put_on_bound(case, verdict, k, bound, x, deviance)
        verdict.reasons[name] = (
            f"it is at its {verdict.bounds[name]} bound: the data are compatible with "
            f"{bound:g}; "
            f"{_limit_text(case, verdict, k, inwards, bound)}"
        )
    elif rise < TWO_SIGMA:
        verdict.reasons[name] = (
            f"the data are compatible with {bound:g} (Δdeviance = {rise:.2g}); "
            f"{_limit_text(case, verdict, k, inwards, bound)}"
        )
    elif np.isfinite(rise) and verdict.fisher.errors[k] > _WIDE * distance:
        _judge_far_side(case, verdict, k, bound)


def _put_on_bound(case: _Case, verdict: Verdict, k, bound, x, deviance) -> None:
    problem, on = case.problem, x.copy()
    on[k] = bound
    value = float(run_deviances(problem, on, case.effort)[0])
    # Where the bound itself cannot be evaluated, the point beside it is kept.
    verdict.x = on if np.isfinite(value) else x
    verdict.deviance = min(deviance, value)
    verdict.on_bound = verdict.on_bound.copy()
    verdict.on_bound[k] = True
    side = "lower" if bound == lower_bound(problem, k) else "upper"
    verdict.bounds[problem.free[k]] = side


def _judge_far_side(case: _Case, verdict: Verdict, k: int, bound: float) -> None:
    """A scale that may as well be four times as large is not identified either."""
    problem, name = case.problem, case.problem.free[k]
    far = bound + 4 * (verdict.x[k] - bound)
    ends = bounds_of(problem, k)
    if any((far - end) * (verdict.x[k] - end) <= 0 for end in ends):
        return
    found = profile(problem, verdict.x, k, np.array([far]), case.effort)
    rise = (float(found.deviance[0]) - verdict.deviance) / case.inflation
    if rise < TWO_SIGMA:
        side = -1.0 if bound == lower_bound(problem, k) else 1.0
        verdict.reasons[name] = (
            f"the data are compatible with {far:.3g} (Δdeviance = {max(0.0, rise):.2g})"
            f", four times as far from its bound; {_limit_text(case, verdict, k, side)}"
        )


def _limit_text(
    case: _Case, verdict: Verdict, k: int, direction: float, origin: float | None = None
) -> str:
    """The one-sided limit at 95 % upwards (1) or downwards (-1) from `origin`."""
    at = limit(
        case.problem,
        verdict.x,
        k,
        float(verdict.x[k]) if origin is None else origin,
        direction,
        verdict.deviance,
        ONE_SIDED_95 * case.inflation,
        case.effort,
    )
    side = "upper" if direction > 0 else "lower"
    return f"no {side} limit" if at is None else f"{side} limit {at:.2g} at 95 %"


def _matters(case: _Case, verdict: Verdict, k: int) -> bool:
    """Whether any prediction moves when parameter `k` moves a long way."""
    problem, x = case.problem, np.tile(verdict.x, (4, 1))
    size = float(problem.coordinates.size[k])
    x[:, k] += size * np.array([0.0, 0.5, -0.5, 0.1])
    low, high = lower_bound(problem, k), upper_bound(problem, k)
    x[:, k] = np.clip(x[:, k], low, high) if (low, high) != (None, None) else x[:, k]
    values = run_deviances(problem, x, case.effort)
    # The deviance itself is a sum of many terms, good to about 1e-12 of its size.
    return bool(np.any(np.abs(values - values[0]) > 1e-9 * (1 + values[0])))


def _judge_groups(case: _Case, verdict: Verdict, judged: set[int]) -> None:
    problem, fisher = case.problem, verdict.fisher
    for k in np.flatnonzero(fisher.silent):
        if problem.free[k] not in verdict.reasons:
            _judge_silent(case, verdict, int(k))
    for group, vectors, hard in open_groups(fisher):
        names = [problem.free[k] for k in group]
        if len(group) == 1:
            k = group[0]
            if k not in judged:
                _judge_silent(case, verdict, k)
            continue
        change = vectors * fisher.scale[group][:, None]
        reason = describe_open(names, verdict.x[group], change, hard)
        for name in names:
            verdict.reasons.setdefault(name, reason)


def _judge_silent(case: _Case, verdict: Verdict, k: int) -> None:
    """One parameter alone, of which the data say too little."""
    problem, name = case.problem, case.problem.free[k]
    if not _matters(case, verdict, k):
        verdict.reasons[name] = "no prediction depends on it"
        return
    if verdict.fisher.silent[k]:
        what = "to first order no prediction depends on it at this value"
    else:
        error = verdict.fisher.errors[k]
        what = f"its standard error would be {error:.2g}, more than its scale"
    if not bounds_of(problem, k):
        what += f"; {_limit_text(case, verdict, k, 1.0)}"
    verdict.reasons[name] = what
