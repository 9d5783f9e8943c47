"""Bases that follow the Hamiltonian: adiabatic and superadiabatic states."""

from ._frames import (
    energies as energies,
    frames_along as frames_along,
    moving_direction as moving_direction,
    projectors as projectors,
    states_by_order as states_by_order,
    superadiabatic_states as superadiabatic_states,
)
