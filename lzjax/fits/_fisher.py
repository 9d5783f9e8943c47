"""Fisher information at an optimum, and the directions the data leave open."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from ._optimise import Effort, run_derivatives
from ._problem import Problem

# Columns that agree to this (squared) are parallel up to the accuracy of derivatives:
# Jacobians good to 1e-6 leave a false information of about 1e-12.
_PARALLEL = 1e-10
# A column this small means a standard error of 10⁶ scales: nothing was measured.
_NO_INFORMATION = 1e-6
# Scales are at least this share of a parameter's size, also on a bound.
_INSIDE = 1e-3
# In an open direction, a parameter that moves by less than this share stays put.
_SHARE = 1e-3


@dataclass(frozen=True)
class Fisher:
    r"""Information on the natural parameters, and what is missing in it.

    With $J$ the derivatives of the predictions by the natural values, $S$ their scales
    and $w$ each point's weight ($n / p(1-p)$ for counts, $1/\sigma^2$ for means),
    $F = J^\top w J$ is studied as the singular values of $A = \sqrt{w} J S$.

    - `covariance`: $(n, n)$. Where a direction is wholly undetermined it is left out: a
      pseudo-inverse, valid for the parameters with no part in that direction.
    - `open`: `(n, k)` directions, in scaled coordinates, that are not determined: of no
      information at all, or with a standard error above one scale.
    - `wide`: standard error of each open direction, in scales; inf if undetermined.
    - `silent`: parameters on which no prediction depends to first order.
    - `gain`: by how much the deviance could still fall, to second order.
    """

    names: tuple[str, ...]
    x: Float[np.ndarray, " n"]
    scale: Float[np.ndarray, " n"]
    covariance: Float[np.ndarray, "n n"]
    open: Float[np.ndarray, "n k"]
    wide: Float[np.ndarray, " k"]
    silent: Bool[np.ndarray, " n"]
    predictions: Float[np.ndarray, " m"]
    gain: float

    @property
    def errors(self) -> Float[np.ndarray, " n"]:
        """Standard errors, where wholly undetermined directions are left out."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))


def natural_scales(problem: Problem, x: Float[np.ndarray, " n"]) -> np.ndarray:
    """The interval between two bounds, the distance from one, or the value."""
    c = problem.coordinates
    low, high, size = np.asarray(c.lower), np.asarray(c.upper), np.asarray(c.size)
    choices = {
        "free": np.maximum(np.abs(x), size),
        "above": np.maximum(x - low, _INSIDE * size),
        "below": np.maximum(high - x, _INSIDE * size),
        "between": high - low,
    }
    return np.array([choices[kind][k] for k, kind in enumerate(c.kinds)])


def _inside(problem: Problem, x: Float[np.ndarray, " n"]) -> np.ndarray:
    """Values moved inside their bounds, as far as they are closer than that."""
    u = problem.coordinates.unbounded(jnp.asarray(x))
    return np.asarray(problem.coordinates.natural(u))


