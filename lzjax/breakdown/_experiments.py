"""What is measured, as experiments for `lz.fit`: oscillations, anisotropy, pressure."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_not_negative, check_positive
from .._types import Scalar, as_array, as_scalar
from ._junctions import Junction, reflection_phase
from ._oscillations import breakdown_factor, dingle_factor, thermal_factor
from ._pressure import Compression
from ._units import HBAR_EV_PS


class OrbitLine(eqx.Module):
    """One orbit in an oscillation curve, and how it goes through its junctions.

    **Arguments:**

    - `name`: its parameters are `{name}_amplitude`, `{name}_frequency` (T),
      `{name}_mass` (electron masses) and `{name}_phase` (rad).
    - `tunnellings`: junctions at which the gap is crossed.
    - `lower_reflections`, `upper_reflections`: Bragg reflections in either band.
    - `harmonics`: how many are summed.
    """

    name: str = eqx.field(static=True)
    tunnellings: int = eqx.field(static=True, default=0)
    lower_reflections: int = eqx.field(static=True, default=0)
    upper_reflections: int = eqx.field(static=True, default=0)
    harmonics: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        counts = (self.tunnellings, self.lower_reflections, self.upper_reflections)
        if min(counts) < 0 or self.harmonics < 1:
            raise ValueError(
                f"orbit {self.name!r} needs counts of junctions from 0 and `harmonics` "
                f"from 1 on, got {counts} and {self.harmonics}."
            )

    def names(self) -> tuple[str, ...]:
        """Its own parameters."""
        parts = ("amplitude", "frequency", "mass", "phase")
        return tuple(f"{self.name}_{part}" for part in parts)


class OscillationCurve(eqx.Module):
    r"""Oscillations of several orbits that share their junctions and their scattering.

    $$y = \sum_o\sum_p \frac{a_o}{\sqrt p}\,R_T R_D R_{MB}^p \cos p\Big(
      \frac{2\pi F_o}{B} + \gamma_o + (n_\text{lower} - n_\text{upper})\,
      \varphi_S\big(\tfrac{B_0}{2\pi B}\big)\Big)$$

    **Arguments:**

    - `orbits`: a sequence of `OrbitLine`.
    - `field_of_gap`: B₀ (T) of a gap of 1 eV, from
      `Junction(1.0, v1, v2).breakdown_field(direction)`; with it the gap Δ is fitted
      in the place of $B_0 \propto \Delta^2$.

    Parameters: those of each orbit, `breakdown_field` (T) or `gap` (eV), and
    `dingle_temperature` (K).
    Controls: `field` (T) and `temperature` (K). To be fitted to `lz.Means`.

    An orbit that is nowhere reflected decays as e^{−c/B} by both breakdown and
    scattering: from it alone B₀ and the Dingle temperature cannot be told apart, and
    the fit says so. An orbit with reflections, or its phase if $\gamma$ is known
    (`fixed=True`), separates them. Where a mass is known less well than it seems, let
    it be a parameter: T_D is only known times the mass.

    Frequencies must start within a fraction of a turn over the range of 1/B: take them
    from the peaks of `spectrum`.

    ```python
    data = lz.Means({"field": fields, "temperature": temperatures}, values, error)
    curve = OscillationCurve(
        [OrbitLine("alpha", upper_reflections=2), OrbitLine("beta", tunnellings=4)]
    )
    start = {"alpha_amplitude": 1.0, ...}  # for all of curve.parameters
    print(lz.fit(curve, data, [lz.Parameter(*pair) for pair in start.items()]).report())
    ```

    **Raises:** `RuntimeError` for fields that are not positive.
    """

    orbits: tuple[OrbitLine, ...]
    field_of_gap: Scalar | None
    controls: ClassVar[tuple[str, ...]] = ("field", "temperature")

    def __init__(
        self, orbits: Sequence[OrbitLine], field_of_gap: ArrayLike | None = None
    ):
        self.orbits = tuple(orbits)
        self.field_of_gap = None if field_of_gap is None else as_scalar(field_of_gap)
        if field_of_gap is not None:
            check_positive("field_of_gap", field_of_gap)
        names = [orbit.name for orbit in self.orbits]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"orbits need names, each its own; got {names}.")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of all parameters."""
        own = [name for orbit in self.orbits for name in orbit.names()]
        shared = "breakdown_field" if self.field_of_gap is None else "gap"
        return (*own, shared, "dingle_temperature")

    def __call__(
        self, parameters: Mapping[str, Any], controls: Mapping[str, Array]
    ) -> Float[Array, " n"]:
        temperature = controls["temperature"]
        field = eqx.error_if(
            controls["field"],
            ~jnp.all(controls["field"] > 0),
            "oscillations are counted in 1/B: every `field` must be positive. Leave "
            "out zero, and give a sweep to negative fields as one of its own.",
        )
        dingle = parameters["dingle_temperature"]
        if self.field_of_gap is None:
            b0 = parameters["breakdown_field"]
        else:
            b0 = self.field_of_gap * parameters["gap"] ** 2
        shift = reflection_phase(b0, field)
        total = jnp.zeros_like(field)
        for orbit in self.orbits:
            amplitude, frequency, mass, phase = (
                parameters[name] for name in orbit.names()
            )
            reflections = orbit.lower_reflections + orbit.upper_reflections
            factor = breakdown_factor(b0, field, orbit.tunnellings, reflections)
            turns = orbit.lower_reflections - orbit.upper_reflections
            angle = 2.0 * jnp.pi * frequency / field + phase + turns * shift
            for p in range(1, orbit.harmonics + 1):
                damped = thermal_factor(temperature, mass, field, p)
                damped = damped * dingle_factor(dingle, mass, field, p) * factor**p
                total = total + amplitude / jnp.sqrt(p) * damped * jnp.cos(p * angle)
        return total


