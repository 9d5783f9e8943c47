"""From many starts to the best optimum: screening, optax, Levenberg-Marquardt."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float

from .._checks import require
from ._parameters import Parameter, draw_starts
from ._problem import Problem

# Predictions alone are far cheaper than Jacobians: this many are tried for each start.
CANDIDATES = 16
# Starts are drawn anew if the best optimum looks neither good nor shared.
_ROUNDS = 3
# Deviances closer than this are equal for statistics: one standard error is 1.
REACHED = 1.0
# A step changes a logarithm, or a value in units of its scale, by at most this.
_LONGEST_STEP = 0.2


@eqx.filter_jit
def deviances(problem: Problem, x: Float[Array, "s n"]) -> Float[Array, " s"]:
    """The deviance at each of a batch of natural values; inf where it fails."""
    return jax.vmap(lambda one: _deviance(problem.residuals(problem.predict(one))))(x)


def _deviance(r: Float[Array, " m"]) -> Float[Array, ""]:
    total = jnp.sum(r**2)
    return jnp.where(jnp.isfinite(total), total, jnp.inf)


@eqx.filter_jit
def predict_and_differentiate(problem: Problem, x: Float[Array, "s n"]):
    """Predictions `(s, m)` and their derivatives by natural values `(s, m, n)`."""

    def twice(one):
        p = problem.predict(one)
        return p, p

    def both(one):
        slopes, p = jax.jacfwd(twice, has_aux=True)(one)
        return p, slopes

    return jax.vmap(both)(x)


def scale_by_fisher() -> optax.GradientTransformationExtraArgs:
    """Gradients -> damped natural gradients (F + λ)⁻¹ g, for optax chains.

    `update` takes the Fisher information `fisher` and the deviance `value` beside the
    gradient. λ starts at 1 % of the stiffest direction, is halved after a step that
    lowered the deviance, and quadrupled after one that raised it; it never falls below
    1, which on scaled coordinates is the information of one standard error per scale.

    Source: Amari, Neural Comput. 10, 251 (1998), doi:10.1162/089976698300017746.
    """

    def init(u):
        return {"damping": jnp.asarray(0.01), "value": jnp.asarray(jnp.inf)}

    def update(gradient, state, params=None, *, fisher, value, **unused):
        factor = jnp.where(value <= state["value"], 0.5, 4.0)
        damping = jnp.clip(state["damping"] * factor, 1e-12, 1.0)
        stiffest = jnp.max(jnp.diagonal(fisher))
        total = fisher + (1.0 + damping * stiffest) * jnp.eye(len(gradient))
        step = jnp.linalg.solve(total, gradient)
        return step, {"damping": damping, "value": value}

    return optax.GradientTransformationExtraArgs(init, update)


def _limit_step() -> optax.GradientTransformation:
    """Shorten a step so that no coordinate moves further than `_LONGEST_STEP`."""

    def update(step, state, params=None):
        largest = jnp.max(jnp.abs(step))
        return step * _LONGEST_STEP / jnp.maximum(largest, _LONGEST_STEP), state

    return optax.GradientTransformation(lambda u: optax.EmptyState(), update)


_OPTIMISER = optax.chain(scale_by_fisher(), _limit_step(), optax.scale(-1.0))


class _Descent(eqx.Module):
    """Where each start is, its optimiser's state, and the best it has seen."""

    u: Float[Array, "s n"]
    state: optax.OptState
    best: Float[Array, "s n"]
    value: Float[Array, " s"]


@eqx.filter_jit
def _begin(problem: Problem, x: Float[Array, "s n"]) -> _Descent:
    u = jax.vmap(problem.coordinates.unbounded)(x)
    state = jax.vmap(_OPTIMISER.init)(u)
    return _Descent(u, state, u, jnp.full(len(x), jnp.inf))


@eqx.filter_jit
def _naturals(problem: Problem, u: Float[Array, "s n"]) -> Float[Array, "s n"]:
    return jax.vmap(problem.coordinates.natural)(u)


