"""Random processes that disturb a Hamiltonian, and their paths."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, PRNGKeyArray

from .._checks import check_not_negative, check_positive, check_steps
from .._types import Scalar, as_scalar, readable
from ._channel import Jumps


class AbstractProcess(eqx.Module):
    """A random term of the Hamiltonian; `+` adds independent ones.

    A new process is a class with this one method.
    """

    def __repr__(self) -> str:
        return readable(self)

    @abc.abstractmethod
    def perturbations(
        self, key: PRNGKeyArray, edges: Float[Array, " K+1"]
    ) -> Complex[Array, "K N N"]:
        """One path: its mean over each of the equal intervals between the edges."""

    def __add__(self, other: "AbstractProcess") -> "AbstractProcess":
        return ProcessSum((self, other))


class ProcessSum(AbstractProcess):
    """Independent processes at once."""

    parts: tuple[AbstractProcess, ...]

    def perturbations(self, key, edges):
        keys = jax.random.split(key, len(self.parts))
        paths = [
            part.perturbations(k, edges)
            for part, k in zip(self.parts, keys, strict=True)
        ]
        return sum(paths[1:], start=paths[0])


class AbstractScalarProcess(AbstractProcess):
    """A random number times one operator."""

    operator: eqx.AbstractVar[Complex[Array, "N N"]]

    @abc.abstractmethod
    def values(
        self, key: PRNGKeyArray, edges: Float[Array, " K+1"]
    ) -> Float[Array, " K"]:
        """The mean of the number over each interval, on one path."""

    def perturbations(self, key, edges):
        return self.values(key, edges)[:, None, None] * self.operator[None]


class WhiteNoise(AbstractScalarProcess):
    r"""$\langle\xi(t)\xi(0)\rangle = S\,\delta(t)$.

    **Arguments:** `operator`: what it multiplies, Hermitian, shape `(N, N)`;
    `strength`: S, energy² times time. With ½σz the coherence decays at S/2.

    Its exact average is the Lindblad equation with `jumps()`.
    """

    operator: Complex[Array, "N N"]
    strength: Scalar = eqx.field(converter=as_scalar)

    def __init__(self, operator: ArrayLike, strength: ArrayLike):
        check_not_negative("strength", strength)
        self.operator, self.strength = _operator(operator), strength

    def values(self, key, edges):
        normals = jax.random.normal(key, (edges.shape[0] - 1,))
        return jnp.sqrt(self.strength / jnp.abs(edges[1] - edges[0])) * normals

    def jumps(self) -> Jumps:
        """For `lz.Lindblad`: the average over all paths."""
        return Jumps(self.operator[None], self.strength[None])


class OrnsteinUhlenbeck(AbstractScalarProcess):
    r"""Gaussian noise with $\langle\xi(t)\xi(0)\rangle = \sigma^2e^{-\lambda|t|}$.

    **Arguments:**

    - `operator`: what it multiplies, Hermitian, shape `(N, N)`: ½σz for noise of the
      detuning, ½σx for noise of the gap.
    - `spread`: σ, energy.
    - `correlation_rate`: λ, 1/time, positive. White noise is its limit at constant
      σ²/λ, which dephases at the rate γ = σ²/λ (for ½σz).

    Its exact average is `NoiseAverage`.
    """

    operator: Complex[Array, "N N"]
    spread: Scalar = eqx.field(converter=as_scalar)
    correlation_rate: Scalar = eqx.field(converter=as_scalar)

    def __init__(
        self, operator: ArrayLike, spread: ArrayLike, correlation_rate: ArrayLike
    ):
        check_positive("correlation_rate", correlation_rate)
        self.operator = _operator(operator)
        self.spread, self.correlation_rate = spread, correlation_rate

    def values(self, key, edges):
        return self.spread * _coloured(key, edges, self.correlation_rate)


class RandomTelegraph(AbstractScalarProcess):
    r"""$b\,s(t)$, s = ±1, which flips at the rate k: $\langle s(t)s(0)\rangle =
    e^{-2k|t|}$. Its exact average is `telegraph_noise`.

    **Arguments:** `operator`, Hermitian, shape `(N, N)`; `amplitude` b;
    `switching_rate` k. The sign is taken at the middle of each interval, which asks
    for intervals well below 1/k.
    """

    operator: Complex[Array, "N N"]
    amplitude: Scalar = eqx.field(converter=as_scalar)
    switching_rate: Scalar = eqx.field(converter=as_scalar)

    def __init__(
        self, operator: ArrayLike, amplitude: ArrayLike, switching_rate: ArrayLike
    ):
        check_not_negative("switching_rate", switching_rate)
        self.operator = _operator(operator)
        self.amplitude, self.switching_rate = amplitude, switching_rate

    def values(self, key, edges):
        # An odd number of flips in a time h: (1 − e^{−2kh})/2.
        length = jnp.abs(edges[1] - edges[0])
        odd = -0.5 * jnp.expm1(-2.0 * self.switching_rate * length)
        draws = jax.random.uniform(key, (edges.shape[0] - 1,))
        turns = jnp.where(draws < odd, -1.0, 1.0).at[0].set(jnp.sign(draws[0] - 0.5))
        return self.amplitude * jnp.cumprod(turns)


class OneOverF(AbstractScalarProcess):
    r"""Noise with a spectrum ∝ 1/f between two rates: independent Ornstein-Uhlenbeck
    processes of equal variance, at rates $\lambda_j$ equally spaced in the logarithm.

    $$S(\omega) = \frac{\sigma^2}{n}\sum_j\frac{2\lambda_j}{\lambda_j^2 + \omega^2}
      \approx \frac{n-1}{n}\,\frac{\pi\sigma^2}{|\omega|\ln(\lambda_n/\lambda_1)}$$

    **Arguments:** `operator`, Hermitian, shape `(N, N)`; `spread`: σ, of the sum;
    `slowest`, `fastest`: $\lambda_1 < \lambda_n$, 1/time; `processes`: n. With one a
    decade S·ω ripples by 6 %, with two by 0.1 %. A decade from the ends of the band it
    has fallen by some 6 %.

    Source: Paladino, Galperin, Falci & Altshuler, Rev. Mod. Phys. 86, 361 (2014).
    """

    operator: Complex[Array, "N N"]
    spread: Scalar = eqx.field(converter=as_scalar)
    slowest: Scalar = eqx.field(converter=as_scalar)
    fastest: Scalar = eqx.field(converter=as_scalar)
    processes: int = eqx.field(static=True, default=12)

    def __init__(
        self,
        operator: ArrayLike,
        spread: ArrayLike,
        slowest: ArrayLike,
        fastest: ArrayLike,
        processes: int = 12,
    ):
        check_positive("slowest", slowest)
        check_positive("fastest", fastest)
        check_steps("processes", processes)
        self.operator, self.spread = _operator(operator), spread
        self.slowest, self.fastest, self.processes = slowest, fastest, processes

    def rates(self) -> Float[Array, " n"]:
        """The correlation rates of the processes."""
        parts = jnp.linspace(0.0, 1.0, self.processes)
        return self.slowest * (self.fastest / self.slowest) ** parts

    def spectrum(self, angular_frequency: ArrayLike) -> Float[Array, "*batch"]:
        """S(ω), the transform of ⟨ξ(t)ξ(0)⟩."""
        omega = jnp.asarray(angular_frequency, dtype=float)
        lines = [2.0 * rate / (rate**2 + omega**2) for rate in self.rates()]
        return self.spread**2 / self.processes * sum(lines[1:], start=lines[0])

    def values(self, key, edges):
        keys = jax.random.split(key, self.processes)
        paths = jax.vmap(_coloured, (0, None, 0))(keys, edges, self.rates())
        return self.spread / np.sqrt(self.processes) * jnp.sum(paths, axis=0)


def _operator(operator: ArrayLike) -> Complex[Array, "N N"]:
    matrix = jnp.asarray(operator, dtype=complex)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"`operator` must have shape (N, N), got {matrix.shape}.")
    return matrix


def _coloured(key, edges, rate):
    """The means over the intervals of a stationary Ornstein-Uhlenbeck process of unit
    variance: exact, for intervals of any length.

    The value at the end of an interval and its integral are jointly Gaussian, given the
    value at the start.
    """
    count = edges.shape[0] - 1
    h = rate * jnp.abs(edges[1] - edges[0])
    left = -jnp.expm1(-h)
    spread = jnp.sqrt(-jnp.expm1(-2.0 * h))
    shared = left**2 / spread
    # 2h − 3 + 4e^{−h} − e^{−2h} − left⁴/spread² = h³/6 for short intervals.
    rest = 2.0 * h - 2.0 * left - left**2 - shared**2
    rest = jnp.where(h < 1e-2, h**3 / 6.0 * (1.0 - 0.5 * h), rest)
    first, last = jax.random.normal(key, (count + 1, 2)), jnp.sqrt(jnp.maximum(rest, 0))

    def follow(x, normals):
        integral = left * x + shared * normals[0] + last * normals[1]
        return (1.0 - left) * x + spread * normals[0], integral / h

    return jax.lax.scan(follow, first[0, 0], first[1:])[1]
