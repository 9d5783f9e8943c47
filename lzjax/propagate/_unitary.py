"""Matrices as groups and semigroups: the path of N levels, unitary or not."""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex

from .._types import Scalar
from ..models import AbstractHamiltonian
from ._cos_sinc import Trigonometry
from ._matrix import (
    TAYLOR,
    TAYLOR_REACH,
    TURNS,
    TURNS_REACH,
    Matrix,
    as_matrix,
    expm,
)


class Matrices:
    """What all groups and semigroups of matrices share."""

    # The exponential as a polynomial, and the largest norm for which it holds.
    coefficients: ClassVar[tuple[float, ...]] = TAYLOR
    reach: ClassVar[float] = TAYLOR_REACH
    scalars: ClassVar[bool] = False
    reversible: ClassVar[bool] = True
    # Numbers that a core's cache holds of each matrix of a block.
    cached: ClassVar[int] = 1024

    @staticmethod
    def bracket(a: Matrix, b: Matrix) -> Matrix:
        return a @ b - b @ a

    @classmethod
    def exponential(cls, a: Matrix, way: Trigonometry) -> tuple[Matrix, Scalar]:
        """exp(a), and the squared Frobenius norm of a; there is one way for all a."""
        return expm(a, cls.coefficients, cls.reach), a.square()

    @classmethod
    def exponential_rates(cls, a: Matrix, changes: list[Matrix], way: Trigonometry):
        """exp(a), its rates along `changes`, or along the first axis of a change that
        has one more; and the squared norm."""

        def along(change):
            return jax.jvp(lambda a: cls.exponential(a, way)[0], (a,), (change,))

        rates = []
        for change in changes:
            if change.real.ndim == a.real.ndim:
                move, turn = along(change)
                rates.append(cls.rate(move, turn))
            else:
                move, turns = jax.vmap(along, out_axes=(None, 0))(change)
                rates.append(jax.vmap(cls.rate, (None, 0))(move, turns))
        return move, rates, a.square()

    @staticmethod
    @abc.abstractmethod
    def rate(move: Matrix, turn: Matrix) -> Matrix:
        """What is kept of `turn`, the derivative of a step `move`."""

    @classmethod
    def pulled(cls, a: Matrix, cotangent: Matrix, way: Trigonometry):
        """What a cotangent of the displacement of a step makes one of a, which is
        anti-Hermitian: ∫ e^{sa} w e^{−sa} ds over 0 ≤ s ≤ 1. And e^{a} w e^{−a}, the
        cotangent as it stands for what comes later."""
        move, turn = jax.jvp(lambda a: cls.exponential(a, way)[0], (a,), (cotangent,))
        back = move.dagger()
        return turn @ back, move @ cotangent @ back

    @staticmethod
    def size(a: Matrix) -> Scalar:
        """Frobenius norm of a generator: at least its spectral norm."""
        return jnp.sqrt(a.square())

    @staticmethod
    def distance(u: Matrix, v: Matrix) -> Scalar:
        """Frobenius norm of the difference: at least the spectral one."""
        return jnp.sqrt((u - v).square())


class Irreversible(Matrices):
    """What all semigroups share: a change is carried along to the end, for nothing
    can be undone, and norms are not kept."""

    reversible: ClassVar[bool] = False

    @staticmethod
    def extrapolated(fine: Matrix, coarse: Matrix, gain: float) -> Matrix:
        """The finer one as it is: what keeps it positive would be lost."""
        return fine

    @staticmethod
    def rate(move: Matrix, turn: Matrix) -> Matrix:
        """The derivative of a step as it is."""
        return turn

    @staticmethod
    def joined(u: Matrix, rate: Matrix, later: Matrix, more: Matrix) -> Matrix:
        """The derivative of later·u, from those of both."""
        return later @ rate + more @ u

    @classmethod
    def pulled_from(cls, a: Matrix, u: Matrix, cotangent: Matrix, way: Trigonometry):
        """What a cotangent w of e^{a}·u makes one of a: ∫ e^{sa†} w u† e^{(1−s)a†} ds
        over 0 ≤ s ≤ 1. And e^{a†} w, that of u."""
        back, part = jax.jvp(
            lambda a: cls.exponential(a, way)[0],
            (a.dagger(),),
            (cotangent @ u.dagger(),),
        )
        return part, back @ cotangent

    @staticmethod
    def displaced(u: Matrix, change: Matrix) -> Matrix:
        return change

    def normalised(self, u: Matrix) -> Matrix:
        """As it is."""
        return u


class Unitary(Matrices, eqx.Module):
    """The group of N-level propagators."""

    model: AbstractHamiltonian

    coefficients: ClassVar[tuple[float, ...]] = TURNS
    reach: ClassVar[float] = TURNS_REACH

    def generator(self, t: Scalar) -> Matrix:
        hamiltonian = jnp.asarray(self.model(t), dtype=complex)
        return Matrix(jnp.imag(hamiltonian), -jnp.real(hamiltonian))

    def identity(self) -> Matrix:
        return as_matrix(jnp.eye(self.model.dim, dtype=complex))

    def still(self) -> Matrix:
        """No change."""
        return as_matrix(jnp.zeros((self.model.dim, self.model.dim), complex))

    @staticmethod
    def extrapolated(fine: Matrix, coarse: Matrix, gain: float) -> Matrix:
        """What the leading error of both leads to; unitary to higher order only."""
        return fine + (fine - coarse).scaled(gain)

    @staticmethod
    def rate(move: Matrix, turn: Matrix) -> Matrix:
        """The derivative `turn` of a step as move·(1 + rate)."""
        return move.dagger() @ turn

    @staticmethod
    def joined(u: Matrix, rate: Matrix, later: Matrix, more: Matrix) -> Matrix:
        """The rate of later·u, from those of both: carried to the start, they add."""
        return rate + u.dagger() @ more @ u

    @staticmethod
    def displaced(u: Matrix, change: Matrix) -> Matrix:
        """The derivative of u·(1 + change), to first order in the change."""
        return u @ change

    @staticmethod
    def matrix(u: Matrix) -> Complex[Array, "N N"]:
        return u.array()

    def normalised(self, u: Matrix) -> Matrix:
        """One Newton step to the nearest unitary matrix: undoes rounding only."""
        return u @ (1.5 * self.identity() - 0.5 * (u.dagger() @ u))


class GeneralLinear(Irreversible, Unitary):
    """The semigroup of propagators of an H that is not Hermitian."""

    coefficients: ClassVar[tuple[float, ...]] = TAYLOR
    reach: ClassVar[float] = TAYLOR_REACH
