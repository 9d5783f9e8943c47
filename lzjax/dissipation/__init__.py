"""Open systems: dephasing and relaxation during the sweep."""

from ._channel import (
    Jumps as Jumps,
    Lindblad as Lindblad,
    dephasing as dephasing,
    relaxation as relaxation,
)
from ._noise import (
    NoiseAverage as NoiseAverage,
    beside_a_bit as beside_a_bit,
    telegraph_noise as telegraph_noise,
    without_the_bit as without_the_bit,
)
from ._periodic import (
    PeriodicState as PeriodicState,
    periodic_state as periodic_state,
)
from ._processes import (
    AbstractProcess as AbstractProcess,
    AbstractScalarProcess as AbstractScalarProcess,
    OneOverF as OneOverF,
    OrnsteinUhlenbeck as OrnsteinUhlenbeck,
    ProcessSum as ProcessSum,
    RandomTelegraph as RandomTelegraph,
    WhiteNoise as WhiteNoise,
)
from ._solve import (
    ChannelSolution as ChannelSolution,
    evolve_lindblad as evolve_lindblad,
    solve_lindblad as solve_lindblad,
)
from ._trajectories import (
    TrajectoryAverage as TrajectoryAverage,
    trajectory_average as trajectory_average,
)
