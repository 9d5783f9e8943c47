"""Noise that changes during the sweep, averaged exactly."""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_not_negative, check_shape
from .._types import Scalar, as_scalar
from ..models import AbstractHamiltonian
from ..propagate import CommutatorFree4, solve
from ._channel import Jumps, Lindblad
from ._processes import OrnsteinUhlenbeck
from ._solve import as_density

SIGMA_Z = np.diag([1.0, -1.0])


class _BesideABit(AbstractHamiltonian):
    model: AbstractHamiltonian
    operator: Complex[Array, "N N"]
    amplitude: Scalar

    @property
    def dim(self) -> int:  # type: ignore[override]
        return 2 * self.model.dim

    def __call__(self, t: Scalar) -> Complex[Array, "M M"]:
        noise = self.amplitude * jnp.kron(self.operator, jnp.asarray(SIGMA_Z))
        return jnp.kron(self.model(t), jnp.eye(2)) + noise

    def breakpoints(self) -> Float[Array, " K"]:
        return self.model.breakpoints()

    def landmarks(self) -> Float[Array, " K"]:
        return self.model.landmarks()


def telegraph_noise(
    model: AbstractHamiltonian,
    operator: ArrayLike,
    amplitude: ArrayLike,
    switching_rate: ArrayLike,
) -> Lindblad:
    r"""A model under random telegraph noise, $H + b\,s(t)\,O$ with s = ±1 that flips
    at the rate k: an open system, whose average is exact.

    The sign is a classical bit beside the N levels. Start with `beside_a_bit(state)`
    and end with `without_the_bit(rho)`.

    **Arguments:** `operator` O, Hermitian, shape `(N, N)`: ½σz for noise of the
    detuning; `amplitude` b; `switching_rate` k, each way, so that
    ⟨s(t)s(0)⟩ = exp(−2k|t|).
    """
    check_shape("operator", operator, (model.dim, model.dim))
    check_not_negative("switching_rate", switching_rate)
    noisy = _BesideABit(model, jnp.asarray(operator, complex), as_scalar(amplitude))
    one, up = np.eye(model.dim), np.array([[0.0, 1.0], [0.0, 0.0]])
    flips = np.stack([np.kron(one, up), np.kron(one, up.T)])
    return Lindblad(noisy, Jumps(flips, as_scalar(switching_rate) * jnp.ones(2)))


def beside_a_bit(state: Any, dim: int) -> Complex[Array, "M M"]:
    """A start for `telegraph_noise`: the state (level, vector or density matrix)
    beside a bit that is as likely up as down."""
    return jnp.kron(as_density(state, dim), 0.5 * jnp.eye(2))


def without_the_bit(rho: Complex[Array, "M M"]) -> Complex[Array, "N N"]:
    """The density matrix of the levels alone."""
    dim = rho.shape[-1] // 2
    return jnp.einsum("ikjk->ij", rho.reshape(dim, 2, dim, 2))


class NoiseAverage(AbstractHamiltonian):
    r"""The exact average over Ornstein-Uhlenbeck noise, as one linear equation.

    The average of ρ times the n-th Hermite function of the noise, $\rho_n$, obeys
    $\dot\rho_n = -i[H,\rho_n] - n\lambda\rho_n - i\sigma[O,\sqrt{n+1}\,\rho_{n+1} +
    \sqrt n\,\rho_{n-1}]$, cut off at `orders`. ρ₀ is what is measured. Not
    Hermitian, of dimension N²·orders; finite windows. `average` solves it.

    **Arguments:** `model`, N levels; `noise`; `orders`: converged when more change
    nothing; 8 serve for σ = 1, λ = 2, slower noise needs more. The cost grows as the
    third power.

    Source: Kubo, J. Math. Phys. 4, 174 (1963), doi:10.1063/1.1703941.
    """

    model: AbstractHamiltonian
    noise: OrnsteinUhlenbeck
    orders: int = eqx.field(static=True, default=20)

    convention: ClassVar[str] = "H = i × the generator of the averaged ρ, ħ = 1"

    @property
    def dim(self) -> int:  # type: ignore[override]
        return self.model.dim**2 * self.orders

    @property
    def is_hermitian(self) -> bool:
        return False

    def __call__(self, t: Scalar) -> Complex[Array, "M M"]:
        n = np.arange(self.orders)
        ladder = np.sqrt(n[1:])
        ladder = jnp.asarray(np.diag(ladder, 1) + np.diag(ladder, -1))
        one = jnp.eye(self.model.dim**2)
        decay = jnp.kron(jnp.diag(jnp.asarray(n, dtype=float)), one)
        kicks = jnp.kron(ladder, _commutator(self.noise.operator))
        still = jnp.kron(jnp.eye(self.orders), _commutator(self.model(t)))
        rate, spread = self.noise.correlation_rate, self.noise.spread
        return still + spread * kicks - 1j * rate * decay

    def breakpoints(self) -> Float[Array, " K"]:
        return self.model.breakpoints()

    def landmarks(self) -> Float[Array, " K"]:
        return self.model.landmarks()

    def average(
        self, state: Any, t0: ArrayLike, t1: ArrayLike, **options: Any
    ) -> Complex[Array, "N N"]:
        """⟨ρ(t1)⟩ from a state (level, vector or density matrix) at t0.

        The noise is stationary at t0. `options` are those of `lz.solve`; the solver is
        `lz.CommutatorFree4()` if they name no other.

        **Raises:** as `lz.solve`, and `RuntimeError` if the tolerance is not met.
        """
        dim = self.model.dim
        rho = as_density(state, dim).reshape(-1)
        start = jnp.concatenate([rho, jnp.zeros(self.dim - dim**2, complex)])
        # Short steps suit its many, widely spread eigenvalues.
        options = {"solver": CommutatorFree4()} | options
        u = solve(self, t0, t1, **options).checked().propagator
        return (u @ start)[: dim**2].reshape(dim, dim)


def _commutator(matrix: Complex[Array, "N N"]) -> Complex[Array, "M M"]:
    """[matrix, ·] on the rows of ρ, one after the other."""
    one = jnp.eye(matrix.shape[0])
    return jnp.kron(matrix, one) - jnp.kron(one, matrix.T)
