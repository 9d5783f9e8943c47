"""The exponential of a matrix applied to a state, by polynomials; entries of the
matrix that are zero cost nothing.
"""

import functools
import math
from fractions import Fraction
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ._matrix import TAYLOR, TAYLOR_REACH
from ._unitary import Irreversible

_fence = jax.lax.optimization_barrier


class Polynomial(NamedTuple):
    """A way to the exponential of a: right to rounding for up to the `norm` of a, after
    a division into `parts` equal ones."""

    norm: float
    degree: int
    parts: int = 1


# By bytes of a number, for steps that are short, for others, and for long ones: of
# Chebyshev for anti-Hermitian exponents, of Taylor for all.
_CHEBYSHEV = {
    8: (Polynomial(0.2, 9), Polynomial(1.0, 14), Polynomial(8.0, 32)),
    4: (Polynomial(0.2, 5), Polynomial(1.0, 8), Polynomial(8.0, 21)),
}
_LAST, _PARTS = len(TAYLOR) - 1, 8
_TAYLOR = {
    size: (
        Polynomial(0.2, degrees[0]),
        Polynomial(TAYLOR_REACH, degrees[1]),
        Polynomial(TAYLOR_REACH, degrees[1], _PARTS),
    )
    for size, degrees in ((8, (11, _LAST)), (4, (6, 11)))
}


def polynomials(group, dtype) -> tuple[Polynomial, ...]:
    """For exponents of this group in a kernel, the one with fewest operations first."""
    rows = _TAYLOR if issubclass(group, Irreversible) else _CHEBYSHEV
    return rows[dtype.itemsize]


def _bessel(order: int, x: float) -> float:
    """J of this order at x, by its series, whose terms are far larger than the sum."""
    half = Fraction(x) / 2
    terms = (
        (-1) ** m
        * half ** (2 * m + order)
        / (math.factorial(m) * math.factorial(m + order))
        for m in range(40)
    )
    return float(sum(terms))


def _added(total, a, ket):
    """total + a ket, every product going into a sum: one operation for both."""
    for k in range(ket.shape[0]):
        total = total + a[:, k] * ket[k]
    return total


def chebyshev(a, ket, norm: float, degree: int):
    """exp(a) ket for anti-Hermitian a up to a norm ρ.

    $$e^{a} = J_0 + 2\\sum_k J_k(\\rho)\\,\\phi_k(a/\\rho), \\qquad
    \\phi_{k+1}(x) = 2x\\,\\phi_k(x) + \\phi_{k-1}(x)$$

    Source: Tal-Ezer & Kosloff, J. Chem. Phys. 81, 3967 (1984), doi:10.1063/1.448136.
    """
    return _recurrence(a, ket, norm, degree)[0]


def _recurrence(a, ket, norm: float, degree: int):
    """exp(a) ket, and the last two of φₖ ket."""
    double, coefficients = (2.0 / norm) * a, _coefficients(norm, degree)
    before, here = ket, _added(jnp.zeros_like(ket), (1.0 / norm) * a, ket)
    total = coefficients[0] * before + coefficients[1] * here
    for coefficient in coefficients[2:]:
        before, here = here, _added(before, double, here)
        total = total + coefficient * here
    return total, before, here


@functools.cache
def _coefficients(norm: float, degree: int) -> tuple[float, ...]:
    return tuple((2.0 if k else 1.0) * _bessel(k, norm) for k in range(degree + 1))


def chebyshev_pulled(a, ket, other, norm: float, degree: int):
    """exp(a) ket, exp(a) other, and the matrix g for which Re tr g†da is the change of
    Re ⟨exp(a) other|exp(a) ket⟩ by da in the exponential of the ket alone.

    With cₖ for the factors of φₖ, g = (β₁⟨φ₀| + 2 Σ βₖ₊₁⟨φₖ|)/ρ of the kets φₖ ket and

    $$\\beta_k = c_k\\,e^{a}\\,\\mathrm{other} - 2x\\,\\beta_{k+1} + \\beta_{k+2}.$$

    The recurrence of the φₖ runs back again: registers would not hold them all. That is
    stable as long as each is rounded once.
    """
    double, coefficients = (2.0 / norm) * a, _coefficients(norm, degree)
    total, before, here = _recurrence(a, ket, norm, degree)
    later = chebyshev(a, other, norm, degree)
    after, beta = jnp.zeros_like(later), coefficients[-1] * later
    pulled = jnp.outer(beta, jnp.conj(before))
    for coefficient in coefficients[-2:0:-1]:
        # Else compilers round anew wherever one is used, where there are fusions.
        before, here = _fence((_added(here, -double, before), before))
        after, beta = beta, _added(after + coefficient * later, -double, beta)
        pulled = pulled + jnp.outer(beta, jnp.conj(before))
    # Of the last one, φ₀, half.
    first = 0.5 * jnp.outer(beta, jnp.conj(before))
    return total, later, (2.0 / norm) * (pulled - first)


def taylor(a, ket, norm: float, degree: int):
    """exp(a) ket for any a up to a norm."""
    total = TAYLOR[degree] * ket
    for coefficient in TAYLOR[degree - 1 :: -1]:
        total = _added(coefficient * ket, a, total)
    return total
