"""Open systems under a periodic drive: the state that a period leaves alone."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex

from .._checks import check_steps, is_concrete
from .._types import Scalar
from ..propagate import CommutatorFree4
from ..propagate._arguments import MAX_STEPS, as_rtol, as_time
from ._channel import Lindblad, hermitian_basis
from ._solve import _check, solve_lindblad


class PeriodicState(eqx.Module):
    """The state that a driven open system ends in, ρ(t + T) = ρ(t).

    - `states`: at equally spaced times of the period from t = 0, shape `(K, N, N)`.
    - `period`: T.
    """

    states: Complex[Array, "K N N"]
    period: Scalar

    def average(self) -> Complex[Array, "N N"]:
        """ρ averaged over the period."""
        return jnp.mean(self.states, axis=0)


def periodic_state(
    system: Lindblad,
    period: ArrayLike,
    *,
    samples: int = 32,
    rtol: ArrayLike | None = None,
    solver: CommutatorFree4 = CommutatorFree4(),
) -> PeriodicState:
    r"""The periodic state of a driven system that forgets its start: the fixed point
    of the channel of one period.

    That the model repeats itself after `period` is not checked. Differentiable in the
    system.

    **Arguments:**

    - `samples`: equally spaced times of the period; averages over it converge
      exponentially with their number once they resolve the drive.
    - `rtol`: of the channel of a period T. The state is less accurate by 1/(rate·T)
      for the slowest decay.

    **Raises:** as `lz.evolve_lindblad`, and `RuntimeError` if the period leaves more
    than one state alone (a level or a coherence that does not decay).

    Source: Grifoni & Hänggi, Phys. Rep. 304, 229 (1998).
    """
    _check(system, solver, MAX_STEPS)
    check_steps("samples", samples)
    length = as_time("period", period)
    if is_concrete(length) and not 0 < float(length) < np.inf:
        raise ValueError(f"`period` must be positive and finite, got {period}.")
    return _periodic(system, length, as_rtol(rtol), samples, solver)


@eqx.filter_jit
def _periodic(system, period, rtol, samples: int, solver) -> PeriodicState:
    ts = jnp.linspace(0.0, 1.0, samples + 1) * period
    parts = jax.vmap(
        lambda a, b: (
            solve_lindblad(system, a, b, rtol=rtol / samples, solver=solver)
            .checked()
            .channel
        )
    )(ts[:-1], ts[1:])
    chained = jax.lax.associative_scan(lambda a, b: b @ a, parts)
    # The trace is the first entry and stays; the others solve a linear system.
    whole, trace = chained[-1], 1.0 / np.sqrt(system.dim)
    size = system.dim**2 - 1
    matrix = jnp.eye(size) - whole[1:, 1:]
    rest = jnp.linalg.solve(matrix, whole[1:, 0]) * trace
    # A physical state has a norm of at most one; a singular matrix gives far more.
    lost = ~(jnp.sum(rest**2) <= 1.0 + 1e-3)
    rest = eqx.error_if(
        rest,
        lost,
        "the periodic state is not unique: some level or coherence does not decay, or "
        "`rtol` is too coarse for a decay this slow.",
    )
    start = jnp.concatenate([jnp.full(1, trace), rest])
    along = jnp.concatenate([start[None], chained[:-1] @ start])
    return PeriodicState(
        jnp.einsum("ta,aij->tij", along, jnp.asarray(hermitian_basis(system.dim))),
        period,
    )
