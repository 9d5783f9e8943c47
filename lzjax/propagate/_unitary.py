"""Dense matrices: the path of N levels, unitary or not."""

import math
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Inexact

from .._types import Scalar
from ..models import AbstractHamiltonian

_DEGREE = 16
_BLOCK = 4


def polynomial_expm(a: Inexact[Array, "N N"]) -> Inexact[Array, "N N"]:
    """exp(a) to rounding for ‖a‖ ≤ 0.7: Taylor of degree 16, in seven products."""
    identity = jnp.eye(a.shape[-1], dtype=a.dtype)
    powers = [identity, a]
    for _ in range(_BLOCK - 1):
        powers.append(powers[-1] @ a)
    total = identity / math.factorial(_DEGREE)
    for k in range(_DEGREE - _BLOCK, -1, -_BLOCK):
        low = sum(powers[j] / math.factorial(k + j) for j in range(_BLOCK))
        total = total @ powers[_BLOCK] + low
    return total


class Unitary(eqx.Module):
    """The group of N-level propagators."""

    model: AbstractHamiltonian

    # Largest squared norm of an exponent for which the Taylor polynomial holds.
    reach: ClassVar[float] = 0.7**2
    always_general: ClassVar[bool] = False

    def generator(self, t: Scalar) -> Complex[Array, "N N"]:
        return -1j * jnp.asarray(self.model(t), dtype=complex)

    @staticmethod
    def bracket(a: Complex[Array, "N N"], b: Complex[Array, "N N"]):
        return a @ b - b @ a

    @staticmethod
    def exponential(a: Complex[Array, "N N"], library: bool):
        """exp(a), and the squared Frobenius norm of a (at least its spectral norm)."""
        square = jnp.sum(a.real**2 + a.imag**2)
        return jax.scipy.linalg.expm(a) if library else polynomial_expm(a), square

    @staticmethod
    def size(a: Complex[Array, "N N"]) -> Scalar:
        """Frobenius norm of a generator: at least its spectral norm."""
        return jnp.sqrt(jnp.sum(a.real**2 + a.imag**2))

    def identity(self) -> Complex[Array, "N N"]:
        return jnp.eye(self.model.dim, dtype=complex)

    @staticmethod
    def distance(u: Complex[Array, "N N"], v: Complex[Array, "N N"]) -> Scalar:
        """Frobenius norm of the difference: at least the spectral one."""
        difference = u - v
        return jnp.sqrt(jnp.sum(difference.real**2 + difference.imag**2))

    @staticmethod
    def change(u, move, moved) -> Complex[Array, "N N"]:
        """How u changes, as u·(1 + change), if the next step is `moved`, not `move`."""
        return (move @ u).conj().T @ moved @ u

    def still(self) -> Complex[Array, "N N"]:
        """No change."""
        return jnp.zeros((self.model.dim, self.model.dim), complex)

    @staticmethod
    def carried(move, rates: Any) -> Any:
        """Earlier changes do not depend on later steps."""
        return rates

    @staticmethod
    def displaced(u, change: Complex[Array, "N N"]) -> Complex[Array, "N N"]:
        """The derivative of u·(1 + change), to first order in the change."""
        return u @ change

    @staticmethod
    def matrix(u: Complex[Array, "N N"]) -> Complex[Array, "N N"]:
        return u

    def normalised(self, u: Complex[Array, "N N"]) -> Complex[Array, "N N"]:
        """One Newton step to the nearest unitary matrix: undoes rounding only."""
        return 0.5 * u @ (3.0 * jnp.eye(u.shape[0]) - u.conj().T @ u)


class GeneralLinear(Unitary):
    """The semigroup of propagators of an H that is not Hermitian.

    Norms are not kept and nothing is undone: a change is carried along to the end.
    """

    @staticmethod
    def change(u, move, moved) -> Complex[Array, "N N"]:
        """What the propagator becomes if the next step is `moved`."""
        return moved @ u

    @staticmethod
    def carried(move, rates: Any) -> Any:
        """Earlier changes go through later steps."""
        return jax.tree.map(
            lambda rate: jnp.einsum("ij,jk...->ik...", move, rate), rates
        )

    @staticmethod
    def displaced(u, change: Complex[Array, "N N"]) -> Complex[Array, "N N"]:
        return change

    def normalised(self, u: Complex[Array, "N N"]) -> Complex[Array, "N N"]:
        """As it is."""
        return u
