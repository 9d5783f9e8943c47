"""Models whose coupling is scaled as a whole, as a miscalibrated drive does."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from .._types import Scalar, as_scalar
from ._base import AbstractHamiltonian, AbstractTwoLevel, Field


def scaled_coupling(model: AbstractHamiltonian, factor) -> AbstractHamiltonian:
    """The same model with everything off the diagonal times `factor`."""
    if isinstance(model, AbstractTwoLevel):
        return _TwoLevelScaledCoupling(model, factor)
    return _ScaledCoupling(model, factor)


class _ScaledCoupling(AbstractHamiltonian):
    inner: AbstractHamiltonian
    factor: Scalar = eqx.field(converter=as_scalar)

    @property
    def dim(self) -> int:  # type: ignore[override]
        return self.inner.dim

    @property
    def is_hermitian(self) -> bool:
        return self.inner.is_hermitian

    def __call__(self, t: Scalar) -> Complex[Array, "N N"]:
        diagonal = jnp.eye(self.dim, dtype=bool)
        matrix = self.inner(t)
        return jnp.where(diagonal, matrix, self.factor * matrix)

    def breakpoints(self) -> Float[Array, " K"]:
        return self.inner.breakpoints()

    def landmarks(self) -> Float[Array, " K"]:
        return self.inner.landmarks()


class _TwoLevelScaledCoupling(AbstractTwoLevel):
    inner: AbstractTwoLevel
    factor: Scalar = eqx.field(converter=as_scalar)

    def field(self, t: Scalar) -> Field:
        x, y, z = self.inner.field(t)
        return self.factor * x, self.factor * y, z

    def breakpoints(self) -> Float[Array, " K"]:
        return self.inner.breakpoints()

    def landmarks(self) -> Float[Array, " K"]:
        return self.inner.landmarks()
