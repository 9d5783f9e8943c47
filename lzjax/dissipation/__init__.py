"""Open systems: dephasing and relaxation during the sweep."""

from ._channel import (
    Jumps as Jumps,
    Lindblad as Lindblad,
    dephasing as dephasing,
    relaxation as relaxation,
)
from ._solve import (
    ChannelSolution as ChannelSolution,
    evolve_lindblad as evolve_lindblad,
    solve_lindblad as solve_lindblad,
)
