"""What evolves: models H(t) and the waveforms that they are made of (ħ = 1)."""

from ._base import (
    AbstractHamiltonian as AbstractHamiltonian,
    AbstractTwoLevel as AbstractTwoLevel,
)
from ._compose import scaled_coupling as scaled_coupling
from ._linear import LinearSweep as LinearSweep
from ._many_level import (
    HamiltonianFunction as HamiltonianFunction,
    OperatorSum as OperatorSum,
)
from ._sampled import (
    GaussianPulse as GaussianPulse,
    PiecewiseConstant as PiecewiseConstant,
    PiecewiseLinear as PiecewiseLinear,
    Ramp as Ramp,
    SechPulse as SechPulse,
    TanhRamp as TanhRamp,
    TrapezoidPulse as TrapezoidPulse,
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
