"""What evolves: models H(t) and the waveforms that they are made of (ħ = 1)."""

from ._base import (
    AbstractHamiltonian as AbstractHamiltonian,
    AbstractTwoLevel as AbstractTwoLevel,
)
from ._compose import scaled_coupling as scaled_coupling
from ._continuum import (
    cavity_crossing as cavity_crossing,
    dissipative_crossing as dissipative_crossing,
    level_through_band as level_through_band,
)
from ._decay import (
    DecayingLevels as DecayingLevels,
    complex_symmetric_sweep as complex_symmetric_sweep,
)
from ._frames import (
    AdiabaticFrame as AdiabaticFrame,
    InteractionPicture as InteractionPicture,
    counter_diabatic as counter_diabatic,
)
from ._linear import LinearSweep as LinearSweep
from ._many_level import (
    HamiltonianFunction as HamiltonianFunction,
    OperatorSum as OperatorSum,
)
from ._multistate import (
    MultistateSweep as MultistateSweep,
    bow_tie as bow_tie,
    chain as chain,
    crossing_grid as crossing_grid,
    demkov_osherov as demkov_osherov,
    generalized_bow_tie as generalized_bow_tie,
    v_system as v_system,
)
from ._named import (
    allen_eberly as allen_eberly,
    cubic_sweep as cubic_sweep,
    demkov_kunike as demkov_kunike,
    demkov_kunike_tanh as demkov_kunike_tanh,
    double_passage as double_passage,
    in_rotating_frame as in_rotating_frame,
    linearly_polarised_coupling as linearly_polarised_coupling,
    nikitin as nikitin,
    parabolic_sweep as parabolic_sweep,
    power_law_sweep as power_law_sweep,
    roland_cerf as roland_cerf,
    rosen_zener as rosen_zener,
    rotating_coupling as rotating_coupling,
)
from ._quench import ising_quench_mode as ising_quench_mode
from ._sampled import (
    GaussianPulse as GaussianPulse,
    PiecewiseConstant as PiecewiseConstant,
    PiecewiseLinear as PiecewiseLinear,
    Ramp as Ramp,
    SechPulse as SechPulse,
    TanhRamp as TanhRamp,
    TrapezoidPulse as TrapezoidPulse,
)
from ._shapes import (
    ChirpedTone as ChirpedTone,
    Exponential as Exponential,
    Polynomial as Polynomial,
    PowerLaw as PowerLaw,
)
from ._spin import (
    decoupled_blocks as decoupled_blocks,
    quadratic_zeeman_sweep as quadratic_zeeman_sweep,
    rhombic_sweep as rhombic_sweep,
    spin_operators as spin_operators,
    spin_sweep as spin_sweep,
)
from ._two_level import (
    DitheredSweep as DitheredSweep,
    DrivenTwoLevel as DrivenTwoLevel,
    TwoLevel as TwoLevel,
    TwoLevelFunction as TwoLevelFunction,
)
from ._waveforms import (
    AbstractWaveform as AbstractWaveform,
    Constant as Constant,
    FunctionWaveform as FunctionWaveform,
    Linear as Linear,
    Sinusoid as Sinusoid,
)
