"""Two coupled potential energy surfaces, in their two representations."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._types import Scalar, as_array

# Scalar for a curve, shape (d,) for a surface over d coordinates.
Position = Float[Array, "..."]


class AbstractSurfaces(eqx.Module):
    r"""Two diabatic surfaces and their coupling, all real:
    $H(x) = \begin{pmatrix} E_0 & V \\ V & E_1 \end{pmatrix}$.

    A subclass gives `elements`; the rest follows. A position is a number for curves,
    an array of shape `(d,)` for surfaces; batches by `jax.vmap`.

    The adiabatic states are those of tan θ = 2V/(E₀ − E₁): lower (−sin θ/2, cos θ/2),
    upper (cos θ/2, sin θ/2).
    """

    @abc.abstractmethod
    def elements(self, x: Position) -> tuple[Scalar, Scalar, Scalar]:
        """(E₀, E₁, V) at x. Energies."""

    def matrix(self, x: ArrayLike) -> Float[Array, "2 2"]:
        """H(x) in the diabatic representation. Energy."""
        first, second, coupling = self.elements(as_array(x))
        return jnp.array([[first, coupling], [coupling, second]])

    def energies(self, x: ArrayLike) -> Float[Array, " 2"]:
        """The adiabatic energies at x, the lower one first."""
        first, second, _ = self.elements(as_array(x))
        middle, half = 0.5 * (first + second), 0.5 * self.gap(x)
        return jnp.stack([middle - half, middle + half])

    def states(self, x: ArrayLike) -> Float[Array, "2 2"]:
        """The adiabatic states at x as columns, the lower one first.

        Along a path that meets no degeneracy they turn continuously, except for a
        common sign where θ passes ±π.
        """
        half = 0.5 * self.mixing_angle(x)
        c, s = jnp.cos(half), jnp.sin(half)
        return jnp.array([[-s, c], [c, s]])

    def gap(self, x: ArrayLike) -> Scalar:
        r"""The distance of the adiabatic energies, $\sqrt{(E_0 - E_1)^2 + 4V^2}$."""
        difference, double = self._components(as_array(x))
        return jnp.sqrt(difference**2 + double**2)

    def mixing_angle(self, x: ArrayLike) -> Scalar:
        """θ = atan2(2V, E₀ − E₁), from −π to π."""
        difference, double = self._components(as_array(x))
        return jnp.arctan2(double, difference)

    def derivative_coupling(self, x: ArrayLike) -> Position:
        r"""$d = \langle\mathrm{lower}|\nabla|\mathrm{upper}\rangle = \tfrac12\nabla
        \theta$, infinite where the surfaces meet. 1/length, shaped as x.

        From the derivatives of H alone (Hellmann-Feynman), so accurate however sharp
        its peak is.
        """
        x = as_array(x)
        difference, double = self._components(x)
        slope, turn = jax.jacfwd(self._components)(x)
        square = difference**2 + double**2
        meets = square == 0
        finite = difference * turn - double * slope
        return jnp.where(meets, jnp.inf, 0.5 * finite / jnp.where(meets, 1.0, square))

    def adiabaticity_criterion(self, x: ArrayLike, velocity: ArrayLike) -> Scalar:
        r"""$\kappa(x) = \hbar|v\cdot d|/\mathrm{gap}$: an adiabatic passage keeps it
        far below one everywhere. `velocity` is shaped as x.

        Necessary, not sufficient: a Hamiltonian that oscillates in resonance with the
        gap moves populations however small κ is (Marzlin & Sanders, Phys. Rev. Lett.
        93, 160408 (2004), doi:10.1103/PhysRevLett.93.160408)."""
        kick = jnp.sum(as_array(velocity) * self.derivative_coupling(x))
        gap = self.gap(x)
        return jnp.where(gap == 0, jnp.inf, jnp.abs(kick) / jnp.where(gap == 0, 1, gap))

    def _components(self, x: Position) -> tuple[Scalar, Scalar]:
        """(E₀ − E₁, 2V)."""
        first, second, coupling = self.elements(x)
        return first - second, 2.0 * coupling
