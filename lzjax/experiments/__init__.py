"""What is measured: predictions with preparation, readout and noise."""

from ._experiment import Experiment as Experiment
from ._noise import (
    CouplingNoise as CouplingNoise,
    DetuningNoise as DetuningNoise,
    Dissipation as Dissipation,
    PhaseNoise as PhaseNoise,
    ReadoutError as ReadoutError,
)