def information(
    problem: Problem,
    x: Float[np.ndarray, " n"],
    on_bound: Bool[np.ndarray, " n"],
    effort: Effort,
) -> Fisher:
    """The Fisher information at `x`.

    **Arguments:**

    - `on_bound`: parameters that were put on a bound. Their derivatives are taken a
      little inside: a prediction that is even in a noise width has none at zero, and
      errors of the others given exactly zero would be too small. So they are
      marginalised over the neighbourhood of the bound like everything else.

    **Raises:** `RuntimeError` if a derivative is not finite.
    """
    inside = np.where(on_bound, _inside(problem, x), x)
    p, slopes = run_derivatives(problem, np.stack([x, inside]), effort)
    weights = np.asarray(problem.slope(jnp.asarray(p[0])))
    # Pearson's residuals make the score exact; deviance residuals would not.
    score = weights * (p[0] - observed(problem))
    scale = natural_scales(problem, inside)
    a = weights[:, None] * np.where(on_bound, slopes[1], slopes[0]) * scale
    if not np.all(np.isfinite(a)):
        bad = [problem.free[k] for k in np.flatnonzero(~np.isfinite(a).all(axis=0))]
        raise RuntimeError(
            f"the derivative of the prediction by {', '.join(bad)} is not finite at "
            "the optimum, so no error can be given. Fix that parameter, or bound it "
            "away from there."
        )
    silent = np.linalg.norm(a, axis=0) < _NO_INFORMATION
    known = np.flatnonzero(~silent)
    covariance = np.zeros((len(x), len(x)))
    hollow, spread, vectors = _spectrum(a[:, known])
    inverse = (vectors * spread**2) @ vectors.T
    covariance[np.ix_(known, known)] = inverse
    # Score test: the part of the residuals that the parameters could still remove.
    # On a bound there may be a slope that leads out: it is no gain.
    pushed = np.where(on_bound, 0.0, a.T @ score)[known]
    gain = float(np.sum((spread * (vectors.T @ pushed)) ** 2))
    soft = spread > 1
    opened = np.zeros((len(x), hollow.shape[1] + int(soft.sum())))
    opened[known] = np.concatenate([hollow, vectors[:, soft]], axis=1)
    return Fisher(
        names=problem.free,
        x=x,
        scale=scale,
        covariance=covariance * scale[:, None] * scale[None, :],
        open=opened,
        wide=np.append(np.full(hollow.shape[1], np.inf), spread[soft]),
        silent=silent,
        predictions=p[0],
        gain=gain,
    )


def observed(problem: Problem) -> Float[np.ndarray, " m"]:
    """What all predictions are compared with."""
    return np.concatenate([np.asarray(data.observed()) for data in problem.data])


def chi2_of(problem: Problem, p: Float[np.ndarray, " m"]) -> float:
    """Pearson's χ²: squared deviations over the variances that predictions imply."""
    return float(np.sum(((observed(problem) - p) * np.asarray(problem.slope(p))) ** 2))


def _spectrum(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Undetermined directions; then standard errors and directions of the rest.

    Parallel columns are sought with all columns at the same length: whether two
    parameters can be told apart has nothing to do with how well a third is known.
    """
    n = a.shape[1]
    if n == 0:
        return np.empty((0, 0)), np.empty(0), np.empty((0, 0))
    length = np.linalg.norm(a, axis=0)
    _, singular, right = np.linalg.svd(a / length, full_matrices=True)
    singular = np.append(singular, np.zeros(n - len(singular)))
    none = singular**2 < _PARALLEL * singular[0] ** 2
    k = int(none.sum())
    basis, _ = np.linalg.qr(
        np.concatenate([right[none].T / length[:, None], np.eye(n)], axis=1)
    )
    hollow, rest = basis[:, :k], basis[:, k:n]
    _, singular, right = np.linalg.svd(a @ rest, full_matrices=False)
    return hollow, 1 / np.maximum(singular, 1e-300), rest @ right.T


def open_groups(fisher: Fisher) -> list[tuple[list[int], np.ndarray, bool]]:
    """Open directions, sorted into groups of parameters that move together.

    Returns for each group its parameters, the directions in scaled coordinates
    (columns), and whether they are wholly undetermined.
    """
    groups = []
    for hard in (True, False):
        chosen = np.isinf(fisher.wide) == hard
        vectors, width = fisher.open[:, chosen], fisher.wide[chosen]
        if not vectors.shape[1]:
            continue
        # A direction that is merely wide concerns those whose own error it makes large.
        reach = np.abs(vectors) > _SHARE if hard else np.abs(vectors) * width > 0.5
        members = np.flatnonzero(reach.any(axis=1))
        for group in _connected(vectors, members):
            u, s, _ = np.linalg.svd(vectors[group], full_matrices=False)
            count = max(1, int(np.sum(s > 0.5)))
            groups.append((group, u[:, :count], hard))
    return groups


def _connected(vectors: np.ndarray, members: np.ndarray) -> list[list[int]]:
    """The blocks of the projector on the span of `vectors`."""
    linked = np.abs(vectors @ vectors.T) > _SHARE**2
    left, blocks = set(members.tolist()), []
    while left:
        block, queue = [], [min(left)]
        while queue:
            k = queue.pop()
            if k in left:
                left.remove(k)
                block.append(k)
                queue.extend(j for j in left if linked[k, j])
        blocks.append(sorted(block))
    return blocks
