"""Averages over random paths of the noise, with their statistical errors."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float, PRNGKeyArray

from .._checks import check_steps
from .._types import Scalar, readable
from ..models import AbstractHamiltonian, AbstractTwoLevel
from ..propagate import Magnus4, solve
from ..propagate._arguments import as_ket, as_time, check_model
from ._processes import AbstractProcess


class TrajectoryAverage(eqx.Module):
    """What many paths of the noise say.

    - `mean`: ⟨ρ⟩ at the end, shape `(N, N)`; its diagonal are the probabilities.
    - `standard_error`: of each of the mean's probabilities, shape `(N,)`.
    - `trajectories`: how many paths there were.
    """

    mean: Complex[Array, "N N"]
    standard_error: Float[Array, " N"]
    trajectories: int = eqx.field(static=True)

    def __repr__(self) -> str:
        return readable(self)

    @property
    def probabilities(self) -> Float[Array, " N"]:
        """The diagonal of the mean."""
        return jnp.real(jnp.diagonal(self.mean))

    def __add__(self, other: "TrajectoryAverage") -> "TrajectoryAverage":
        """More paths, drawn with another key."""
        count = self.trajectories + other.trajectories
        a, b = self.trajectories / count, other.trajectories / count
        errors = a**2 * self.standard_error**2 + b**2 * other.standard_error**2
        return TrajectoryAverage(
            a * self.mean + b * other.mean, jnp.sqrt(errors), count
        )


def trajectory_average(
    model: AbstractHamiltonian,
    noise: AbstractProcess,
    state: ArrayLike,
    t0: ArrayLike,
    t1: ArrayLike,
    *,
    key: PRNGKeyArray,
    trajectories: int = 1000,
    intervals: int = 400,
    steps: int = 2,
    batch: int = 500,
) -> TrajectoryAverage:
    r"""The average of the density matrix at t1 over random paths of the noise.

    The noise is constant in each of the `intervals`, at its mean there; the model moves
    on. So the intervals must be short beside all that the noise can resonate with:
    their length times the largest splitting, and times the noise itself, below one.
    Exact averages, where there are any, cost less: `NoiseAverage`, `telegraph_noise`,
    `WhiteNoise.jumps`.

    **Arguments:**

    - `noise`: `WhiteNoise`, `OrnsteinUhlenbeck`, `RandomTelegraph`, `OneOverF`, sums of
      them, or your own `AbstractProcess`.
    - `state`: a level's number or a vector at t0; finite times.
    - `key`: of `jax.random.key`. The same key gives the same paths, whatever `batch`.
    - `trajectories`: the standard error falls as one over the root of their number.
    - `steps`: of fourth-order Magnus in an interval.
    - `batch`: paths computed at once, for the memory; divides `trajectories`.

    **Raises:** `ValueError` for wrong arguments.
    """
    check_model(model)
    ket = as_ket(state, model.dim)
    for name, number in (
        ("trajectories", trajectories),
        ("intervals", intervals),
        ("batch", batch),
    ):
        check_steps(name, number)
    batch = min(batch, trajectories)
    if trajectories < 2 or trajectories % batch:
        raise ValueError(
            f"`batch` must divide `trajectories`, at least two, got {batch} and "
            f"{trajectories}."
        )
    shape = jax.eval_shape(noise.perturbations, key, jnp.zeros(2)).shape
    if shape != (1, model.dim, model.dim):
        raise ValueError(
            f"the noise acts on {shape[-1]} levels, the {type(model).__name__} has "
            f"{model.dim}."
        )
    start, stop = as_time("t0", t0), as_time("t1", t1)
    edges = start + (stop - start) * jnp.linspace(0.0, 1.0, intervals + 1)
    keys = jax.random.split(key, trajectories).reshape(-1, batch)
    solver = Magnus4(steps=steps)
    mean, square = _averages(model, noise, ket, edges, keys, solver)
    variance = jnp.maximum(square - jnp.real(jnp.diagonal(mean)) ** 2, 0.0)
    error = jnp.sqrt(variance / (trajectories - 1))
    return TrajectoryAverage(mean, error, trajectories)


@eqx.filter_jit
def _averages(model, noise, ket, edges, keys, solver):
    """⟨ρ⟩ and the mean squares of the probabilities."""

    def interval(a, b, perturbation):
        return solve(_disturbed(model, perturbation), a, b, solver=solver).propagator

    def one(key):
        paths = noise.perturbations(key, edges)
        parts = jax.vmap(interval)(edges[:-1], edges[1:], paths)
        final, _ = jax.lax.scan(lambda psi, u: (u @ psi, None), ket, parts)
        return final

    def several(keys):
        kets = jax.vmap(one)(keys)
        populations = jnp.abs(kets) ** 2
        rho = jnp.einsum("ki,kj->ij", kets, kets.conj()) / kets.shape[0]
        return rho, jnp.mean(populations**2, axis=0)

    rho, square = jax.lax.map(several, keys)
    return jnp.mean(rho, axis=0), jnp.mean(square, axis=0)


def _disturbed(model, perturbation):
    if isinstance(model, AbstractTwoLevel):
        return _DisturbedTwoLevel(model, perturbation)
    return _Disturbed(model, perturbation)


class _Disturbed(AbstractHamiltonian):
    model: AbstractHamiltonian
    perturbation: Complex[Array, "N N"]

    @property
    def dim(self) -> int:  # type: ignore[override]
        return self.model.dim

    def __call__(self, t: Scalar) -> Complex[Array, "N N"]:
        return self.model(t) + self.perturbation

    def breakpoints(self) -> Float[Array, " K"]:
        return self.model.breakpoints()


class _DisturbedTwoLevel(AbstractTwoLevel):
    """As above, on the fast path."""

    model: AbstractTwoLevel
    perturbation: Complex[Array, "2 2"]

    def field(self, t: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        x, y, z = self.model.field(t)
        flip = self.perturbation[1, 0]
        level = self.perturbation[0, 0] - self.perturbation[1, 1]
        return x + 2.0 * flip.real, y + 2.0 * flip.imag, z + level.real

    def breakpoints(self) -> Float[Array, " K"]:
        return self.model.breakpoints()
