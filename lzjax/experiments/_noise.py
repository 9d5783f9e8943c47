"""What an experiment is averaged over, and what its readout mistakes."""

import abc
from typing import Any

import equinox as eqx
import numpy as np

from .._types import Scalar

Value = str | float
"""The name of a parameter, or a number."""


def value_of(value: Value, parameters: dict[str, Scalar]) -> Any:
    return parameters[value] if isinstance(value, str) else value


def names_of(*values: Value) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str))


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
        if isinstance(self.nodes, bool) or int(self.nodes) != self.nodes:
            raise ValueError(f"`nodes` must be a whole number, got {self.nodes!r}.")
        if not 1 <= self.nodes <= 101:
            raise ValueError(f"`nodes` must lie between 1 and 101, got {self.nodes}.")

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

    def names(self) -> tuple[str, ...]:
        return names_of(self.dephasing, self.relaxation)
