"""One state of a model with many levels, without its propagator."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex

from .._checks import check_steps
from ..models import AbstractHamiltonian
from ._arguments import as_ket, as_rtol, as_times, check_model

# Terms of the exponential's series: 1/17! is below rounding for exponents of norm one.
_TERMS = 16


def evolve_state(
    model: AbstractHamiltonian,
    psi0: Any,
    ts: ArrayLike,
    *,
    steps: int,
    rtol: ArrayLike = 1e-6,
) -> Complex[Array, "T N"]:
    r"""As `lz.evolve`, for models of many levels: N² operations a step instead of N³.

    For a level in a band of hundreds of levels, or a qubit beside large oscillators.
    Fourth-order commutator-free exponentials, each applied to the state by its series.

    **Arguments:**

    - `psi0`: the state at `ts[0]`, shape `(N,)`, or a level's number.
    - `steps`: in each interval of `ts`; half as many are tried as well, to see that
      they agree. The step times the largest energy must be below one or so.
    - `rtol`: by how much the states may differ, over 15.

    Differentiable in the model, the state and the times, in both modes.

    **Returns:** shape `(T, N)`. **Raises:** `ValueError` for wrong shapes;
    `RuntimeError` if the steps do not suffice.

    Source: Alvermann & Fehske, J. Comput. Phys. 230, 5930 (2011),
    doi:10.1016/j.jcp.2011.04.006.
    """
    check_model(model)
    if steps is None:
        raise ValueError("`steps` must be a whole number from 1 up, got None.")
    check_steps("steps", steps)
    ket, times = as_ket(psi0, model.dim), as_times(ts)
    return _evolve(model, ket, times, steps, as_rtol(rtol))


@eqx.filter_jit
def _evolve(model, ket, times, steps: int, rtol):
    coarse = _path(model, ket, times, max(steps // 2, 1))
    fine = _path(model, ket, times, steps)
    change = jnp.max(jnp.abs(fine - coarse)) / 15.0
    return eqx.error_if(
        fine,
        ~(jax.lax.stop_gradient(change) <= rtol),
        "the steps do not suffice for `rtol`: raise `steps`, or give more times.",
    )


def _path(model, ket, times, steps: int):
    offset = 3**0.5 / 6
    more, less = 0.25 + offset, 0.25 - offset

    def exponential(matrix, ket):
        def term(carry, k):
            part, total = carry
            part = -1j / k * (matrix @ part)
            return (part, total + part), None

        orders = jnp.arange(1.0, _TERMS + 1)
        return jax.lax.scan(term, (ket, ket), orders)[0][1]

    def interval(ket, ends):
        dt = (ends[1] - ends[0]) / steps

        def step(ket, i):
            middle = ends[0] + (i + 0.5) * dt
            first, last = model(middle - offset * dt), model(middle + offset * dt)
            ket = exponential(dt * (more * first + less * last), ket)
            return exponential(dt * (less * first + more * last), ket), None

        ket, _ = jax.lax.scan(step, ket, jnp.arange(steps))
        return ket, ket

    _, later = jax.lax.scan(interval, ket, (times[:-1], times[1:]))
    return jnp.concatenate([ket[None], later])