@eqx.filter_jit
def _advance(problem: Problem, descent: _Descent, p: Array, slopes: Array):
    """One optax step of every start, from predictions that are already there."""

    def one(u, state, best, lowest, p, slopes):
        stretch = jax.jvp(problem.coordinates.natural, (u,), (jnp.ones_like(u),))[1]
        r, by_p = jax.jvp(problem.residuals, (p,), (jnp.ones_like(p),))
        jacobian = by_p[:, None] * slopes * stretch[None, :]
        value = _deviance(r)
        sound = jnp.isfinite(value) & jnp.all(jnp.isfinite(jacobian))
        jacobian = jnp.where(sound, jacobian, 0.0)
        gradient = jacobian.T @ jnp.where(sound, r, 0.0)
        fisher = jacobian.T @ jacobian
        better = sound & (value < lowest)
        best, lowest = jnp.where(better, u, best), jnp.where(better, value, lowest)
        step, state = _OPTIMISER.update(gradient, state, u, fisher=fisher, value=value)
        # What the next step can still gain, in units of the deviance.
        gain = jnp.where(sound, -step @ gradient, 0.0)
        return _Descent(optax.apply_updates(u, step), state, best, lowest), gain

    return jax.vmap(one)(
        descent.u, descent.state, descent.best, descent.value, p, slopes
    )


@eqx.filter_jit
def polish(
    problem: Problem,
    x: Float[Array, "b n"],
    moving: Bool[Array, "b n"],
    steps: int,
) -> Float[Array, "b n"]:
    """Levenberg-Marquardt on the deviance residuals, a batch at once.

    Parameters that are not `moving` keep their value in `x`, also on a bound: the same
    program serves the last stage of a fit and every profile likelihood.
    """
    optimistix = require("optimistix", extra="fits")
    # The tolerance is on steps and on residuals, which are in standard errors; the
    # last step converges quadratically, or nearly, to far below it.
    solver = optimistix.LevenbergMarquardt(rtol=1e-5, atol=1e-5)

    def residuals(u, args):
        problem, x, moving = args
        return problem.residuals(problem.predict(_mixed(problem, u, x, moving)))

    def one(x, moving):
        u = problem.coordinates.unbounded(x)
        found = optimistix.least_squares(
            residuals, solver, u, (problem, x, moving), max_steps=steps, throw=False
        ).value
        return _mixed(problem, found, x, moving)

    return jax.vmap(one)(x, moving)


def _mixed(problem: Problem, u: Array, x: Array, moving: Array) -> Array:
    return jnp.where(moving, problem.coordinates.natural(u), x)


@dataclass(frozen=True)
class Search:
    """What the search found: the best values, and where every start ended."""

    x: Float[np.ndarray, " n"]
    deviance: float
    starts: Float[np.ndarray, " s"]


