"""The propagator of a linear sweep over a finite window."""

from typing import Any

import numpy as np

from .._checks import check_finite, check_nonzero, check_not_negative, require


def finite_window_propagator(
    gap: float,
    rate: float,
    t0: float,
    t1: float,
    *,
    decay: float = 0.0,
    digits: int = 40,
) -> np.ndarray:
    r"""U(t1, t0) of H(t) = ½ (rate·t σz + gap σx), exactly.

    With δ = gap²/(4 rate) and x = i rate t²/2, the propagator from t = 0 is built of
    the even and the odd parabolic cylinder function,

    $$U_{00}(t, 0) = e^{-x/2}\,{}_1F_1(\tfrac{i\delta}{2}; \tfrac12; x), \quad
      U_{01}(t, 0) = -\tfrac{i}{2}\,\mathrm{gap}\,t\,e^{-x/2}\,
      {}_1F_1(\tfrac12 + \tfrac{i\delta}{2}; \tfrac32; x)$$

    and U(t1, t0) = U(t1, 0) U(t0, 0)⁻¹.

    A `decay` of level 1, H − (i/2) decay |1⟩⟨1|, is the same sweep at the complex time
    t + i decay/(2 rate), times exp(−decay (t1 − t0)/4).

    On the host, by mpmath, number by number: a reference for solvers, not a part of a
    JAX program. Not differentiable, not for use under `jax.jit` or `jax.vmap`.

    **Arguments:**

    - `gap`: energy (ħ = 1), either sign, zero allowed.
    - `rate`: energy per time, either sign, not zero.
    - `t0`, `t1`: finite times; `t1 < t0` runs backwards.
    - `decay`: of the population of level 1, 1/time, at least zero.
    - `digits`: decimal digits of the working precision.

    **Returns:** a complex128 array of shape (2, 2), `[final, initial]`; unitary
    without decay.

    **Raises:**

    - `ImportError` without mpmath (the extra "exact").
    - `ValueError` if an argument is not finite, `rate` is zero or `decay` negative.
    - `ArithmeticError` if `digits` do not suffice.

    Source: Vitanov & Garraway, Phys. Rev. A 53, 4288 (1996),
    doi:10.1103/PhysRevA.53.4288; decay: Vitanov & Stenholm, Phys. Rev. A 55, 2982
    (1997), doi:10.1103/PhysRevA.55.2982.
    """
    for name, value in dict(gap=gap, rate=rate, t0=t0, t1=t1, decay=decay).items():
        check_finite(name, value)
    check_nonzero("rate", rate)
    check_not_negative("decay", decay)
    mpmath = require("mpmath", extra="exact")
    with mpmath.workdps(digits):
        delay = mpmath.mpc(0, float(decay)) / (2 * mpmath.mpf(float(rate)))
        last, first = (
            _from_zero(mpmath, gap, rate, float(t) + delay) for t in (t1, t0)
        )
        (a, b), (c, d) = first.tolist()
        inverse = mpmath.matrix([[d, -b], [-c, a]])  # its determinant is one
        lost = mpmath.exp(-float(decay) * (mpmath.mpf(float(t1)) - float(t0)) / 4)
        return np.array((lost * last * inverse).tolist(), dtype=complex)


def _from_zero(mpmath: Any, gap: float, rate: float, t: Any) -> Any:
    gap, rate = mpmath.mpf(float(gap)), mpmath.mpf(float(rate))
    i_delta = mpmath.mpc(0, gap**2 / (4 * rate))
    x = mpmath.mpc(0, 1) * rate * t**2 / 2

    def entries(i_delta: Any, x: Any) -> tuple[Any, Any]:
        fade = mpmath.exp(-x / 2)
        even = fade * mpmath.hyp1f1(i_delta / 2, 0.5, x)
        return even, fade * mpmath.hyp1f1(0.5 + i_delta / 2, 1.5, x)

    # The other column is the same with i → −i, at the same, perhaps complex, time.
    a, odd = entries(i_delta, x)
    d, other = entries(-i_delta, -x)
    turn = mpmath.mpc(0, -gap / 2) * t
    b, c = turn * odd, turn * other
    defect = abs(a * d - b * c - 1)
    if defect > 1e-17:  # what complex128 can resolve
        raise ArithmeticError(
            f"{mpmath.mp.dps} digits do not suffice here: the determinant misses one "
            f"by {mpmath.nstr(defect, 2)}. Pass a larger `digits`."
        )
    return mpmath.matrix([[a, b], [c, d]])
