"""Two layers side by side: single passages in turn, and the full solution."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .. import exact
from .._types import Scalar, as_scalar, readable
from ..models import AbstractTwoLevel
from ._transitions import transition_matrix

_SAMPLES = 4097
_NODES = 8
_PANELS = 256


class ImpulseVerdict(eqx.Module):
    """A sequence of passages by the adiabatic-impulse model and in full.

    - `impulse`, `full`: the probability to have changed the adiabatic state.
    - `times`, `gaps`, `rates`: the crossings, shape `(K,)`; `phases` between them.
    - `tolerance`: what was asked; `agrees`: whether both are within it.
    """

    impulse: Scalar
    full: Scalar
    times: Float[Array, " K"]
    gaps: Float[Array, " K"]
    rates: Float[Array, " K"]
    phases: Float[Array, " K-1"]
    tolerance: float = eqx.field(static=True)

    @property
    def agrees(self) -> Bool[Array, ""]:
        return jnp.abs(self.impulse - self.full) <= self.tolerance

    def __repr__(self) -> str:
        return readable(self)

    def __str__(self) -> str:
        said = "agree" if self.agrees else "DIFFER"
        return (
            f"{self.times.shape[0]} passages: adiabatic-impulse {self.impulse:.6f}, "
            f"full solution {self.full:.6f}; they {said} within {self.tolerance:g}"
        )


def impulse_verdict(
    model: AbstractTwoLevel,
    t0: float,
    t1: float,
    *,
    tolerance: float = 0.01,
    rtol: float | None = None,
    solver: Any = None,
) -> ImpulseVerdict:
    """Compare the adiabatic-impulse model with the full solution on a finite window.

    The crossings are the zeros of the detuning between `t0` and `t1`, found from 4097
    samples; gap, rate and phases are those of the model there. Not for use under
    `jax.jit`: the number of crossings is a matter of values. The pieces are:
    `lz.exact.impulse_sequence` and `lz.transition_matrix`.

    **Arguments:** `model` with a real coupling of one sign; `tolerance`, on the
    probability. **Raises:** `TypeError` if the model has no field, `ValueError`
    if the detuning never changes its sign.
    """
    if not isinstance(model, AbstractTwoLevel):
        raise TypeError(f"a two-level model is needed, got {type(model).__name__}.")
    times = _crossing_times(model, float(t0), float(t1))
    if times.size == 0:
        raise ValueError(f"there is no crossing between {t0} and {t1}.")

    def local(t):
        (x, y, _), (_, _, rate) = jax.jvp(
            lambda s: tuple(as_scalar(w) for w in model.field(s)),
            (t,),
            (jnp.ones_like(t),),
        )
        return jnp.hypot(x, y), rate

    gaps, rates = jax.vmap(local)(jnp.asarray(times))
    phases = [_phase(model, a, b) for a, b in zip(times[:-1], times[1:], strict=True)]
    u = exact.impulse_sequence(gaps, rates, jnp.asarray(phases, dtype=float))
    full = transition_matrix(model, t0, t1, basis="adiabatic", rtol=rtol, solver=solver)
    return ImpulseVerdict(
        jnp.abs(u[1, 0]) ** 2,
        full[1, 0],
        jnp.asarray(times),
        gaps,
        rates,
        jnp.asarray(phases, dtype=float),
        tolerance,
    )


def _crossing_times(model, t0: float, t1: float) -> np.ndarray:
    def detuning(t):
        return as_scalar(model.field(t)[2])

    ts = jnp.linspace(t0, t1, _SAMPLES)
    values = np.asarray(jax.vmap(detuning)(ts))
    # A sample on a crossing belongs to the interval that it ends.
    signs = np.where(values >= 0, 1, -1)
    where = np.flatnonzero(np.diff(signs) != 0)
    low, high = ts[where], ts[where + 1]

    def halve(_, bracket):
        low, high = bracket
        middle = 0.5 * (low + high)
        left = jax.vmap(detuning)(low) * jax.vmap(detuning)(middle) <= 0
        return jnp.where(left, low, middle), jnp.where(left, middle, high)

    if where.size == 0:
        return np.zeros(0)
    low, high = jax.lax.fori_loop(0, 50, halve, (low, high))
    return np.asarray(0.5 * (low + high))


def _phase(model, low: float, high: float) -> float:
    """½∫(E₊ − E₋)dt, by parts between the kinks."""
    marks = np.asarray(model.breakpoints())
    inside = marks[(marks > low) & (marks < high)]
    edges = np.unique(np.concatenate([[low], inside, [high]]))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    panels = np.linspace(edges[:-1], edges[1:], _PANELS + 1).T
    first, width = panels[:, :-1, None], np.diff(panels)[:, :, None]
    places = first + width * 0.5 * (nodes + 1.0)

    def splitting(t):
        x, y, z = model.field(t)
        return jnp.sqrt(x * x + y * y + z * z)

    values = np.asarray(jax.vmap(splitting)(jnp.asarray(places.ravel())))
    return float(0.25 * np.sum(width * weights * values.reshape(places.shape)))
