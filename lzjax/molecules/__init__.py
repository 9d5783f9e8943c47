"""Molecules: curve crossings, classical paths across them, conical intersections.

Energies, lengths, masses and times in one consistent system of units with ħ = 1. The
constants here are chemists' units in atomic units: multiply on the way in, divide on
the way out.
"""

from ._conical import (
    LinearVibronic as LinearVibronic,
    geometric_phase as geometric_phase,
)
from ._curve_crossing import CurveCrossing as CurveCrossing
from ._curves import (
    Curves as Curves,
    Harmonic as Harmonic,
    Morse as Morse,
    tully_dual_crossing as tully_dual_crossing,
    tully_extended_coupling as tully_extended_coupling,
    tully_simple_crossing as tully_simple_crossing,
)
from ._formulas import (
    JumpFormulas as JumpFormulas,
    jump_formulas as jump_formulas,
    zhu_nakamura as zhu_nakamura,
)
from ._paths import (
    AbstractPath as AbstractPath,
    AlongPath as AlongPath,
    PathFunction as PathFunction,
    StraightPath as StraightPath,
    Trajectory as Trajectory,
    classical_trajectory as classical_trajectory,
)
from ._rates import (
    landau_zener_rate as landau_zener_rate,
    marcus_rate as marcus_rate,
    rate_adiabaticity as rate_adiabaticity,
)
from ._surfaces import AbstractSurfaces as AbstractSurfaces
from ._units import (
    ANGSTROM as ANGSTROM,
    ATOMIC_MASS as ATOMIC_MASS,
    ELECTRONVOLT as ELECTRONVOLT,
    FEMTOSECOND as FEMTOSECOND,
    KELVIN as KELVIN,
    WAVENUMBER as WAVENUMBER,
)
from ._wavepackets import (
    Wavepacket as Wavepacket,
    propagate_wavepacket as propagate_wavepacket,
)
