"""Periodic models: quasienergies, Floquet modes and what they average to."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._types import Scalar, readable
from ..models import AbstractHamiltonian
from ..propagate import evolve, solve


class Floquet(eqx.Module):
    r"""The modes of a periodic model, $\psi_k(t) = e^{-iq_kt}u_k(t)$,
    $u_k(t + T) = u_k(t)$.

    - `quasienergies`: q, rising, in (−π/T, π/T], shape `(N,)`.
    - `modes`: u at the start of the period, as columns, shape `(N, N)`.
    - `period`: T.
    - `propagator`: of the one period.
    """

    quasienergies: Float[Array, " N"]
    modes: Complex[Array, "N N"]
    period: Scalar
    propagator: Complex[Array, "N N"]

    def __repr__(self) -> str:
        return readable(self)

    def stroboscopic_average(self) -> Float[Array, "N N"]:
        """Populations `[final, initial]` at whole periods, averaged over many."""
        weights = jnp.abs(self.modes) ** 2
        return weights @ weights.T


def floquet(
    model: AbstractHamiltonian,
    period: ArrayLike,
    t0: ArrayLike = 0.0,
    *,
    rtol: ArrayLike | None = None,
    solver: Any = None,
) -> Floquet:
    """Quasienergies and modes of a model that repeats itself after `period`.

    That the model does is not checked. Differentiable in the model; where two
    quasienergies meet, the modes and their derivatives are not defined, as for any
    degenerate eigenproblem.

    **Raises:** as `lz.solve`, and `RuntimeError` if the tolerance is not met.

    Source: Shirley, Phys. Rev. 138, B979 (1965), doi:10.1103/PhysRev.138.B979.
    """
    start, length = jnp.asarray(t0, dtype=float), jnp.asarray(period, dtype=float)
    done = solve(model, start, start + length, rtol=rtol, solver=solver).checked()
    return _floquet(done.propagator, length)


@eqx.filter_jit
def _floquet(u: Complex[Array, "N N"], period: Scalar) -> Floquet:
    dim = u.shape[0]
    one = jnp.eye(dim)
    # Cayley's transform of e^{iα}U is Hermitian, with eigenvalues tan((θ + α)/2) that
    # never meet by accident. Of N + 1 angles α one is far from all its poles.
    candidates = 2.0 * np.pi / (dim + 1) * np.arange(dim + 1)

    def cayley(angle):
        turned = jnp.exp(1j * angle) * u
        matrix = -1j * jnp.linalg.solve(turned + one, turned - one)
        return 0.5 * (matrix + matrix.conj().T)

    sizes = jax.vmap(lambda a: jnp.linalg.norm(cayley(a)))(jnp.asarray(candidates))
    sizes = jnp.where(jnp.isfinite(sizes), sizes, jnp.inf)
    best = jnp.argmin(jax.lax.stop_gradient(sizes))
    angle = jnp.asarray(candidates)[best]
    tangents, modes = jnp.linalg.eigh(cayley(angle))
    phases = 2.0 * jnp.arctan(tangents) - angle
    # U = exp(−iqT)
    turns = jnp.pi - jnp.mod(phases + jnp.pi, 2.0 * jnp.pi)
    order = jnp.argsort(turns)
    return Floquet(turns[order] / period, modes[:, order], period, u)


def time_averaged_populations(
    model: AbstractHamiltonian,
    period: ArrayLike,
    *,
    samples: int = 64,
    any_start: bool = False,
    rtol: ArrayLike | None = None,
    solver: Any = None,
) -> Float[Array, "N N"]:
    """Populations `[final, initial]` of a periodic model, averaged over all later
    times, from a start at t = 0.

    **Arguments:**

    - `samples`: equally spaced times in the period; the average over it converges
      exponentially with their number once they resolve the drive.
    - `any_start`: average over the time of the start too, as for a drive that is not
      synchronised with the preparation.

    **Raises:** as `lz.evolve`.
    """
    length = jnp.asarray(period, dtype=float)
    ts = jnp.linspace(0.0, 1.0, samples + 1) * length
    # The intervals do not depend on the state: they are solved once for all columns.
    propagators = jax.vmap(
        lambda ket: evolve(model, ket, ts, rtol=rtol, solver=solver),
        in_axes=1,
        out_axes=2,
    )(jnp.eye(model.dim, dtype=complex))
    modes = _floquet(propagators[-1], length).modes
    along = jnp.mean(jnp.abs(propagators[:-1] @ modes) ** 2, axis=0)
    start = along if any_start else jnp.abs(modes) ** 2
    return along @ start.T
