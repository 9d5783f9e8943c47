"""Bases that follow the Hamiltonian: adiabatic and superadiabatic states."""

from ._frames import (
    diabatic_frame as diabatic_frame,
    energies as energies,
    frames_along as frames_along,
    moving_directions as moving_directions,
    populations as populations,
    projectors as projectors,
    states_by_order as states_by_order,
    superadiabatic_states as superadiabatic_states,
    turns as turns,
)
from ._many_level import corrections as corrections
