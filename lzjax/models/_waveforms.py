"""Real or complex functions of time: what detunings and couplings are made of."""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Inexact

from .._types import Scalar, as_complex_or_real_scalar, as_scalar

Number = Inexact[Array, ""]


class AbstractWaveform(eqx.Module):
    """A function of time. Waveforms add, scale, move and stretch."""

    @abc.abstractmethod
    def __call__(self, t: Scalar) -> Number:
        """The value at time t."""

    def breakpoints(self) -> Float[Array, " K"]:
        """Times where the value or a derivative of it jumps."""
        return jnp.zeros(0)

    @property
    def is_continuous(self) -> bool:
        """Whether only derivatives jump at the breakpoints: then it does not matter to
        first order where steps end, and derivatives leave the breakpoints out."""
        return type(self).breakpoints is AbstractWaveform.breakpoints

    def landmarks(self) -> Float[Array, " K"]:
        """Times near which something happens; see `AbstractHamiltonian`."""
        return self.breakpoints()

    def __add__(self, other: Any) -> "AbstractWaveform":
        return _Sum((self, as_waveform(other)))

    __radd__ = __add__

    def __mul__(self, factor: Any) -> "AbstractWaveform":
        return _Scaled(self, factor)

    __rmul__ = __mul__

    def __neg__(self) -> "AbstractWaveform":
        return _Scaled(self, -1.0)

    def __sub__(self, other: Any) -> "AbstractWaveform":
        return self + (-as_waveform(other))

    def shifted(self, delay: Any) -> "AbstractWaveform":
        """The same waveform, later by `delay`: f(t − delay)."""
        return _Retimed(self, delay, 1.0)

    def stretched(self, factor: Any) -> "AbstractWaveform":
        """The same waveform, slower by `factor` (> 0): f(t / factor)."""
        return _Retimed(self, 0.0, factor)


class Constant(AbstractWaveform):
    """f(t) = value; complex values are allowed where a coupling stands."""

    value: Number = eqx.field(converter=as_complex_or_real_scalar)

    def __call__(self, t: Scalar) -> Number:
        return self.value


class Linear(AbstractWaveform):
    """f(t) = rate · t + offset."""

    rate: Scalar = eqx.field(converter=as_scalar)
    offset: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def __call__(self, t: Scalar) -> Number:
        return self.rate * t + self.offset

    def landmarks(self) -> Float[Array, " 1"]:
        moves = self.rate != 0
        return jnp.where(moves, -self.offset / jnp.where(moves, self.rate, 1.0), 0)[
            None
        ]


class Sinusoid(AbstractWaveform):
    """f(t) = amplitude · cos(angular_frequency · t + phase) + offset."""

    amplitude: Scalar = eqx.field(converter=as_scalar)
    angular_frequency: Scalar = eqx.field(converter=as_scalar)
    phase: Scalar = eqx.field(converter=as_scalar, default=0.0)
    offset: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def __call__(self, t: Scalar) -> Number:
        angle = self.angular_frequency * t + self.phase
        return self.amplitude * jnp.cos(angle) + self.offset


class FunctionWaveform(AbstractWaveform):
    """A user's own f(t) = function(t, parameters), differentiable in `parameters`.

    **Arguments:**

    - `function`: pure JAX function of a time and a pytree.
    - `parameters`: any pytree; its array leaves are differentiated and batched.
    - `breakpoints`: times of kinks and jumps, shape `(K,)`.
    """

    function: Callable[[Scalar, Any], Number] = eqx.field(static=True)
    parameters: Any = None
    kinks: Float[Array, " K"]

    def __init__(self, function, parameters=None, breakpoints=()):
        self.function = function
        self.parameters = as_arrays(parameters)
        self.kinks = jnp.asarray(breakpoints, dtype=float).reshape(-1)

    def __call__(self, t: Scalar) -> Number:
        return jnp.asarray(self.function(t, self.parameters))

    def breakpoints(self) -> Float[Array, " K"]:
        return self.kinks

    @property
    def is_continuous(self) -> bool:
        return not self.kinks.shape[0]


class _Sum(AbstractWaveform):
    terms: tuple[AbstractWaveform, ...]

    def __call__(self, t: Scalar) -> Number:
        total = self.terms[0](t)
        for term in self.terms[1:]:
            total = total + term(t)
        return total

    def breakpoints(self) -> Float[Array, " K"]:
        return jnp.concatenate([term.breakpoints() for term in self.terms])

    @property
    def is_continuous(self) -> bool:
        return all(term.is_continuous for term in self.terms)

    def landmarks(self) -> Float[Array, " K"]:
        return jnp.concatenate([term.landmarks() for term in self.terms])


class _Scaled(AbstractWaveform):
    inner: AbstractWaveform
    factor: Number = eqx.field(converter=as_complex_or_real_scalar)

    def __call__(self, t: Scalar) -> Number:
        return self.factor * self.inner(t)

    def breakpoints(self) -> Float[Array, " K"]:
        return self.inner.breakpoints()

    @property
    def is_continuous(self) -> bool:
        return self.inner.is_continuous

    def landmarks(self) -> Float[Array, " K"]:
        return self.inner.landmarks()


class _Retimed(AbstractWaveform):
    inner: AbstractWaveform
    delay: Scalar = eqx.field(converter=as_scalar)
    factor: Scalar = eqx.field(converter=as_scalar)

    def __call__(self, t: Scalar) -> Number:
        return self.inner((t - self.delay) / self.factor)

    def breakpoints(self) -> Float[Array, " K"]:
        times = self.inner.breakpoints() * self.factor + self.delay
        return jax.lax.stop_gradient(times) if self.is_continuous else times

    @property
    def is_continuous(self) -> bool:
        return self.inner.is_continuous

    def landmarks(self) -> Float[Array, " K"]:
        return self.inner.landmarks() * self.factor + self.delay


def as_waveform(value: Any) -> AbstractWaveform:
    """A waveform as it is, a number as a constant."""
    if isinstance(value, AbstractWaveform):
        return value
    if callable(value):
        raise TypeError(
            f"got the function {value!r} where a waveform or a number is needed; "
            "wrap it: lz.models.FunctionWaveform(function, parameters)."
        )
    return Constant(value)


def as_arrays(tree: Any) -> Any:
    """Python numbers in a pytree become float64 leaves, so that they batch."""

    def convert(leaf):
        if isinstance(leaf, bool) or not isinstance(leaf, int | float | complex):
            return leaf
        return as_complex_or_real_scalar(leaf)

    return jax.tree.map(convert, tree)
