"""GPU-accelerated, differentiable Landau-Zener dynamics.

Importing lzjax switches JAX to 64-bit floats (`jax_enable_x64`): results are float64
unless you ask otherwise. This is the only global setting that lzjax touches, and
this is the only place.
"""

import jax

from . import _checks

_checks.check_jax()
jax.config.update("jax_enable_x64", True)

from . import (  # noqa: E402
    bases as bases,
    breakdown as breakdown,
    dissipation as dissipation,
    exact as exact,
    experiments as experiments,
    fits as fits,
    interferometry as interferometry,
    models as models,
    molecules as molecules,
    plots as plots,
    propagate as propagate,
    readout as readout,
    sweeps as sweeps,
)
from .dissipation import (  # noqa: E402
    Lindblad as Lindblad,
    evolve_lindblad as evolve_lindblad,
    solve_lindblad as solve_lindblad,
)
from .experiments import (  # noqa: E402
    CouplingNoise as CouplingNoise,
    DetuningNoise as DetuningNoise,
    Dissipation as Dissipation,
    Experiment as Experiment,
    PhaseNoise as PhaseNoise,
    ReadoutError as ReadoutError,
)
from .fits import (  # noqa: E402
    Counts as Counts,
    FitResult as FitResult,
    Means as Means,
    Parameter as Parameter,
    Renamed as Renamed,
    fit as fit,
)
from .models import (  # noqa: E402
    DitheredSweep as DitheredSweep,
    DrivenTwoLevel as DrivenTwoLevel,
    HamiltonianFunction as HamiltonianFunction,
    LinearSweep as LinearSweep,
    OperatorSum as OperatorSum,
    TwoLevel as TwoLevel,
    TwoLevelFunction as TwoLevelFunction,
)
from .propagate import (  # noqa: E402
    COMPILER_OPTIONS as COMPILER_OPTIONS,
    STATUS as STATUS,
    CommutatorFree4 as CommutatorFree4,
    Magnus2 as Magnus2,
    Magnus4 as Magnus4,
    Magnus6 as Magnus6,
    RungeKutta as RungeKutta,
    Solution as Solution,
    evolve as evolve,
    explain as explain,
    solve as solve,
)
from .readout import (  # noqa: E402
    amplitudes as amplitudes,
    populations as populations,
    scattering_matrix as scattering_matrix,
    transition_matrix as transition_matrix,
    transition_probability as transition_probability,
)
from .sweeps import sweep as sweep  # noqa: E402

__version__ = "0.1.0"