@dataclass(frozen=True)
class Effort:
    """How much a fit may compute."""

    starts: int
    spread: float
    seed: int
    steps: int
    polish_steps: int

    @property
    def batch(self) -> int:
        """How many Levenberg-Marquardt runs go at once."""
        return max(4, self.starts // 4)


def search(
    problem: Problem,
    free: tuple[Parameter, ...],
    effort: Effort,
    say: Callable[[str], None],
) -> Search:
    """The best optimum within reach of the starts.

    **Raises:** `RuntimeError` if no start gives finite predictions.
    """
    dof = problem.points - len(free)
    ends, best = np.empty(0), None
    for attempt in range(_ROUNDS):
        x = _screen(problem, free, effort, attempt)
        say(f"round {attempt + 1}: {len(x)} starts")
        x, values = _descend(problem, x, effort)
        if not np.any(np.isfinite(values)):
            continue
        say(f"best deviance after optax: {np.min(values):.6g}")
        chosen = _distinct(x, values, effort.batch)
        polished, lower = run_polish(problem, x[chosen], None, effort)
        values[chosen] = np.minimum(values[chosen], lower)
        ends = np.append(ends, values)
        k = int(np.argmin(lower))
        if best is None or lower[k] < best[1]:
            best = polished[k], float(lower[k])
        say(f"best deviance after Levenberg-Marquardt: {best[1]:.6g}")
        shared = np.sum(ends < best[1] + REACHED)
        if effort.starts == 1 or best[1] < 1.5 * max(dof, 1) or shared >= 3:
            break
    if best is None:
        raise RuntimeError(
            "no start gave finite predictions and derivatives: the experiment returns "
            "NaN or values outside [0, 1] at every start value. Evaluate it at "
            f"{ {p.name: p.value for p in free} } to see; start elsewhere, or set "
            "bounds that keep the parameters where the experiment is defined."
        )
    return Search(best[0], best[1], ends)


def _screen(problem, free, effort: Effort, attempt: int) -> Float[np.ndarray, "s n"]:
    """The user's start and the best of many drawn ones."""
    if effort.starts == 1:
        return draw_starts(free, 1, effort.spread, effort.seed)
    count, seed = CANDIDATES * effort.starts, effort.seed + attempt
    x = draw_starts(free, count, effort.spread, seed)
    values = run_deviances(problem, x, effort)
    order = 1 + np.argsort(values[1:], kind="stable")
    # Later rounds have seen the user's own start.
    first = [0] if attempt == 0 else []
    return x[np.append(first, order).astype(int)[: effort.starts]]


def _descend(problem, x, effort: Effort):
    """The optax stage: all starts together, until most agree or none can gain."""
    descent = _begin(problem, jnp.asarray(x))
    for k in range(effort.steps):
        here = _naturals(problem, descent.u)
        p, slopes = _in_threads(
            lambda x: predict_and_differentiate(problem, x), k == 0, here
        )
        descent, gain = _advance(problem, descent, p, slopes)
        if _settled(np.asarray(gain), np.asarray(descent.value)):
            break
    last = np.asarray(_naturals(problem, descent.u))
    best = np.array(_naturals(problem, descent.best))
    values, value = run_deviances(problem, last, effort), np.array(descent.value)
    better = values < value
    best[better], value[better] = last[better], values[better]
    return best, value


def _settled(gain: np.ndarray, values: np.ndarray) -> bool:
    """Whether going on is idle: half the starts are at one optimum, or all at some."""
    # A tenth of the deviance that makes two optima differ.
    done = gain < 0.1 * REACHED
    together = done & (values < np.min(values) + REACHED)
    return bool(np.all(done) or np.sum(together) >= max(2, len(gain) / 2))


def _distinct(x, values, count: int) -> list[int]:
    """The indices of the lowest `count` values that are not the same point twice."""
    chosen: list[int] = []
    for k in np.argsort(values, kind="stable"):
        same = any(
            abs(values[k] - values[j]) < 0.01 and np.allclose(x[k], x[j], rtol=1e-3)
            for j in chosen
        )
        if np.isfinite(values[k]) and not same and len(chosen) < count:
            chosen.append(int(k))
    return chosen


def _batches(count: int, size: int):
    """Indices in batches of one fixed size, and how many of each are new.

    The last batch is filled up by repetition: no new program is compiled for it.
    """
    for start in range(0, count, size):
        yield np.minimum(np.arange(start, start + size), count - 1), count - start


def run_deviances(problem, x, effort: Effort) -> Float[np.ndarray, " v"]:
    """`deviances` for any number of points."""
    x = np.atleast_2d(x)
    values = [
        np.asarray(_in_threads(lambda x: deviances(problem, x), k == 0, x[rows]))[:new]
        for k, (rows, new) in enumerate(_batches(len(x), effort.starts))
    ]
    return np.concatenate(values)


def _in_threads(function: Callable, first: bool, *rows: Any) -> Any:
    """`function(*rows)` with the rows of the arrays shared among the cores of a CPU.

    A compiled loop keeps one core busy, and lets go of the interpreter's lock. The
    `first` call compiles, which threads would do once each.
    """
    arrays = [jnp.asarray(array) for array in rows]
    cores = os.cpu_count() or 1
    if jax.default_backend() != "cpu" or cores == 1 or len(arrays[0]) % cores:
        return function(*arrays)
    parts = zip(*(jnp.split(array, cores) for array in arrays), strict=True)
    with ThreadPoolExecutor(1 if first else cores) as pool:
        found = list(pool.map(lambda part: function(*part), parts))
    return jax.tree.map(lambda *pieces: jnp.concatenate(pieces), *found)


def run_derivatives(problem, x, effort: Effort):
    """`predict_and_differentiate` for any number of points."""
    parts = []
    for rows, new in _batches(len(x), effort.starts):
        # In the shape that the descent has compiled already.
        found = _in_threads(
            lambda x: predict_and_differentiate(problem, x), True, x[rows]
        )
        parts.append([np.asarray(part)[:new] for part in found])
    p, slopes = (np.concatenate(part) for part in zip(*parts, strict=True))
    return p, slopes


def run_polish(problem, x, moving, effort: Effort):
    """`polish` for any number of points; all parameters move if `moving` is None.

    Returns the values reached and their deviances, never above those of `x`.
    """
    x = np.atleast_2d(np.asarray(x, float))
    moving = np.ones(x.shape, bool) if moving is None else np.asarray(moving)
    parts = []
    for k, (rows, new) in enumerate(_batches(len(x), effort.batch)):

        def run(x, moving):
            return polish(problem, x, moving, effort.polish_steps)

        parts.append(np.asarray(_in_threads(run, k == 0, x[rows], moving[rows]))[:new])
    found = np.concatenate(parts)
    before, after = np.split(
        run_deviances(problem, np.concatenate([x, found]), effort), 2
    )
    better = after <= before
    return np.where(better[:, None], found, x), np.where(better, after, before)
