"""Landau fans, and the reflection phase that poses as a Berry phase in them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import ArrayLike, Float

from .._checks import check_positive
from ._junctions import reflection_phase


class LandauFan(NamedTuple):
    r"""A straight line through a Landau fan, $n + \tfrac12 = F/B + \gamma/2\pi$.

    - `frequency`: $F$ in T. `berry_phase`: $\gamma$ of the line, in (−π, π].
    - `corrected_frequency`, `corrected_berry_phase`: with the reflection phases taken
      off first; equal to the others without breakdown.
    - `reflection_phases`: what was taken off, at each field. rad.
    - `message`: a warning where the reflection phase is more than a tenth of a radian.
    """

    frequency: float
    berry_phase: float
    corrected_frequency: float
    corrected_berry_phase: float
    reflection_phases: Float[np.ndarray, " n"]
    message: str


def landau_fan(
    fields: ArrayLike,
    indices: ArrayLike,
    *,
    breakdown_field: float = 0.0,
    lower_reflections: int = 0,
    upper_reflections: int = 0,
) -> LandauFan:
    r"""The frequency and the Berry phase of levels with known indices.

    An orbit through junctions has the quantisation
    $l^2A + (n_\text{lower} - n_\text{upper})\,\varphi_S(B_0/2\pi B) + \gamma =
    2\pi(n + \tfrac12)$. φ_S runs from 0 to π/4 with the field, so a straight line takes
    part of it for a Berry phase, and the rest for a shift of the frequency.

    **Arguments:**

    - `fields`: T, where the level `indices` passes; shape `(n,)`, n ≥ 2.
    - `breakdown_field`: B₀ in T. `lower_reflections`, `upper_reflections`: how often
      the orbit is reflected in either band.

    **Raises:** `ValueError` for lengths that differ or less than two levels.
    """
    fields, indices = np.asarray(fields, float), np.asarray(indices, float)
    if fields.shape != indices.shape or fields.ndim != 1 or len(fields) < 2:
        raise ValueError(
            "`fields` and `indices` must have the same shape (n,), n >= 2, got "
            f"{fields.shape} and {indices.shape}."
        )
    check_positive("fields", fields)
    reflections = lower_reflections - upper_reflections
    phases = reflections * np.asarray(reflection_phase(breakdown_field, fields))
    frequency, berry = _line(fields, indices)
    better, corrected = _line(fields, indices - phases / (2.0 * np.pi))
    message = ""
    if np.max(np.abs(phases)) > 0.1:
        message = (
            "Bragg reflections at junctions add a phase of "
            f"{np.min(phases):.2f} to {np.max(phases):.2f} rad in these fields: the "
            f"line's {berry:.2f} rad are no Berry phase; without it "
            f"{corrected:.2f} rad are left."
        )
    return LandauFan(frequency, berry, better, corrected, phases, message)


def _line(fields, indices):
    slope, start = np.polyfit(1.0 / fields, indices + 0.5, 1)
    angle = 2.0 * np.pi * start
    return float(slope), float(np.pi - (np.pi - angle) % (2.0 * np.pi))
