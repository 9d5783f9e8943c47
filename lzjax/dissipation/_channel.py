"""Open systems: quantum channels as real matrices, a group for the propagators."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_shape, is_concrete
from .._types import Scalar, readable
from ..models import AbstractHamiltonian
from ..propagate._matrix import Matrix
from ..propagate._unitary import Irreversible


def hermitian_basis(dim: int) -> np.ndarray:
    """An orthonormal basis of Hermitian matrices, tr(Bₐ B_b) = δ_ab, B₀ ∝ 1; for two
    levels the Pauli matrices over √2. Shape `(dim², dim, dim)`."""
    basis = [np.eye(dim, dtype=complex) / np.sqrt(dim)]
    for j in range(dim):
        for k in range(j + 1, dim):
            for value in (1.0, -1j):
                matrix = np.zeros((dim, dim), complex)
                matrix[j, k], matrix[k, j] = value, np.conj(value)
                basis.append(matrix / np.sqrt(2.0))
    for k in range(1, dim):
        diagonal = np.concatenate([np.ones(k), [-k], np.zeros(dim - k - 1)])
        basis.append(np.diag(diagonal).astype(complex) / np.sqrt(k * (k + 1.0)))
    return np.stack(basis)


class Jumps(eqx.Module):
    """Constant jump operators with their rates; `+` collects them.

    **Arguments:**

    - `operators`: shape `(K, N, N)`, without dimension.
    - `rates`: shape `(K,)`, 1/time, not negative. Kept apart from the operators, so
      that derivatives exist at a rate of zero.
    """

    operators: Complex[Array, "K N N"]
    rates: Float[Array, " K"]

    def __init__(self, operators, rates):
        self.operators = jnp.asarray(operators, dtype=complex)
        self.rates = jnp.asarray(rates, dtype=float)
        shape = self.operators.shape
        if len(shape) != 3 or shape[1] != shape[2] or self.rates.shape != shape[:1]:
            raise ValueError(
                "Jumps need operators of shape (K, N, N) and rates of shape (K,), got "
                f"{shape} and {self.rates.shape}."
            )
        if is_concrete(self.rates) and not np.all(np.asarray(self.rates) >= 0):
            raise ValueError(f"rates must not be negative, got {self.rates}.")

    def __repr__(self) -> str:
        return readable(self)

    def __add__(self, other: "Jumps") -> "Jumps":
        return Jumps(
            jnp.concatenate([self.operators, other.operators]),
            jnp.concatenate([self.rates, other.rates]),
        )


def dephasing(rate: ArrayLike, dim: int = 2) -> Jumps:
    """Pure dephasing: every coherence between diabatic levels decays as
    exp(−rate · t). For two levels this is L = √(rate/2) σz.

    It matters far sooner than "slower than the crossing" sounds: at gap = sweep rate =
    1, where a jump takes 3.08, rates of 0.1 and 1 turn a survival of 0.208 into 0.284
    and 0.495 (−20 to 20). Strong: `lz.exact.strong_dephasing`."""
    check_shape("rate", rate, (), "One rate for all levels; others are `Jumps`.")
    levels = jnp.eye(dim, dtype=complex)
    return Jumps(
        jnp.einsum("ki,kj->kij", levels, levels), jnp.asarray(rate) * jnp.ones(dim)
    )


def relaxation(rate: ArrayLike, source: int, target: int, dim: int = 2) -> Jumps:
    """Decay from level `source` to level `target` at `rate`.

    Between the eigenstates of the moment: in an `lz.models.AdiabaticFrame`, from level
    0 to 1. A jump decays as it stands: at gap = sweep rate = 1 and a relaxation time
    of 100 the upper state holds 0.17050 at t = 20, P·exp(−t/T₁) is 0.17020."""
    check_shape("rate", rate, (), "Jumps add: one `relaxation` for each decay.")
    for name, level in (("source", source), ("target", target)):
        # JAX drops what is written outside of an array, without a word.
        if level not in range(dim):
            raise ValueError(
                f"`{name}` must be a level from 0 to {dim - 1}, got {level!r}."
            )
    jump = jnp.zeros((1, dim, dim), complex).at[0, target, source].set(1.0)
    return Jumps(jump, jnp.asarray(rate)[None])


class Lindblad(eqx.Module):
    r"""A Hamiltonian with constant jump operators,
    $\dot\rho = -i[H(t),\rho] + \sum_k\gamma_k\left(L_k\rho L_k^\dagger
    - \tfrac12\{L_k^\dagger L_k,\rho\}\right)$.

    **Arguments:**

    - `model`: the Hamiltonian, N levels.
    - `jumps`: see `Jumps`, `dephasing` and `relaxation`.

    **Raises:** `ValueError` if the numbers of levels disagree.

    Source: Lindblad, Commun. Math. Phys. 48, 119 (1976), doi:10.1007/BF01608499.
    """

    model: AbstractHamiltonian
    jumps: Jumps

    def __check_init__(self):
        if self.jumps.operators.shape[-1] != self.model.dim:
            raise ValueError(
                f"the jump operators have {self.jumps.operators.shape[-1]} levels, the "
                f"model has {self.model.dim}."
            )

    def __repr__(self) -> str:
        return f"{readable(self)}  # {self.model.convention}"

    @property
    def dim(self) -> int:
        return self.model.dim

    def breakpoints(self) -> Float[Array, " K"]:
        return self.model.breakpoints()

    def landmarks(self) -> Float[Array, " K"]:
        return self.model.landmarks()

    def dissipator(self) -> Float[Array, "M M"]:
        """The part without H, as a matrix in the Hermitian basis, M = N²."""
        basis = jnp.asarray(hermitian_basis(self.dim))
        jumps, rates = self.jumps.operators, self.jumps.rates
        lost = jnp.einsum("k,kji,kjl->il", rates, jumps.conj(), jumps)
        after = jnp.einsum("k,kij,bjl,kml->bim", rates, jumps, basis, jumps.conj())
        after -= 0.5 * (lost @ basis + basis @ lost)
        return jnp.real(jnp.einsum("aij,bji->ab", basis, after))


class Channel(Irreversible, eqx.Module):
    """The semigroup of channels of a Lindblad equation, matrices of size N²."""

    model: Lindblad
    dissipator: Float[Array, "M M"]

    def __init__(self, model: Lindblad):
        self.model = model
        self.dissipator = model.dissipator()

    def generator(self, t: Scalar) -> Matrix:
        basis = hermitian_basis(self.model.dim)
        # f_cab = −i tr(Bₐ [B_c, B_b]): the commutator with H is linear in H.
        products = np.einsum("aij,cjk,bki->cab", basis, basis, basis)
        flipped = np.einsum("aij,bjk,cki->cab", basis, basis, basis)
        structure = np.real(-1j * (products - flipped))
        matrix = jnp.asarray(self.model.model(t), dtype=complex)
        parts = jnp.real(jnp.einsum("cij,ji->c", jnp.asarray(basis), matrix))
        turning = jnp.tensordot(parts, jnp.asarray(structure), axes=1)
        return Matrix(turning + self.dissipator, None)

    def identity(self) -> Matrix:
        return Matrix(jnp.eye(self.model.dim**2), None)

    def still(self) -> Matrix:
        """No change."""
        return Matrix(jnp.zeros((self.model.dim**2, self.model.dim**2)), None)
