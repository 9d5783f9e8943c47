"""Magnetic breakdown: from band structure to quantum oscillations.

Units: eV, Å, T, m/s, ps, K, electron masses. Electrons have the charge −e; signed areas
are positive for orbits that electrons run in the sense of an electron pocket.
"""

from ._bands import (
    AbstractBand as AbstractBand,
    AbstractTwoBands as AbstractTwoBands,
    BandFunction as BandFunction,
    FreeElectrons as FreeElectrons,
    NearlyFreeElectrons as NearlyFreeElectrons,
    TightBinding as TightBinding,
    TwoBandFunction as TwoBandFunction,
    TypeTwoDirac as TypeTwoDirac,
)
from ._bounds import Bounds as Bounds, cramer_rao as cramer_rao
from ._circles import CoupledCircles as CoupledCircles, LinearChain as LinearChain
from ._complex_action import complex_breakdown_field as complex_breakdown_field
from ._exact_spectra import (
    chain_levels as chain_levels,
    double_well_levels as double_well_levels,
    rabi_levels as rabi_levels,
    tilted_dirac_levels as tilted_dirac_levels,
)
from ._experiments import (
    BreakdownAnisotropy as BreakdownAnisotropy,
    BreakdownUnderPressure as BreakdownUnderPressure,
    OrbitLine as OrbitLine,
    OscillationCurve as OscillationCurve,
    junction_gap as junction_gap,
)
from ._extremal import (
    ExtremalOrbits as ExtremalOrbits,
    extremal_orbits as extremal_orbits,
    onsager_frequency as onsager_frequency,
)
from ._fan import LandauFan as LandauFan, landau_fan as landau_fan
from ._figure_eights import DoubleWell as DoubleWell, TiltedDirac as TiltedDirac
from ._filling import (
    chemical_potential as chemical_potential,
    free_energy as free_energy,
)
from ._flux import magnetic_cell as magnetic_cell, zone_field as zone_field
from ._hexagonal import HexagonalNetwork as HexagonalNetwork
from ._junctions import (
    Junction as Junction,
    breakdown_probability as breakdown_probability,
    chambers_breakdown_field as chambers_breakdown_field,
    ellipse_breakdown_field as ellipse_breakdown_field,
    lattice_potential as lattice_potential,
    nearly_free_breakdown_field as nearly_free_breakdown_field,
    reflection_phase as reflection_phase,
    reflection_probability as reflection_probability,
)
from ._levels import levels as levels
from ._motion import (
    Orbit as Orbit,
    orbit as orbit,
    surface_point as surface_point,
    trajectory as trajectory,
)
from ._network import (
    Arc as Arc,
    Crossing as Crossing,
    Network as Network,
    Saddle as Saddle,
    eigenphases as eigenphases,
)
from ._next_order import reflection_curvature as reflection_curvature
from ._open import (
    exit_probabilities as exit_probabilities,
    leads as leads,
    occupations as occupations,
    ring as ring,
    ring_enhancement as ring_enhancement,
    transition_probabilities as transition_probabilities,
)
from ._oscillations import (
    Damping as Damping,
    breakdown_factor as breakdown_factor,
    curvature_factor as curvature_factor,
    density_of_states as density_of_states,
    density_oscillation as density_oscillation,
    dingle_factor as dingle_factor,
    magnetisation_oscillation as magnetisation_oscillation,
    potential_oscillation as potential_oscillation,
    spin_factor as spin_factor,
    thermal_factor as thermal_factor,
)
from ._passage import Passage as Passage, passage as passage
from ._paths import ClosedPaths as ClosedPaths, closed_paths as closed_paths
from ._phases import (
    OrbitPhases as OrbitPhases,
    orbit_phases as orbit_phases,
    zeeman_phase as zeeman_phase,
)
from ._pressure import (
    Compression as Compression,
    gruneisen_from_slope as gruneisen_from_slope,
    strain_derivative as strain_derivative,
)
from ._scattering import (
    adiabatic_matrix as adiabatic_matrix,
    crossing_matrix as crossing_matrix,
    saddle_matrix as saddle_matrix,
    saddle_phase as saddle_phase,
    saddle_probability as saddle_probability,
)
from ._spectra import (
    Lines as Lines,
    Spectrum as Spectrum,
    line_amplitudes as line_amplitudes,
    spectrum as spectrum,
)
from ._spin import (
    SpinOrbitJunction as SpinOrbitJunction,
    spin_networks as spin_networks,
)
from ._traced import TracedNetwork as TracedNetwork
from ._tracing import traced_network as traced_network
from ._transport import (
    Stretch as Stretch,
    chain_conductivity as chain_conductivity,
    chambers_conductivity as chambers_conductivity,
    conductivity_oscillation as conductivity_oscillation,
    gauss_times as gauss_times,
    saturation_resistance as saturation_resistance,
)
