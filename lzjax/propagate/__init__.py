"""How it evolves: steppers, step control, infinite windows, gradients."""

from ._explain import Explanation as Explanation, explain as explain
from ._loop import COMPILER_OPTIONS as COMPILER_OPTIONS
from ._mean_field import evolve_mean_field as evolve_mean_field
from ._runge_kutta import RungeKutta as RungeKutta
from ._solution import STATUS as STATUS, Solution as Solution
from ._solve import evolve as evolve, solve as solve
from ._state import evolve_state as evolve_state
from ._steppers import (
    AbstractStepper as AbstractStepper,
    CommutatorFree4 as CommutatorFree4,
    Magnus2 as Magnus2,
    Magnus4 as Magnus4,
    Magnus6 as Magnus6,
)
