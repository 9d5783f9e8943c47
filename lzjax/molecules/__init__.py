"""Molecules: curve crossings, classical paths across them, conical intersections.

Energies, lengths, masses and times in one consistent system of units with ħ = 1. The
constants here are chemists' units in atomic units: multiply on the way in, divide on
the way out.
"""

from ._curve_crossing import CurveCrossing as CurveCrossing
from ._units import (
    ANGSTROM as ANGSTROM,
    ATOMIC_MASS as ATOMIC_MASS,
    ELECTRONVOLT as ELECTRONVOLT,
    FEMTOSECOND as FEMTOSECOND,
    KELVIN as KELVIN,
    WAVENUMBER as WAVENUMBER,
)
