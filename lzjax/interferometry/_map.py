"""Amplitude-detuning maps of a driven two-level system, each computed as one batch."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_positive, check_shape, check_steps, is_concrete
from .._types import Scalar, as_array, as_scalar
from ..dissipation import Lindblad, dephasing, periodic_state, relaxation
from ..exact import multiphoton_lines
from ..models import DrivenTwoLevel
from ..propagate import CommutatorFree4, Magnus6
from ..readout import time_averaged_populations

# Phase that a step may turn, for errors of the map below 1e-8.
_TURN, _TURN_OPEN = 1.0, 0.4


class Interferogram(eqx.Module):
    r"""A map of the excited population over the amplitude and the offset of a drive,
    $\epsilon(t) = \epsilon_0 + A\cos\omega t$: computed, or measured.

    **Arguments:**

    - `offsets`: ε₀, rising, shape `(E,)`; `amplitudes`: A, rising, shape `(A,)`. In
      energy units if computed; a measured map may have volts, see
      `MapExperiment`.
    - `populations`: shape `(A, E)`; a measured map may have any signal.

    **Raises:** `ValueError` if the shapes do not fit together or the axes do not rise.
    """

    offsets: Float[Array, " E"] = eqx.field(converter=as_array)
    amplitudes: Float[Array, " A"] = eqx.field(converter=as_array)
    populations: Float[Array, "A E"] = eqx.field(converter=as_array)

    def __check_init__(self):
        for name in ("offsets", "amplitudes"):
            axis = getattr(self, name)
            check_shape(name, axis, (None,))
            if is_concrete(axis) and not np.all(np.diff(np.asarray(axis)) > 0):
                raise ValueError(f"`{name}` must rise, got {axis}.")
        shape = (self.amplitudes.shape[0], self.offsets.shape[0])
        check_shape(
            "populations", self.populations, shape, "One row for each amplitude."
        )

    def controls(self) -> dict[str, Array]:
        """Offset and amplitude of every pixel, row by row: the controls of a fit."""
        amplitude, offset = jnp.meshgrid(self.amplitudes, self.offsets, indexing="ij")
        return {"offset": offset.ravel(), "amplitude": amplitude.ravel()}


def interferogram(
    gap: ArrayLike,
    offsets: ArrayLike,
    amplitudes: ArrayLike,
    angular_frequency: ArrayLike,
    *,
    relaxation_time: ArrayLike = jnp.inf,
    coherence_time: ArrayLike = jnp.inf,
    steps: int | None = None,
) -> Interferogram:
    r"""The map of the time-averaged population of the upper diabatic level, solved in
    full: Floquet modes, or the periodic state of the Lindblad equation.

    $$H = \tfrac12(\epsilon_0 + A\cos\omega t)\,\sigma_z + \tfrac12\Delta\,\sigma_x$$

    Without damping the average is over all later times and over the phase of the drive
    at the start, in the lower diabatic level. With damping nothing of the start is
    left. The level that is lower at ε₀ is the one that T₁ leads to, so the map is
    even in ε₀.

    **Arguments:**

    - `gap`: Δ; `offsets`, shape `(E,)`; `amplitudes`, shape `(A,)`;
      `angular_frequency`: ω. ħ = 1.
    - `relaxation_time` T₁ and `coherence_time` T₂ ≤ 2T₁: both or neither infinite.
    - `steps`: of a period. By default as many as leave errors below 10⁻⁸; under
      `jit` or `grad` it must be given.

    All pixels are one batch. `interferogram_lines` is the formula beside it.

    **Raises:** `ValueError` for wrong shapes and numbers, or where `steps` cannot be
    chosen.
    """
    numbers = _checked(gap, angular_frequency, relaxation_time, coherence_time)
    offsets, amplitudes = as_array(offsets), as_array(amplitudes)
    damped = is_damped(relaxation_time, coherence_time)
    if steps is None:
        steps = enough_steps(gap, offsets, amplitudes, angular_frequency, damped)
    check_steps("steps", steps)
    gap, omega, *times = numbers
    map_ = _solved_map(gap, offsets, amplitudes, omega, times, steps, damped)
    return Interferogram(offsets, amplitudes, map_)


@eqx.filter_jit
def _solved_map(gap, offsets, amplitudes, omega, times, steps: int, damped: bool):
    def pixel(amplitude, offset):
        return excited_population(
            gap, offset, amplitude, omega, *times, steps=steps, damped=damped
        )

    row = jax.vmap(pixel, (None, 0))
    return jax.vmap(row, (0, None))(amplitudes, offsets)


def interferogram_lines(
    gap: ArrayLike,
    offsets: ArrayLike,
    amplitudes: ArrayLike,
    angular_frequency: ArrayLike,
    *,
    relaxation_time: ArrayLike = jnp.inf,
    coherence_time: ArrayLike = jnp.inf,
) -> Interferogram:
    """The same map by the formula for Δ ≪ ω, `lz.exact.multiphoton_lines`.

    Largest error of a pixel against `interferogram`, at T₁ = 50/ω, T₂ = 20/ω and
    A ≤ 8ω: 0.0085 for Δ = 0.1 ω. It grows as Δ².
    """
    offsets, amplitudes = as_array(offsets), as_array(amplitudes)
    check_shape("offsets", offsets, (None,))
    check_shape("amplitudes", amplitudes, (None,))
    found = multiphoton_lines(
        gap,
        offsets[None, :],
        amplitudes[:, None],
        angular_frequency,
        relaxation_time=relaxation_time,
        coherence_time=coherence_time,
    )
    return Interferogram(offsets, amplitudes, found.value)


def excited_population(
    gap: Scalar,
    offset: Scalar,
    amplitude: Scalar,
    angular_frequency: Scalar,
    relaxation_time: Scalar,
    coherence_time: Scalar,
    *,
    steps: int,
    damped: bool,
) -> Scalar:
    """One pixel of `interferogram`."""
    period = 2.0 * jnp.pi / angular_frequency
    # The map is even: above zero level 0 is the upper one.
    model = DrivenTwoLevel(gap, jnp.abs(offset), amplitude, angular_frequency)
    if not damped:
        return time_averaged_populations(
            model, period, samples=steps, any_start=True, solver=Magnus6(steps=1)
        )[0, 1]
    decay = 1.0 / relaxation_time
    jumps = relaxation(decay, 0, 1) + dephasing(1.0 / coherence_time - 0.5 * decay)
    found = periodic_state(
        Lindblad(model, jumps), period, samples=steps, solver=CommutatorFree4(steps=1)
    )
    return found.average()[0, 0].real


def is_damped(relaxation_time: Any, coherence_time: Any) -> bool:
    """Whether the times are finite; traced ones are.

    **Raises:** `ValueError` if only one of them is, or T₂ > 2T₁.
    """
    times = (relaxation_time, coherence_time)
    if not is_concrete(times):
        return True
    infinite = [bool(np.isinf(np.asarray(time))) for time in times]
    if infinite[0] != infinite[1] or times[1] > 2.0 * times[0]:
        raise ValueError(
            "`relaxation_time` and `coherence_time` must both be finite or both "
            f"infinite, with coherence_time <= 2 * relaxation_time; got {times}."
        )
    return not infinite[0]


def enough_steps(gap, offsets, amplitudes, angular_frequency, damped: bool) -> int:
    """A power of two, so that maps of similar size share what was compiled.

    **Raises:** `ValueError` if the numbers are traced.
    """
    numbers = (gap, offsets, amplitudes, angular_frequency)
    if not is_concrete(numbers):
        raise ValueError(
            "inside a transformation `steps` of a period must be given as a number: "
            "ten times the largest photon number (|offset| + |amplitude|)/ω is enough."
        )
    size = sum(float(np.max(np.abs(np.asarray(number)))) for number in numbers[:3])
    turn = 2.0 * np.pi * size / float(np.min(np.asarray(angular_frequency)))
    wanted = turn / (_TURN_OPEN if damped else _TURN)
    return int(2 ** np.ceil(np.log2(max(wanted, 32.0))))


def _checked(gap, angular_frequency, relaxation_time, coherence_time):
    for name, value in (
        ("angular_frequency", angular_frequency),
        ("relaxation_time", relaxation_time),
        ("coherence_time", coherence_time),
    ):
        check_positive(name, value)
    values = (gap, angular_frequency, relaxation_time, coherence_time)
    for name, value in zip(("gap", "angular_frequency"), values, strict=False):
        check_shape(name, value, ())
    return tuple(as_scalar(value) for value in values)
