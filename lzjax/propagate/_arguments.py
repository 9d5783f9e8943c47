"""What callers give, checked and converted: models, states, times, tolerances."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from .._checks import check_steps, is_concrete
from .._types import Scalar, is_single
from ..models import AbstractHamiltonian
from ._runge_kutta import RungeKutta
from ._steppers import AbstractStepper, Magnus4, Magnus6

MAX_STEPS = 2_000_000


def check_model(model: Any) -> None:
    if not isinstance(model, AbstractHamiltonian):
        raise TypeError(
            f"`model` must be a Hamiltonian, got {type(model).__name__}; wrap your own "
            "function with lz.TwoLevelFunction or lz.HamiltonianFunction."
        )
    for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array)):
        if isinstance(leaf, jax.core.Tracer):
            continue
        if not np.all(np.isfinite(leaf)):
            raise ValueError(
                f"a parameter of the {type(model).__name__} is not finite: {leaf}."
            )
    try:
        shape = jax.eval_shape(model, jnp.zeros(())).shape
    except (TypeError, ValueError) as error:
        raise ValueError(_not_one(model, "does not give a matrix")) from error
    if shape != (model.dim, model.dim):
        raise ValueError(_not_one(model, f"gives a matrix of shape {shape}"))


def _not_one(model: AbstractHamiltonian, what: str) -> str:
    return (
        f"the {type(model).__name__} {what} instead of one of shape ({model.dim}, "
        f"{model.dim}). A model is never batched inside: build one model for each "
        "parameter set and use jax.vmap around this call."
    )


def as_ket(state: Any, dim: int) -> Complex[Array, " N"]:
    """A level's number or a vector as a state."""
    if isinstance(state, int | np.integer) and not isinstance(state, bool):
        if not 0 <= state < dim:
            raise ValueError(f"there are levels 0 to {dim - 1}, got level {state}.")
        return jnp.zeros(dim, complex).at[state].set(1.0)
    ket = jnp.asarray(state, dtype=complex)
    if ket.shape != (dim,):
        raise ValueError(
            f"a state needs shape ({dim},), got {ket.shape}; to evolve many states, "
            "use jax.vmap around this call."
        )
    return ket


def default_rtol(double: float = 1e-8) -> float:
    """The tolerance where none is given: `double` in float64; in float32, what the
    rounding of phases up to a thousand radians allows."""
    return 1e-4 if is_single(float) else double


def default_solver(rtol: Any) -> AbstractStepper:
    """The order that is cheapest for a tolerance."""
    as_rtol(rtol)  # before it is compared
    rtol = default_rtol() if rtol is None else rtol
    loose = is_concrete(rtol) and float(rtol) > 1e-8
    return Magnus4() if loose else Magnus6()


def chosen_solver(solver: Any, rtol: Any, max_steps: Any) -> Any:
    """The solver that was asked for, checked, or the default one."""
    solver = default_solver(rtol) if solver is None else solver
    check_solver(solver, max_steps)
    return solver


def check_solver(solver: Any, max_steps: Any) -> None:
    if not isinstance(solver, AbstractStepper | RungeKutta):
        raise TypeError(
            "`solver` must be a solver such as lz.Magnus6() or lz.RungeKutta(), got "
            f"{solver!r}."
        )
    if max_steps is None:
        raise ValueError("`max_steps` must be a whole number from 1 up, got None.")
    check_steps("max_steps", max_steps)


def as_times(ts: Any) -> Float[Array, " T"]:
    times = jnp.asarray(ts, dtype=float)
    if times.ndim != 1 or times.shape[0] < 1:
        raise ValueError(
            f"`ts` must be one-dimensional with at least one time, got {times.shape}."
        )
    if is_concrete(ts):
        given = np.asarray(ts, dtype=float)
        steps = np.diff(given)
        if not np.all(np.isfinite(given)):
            raise ValueError("`ts` must be finite; lz.solve takes infinite windows.")
        if not (np.all(steps >= 0) or np.all(steps <= 0)):
            raise ValueError("`ts` must all rise or all fall, got times out of order.")
    return times


def as_time(name: str, value: Any) -> Scalar:
    time = jnp.asarray(value, dtype=float)
    if time.shape != ():
        raise ValueError(
            f"`{name}` must be one number, got shape {time.shape}; batch with jax.vmap."
        )
    # Inside of a jitted function, also what is made of a plain number is traced.
    if is_concrete(value):
        if np.isnan(value):
            raise ValueError(f"`{name}` must be a time or ±inf, got nan.")
        return time
    return eqx.error_if(
        time,
        ~jnp.isfinite(time),
        f"`{name}` is not finite inside a transformed function: give infinite ends "
        "as Python numbers, outside of jit and vmap.",
    )


def as_rtol(value: Any) -> Scalar:
    value = default_rtol() if value is None else value
    try:
        rtol = jnp.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`rtol` must be one number, got {value!r}.") from error
    if rtol.shape != ():
        raise ValueError(f"`rtol` must be one number, got shape {rtol.shape}.")
    if is_concrete(value) and not 1e-12 <= float(value) <= 0.1:
        raise ValueError(f"`rtol` must lie between 1e-12 and 0.1, got {value}.")
    return rtol


def infinite_sign(name: str, value: Any) -> float:
    if isinstance(value, jax.core.Tracer) or np.ndim(value) or not np.isinf(value):
        return 0.0
    return float(np.sign(value))
