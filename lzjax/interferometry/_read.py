"""The inverse problem: gap, calibration and coherence times from a measured map."""

from typing import Any

import numpy as np
from jaxtyping import ArrayLike

from .._checks import check_positive
from ..exact import multiphoton_lines
from ..fits import FitResult, Means, Parameter, fit
from ._experiments import MapExperiment
from ._features import resonance_lines
from ._map import Interferogram
from ._spectrum import amplitude_scale, revival_decay

# Saturations Δ²T₁T₂ that are tried for a start.
_SATURATIONS = np.geomspace(1e-2, 1e3, 26)


def read_interferogram(
    map_: Interferogram,
    errors: ArrayLike,
    angular_frequency: float,
    *,
    relaxation_time: float | None = None,
    gap: float | None = None,
    calibrated: bool = True,
    scale_bounds: tuple[float, float] = (0.1, 10.0),
    steps: int | None = None,
    **options: Any,
) -> FitResult:
    r"""Gap, lever arm, amplitude scale, T₁ and T₂ from a measured map, with errors.

    Start values come from the map itself: the lines give the lever arm, the revivals of
    its transform T₂ and the scale of the amplitude, the widening with power Δ²T₁T₂.
    Then `lz.fit` of a `MapExperiment` to all pixels.

    **Arguments:**

    - `errors`: standard errors of the pixels, one number or shape `(A, E)`.
    - `angular_frequency`: ω of the drive, known. ħ = 1; times in its inverse.
    - `relaxation_time` or `gap`: what is known of the two. A map of a small gap shows
      only Δ²T₁; with neither, the fit reports both as not identified.
    - `calibrated`: whether the map is a population. If not, its contrast and background
      are parameters too.
    - `scale_bounds`: the range of the amplitude's scale, relative to the lever arm.
    - `steps`: of a period, for the full solution instead of the formula (Δ ≪ ω).
    - `options`: those of `lz.fit`.

    **Raises:** as `resonance_lines`, `revival_decay` and `lz.fit`.
    """
    check_positive("angular_frequency", angular_frequency)
    lines = resonance_lines(map_)
    lever = angular_frequency / lines.spacing
    shift = -lever * lines.centre
    scaled = Interferogram(
        lever * map_.offsets + shift, map_.amplitudes, map_.populations
    )
    t2 = revival_decay(scaled, angular_frequency).coherence_time
    bounds = (lever * scale_bounds[0], lever * scale_bounds[1])
    scale = amplitude_scale(scaled, angular_frequency, bounds)
    saturation, contrast, background = _levels(
        scaled, angular_frequency, scale, t2, calibrated
    )
    strength = saturation / t2  # Δ²T₁
    if gap is None:
        t1 = 2.0 * t2 if relaxation_time is None else relaxation_time
        start = float(np.sqrt(strength / t1))
    else:
        start, t1 = gap, relaxation_time or strength / gap**2
    parameters = [
        Parameter("gap", start, lower=0, fixed=gap is not None),
        Parameter("angular_frequency", angular_frequency, fixed=True),
        Parameter("lever_arm", lever, lower=0),
        Parameter("offset_shift", shift, scale=1.0 / t2),
        Parameter("amplitude_scale", scale, lower=0),
        Parameter("contrast", contrast, fixed=calibrated),
        Parameter("background", background, fixed=calibrated, scale=abs(contrast)),
        Parameter("relaxation_time", t1, lower=0, fixed=relaxation_time is not None),
        Parameter("coherence_time", t2, lower=0),
    ]
    pixels = np.broadcast_to(np.asarray(errors, float), map_.populations.shape)
    data = Means(map_.controls(), map_.populations.ravel(), pixels.ravel())
    # The start is good: lines and revivals fix all that has many optima.
    options = {"starts": 2, "spread": 1.05} | options
    return fit(MapExperiment(steps=steps), data, parameters, **options)


def _levels(map_, omega, scale, t2, calibrated):
    """The saturation whose shape fits best, with contrast and background."""
    seen = np.asarray(map_.populations)
    best: tuple[float, ...] = (np.inf, 0.0, 1.0, 0.0)
    for saturation in _SATURATIONS:
        shape = multiphoton_lines(
            np.sqrt(saturation) / t2,
            map_.offsets[None, :],
            scale * map_.amplitudes[:, None],
            omega,
            # The revivals decay by the width that is seen, power included.
            relaxation_time=t2,
            coherence_time=t2,
        ).value
        shape = np.asarray(shape)
        contrast, background = (1.0, 0.0)
        if not calibrated:
            contrast, background = np.polyfit(shape.ravel(), seen.ravel(), 1)
        misfit = float(np.sum((seen - contrast * shape - background) ** 2))
        best = min(best, (misfit, float(saturation), contrast, background))
    return best[1:]
