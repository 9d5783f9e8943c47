"""Band energies as modules: E(k) in eV, k in 1/Å of shape (3,)."""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_one_of
from .._types import Scalar, as_array, as_scalar
from ._units import HBAR2_OVER_MASS, VELOCITY

Vector3 = Float[Array, "3"]


class AbstractBand(eqx.Module):
    """One band: energies by `band(k)`, velocities by automatic differentiation."""

    @abc.abstractmethod
    def __call__(self, k: Vector3) -> Scalar:
        """The energy at k (1/Å, shape `(3,)`). eV."""

    def velocity(self, k: ArrayLike) -> Vector3:
        r"""$v = \nabla_k E/\hbar$ in m/s."""
        return VELOCITY * jax.grad(self.__call__)(as_array(k))


class FreeElectrons(AbstractBand):
    r"""$E = \tfrac{\hbar^2}{2}\,(k - k_0)\cdot M^{-1}(k - k_0)$, an ellipsoid.

    **Arguments:** `masses`: along the three axes, in electron masses, shape `(3,)`;
    infinite for a cylinder. `centre`: $k_0$ in 1/Å.
    """

    masses: Vector3 = eqx.field(converter=as_array, default=(1.0, 1.0, 1.0))
    centre: Vector3 = eqx.field(converter=as_array, default=(0.0, 0.0, 0.0))

    def __call__(self, k: Vector3) -> Scalar:
        return 0.5 * HBAR2_OVER_MASS * jnp.sum((k - self.centre) ** 2 / self.masses)


class TightBinding(AbstractBand):
    r"""$E = E_0 - 2\sum_j t_j\cos(k\cdot R_j)$.

    **Arguments:** `site_energy`: $E_0$ in eV. `hoppings`: $t_j$ in eV, shape `(n,)`.
    `vectors`: $R_j$, one of each pair ±R, in Å, shape `(n, 3)`.
    """

    site_energy: Scalar = eqx.field(converter=as_scalar)
    hoppings: Float[Array, " n"] = eqx.field(converter=as_array)
    vectors: Float[Array, "n 3"] = eqx.field(converter=as_array)

    def __check_init__(self):
        shapes = jnp.shape(self.hoppings), jnp.shape(self.vectors)
        if shapes[1] != (*shapes[0], 3):
            raise ValueError(
                "`hoppings` must have the shape (n,) and `vectors` (n, 3), got "
                f"{shapes[0]} and {shapes[1]}."
            )

    def __call__(self, k: Vector3) -> Scalar:
        return self.site_energy - 2.0 * jnp.dot(
            self.hoppings, jnp.cos(self.vectors @ k)
        )


class BandFunction(AbstractBand):
    """Your own band.

    **Arguments:** `function`: pure JAX function `(k, parameters) -> energy`, k in 1/Å
    of shape `(3,)`, eV. `parameters`: any pytree; its arrays are differentiated.
    """

    function: Callable[[Vector3, Any], Any] = eqx.field(static=True)
    parameters: Any = None

    def __call__(self, k: Vector3) -> Scalar:
        return as_scalar(self.function(k, self.parameters))


class AbstractTwoBands(eqx.Module):
    r"""Two bands that are coupled, $H = \begin{pmatrix} E_1 & W^* \\ W & E_2
    \end{pmatrix}$, in a basis that does not change across the junction."""

    @abc.abstractmethod
    def elements(self, k: Vector3) -> tuple[Any, Any, Any]:
        """(E₁, E₂, W = ⟨2|H|1⟩) at k, in eV. Analytic in k."""

    def diabatic(self, which: int) -> AbstractBand:
        """Band 1 or 2 as if there were no coupling."""
        return _Diabatic(self, check_one_of("which", which, (1, 2)))

    def adiabatic(self, which: str) -> AbstractBand:
        """The "lower" or "upper" band."""
        return AdiabaticBand(self, check_one_of("which", which, ("lower", "upper")))

    def matrix(self, k: ArrayLike) -> Complex[Array, "2 2"]:
        """H at k. eV."""
        one, two, flip = self.elements(as_array(k))
        return jnp.array([[one, jnp.conj(flip)], [flip, two]], dtype=complex)


class _Diabatic(AbstractBand):
    bands: AbstractTwoBands
    which: int = eqx.field(static=True)

    def __call__(self, k: Vector3) -> Scalar:
        return self.bands.elements(k)[self.which - 1]


class AdiabaticBand(AbstractBand):
    """The lower or the upper of two coupled bands."""

    bands: AbstractTwoBands
    which: str = eqx.field(static=True)

    def __call__(self, k: Vector3) -> Scalar:
        one, two, flip = self.bands.elements(k)
        split = jnp.sqrt(0.25 * (one - two) ** 2 + jnp.abs(flip) ** 2)
        return 0.5 * (one + two) + (split if self.which == "upper" else -split)


class NearlyFreeElectrons(AbstractTwoBands):
    r"""Two plane waves, k and k − G, coupled by the lattice potential V.

    **Arguments:** `potential`: V in eV. `reciprocal_vector`: G in 1/Å, shape `(3,)`.
    `masses`: as in `FreeElectrons`. The waves have the energies of k and k − G.
    """

    potential: Scalar = eqx.field(converter=as_scalar)
    reciprocal_vector: Vector3 = eqx.field(converter=as_array)
    masses: Vector3 = eqx.field(converter=as_array, default=(1.0, 1.0, 1.0))

    def elements(self, k: Vector3) -> tuple[Any, Any, Any]:
        free = FreeElectrons(self.masses)
        return free(k), free(k - self.reciprocal_vector), self.potential


class TwoBandFunction(AbstractTwoBands):
    """Your own two bands.

    **Arguments:** `function`: pure JAX function `(k, parameters) -> (E₁, E₂, W)`, in
    eV. `parameters`: any pytree.
    """

    function: Callable[[Vector3, Any], Any] = eqx.field(static=True)
    parameters: Any = None

    def elements(self, k: Vector3) -> tuple[Any, Any, Any]:
        one, two, flip = self.function(k, self.parameters)
        return jnp.asarray(one), jnp.asarray(two), jnp.asarray(flip)


class TypeTwoDirac(AbstractTwoBands):
    r"""$H = wk_x + vk_y\sigma_x + (\lambda k_x^2 + \Delta/2)\sigma_z$ between the
    eigenstates of σx; see `TiltedDirac` for its network and units."""

    tilt: Scalar = eqx.field(converter=as_scalar)
    slope: Scalar = eqx.field(converter=as_scalar)
    curvature: Scalar = eqx.field(converter=as_scalar)
    mass_gap: Scalar = eqx.field(converter=as_scalar)

    def elements(self, k: Vector3) -> tuple[Any, Any, Any]:
        across = self.curvature * k[0] ** 2 + 0.5 * self.mass_gap
        along = self.tilt * k[0]
        return along + self.slope * k[1], along - self.slope * k[1], across
