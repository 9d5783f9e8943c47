"""Two straight potential curves, crossed at a constant velocity."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .. import exact
from .._checks import check_positive
from .._types import Scalar, as_array, as_scalar
from ..models import AbstractTwoLevel, LinearSweep


class CurveCrossing(AbstractTwoLevel):
    r"""Two straight diabatic curves, crossed at a constant velocity, $x = vt$.

    $$H = \begin{pmatrix} F_0 x & V \\ V & F_1 x \end{pmatrix}, \quad
      \mathrm{gap} = 2|V|, \quad \mathrm{rate} = v(F_0 - F_1)$$

    **Arguments:**

    - `coupling`: $V$, the matrix element, half the gap. Energy.
    - `slope_0`, `slope_1`: $F_0$, $F_1$ of the diabatic curves at the crossing. Energy
      per length. Only their difference matters.
    - `velocity`: $v$ at the crossing. Length per time.

    All in one consistent system of units with ħ = 1, such as atomic units: multiply by
    `lz.molecules.WAVENUMBER`, `ELECTRONVOLT`, `ANGSTROM`, `ATOMIC_MASS`, `FEMTOSECOND`.
    A model: `lz.solve` takes it.

    Source: Zener, Proc. R. Soc. A 137, 696 (1932), doi:10.1098/rspa.1932.0165.
    """

    coupling: Scalar = eqx.field(converter=as_scalar)
    slope_0: Scalar = eqx.field(converter=as_scalar)
    slope_1: Scalar = eqx.field(converter=as_scalar)
    velocity: Scalar = eqx.field(converter=as_scalar)

    convention: ClassVar[str] = (
        "H = [[slope_0·x, coupling], [coupling, slope_1·x]], x = velocity·t, ħ = 1"
    )

    @classmethod
    def from_energy(
        cls,
        coupling: ArrayLike,
        slope_0: ArrayLike,
        slope_1: ArrayLike,
        *,
        kinetic_energy: ArrayLike,
        mass: ArrayLike,
    ) -> "CurveCrossing":
        r"""With $v = \sqrt{2E_\mathrm{kin}/m}$, the kinetic energy *at the crossing*.

        Which potential it is taken from (a diabatic curve, the lower or the upper
        adiabatic one) changes it by the coupling, and the probability by as much: for
        a kinetic energy of 0.2 and a coupling of 0.006 hartree by 2 %.

        **Raises:** `ValueError` if a concrete energy or mass is not positive: a
        trajectory that does not reach the crossing has no velocity there.
        """
        check_positive("kinetic_energy", kinetic_energy)
        check_positive("mass", mass)
        velocity = jnp.sqrt(2.0 * as_scalar(kinetic_energy) / as_scalar(mass))
        return cls(coupling, slope_0, slope_1, velocity)

    @property
    def gap(self) -> Scalar:
        """The smallest distance of the adiabatic curves, 2|V|."""
        return 2.0 * jnp.abs(self.coupling)

    @property
    def rate(self) -> Scalar:
        """How fast the diabatic energies separate, v(F₀ − F₁); signed."""
        return self.velocity * (self.slope_0 - self.slope_1)

    def field(self, t: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        coupling = 2.0 * self.coupling
        return coupling, jnp.zeros_like(coupling), self.rate * t

    def sweep(self) -> LinearSweep:
        """The same in lzjax's usual numbers, gap and rate."""
        return LinearSweep.from_slopes(
            self.coupling, self.slope_0, self.slope_1, self.velocity
        )

    def p_diabatic_survival(self) -> Scalar:
        r"""To stay on the diabatic curve, which is to *jump* between the adiabatic
        ones: $e^{-2\pi V^2/(v|F_0 - F_1|)}$.

        **Raises:** `ValueError` if concrete slopes are equal or the velocity is zero.
        """
        return exact.landau_zener(self.gap, self.rate)

    def p_diabatic_change(self) -> Scalar:
        """To change the diabatic curve, which is to *stay* on the adiabatic one."""
        return exact.landau_zener_transition(self.gap, self.rate)

    def derivative_coupling(self, x: ArrayLike) -> Float[Array, "*batch"]:
        r"""The modulus of $d_{12} = \langle\phi_1|\partial_x\phi_2\rangle$ between the
        adiabatic states, $\dfrac{|V|\,\Delta F}{(\Delta F\,x)^2 + 4V^2}$.

        A Lorentzian of height ΔF/(4|V|), full width 4|V|/ΔF and area π/2, whatever V
        is. x is the distance from the crossing. 1/length.
        """
        difference, x = jnp.abs(self.slope_0 - self.slope_1), as_array(x)
        return 0.5 * self.gap * difference / ((difference * x) ** 2 + self.gap**2)

    def adiabaticity_criterion(self) -> Scalar:
        r"""$\kappa = \hbar v|d_{12}|/\mathrm{gap}$ at the crossing, where it is
        largest; small for an adiabatic passage.

        $$\kappa = \frac{v\,\Delta F}{8V^2}, \quad P = e^{-\pi/4\kappa}$$
        """
        return 0.5 * jnp.abs(self.rate) / self.gap**2

    def duration(self) -> Scalar:
        r"""An estimate of how long the crossing takes, $\max(1/\sqrt\alpha,
        \Delta/\alpha)$ with α = |rate|; `jump_time` is exact in the diabatic basis."""
        return exact.crossing_duration(self.gap, self.rate)

    def jump_time(self) -> Scalar:
        """The exact duration in the diabatic basis, `lz.exact.jump_time`. Time.

        Compare it with the time of dephasing or relaxation: a third of that is too
        long already. At gap = rate = 1 it is 3.08, and dephasing at a rate of 0.1
        turns P = 0.208 into 0.285.
        """
        return exact.jump_time(self.gap, self.rate)