class BreakdownAnisotropy(eqx.Module):
    r"""$B_0(\theta) = B_0/|\cos(\theta - \theta_0)|$ of a quasi-two-dimensional metal.

    Parameters: `breakdown_field` (T), `offset` ($\theta_0$, rad). Control: `angle`
    (rad), of the field from the normal of the layers.
    """

    parameters: ClassVar[tuple[str, ...]] = ("breakdown_field", "offset")
    controls: ClassVar[tuple[str, ...]] = ("angle",)

    def __call__(
        self, parameters: Mapping[str, Any], controls: Mapping[str, Array]
    ) -> Float[Array, " n"]:
        cosine = jnp.cos(controls["angle"] - parameters["offset"])
        return parameters["breakdown_field"] / jnp.abs(cosine)


class BreakdownUnderPressure(eqx.Module):
    """B₀(P) of a `Compression`, for its Grüneisen parameter.

    Parameters: `breakdown_field` (T), `gruneisen`, `compressibility` (1/GPa; fix it,
    the data know only its product with the Grüneisen parameter less ν/2). Control:
    `pressure` (GPa).

    **Arguments:** `fermi_exponent`: ν of `Compression`.
    """

    fermi_exponent: float = 2.0 / 3.0
    parameters: ClassVar[tuple[str, ...]] = (
        "breakdown_field",
        "gruneisen",
        "compressibility",
    )
    controls: ClassVar[tuple[str, ...]] = ("pressure",)

    def __call__(
        self, parameters: Mapping[str, Any], controls: Mapping[str, Array]
    ) -> Float[Array, " n"]:
        model = Compression(
            parameters["breakdown_field"],
            parameters["gruneisen"],
            parameters["compressibility"],
            0.0,
            self.fermi_exponent,
        )
        return model(controls["pressure"])


def junction_gap(
    breakdown_field: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    direction: ArrayLike,
) -> Scalar:
    r"""Δ in eV from B₀ (T): the inverse of `Junction.breakdown_field`.

    $\Delta = \sqrt{2e\hbar\,|\hat B\cdot(v_1\times v_2)|\,B_0/\pi}$, velocities in m/s.
    """
    check_not_negative("breakdown_field", breakdown_field)
    unit = Junction(jnp.sqrt(HBAR_EV_PS), first, second).breakdown_field(direction)
    return jnp.sqrt(HBAR_EV_PS * as_array(breakdown_field) / unit)
