"""Density matrices along a sweep with dephasing and relaxation."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Complex, Float, Int

from .._checks import is_concrete
from .._types import Scalar
from ..propagate import STATUS, CommutatorFree4
from ..propagate._arguments import (
    MAX_STEPS,
    as_ket,
    as_rtol,
    as_time,
    as_times,
    check_model,
    check_solver,
)
from ..propagate._finite import propagate
from ._channel import Channel, Lindblad, hermitian_basis


class ChannelSolution(eqx.Module):
    """The channel over a window: what it does to any initial density matrix.

    - `channel`: real matrix in the Hermitian basis, shape `(N², N²)`.
    - `error`, `steps`, `work`, `status`, `t0`, `t1`: as in `lz.Solution`.
    """

    channel: Float[Array, "M M"]
    error: Scalar
    steps: Int[Array, ""]
    work: Int[Array, ""]
    status: STATUS
    t0: Scalar
    t1: Scalar

    @property
    def ok(self) -> Bool[Array, ""]:
        return self.status == STATUS.successful

    def checked(self) -> "ChannelSolution":
        """The same solution, or a `RuntimeError` that says why it failed."""
        channel = self.status.error_if(self.channel, jnp.logical_not(self.ok))
        return eqx.tree_at(lambda s: s.channel, self, channel)

    def __call__(self, state: ArrayLike) -> Complex[Array, "N N"]:
        """The density matrix at t1 from a state (a level, a vector or a density
        matrix) at t0."""
        dim = round(self.channel.shape[0] ** 0.5)
        basis = jnp.asarray(hermitian_basis(dim))
        parts = jnp.real(jnp.einsum("aij,ji->a", basis, as_density(state, dim)))
        return jnp.einsum("a,aij->ij", self.channel @ parts, basis)


def solve_lindblad(
    system: Lindblad,
    t0: ArrayLike,
    t1: ArrayLike,
    *,
    rtol: ArrayLike | None = None,
    solver: CommutatorFree4 = CommutatorFree4(),
    max_steps: int = MAX_STEPS,
) -> ChannelSolution:
    """The channel of a Lindblad equation over a finite window, t1 ≥ t0.

    Every exponential of the commutator-free scheme is one of a Lindblad generator,
    because its weights add up to ½ and the dissipator does not depend on time: each
    step keeps trace and positivity exactly, at fourth order.

    **Arguments:** as for `lz.solve`; `solver` is a `CommutatorFree4`, with or without
    `steps`. Differentiable in every leaf of the system and in the times.

    **Raises:** `ValueError` or `TypeError` for wrong arguments, `RuntimeError` if t1
    comes before t0. A numerical failure is in the `status`.

    Source: Blanes, Casas, Oteo & Ros, Phys. Rep. 470, 151 (2009), section 5,
    doi:10.1016/j.physrep.2008.11.001; Alvermann & Fehske (2011).
    """
    _check(system, solver, max_steps)
    times = []
    for name, value in (("t0", t0), ("t1", t1)):
        # Before it becomes an array, which under jit has no numbers to look at.
        if is_concrete(value) and np.any(np.isinf(value)):
            raise ValueError(
                f"`{name}` must be finite for an open system, got {value}."
            )
        times.append(as_time(name, value))
    start, stop = times
    stop = eqx.error_if(
        stop,
        stop < start,
        "an open system runs forwards in time: `t1` must not come before `t0`.",
    )
    return _solve(system, start, stop, as_rtol(rtol), solver, max_steps)


def _check(system: Any, solver: Any, max_steps: Any) -> None:
    if not isinstance(system, Lindblad):
        raise TypeError(
            f"`system` must be an lz.Lindblad, got {type(system).__name__}; for a "
            "closed system use lz.solve."
        )
    check_model(system.model)
    if not isinstance(solver, CommutatorFree4):
        raise TypeError(
            f"`solver` must be lz.CommutatorFree4(...), got {solver!r}: the others do "
            "not keep density matrices positive."
        )
    check_solver(solver, max_steps)


@eqx.filter_jit
def _solve(system, t0, t1, rtol, solver, max_steps: int) -> ChannelSolution:
    done = propagate(system, t0, t1, rtol, solver, max_steps, Channel)
    return ChannelSolution(
        done.u.real, done.error, done.steps, done.work, done.status, t0, t1
    )


def evolve_lindblad(
    system: Lindblad,
    state: Any,
    ts: ArrayLike,
    *,
    rtol: ArrayLike | None = None,
    solver: CommutatorFree4 = CommutatorFree4(),
    max_steps: int = MAX_STEPS,
) -> Complex[Array, "T N N"]:
    """Density matrices at the rising times `ts`, from `state` at `ts[0]`.

    **Arguments:** `state`: a level's number, a vector `(N,)` or a density matrix
    `(N, N)`; the others as for `lz.solve_lindblad`.

    **Raises:** as `lz.evolve`.
    """
    _check(system, solver, max_steps)
    times, rho = as_times(ts), as_density(state, system.dim)
    if is_concrete(times) and np.any(np.diff(times) < 0):
        raise ValueError("`ts` must rise: an open system runs forwards in time.")
    return _evolve(system, rho, times, as_rtol(rtol), solver, max_steps)


@eqx.filter_jit
def _evolve(system, rho, times, rtol, solver, max_steps: int):
    intervals = times.shape[0] - 1
    if intervals == 0:
        return rho[None]
    parts = jax.vmap(
        lambda a, b: solve_lindblad(
            system, a, b, rtol=rtol / intervals, solver=solver, max_steps=max_steps
        ).checked()
    )(times[:-1], times[1:])
    chained = jax.lax.associative_scan(lambda a, b: b @ a, parts.channel)
    whole = eqx.tree_at(lambda p: p.channel, parts, chained)
    return jnp.concatenate([rho[None], jax.vmap(lambda s: s(rho))(whole)])


def as_density(state: Any, dim: int) -> Complex[Array, "N N"]:
    """A level's number, a state or a density matrix, as a density matrix."""
    if np.ndim(state) == 2:
        rho = jnp.asarray(state, dtype=complex)
        if rho.shape != (dim, dim):
            raise ValueError(
                f"a density matrix needs shape ({dim}, {dim}), got {rho.shape}."
            )
        return rho
    ket = as_ket(state, dim)
    return jnp.outer(ket, ket.conj())
