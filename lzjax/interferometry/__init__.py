"""Interferometry: amplitude-detuning maps of driven two-level systems, and what is read
from them: resonances, the fan, gap, calibration and coherence times."""

from ._experiments import (
    FringeExperiment as FringeExperiment,
    MapExperiment as MapExperiment,
    ResonanceCurve as ResonanceCurve,
)
from ._features import (
    ResonanceLines as ResonanceLines,
    dark_amplitudes as dark_amplitudes,
    fan_boundary as fan_boundary,
    inside_fan as inside_fan,
    resonance_lines as resonance_lines,
)
from ._map import (
    Interferogram as Interferogram,
    interferogram as interferogram,
    interferogram_lines as interferogram_lines,
)
from ._read import read_interferogram as read_interferogram
from ._spectrum import (
    Decay as Decay,
    amplitude_scale as amplitude_scale,
    arcs as arcs,
    offset_transform as offset_transform,
    revival_decay as revival_decay,
    tomogram as tomogram,
)
