"""What an experiment is averaged over, and what its readout mistakes."""

import abc
from typing import Any

import equinox as eqx
import numpy as np

from .._types import Scalar

Value = str | float
"""The name of a parameter, or a number."""

# Beyond, the weights of the outermost nodes are too small for double precision.
MAX_NODES = 101


def value_of(value: Value, parameters: dict[str, Scalar]) -> Any:
    return parameters[value] if isinstance(value, str) else value


def names_of(*values: Value) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str))


def check_value(
    name: str, value: Any, largest: float = np.inf, smallest: float = 0.0
) -> None:
    """Refuse what is neither a name nor a finite number within the limits."""
    if isinstance(value, str):
        return
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(
            f"`{name}` must be the name of a parameter or a number, got {value!r}."
        )
    if not (smallest <= value <= largest and np.isfinite(value)):
        raise ValueError(
            f"`{name}` must be finite, from {smallest:g} to {largest:g}, got {value}."
        )


def gauss_hermite(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of an average over a standard normal distribution."""
    places, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return places, weights / weights.sum()


class AbstractNoise(eqx.Module):
    """A Gaussian quantity that stays as it is during one shot.

    **Arguments:**

    - `sigma`: its standard deviation: a parameter's name or a number.
    - `nodes`: Gauss-Hermite nodes of the average.
    """

    sigma: eqx.AbstractVar[Value]
    nodes: eqx.AbstractVar[int]

    def __check_init__(self):
        check_value("sigma", self.sigma)
        whole = isinstance(self.nodes, int | np.integer)
        if isinstance(self.nodes, bool) or not whole:
            raise ValueError(f"`nodes` must be a whole number, got {self.nodes!r}.")
        if not 1 <= self.nodes <= MAX_NODES:
            raise ValueError(
                f"`nodes` must lie between 1 and {MAX_NODES}, got {self.nodes}."
            )

    @abc.abstractmethod
    def describe(self) -> str:
        """What it does, in a few words."""


class DetuningNoise(AbstractNoise):
    """Quasi-static Gaussian detuning: ε → ε + ξ, ξ ~ N(0, sigma²), two levels.

    `sigma` is an energy (ħ = 1), of the difference of the levels.
    """

    sigma: Value = eqx.field(static=True)
    nodes: int = eqx.field(static=True, default=9)

    def describe(self) -> str:
        return "quasi-static detuning"


class CouplingNoise(AbstractNoise):
    """Relative Gaussian error of the coupling: Δ → Δ·(1 + η), η ~ N(0, sigma²)."""

    sigma: Value = eqx.field(static=True)
    nodes: int = eqx.field(static=True, default=5)

    def describe(self) -> str:
        return "relative coupling error"


class PhaseNoise(AbstractNoise):
    """A Gaussian random relative phase between the adiabatic states, at one time.

    `sigma²` is the variance of the full relative phase: interference terms of a
    double passage shrink by exp(−sigma²/2).

    **Arguments:**

    - `time`: when it acts: a parameter's or a control's name, or a number, inside
      the window.
    """

    sigma: Value = eqx.field(static=True)
    time: Value = eqx.field(static=True)
    nodes: int = eqx.field(static=True, default=15)

    def __check_init__(self):
        check_value("time", self.time, smallest=-np.inf)

    def describe(self) -> str:
        return "relative phase"


class ReadoutError(eqx.Module):
    """Two probabilities: p → false_positive + (1 − false_positive − false_negative) p.

    **Arguments:** each a parameter's name or a number.

    - `false_positive`: the measured level is reported although it is empty.
    - `false_negative`: it is missed although it is occupied.
    """

    false_positive: Value = eqx.field(static=True, default=0.0)
    false_negative: Value = eqx.field(static=True, default=0.0)

    def __check_init__(self):
        check_value("false_positive", self.false_positive, 1.0)
        check_value("false_negative", self.false_negative, 1.0)

    def names(self) -> tuple[str, ...]:
        return names_of(self.false_positive, self.false_negative)

    def __call__(self, p: Any, parameters: dict[str, Scalar]) -> Any:
        wrong = value_of(self.false_positive, parameters)
        missed = value_of(self.false_negative, parameters)
        return wrong + (1.0 - wrong - missed) * p


class Dissipation(eqx.Module):
    """Dephasing and relaxation during the window, as rates (1/time).

    **Arguments:** each a parameter's name or a number.

    - `dephasing`: decay rate of the coherence between the diabatic levels.
    - `relaxation`: decay rate from level `source` to level `target`.
    """

    dephasing: Value = eqx.field(static=True, default=0.0)
    relaxation: Value = eqx.field(static=True, default=0.0)
    source: int = eqx.field(static=True, default=0)
    target: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        check_value("dephasing", self.dephasing)
        check_value("relaxation", self.relaxation)

    def names(self) -> tuple[str, ...]:
        return names_of(self.dephasing, self.relaxation)
