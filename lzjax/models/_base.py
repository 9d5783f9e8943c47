"""What evolves: a Hamiltonian as a function of time, and the algebra of such."""

import abc
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from .._types import Scalar, as_scalar, readable

Field = tuple[Scalar, Scalar, Scalar]


class AbstractHamiltonian(eqx.Module):
    """A Hamiltonian H(t) with ħ = 1: data as leaves, one method.

    A model is never batched inside: batches come from `jax.vmap` over its leaves.
    Models add (`a + b`), move (`shifted`) and stretch (`stretched`) in time.
    """

    dim: eqx.AbstractVar[int]

    # What the numbers of the model mean; shown beside them.
    convention: ClassVar[str] = "H(t) as a matrix, ħ = 1"

    def __repr__(self) -> str:
        return f"{readable(self)}  # {self.convention}"

    @abc.abstractmethod
    def __call__(self, t: Scalar) -> Complex[Array, "N N"]:
        """H(t), shape `(dim, dim)`, energy (ħ = 1)."""

    @property
    def is_hermitian(self) -> bool:
        """Whether H is meant to be Hermitian; only then the evolution is unitary."""
        return True

    def breakpoints(self) -> Float[Array, " K"]:
        """Times where H or a derivative of it jumps. No step straddles one."""
        return jnp.zeros(0)

    def landmarks(self) -> Float[Array, " K"]:
        """Times near which something happens: kinks, crossings, pulses.

        Infinite windows look for their ends outside of these, and step control looks
        at them first. Of a pulse: its middle, and both sides where nothing of it is
        left that matters, as longer steps beyond may not see it. Not needed for what is
        near t = 0 and no narrower than a hundredth of the window.
        """
        return self.breakpoints()

    def __add__(self, other: "AbstractHamiltonian") -> "AbstractHamiltonian":
        return _add(self, other)

    def shifted(self, delay: Scalar) -> "AbstractHamiltonian":
        """The same model, later by `delay`: H(t − delay)."""
        return _retimed(self, delay, 1.0)

    def stretched(self, factor: Scalar) -> "AbstractHamiltonian":
        """The same model, slower by `factor` (> 0): H(t / factor)."""
        return _retimed(self, 0.0, factor)


class AbstractTwoLevel(AbstractHamiltonian):
    r"""Two levels given by their field, $H = \tfrac12\,w(t)\cdot\sigma$.

    Level 0 is (1, 0), spin up. Giving the field instead of a matrix is all that
    it takes to be on the fast path: four real numbers, no complex arithmetic.
    """

    dim: ClassVar[int] = 2
    convention: ClassVar[str] = "H = ½ (wx σx + wy σy + wz σz), ħ = 1"

    @abc.abstractmethod
    def field(self, t: Scalar) -> Field:
        """The three components (wx, wy, wz) at time t, energies (ħ = 1)."""

    def __call__(self, t: Scalar) -> Complex[Array, "2 2"]:
        x, y, z = self.field(t)
        flip = jnp.asarray(x) + 1j * jnp.asarray(y)
        return 0.5 * jnp.array([[z, jnp.conj(flip)], [flip, -jnp.asarray(z)]])


def _add(a: AbstractHamiltonian, b: AbstractHamiltonian) -> AbstractHamiltonian:
    """H = Hₐ + H_b; two two-level models stay on the fast path."""
    if not isinstance(b, AbstractHamiltonian):
        raise TypeError(f"a model adds to a model, got {type(b).__name__}.")
    if a.dim != b.dim:
        raise ValueError(
            "models add only with equal numbers of levels, got "
            f"{type(a).__name__} with {a.dim} and {type(b).__name__} with {b.dim}."
        )
    if isinstance(a, AbstractTwoLevel) and isinstance(b, AbstractTwoLevel):
        return _TwoLevelSum(a, b)
    return _Sum(a, b)


def _retimed(model: AbstractHamiltonian, delay, factor) -> AbstractHamiltonian:
    """H((t − delay) / factor)."""
    if isinstance(model, AbstractTwoLevel):
        return _TwoLevelRetimed(model, delay, factor)
    return _Retimed(model, delay, factor)


class _Sum(AbstractHamiltonian):
    a: AbstractHamiltonian
    b: AbstractHamiltonian

    @property
    def dim(self) -> int:  # type: ignore[override]
        return self.a.dim

    @property
    def is_hermitian(self) -> bool:
        return self.a.is_hermitian and self.b.is_hermitian

    def __call__(self, t: Scalar) -> Complex[Array, "N N"]:
        return self.a(t) + self.b(t)

    def breakpoints(self) -> Float[Array, " K"]:
        return jnp.concatenate([self.a.breakpoints(), self.b.breakpoints()])

    def landmarks(self) -> Float[Array, " K"]:
        return jnp.concatenate([self.a.landmarks(), self.b.landmarks()])


class _TwoLevelSum(AbstractTwoLevel):
    a: AbstractTwoLevel
    b: AbstractTwoLevel

    def field(self, t: Scalar) -> Field:
        (ax, ay, az), (bx, by, bz) = self.a.field(t), self.b.field(t)
        return ax + bx, ay + by, az + bz

    def breakpoints(self) -> Float[Array, " K"]:
        return jnp.concatenate([self.a.breakpoints(), self.b.breakpoints()])

    def landmarks(self) -> Float[Array, " K"]:
        return jnp.concatenate([self.a.landmarks(), self.b.landmarks()])


class _Retimed(AbstractHamiltonian):
    inner: AbstractHamiltonian
    delay: Scalar = eqx.field(converter=as_scalar)
    factor: Scalar = eqx.field(converter=as_scalar)

    @property
    def dim(self) -> int:  # type: ignore[override]
        return self.inner.dim

    @property
    def is_hermitian(self) -> bool:
        return self.inner.is_hermitian

    def __call__(self, t: Scalar) -> Complex[Array, "N N"]:
        return self.inner((t - self.delay) / self.factor)

    def breakpoints(self) -> Float[Array, " K"]:
        return self.inner.breakpoints() * self.factor + self.delay

    def landmarks(self) -> Float[Array, " K"]:
        return self.inner.landmarks() * self.factor + self.delay


class _TwoLevelRetimed(AbstractTwoLevel):
    inner: AbstractTwoLevel
    delay: Scalar = eqx.field(converter=as_scalar)
    factor: Scalar = eqx.field(converter=as_scalar)

    def field(self, t: Scalar) -> Field:
        return self.inner.field((t - self.delay) / self.factor)

    def breakpoints(self) -> Float[Array, " K"]:
        return self.inner.breakpoints() * self.factor + self.delay

    def landmarks(self) -> Float[Array, " K"]:
        return self.inner.landmarks() * self.factor + self.delay
