"""How pressure moves the breakdown field: through the gap and the Fermi energy."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_nonzero, check_positive
from .._types import Scalar, as_array, as_scalar


class Compression(eqx.Module):
    r"""Volume, gap, Fermi energy and breakdown field against pressure.

    $$\frac{V}{V_0} = (1 + \kappa' P)^{-\kappa/\kappa'}, \quad
      \Delta \propto V^{-\gamma}, \quad \epsilon_F \propto V^{-\nu}, \quad
      B_0 \propto \frac{\Delta^2}{\epsilon_F}$$

    so that $dB_0/dP = 2\kappa(\gamma - \nu/2)B_0$ at $P = 0$: 2κ(γ − 1/3)B₀ for free
    electrons.

    **Arguments:**

    - `breakdown_field`: B₀ at zero pressure. T.
    - `gruneisen`: $\gamma = -d\ln\Delta/d\ln V$.
    - `compressibility`: $\kappa = -d\ln V/dP$ at zero pressure. 1/Pa.
    - `stiffening`: $\kappa' = -d\ln\kappa/dP$ at zero pressure, K'κ with Murnaghan's
      K'. 1/Pa, 0 for a constant κ.
    - `fermi_exponent`: ν, 2/3 for isotropically scaled free electrons in 3D. For
      layered metals use that of the sheet and the compressibility that drives it.

    Source: Murnaghan, Proc. Natl. Acad. Sci. 30, 244 (1944), doi:10.1073/pnas.30.9.244.
    """

    breakdown_field: Scalar = eqx.field(converter=as_scalar)
    gruneisen: Scalar = eqx.field(converter=as_scalar)
    compressibility: Scalar = eqx.field(converter=as_scalar)
    stiffening: Scalar = eqx.field(converter=as_scalar, default=0.0)
    fermi_exponent: Scalar = eqx.field(converter=as_scalar, default=2.0 / 3.0)

    def log_volume(self, pressure: ArrayLike) -> Float[Array, "*batch"]:
        """ln V/V₀ at the pressure (Pa)."""
        pressure = as_array(pressure)
        stiff = self.stiffening * pressure
        small = jnp.abs(stiff) < 1e-6
        safe = jnp.where(small, 1.0, stiff)
        # ln(1 + x)/x, smooth at zero.
        ratio = jnp.where(small, 1.0 - 0.5 * stiff, jnp.log1p(safe) / safe)
        return -self.compressibility * pressure * ratio

    def gap_ratio(self, pressure: ArrayLike) -> Float[Array, "*batch"]:
        """Δ(P)/Δ(0)."""
        return jnp.exp(-self.gruneisen * self.log_volume(pressure))

    def fermi_ratio(self, pressure: ArrayLike) -> Float[Array, "*batch"]:
        """ε_F(P)/ε_F(0)."""
        return jnp.exp(-self.fermi_exponent * self.log_volume(pressure))

    def __call__(self, pressure: ArrayLike) -> Float[Array, "*batch"]:
        """B₀ at the pressure (Pa). T."""
        return (
            self.breakdown_field
            * self.gap_ratio(pressure) ** 2
            / self.fermi_ratio(pressure)
        )

    def slope(self, pressure: ArrayLike = 0.0) -> Scalar:
        """dB₀/dP in T/Pa, by automatic differentiation."""
        return jax.grad(self.__call__)(as_scalar(pressure))


def strain_derivative(
    breakdown_field: Callable[[Array], Scalar],
    strain: ArrayLike,
) -> Float[Array, "*shape"]:
    """dB₀/d(strain) for your own B₀(strain), e.g. of a strained band structure through
    `Junction.breakdown_field`: an array of the strain's shape. T."""
    return jax.grad(breakdown_field)(as_array(strain))


def gruneisen_from_slope(
    breakdown_field: ArrayLike,
    slope: ArrayLike,
    compressibility: ArrayLike,
    fermi_exponent: ArrayLike = 2.0 / 3.0,
) -> Float[Array, "*batch"]:
    r"""$\gamma = \frac{\nu}{2} + \frac{1}{2\kappa}\frac{d\ln B_0}{dP}$ from a measured
    slope (T/Pa) and B₀ (T); κ in 1/Pa."""
    check_positive("breakdown_field", breakdown_field)
    check_nonzero("compressibility", compressibility)
    relative = as_array(slope) / as_array(breakdown_field)
    return 0.5 * as_array(fermi_exponent) + 0.5 * relative / as_array(compressibility)
