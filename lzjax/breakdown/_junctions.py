"""A junction of two orbits: a Landau-Zener crossing swept by the Lorentz force."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_nonzero, check_not_negative, check_positive, check_shape
from .._types import Scalar, as_array, as_scalar
from ..exact import stokes_phase
from ._scattering import adiabatic_matrix
from ._units import FLUX, HBAR2_OVER_MASS, HBAR_EV_PS, VELOCITY

Vector3 = Float[Array, "3"]


class Junction(eqx.Module):
    r"""Two bands that nearly touch on the Fermi surface.

    Around the junction $E_{1,2} = \hbar v_{1,2} \cdot k$ and a coupling opens the gap
    $\Delta$. In a field the Lorentz force sweeps k through it at

    $$\alpha = \frac{d(E_1 - E_2)}{dt} = -e\,B\cdot(v_1 \times v_2), \qquad
      P = e^{-\pi\Delta^2 / 2\hbar|\alpha|} = e^{-B_0/B}$$

    whichever velocity (v₁, v₂ or a mean) the electron is moved with.

    **Arguments:**

    - `gap`: $\Delta$, the full smallest distance of the bands, twice the modulus of the
      matrix element. eV, shape `()`.
    - `first`, `second`: $v_1$ and $v_2$ without the coupling. m/s, shape `(3,)`.

    The formulas are exact for straight bands and a constant gap. Where the curvature of
    the bands matters over the width of the junction (near tangency) they fail: compare
    with `passage`.

    Source: Blount, Phys. Rev. 126, 1636 (1962), doi:10.1103/PhysRev.126.1636.
    """

    gap: Scalar = eqx.field(converter=as_scalar)
    first: Vector3 = eqx.field(converter=as_array)
    second: Vector3 = eqx.field(converter=as_array)

    def sweep_rate(self, field: ArrayLike) -> Scalar:
        r"""$\alpha = d(E_1 - E_2)/dt$ in the field (T, shape `(3,)`). eV/ps, signed."""
        field = _vector("field", field)
        return -1e-12 * jnp.dot(field, jnp.cross(self.first, self.second))

    def breakdown_field(self, direction: ArrayLike) -> Scalar:
        r"""$B_0 = \pi\Delta^2 / (2 e \hbar\,|\hat B\cdot(v_1 \times v_2)|)$ in T.

        **Arguments:** `direction`: of the field, shape `(3,)`, of any length but zero.

        It is smallest for a field along $v_1 \times v_2$, and infinite for one at right
        angles to it.

        **Raises:** `ValueError` for a zero direction or a wrong shape.
        """
        direction = _vector("direction", direction)
        length = jnp.sqrt(jnp.sum(direction**2))
        check_positive("direction", length)
        rate = jnp.abs(self.sweep_rate(direction / length))
        return 0.5 * jnp.pi * self.gap**2 / (HBAR_EV_PS * rate)

    def adiabaticity(self, field: ArrayLike) -> Scalar:
        r"""$\delta = \Delta^2/(4\hbar|\alpha|) = B_0/(2\pi B)$."""
        rate = jnp.abs(self.sweep_rate(field))
        return self.gap**2 / (4.0 * HBAR_EV_PS * rate)

    def probability(self, field: ArrayLike) -> Scalar:
        r"""The probability of breakdown, $P = e^{-2\pi\delta}$, to cross the gap."""
        return jnp.exp(-2.0 * jnp.pi * self.adiabaticity(field))

    def reflection_phase(self, field: ArrayLike) -> Scalar:
        """The Stokes phase φ_S that a Bragg reflection adds; see `scattering_matrix`.

        Differentiable. From π/4 for B ≫ B₀ to 0 for B ≪ B₀.
        """
        return stokes_phase(self.adiabaticity(field))

    def scattering_matrix(self, field: ArrayLike) -> Complex[Array, "2 2"]:
        """Amplitudes between (lower, upper) band; see `adiabatic_matrix`."""
        return adiabatic_matrix(self.adiabaticity(field))


def breakdown_probability(
    breakdown_field: ArrayLike, field: ArrayLike
) -> Float[Array, "*batch"]:
    r"""$P = e^{-B_0/|B|}$: the probability to cross the gap.

    **Arguments:** `breakdown_field` ≥ 0 and `field` ≠ 0 in T, shapes that broadcast.

    **Raises:** `ValueError` for a concrete number out of range.

    Source: Cohen & Falicov, Phys. Rev. Lett. 7, 231 (1961),
    doi:10.1103/PhysRevLett.7.231.
    """
    return jnp.exp(-_exponent(breakdown_field, field))


def reflection_probability(
    breakdown_field: ArrayLike, field: ArrayLike
) -> Float[Array, "*batch"]:
    """1 − `breakdown_probability`, accurate also where it is tiny."""
    return -jnp.expm1(-_exponent(breakdown_field, field))


def reflection_phase(
    breakdown_field: ArrayLike, field: ArrayLike
) -> Float[Array, "*batch"]:
    r"""The Stokes phase $\varphi_S(B_0/2\pi B)$ of one Bragg reflection, in rad.

    Orbits in the lower band gain $+\varphi_S$ a reflection, in the upper band
    $-\varphi_S$. Differentiable. Arguments and errors as `breakdown_probability`.
    """
    return stokes_phase(_exponent(breakdown_field, field) / (2.0 * jnp.pi))


def nearly_free_breakdown_field(
    potential: ArrayLike,
    reciprocal_vector: ArrayLike,
    fermi_wave_vector: ArrayLike,
    mass: ArrayLike = 1.0,
) -> Float[Array, "*batch"]:
    r"""$B_0$ of a circle cut by a Bragg plane.

    $$B_0 = \frac{2\pi V^2 m^2}{e\hbar^3\,G\sqrt{k_F^2 - G^2/4}}$$

    **Arguments:**

    - `potential`: $V$, the Fourier component of the lattice potential; gap 2|V|. eV.
    - `reciprocal_vector`: $G$. 1/Å.
    - `fermi_wave_vector`: $k_F > G/2$. 1/Å.
    - `mass`: in electron masses.

    **Returns:** T. Errors of order (V/E_F)²; near tangency, where the lens is not much
    deeper than the gap, $\hbar^2 G(k_F - G/2)/m \lesssim 2V$, it fails: see `passage`.

    **Raises:** `ValueError` if the circle does not reach the plane.
    """
    slope = _free_slopes(reciprocal_vector, fermi_wave_vector, mass)
    return 2.0 * jnp.pi * FLUX * as_array(potential) ** 2 / slope


def lattice_potential(
    breakdown_field: ArrayLike,
    reciprocal_vector: ArrayLike,
    fermi_wave_vector: ArrayLike,
    mass: ArrayLike = 1.0,
) -> Float[Array, "*batch"]:
    """|V| in eV from B₀: the inverse of `nearly_free_breakdown_field`."""
    check_not_negative("breakdown_field", breakdown_field)
    slope = _free_slopes(reciprocal_vector, fermi_wave_vector, mass)
    return jnp.sqrt(as_array(breakdown_field) * slope / (2.0 * jnp.pi * FLUX))


def chambers_breakdown_field(
    width: ArrayLike, first_radius: ArrayLike, second_radius: ArrayLike
) -> Float[Array, "*batch"]:
    r"""$B_0$ from the shape of the two orbits where they are closest.

    $$B_0 = \frac{\pi\hbar}{2e}\sqrt{\frac{k_g^3}{1/R_1 + 1/R_2}}$$

    **Arguments:** `width`: $k_g$, the distance of the orbits in k. 1/Å.
    `first_radius`, `second_radius`: radii of curvature there. 1/Å, positive.

    For a hyperbola it equals `Junction.breakdown_field`: both are (ħ/e) times the area
    of the ellipse inside the gap, not of any real orbit.

    Source: Chambers, Proc. Phys. Soc. 88, 701 (1966), doi:10.1088/0370-1328/88/3/317.
    """
    for name, value in (
        ("width", width),
        ("first_radius", first_radius),
        ("second_radius", second_radius),
    ):
        check_positive(name, value)
    curvature = 1.0 / as_array(first_radius) + 1.0 / as_array(second_radius)
    return 0.5 * jnp.pi * FLUX * jnp.sqrt(as_array(width) ** 3 / curvature)


def ellipse_breakdown_field(
    gap: ArrayLike, along: ArrayLike, across: ArrayLike
) -> Float[Array, "*batch"]:
    r"""$B_0 = (\hbar/e)\,\pi a b$: the forbidden ellipse of a symmetric junction.

    $a = \Delta/2\hbar v_y$, $b = \Delta/2\hbar v_x$ are the half axes.

    **Arguments:** `gap`: $\Delta$ in eV. `along`, `across`: $v_x$ and $v_y$ of
    $v_{1,2} = (\pm v_x, v_y)$ in m/s.
    """
    check_nonzero("along", along)
    check_nonzero("across", across)
    half = 0.5 * as_array(gap) * VELOCITY
    return FLUX * jnp.pi * half**2 / jnp.abs(as_array(along) * as_array(across))


def _free_slopes(reciprocal_vector, fermi_wave_vector, mass):
    """(ħ²/m)² G k_y, in (eV Å²)² / Å²."""
    check_positive("reciprocal_vector", reciprocal_vector)
    check_positive("mass", mass)
    g, kf = as_array(reciprocal_vector), as_array(fermi_wave_vector)
    reach = kf**2 - 0.25 * g**2
    check_positive("fermi_wave_vector² − reciprocal_vector²/4", reach)
    return (HBAR2_OVER_MASS / as_array(mass)) ** 2 * g * jnp.sqrt(reach)


def _exponent(breakdown_field, field):
    check_not_negative("breakdown_field", breakdown_field)
    check_nonzero("field", field)
    return as_array(breakdown_field) / jnp.abs(as_array(field))


def _vector(name: str, value: ArrayLike) -> Vector3:
    value = as_array(value)
    check_shape(name, value, (3,), "For many fields use jax.vmap around this call.")
    return value
