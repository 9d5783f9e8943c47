"""From states to what is measured."""

from ._floquet import (
    Floquet as Floquet,
    floquet as floquet,
    time_averaged_populations as time_averaged_populations,
)
from ._states import amplitudes as amplitudes, populations as populations
from ._transitions import (
    scattering_matrix as scattering_matrix,
    transition_amplitudes as transition_amplitudes,
    transition_matrix as transition_matrix,
    transition_probability as transition_probability,
)
from ._verdict import (
    ImpulseVerdict as ImpulseVerdict,
    impulse_verdict as impulse_verdict,
)
from ._work import (
    WorkStatistics as WorkStatistics,
    diagonal_entropy as diagonal_entropy,
    irreversible_work as irreversible_work,
    work_statistics as work_statistics,
)
