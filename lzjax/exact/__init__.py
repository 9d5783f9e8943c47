"""Answers on paper: closed forms to compare with, and to fit with."""

from ._applications import (
    belyaev_lebedev as belyaev_lebedev,
    cross_section_function as cross_section_function,
    gate_fidelity as gate_fidelity,
    kibble_zurek_density as kibble_zurek_density,
    most_informative_rate as most_informative_rate,
)
from ._approximation import Approximation as Approximation
from ._couplings import (
    complex_symmetric_survival as complex_symmetric_survival,
    decaying_level_survival as decaying_level_survival,
    linear_polarisation_range as linear_polarisation_range,
    rotating_coupling as rotating_coupling,
    rotating_crossing_time as rotating_crossing_time,
)
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
from ._driven import (
    bessel_zeros as bessel_zeros,
    bloch_siegert_resonance as bloch_siegert_resonance,
    coherent_destruction_ratio as coherent_destruction_ratio,
    dithered_sweep_weak as dithered_sweep_weak,
    incoherent_passages as incoherent_passages,
    many_periods as many_periods,
    many_periods_average as many_periods_average,
    multiphoton_lines as multiphoton_lines,
    photon_gap as photon_gap,
)
from ._finite import finite_window_propagator as finite_window_propagator
from ._interference import (
    adiabatic_impulse as adiabatic_impulse,
    adiabatic_impulse_echo as adiabatic_impulse_echo,
    double_passage_with_phase_noise as double_passage_with_phase_noise,
)
from ._levels import (
    band_survival as band_survival,
    bow_tie as bow_tie,
    brundobler_elser as brundobler_elser,
    demkov_osherov as demkov_osherov,
    generalized_bow_tie as generalized_bow_tie,
    independent_crossings as independent_crossings,
    landau_zener_majorana as landau_zener_majorana,
    no_go as no_go,
)
from ._noise import (
    energy_basis_dephasing as energy_basis_dephasing,
    fast_gap_noise as fast_gap_noise,
    slow_gap_noise as slow_gap_noise,
    strong_dephasing as strong_dephasing,
)
from ._passages import (
    impulse_sequence as impulse_sequence,
    sinusoidal_passages as sinusoidal_passages,
)
from ._power_law import (
    power_law_fast as power_law_fast,
    power_law_slow as power_law_slow,
)
from ._pulsed import (
    allen_eberly as allen_eberly,
    demkov_kunike as demkov_kunike,
    demkov_kunike_tanh as demkov_kunike_tanh,
    nikitin as nikitin,
    roland_cerf as roland_cerf,
    rosen_zener as rosen_zener,
)
from ._semiclassical import (
    dykhne_davis_pechukas as dykhne_davis_pechukas,
    local_landau_zener as local_landau_zener,
    superadiabatic_transition as superadiabatic_transition,
)
from ._single_passage import (
    crossing_duration as crossing_duration,
    irreversible_work_rate as irreversible_work_rate,
    landau_zener_scattering as landau_zener_scattering,
    magnus_survival as magnus_survival,
    weak_coupling_transition as weak_coupling_transition,
)
from ._stokes import stokes_phase as stokes_phase
