"""Answers on paper: closed forms to compare with, and to fit with."""

from ._approximation import Approximation as Approximation
from ._crossing import (
    adiabaticity as adiabaticity,
    half_crossing_adiabatic as half_crossing_adiabatic,
    half_crossing_diabatic as half_crossing_diabatic,
    jump_time as jump_time,
    landau_zener as landau_zener,
    landau_zener_transition as landau_zener_transition,
    p_adiabatic_jump as p_adiabatic_jump,
    p_adiabatic_stay as p_adiabatic_stay,
    p_diabatic_change as p_diabatic_change,
    p_diabatic_survival as p_diabatic_survival,
)
from ._finite import finite_window_propagator as finite_window_propagator
from ._interference import (
    adiabatic_impulse as adiabatic_impulse,
    adiabatic_impulse_echo as adiabatic_impulse_echo,
    double_passage_with_phase_noise as double_passage_with_phase_noise,
)
from ._pulsed import (
    allen_eberly as allen_eberly,
    demkov_kunike as demkov_kunike,
    demkov_kunike_tanh as demkov_kunike_tanh,
    nikitin as nikitin,
    roland_cerf as roland_cerf,
    rosen_zener as rosen_zener,
)
from ._single_passage import (
    crossing_duration as crossing_duration,
    irreversible_work_rate as irreversible_work_rate,
    landau_zener_scattering as landau_zener_scattering,
    magnus_survival as magnus_survival,
    weak_coupling_transition as weak_coupling_transition,
)
from ._stokes import stokes_phase as stokes_phase
