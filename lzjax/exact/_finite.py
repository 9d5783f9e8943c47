"""The propagator of a linear sweep over a finite window."""

from typing import Any

import numpy as np

from .._checks import check_finite, check_nonzero, require


def finite_window_propagator(
    gap: float, rate: float, t0: float, t1: float, *, digits: int = 40
) -> np.ndarray:
    r"""U(t1, t0) of H(t) = ½ (rate·t σz + gap σx), exactly.

    With δ = gap²/(4 rate) and x = i rate t²/2, the propagator from t = 0 is built of
    the even and the odd parabolic cylinder function,

    $$U_{00}(t, 0) = e^{-x/2}\,{}_1F_1(\tfrac{i\delta}{2}; \tfrac12; x), \quad
      U_{01}(t, 0) = -\tfrac{i}{2}\,\mathrm{gap}\,t\,e^{-x/2}\,
      {}_1F_1(\tfrac12 + \tfrac{i\delta}{2}; \tfrac32; x)$$

    and U(t1, t0) = U(t1, 0) U(t0, 0)†.

    On the host, by mpmath, number by number: a reference for solvers, not a part of a
    JAX program. Not differentiable, not for use under `jax.jit` or `jax.vmap`.

    **Arguments:**

    - `gap`: energy (ħ = 1), either sign, zero allowed.
    - `rate`: energy per time, either sign, not zero.
    - `t0`, `t1`: finite times; `t1 < t0` runs backwards.
    - `digits`: decimal digits of the working precision.

    **Returns:** a unitary complex128 array of shape (2, 2), `[final, initial]`.

    **Raises:**

    - `ImportError` without mpmath (the extra "exact").
    - `ValueError` if an argument is not finite or `rate` is zero.
    - `ArithmeticError` if `digits` do not suffice for a unitary result.

    Source: Vitanov & Garraway, Phys. Rev. A 53, 4288 (1996),
    doi:10.1103/PhysRevA.53.4288.
    """
    for name, value in dict(gap=gap, rate=rate, t0=t0, t1=t1).items():
        check_finite(name, value)
    check_nonzero("rate", rate)
    mpmath = require("mpmath", extra="exact")
    with mpmath.workdps(digits):
        from_zero_to_t1 = _from_zero(mpmath, gap, rate, t1)
        from_zero_to_t0 = _from_zero(mpmath, gap, rate, t0)
        product = from_zero_to_t1 * from_zero_to_t0.H
        return np.array(product.tolist(), dtype=complex)


def _from_zero(mpmath: Any, gap: float, rate: float, t: float) -> Any:
    gap, rate, t = (mpmath.mpf(float(number)) for number in (gap, rate, t))
    half_i_delta = mpmath.mpc(0, gap**2 / (8 * rate))
    x = mpmath.mpc(0, rate * t**2 / 2)
    even = mpmath.exp(-x / 2) * mpmath.hyp1f1(half_i_delta, 0.5, x)
    odd = mpmath.exp(-x / 2) * mpmath.hyp1f1(0.5 + half_i_delta, 1.5, x)
    a, b = even, mpmath.mpc(0, -gap * t / 2) * odd
    # H is traceless and real, so the other column follows: an SU(2) matrix.
    defect = abs(abs(a) ** 2 + abs(b) ** 2 - 1)
    if defect > 1e-17:  # what complex128 can resolve
        raise ArithmeticError(
            f"{mpmath.mp.dps} digits do not suffice here: the propagator misses "
            f"unitarity by {mpmath.nstr(defect, 2)}. Pass a larger `digits`."
        )
    return mpmath.matrix([[a, b], [-b.conjugate(), a.conjugate()]])
