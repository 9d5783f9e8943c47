"""The problems that all contenders solve, and their solutions to 1e-12."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Problem:
    """Lanes of H(t) = ½ (z(t) σz + gap σx), z = Σ parameter · function(t).

    All start in state 0.

    `functions` take (array module, t). `model` makes the lzjax model of one lane.
    """

    name: str
    t0: float
    t1: float
    gap: np.ndarray
    parameters: dict[str, np.ndarray]
    functions: dict[str, Callable[[Any, Any], Any]]
    model: Callable[[Any, dict[str, Any]], Any]

    @property
    def lanes(self) -> int:
        return len(self.gap)

    def detuning(self, xp, t, parameters):
        """z(t), with the array module `xp`."""
        return sum(parameters[k] * f(xp, t) for k, f in self.functions.items())

    def first(self, lanes: int) -> "Problem":
        cut = {k: v[:lanes] for k, v in self.parameters.items()}
        return Problem(
            self.name,
            self.t0,
            self.t1,
            self.gap[:lanes],
            cut,
            self.functions,
            self.model,
        )


@dataclass(frozen=True)
class Run:
    """One contender in one setting.

    `state` gives the final states, (lanes, 2); `slope` gives the probabilities to be
    in state 0 and their derivatives in the gap, lane by lane. Both return NumPy arrays.
    A run may solve the first lanes only; `scale` times its time is that of all.
    """

    tool: str
    variant: str
    setting: dict[str, float]
    state: Callable[[], np.ndarray] | None = None
    slope: Callable[[], tuple[np.ndarray, np.ndarray]] | None = None
    scale: float = 1.0


def jax_run(
    problem: Problem, tool: str, variant: str, setting, state, slope, *more
) -> Run:
    """A run of compiled functions of (gap, parameters, *more), or of `None`."""
    import jax

    given = jax.device_put((problem.gap, problem.parameters))

    def on_host(program):
        def call():
            return jax.tree.map(np.asarray, program(*given, *more))

        return program and call

    return Run(tool, variant, setting, on_host(state), on_host(slope))


def differences(solve, gap: np.ndarray, shift: float = 3e-5):
    """Probabilities and their derivatives in the gap, by central differences."""
    upper, lower = (abs(solve(gap + s)[:, 0]) ** 2 for s in (shift, -shift))
    return 0.5 * (upper + lower), (upper - lower) / (2.0 * shift)


def linear(lanes: int, seed: int = 0) -> Problem:
    """Linear sweeps from t = −20 to 20."""
    import lzjax as lz

    gap, rate = _uniform(seed, lanes, (0.2, 2.0), (0.5, 2.0))
    return Problem(
        "linear sweep",
        -20.0,
        20.0,
        gap,
        {"rate": rate},
        {"rate": lambda xp, t: t},
        lambda gap, p: lz.LinearSweep(gap, p["rate"]),
    )


def driven(lanes: int, seed: int = 0) -> Problem:
    """Ten periods of a drive through the crossing."""
    import lzjax as lz

    ranges = (0.2, 2.0), (-3.0, 3.0), (4.0, 10.0)
    gap, offset, amplitude = _uniform(seed, lanes, *ranges)
    return Problem(
        "periodic drive",
        0.0,
        20.0 * np.pi,
        gap,
        {"offset": offset, "amplitude": amplitude},
        {"offset": lambda xp, t: 1.0, "amplitude": lambda xp, t: xp.cos(t)},
        lambda gap, p: lz.DrivenTwoLevel(gap, p["offset"], p["amplitude"], 1.0),
    )


def _uniform(seed: int, lanes: int, *ranges: tuple[float, float]):
    """Numbers within each range; more lanes begin with the same numbers."""
    drawn = np.random.default_rng(seed).uniform(size=(lanes, len(ranges)))
    return [a + (b - a) * x for (a, b), x in zip(ranges, drawn.T, strict=True)]
