"""`fit`: experiments and data in, values with errors out."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .._checks import require
from ._fisher import chi2_of, observed
from ._identify import Verdict, identify
from ._optimise import REACHED, Effort, Search, search
from ._parameters import Parameter, as_parameters
from ._problem import Problem, build
from ._result import FitResult

# The remaining gain of the deviance at which a minimum counts as found; iminuit asks
# for 2e-4 of its expected distance, half a deviance.
_CONVERGED = 1e-2
# Quadrature errors beyond this share of the data's errors are worth a warning.
_COARSE = 0.1


def fit(
    experiment: Any,
    data: Any,
    parameters: Any,
    *,
    starts: int = 16,
    spread: float = 2.0,
    seed: int = 0,
    steps: int = 40,
    polish_steps: int = 40,
    scale_errors: bool = False,
    progress: bool = False,
) -> FitResult:
    r"""The parameters of an experiment that make its data most likely.

    Minimises the deviance, $-2 \ln(L / L_\text{saturated})$: binomial for `lz.Counts`,
    $\chi^2$ for `lz.Means`, summed over data sets. Predictions for many drawn values
    choose the starts; an optax chain with the Fisher information as preconditioner
    takes all of them downhill at once; Levenberg-Marquardt finishes the best. Errors
    are from the Fisher information at the optimum. A parameter that the data do not
    identify is reported as such, with the reason, and has no error.

    **Arguments:**

    - `experiment`: callable `(parameters, controls) -> (n,)` with `.parameters` and
      `.controls`; or a sequence of them for a joint fit. Parameters of one name are
      shared; `lz.Renamed` makes them separate.
    - `data`: `lz.Counts` or `lz.Means`; or a sequence, as long.
    - `parameters`: a sequence of `lz.Parameter`, or a dict name -> `lz.Parameter` or
      number (a start value without bounds). ħ = 1, units as in the controls.
    - `starts`: how many start values go downhill; the first is the one given, the
      others are the best of 16 times as many drawn. With 1, only the one given.
    - `spread`: positive parameters are drawn within this factor of their start value,
      others within ±(spread - 1) scales. Bounds are kept.
    - `seed`: of the draws.
    - `steps`, `polish_steps`: the most steps of the two stages.
    - `scale_errors`: enlarge all errors by $\sqrt{\chi^2/\text{dof}}$ where that is
      above 1.
    - `progress`: print the stages to stderr.

    **Returns:** a `FitResult`; print it for a report.

    **Raises:**

    - `ValueError` or `TypeError` if names, shapes or numbers do not fit together.
    - `RuntimeError` if no start gives finite predictions.

    Source: James, Statistical Methods in Experimental Physics, 2nd ed. (2006), ch. 8.
    """
    require("optimistix", extra="fits")
    effort = _effort(starts, spread, seed, steps, polish_steps)
    given = as_parameters(parameters)
    problem, free = build(experiment, data, given)
    say = _speaker(progress)
    found = search(problem, free, effort, say)
    verdict = identify(problem, found.x, found.deviance, effort, say)
    return _result(problem, given, found, verdict, scale_errors)


def _effort(starts, spread, seed, steps, polish_steps) -> Effort:
    for name, value in (
        ("starts", starts),
        ("steps", steps),
        ("polish_steps", polish_steps),
    ):
        if value != int(value) or value < 1:
            raise ValueError(f"`{name}` must be a whole number >= 1, got {value}.")
    if not (np.isfinite(spread) and spread >= 1):
        raise ValueError(f"`spread` is a factor and must be >= 1, got {spread}.")
    return Effort(int(starts), float(spread), int(seed), int(steps), int(polish_steps))


def _speaker(progress: bool) -> Callable[[str], None]:
    if not progress:
        return lambda text: None
    try:
        from rich.console import Console
    except ImportError:
        return lambda text: print(f"fit: {text}", file=sys.stderr)
    console = Console(stderr=True)
    return lambda text: console.print(f"[bold]fit[/bold]: {text}")


def _chi2_data(problem: Problem, p: np.ndarray) -> float:
    """χ² with the errors of the data alone."""
    error = np.concatenate([np.asarray(data.data_errors()) for data in problem.data])
    return float(np.sum(((observed(problem) - p) / error) ** 2))


def _result(
    problem: Problem,
    given: tuple[Parameter, ...],
    found: Search,
    verdict: Verdict,
    scale_errors: bool,
) -> FitResult:
    names, fisher = problem.free, verdict.fisher
    p = fisher.predictions
    chi2, dof = chi2_of(problem, p), problem.points - len(names)
    identified = {name: name not in verdict.reasons for name in names}
    enlarged = np.sqrt(max(1.0, chi2 / dof)) if scale_errors and dof > 0 else 1.0
    known = np.array([identified[name] for name in names])
    covariance = np.where(np.outer(known, known), fisher.covariance, np.nan)
    covariance = covariance * enlarged**2
    error = np.sqrt(np.diag(covariance))
    nan = float("nan")
    values = {name: float(x) for name, x in zip(names, verdict.x, strict=True)}
    errors = {name: float(e) for name, e in zip(names, error, strict=True)}
    quadrature = _quadrature(problem, verdict.x, p)
    success = bool(fisher.gain < _CONVERGED)
    reached = int(np.sum(found.starts < verdict.deviance + REACHED))
    # A good description needs no second witness; a bad one may be a side optimum.
    lonely = len(found.starts) > reached <= 1 and verdict.deviance > 1.5 * max(dof, 1)
    return FitResult(
        parameters=given,
        names=names,
        values={q.name: values.get(q.name, q.value) for q in given},
        errors={q.name: errors.get(q.name, nan) for q in given},
        covariance=covariance,
        identified=identified,
        reasons={n: verdict.reasons[n] for n in names if n in verdict.reasons},
        at_bound=dict(verdict.bounds),
        deviance=verdict.deviance,
        chi2=chi2,
        chi2_data=_chi2_data(problem, p),
        points=problem.points,
        starts=found.starts,
        reached=reached,
        predictions=tuple(problem.split(p)),
        residuals=tuple(problem.split(np.asarray(problem.residuals(p)))),
        quadrature=quadrature,
        error_scale=float(enlarged),
        success=success,
        message=_message(success, fisher.gain, quadrature, lonely),
    )


def _message(success: bool, gain: float, quadrature: float, lonely: bool) -> str:
    parts = []
    if not success:
        parts.append(
            "The minimum was not reached (the deviance could still fall by "
            f"{gain:.2g}): give more `steps` and `polish_steps`, or better starts."
        )
    if lonely:
        parts.append(
            "Warning: the model describes the data badly and a single start came this "
            "far; a better optimum may exist. Try more `starts` or a wider `spread`."
        )
    if quadrature > _COARSE:
        parts.append(
            f"Warning: the noise average is too coarse, {quadrature:.2g} of a data "
            "error: give the experiment more nodes."
        )
    return " ".join(parts)


def _quadrature(problem: Problem, x: np.ndarray, p: np.ndarray) -> float:
    """The largest quadrature error of the predictions p, in errors of the data; NaN if
    none is known."""
    parameters, worst = problem.named(x), float("nan")
    parts = zip(problem.experiments, problem.data, problem.split(p), strict=True)
    for experiment, data, here in parts:
        finer = getattr(experiment, "finer", None)
        if finer is not None:
            own = {name: parameters[name] for name in experiment.parameters}
            change = np.asarray(finer(own, data.controls)) - here
            share = np.max(np.abs(change) / np.asarray(data.data_errors()))
            worst = float(np.fmax(worst, share))
    return worst
