"""Formulas for the jump at one crossing, side by side."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import ArrayLike

from .._checks import check_positive
from .._types import Scalar, as_array, as_scalar, readable
from ..exact import Approximation, belyaev_lebedev
from ._curves import Curves

_NEWTON_STEPS = 40


def zhu_nakamura(
    coupling: ArrayLike,
    slope_0: ArrayLike,
    slope_1: ArrayLike,
    *,
    kinetic_energy: ArrayLike,
    mass: ArrayLike,
) -> Approximation:
    r"""The jump between adiabatic curves at one passage, down to the energy of the
    crossing, for slopes of the same sign.

    $$p = \exp\left[-\frac{\pi}{4ab}\sqrt{\frac{2}{1 + \sqrt{1 + b^{-4}}}}\right], \quad
      a^2 = \frac{\hbar^2}{2m}\frac{F\,\Delta F}{(2V)^3}, \quad
      b^2 = \frac{T\,\Delta F}{2FV}, \quad F = \sqrt{F_0F_1}$$

    Zener's formula is its limit for b ≫ 1, with $v = \sqrt{2T/m}$. Near the crossing
    that v goes to zero; this goes on. Against the exponent of the straight curves' own
    complex action: Zener's is 1.0002 of it at b² = 20, 1.022 at 2, 1.076 at 1, 1.49
    at 0.25 and infinite at 0; this one's 0.99992, 0.993, 0.979, 0.933 and 0.899.

    Against two-channel scattering on straight curves, from whose phases the exact p
    follows, a² from 0.1 to 16: it errs by at most 0.0011 at b² = 5, 0.0093 at 2, 0.025
    at 1 and 0.069 at 0 (Zener's formula by 0.0015, 0.013, 0.040 and 0.83), most where
    a² is large. The empirical $b^{-4}(0.4a^2 + 0.7)$ under the root in place of b⁻⁴,
    which leaves 0.017, is left out. Without a formula, above the crossing and below it:
    the whole scattering, $|S_{12}|^2$, is the change of state in
    `lzjax.models.parabolic_sweep(1/a, 1/a, -b²/a)`, a sweep in momentum.

    **Arguments:** `coupling`: V. `slope_0`, `slope_1`: $F_0$, $F_1$. `kinetic_energy`:
    T, of the energy above the crossing of the diabatic curves. `mass`: m. Any shapes.

    **Returns:** an `Approximation`, valid for slopes of the same sign and T ≥ 0.

    **Raises:** `ValueError` if a concrete mass is not positive.

    Source: Zhu & Nakamura, J. Chem. Phys. 101, 4855 (1994).
    """
    check_positive("mass", mass)
    coupling, first, second, kinetic, mass = map(
        as_array, (coupling, slope_0, slope_1, kinetic_energy, mass)
    )
    product, difference = first * second, jnp.abs(first - second)
    # With A = 16 V⁴ a²b² and B = 16 V⁴ a² nothing is divided by V or T.
    fast = 0.5 * kinetic * difference**2 / mass
    slow = jnp.abs(coupling) * jnp.sqrt(jnp.abs(product)) * difference / mass
    denominator = fast + jnp.sqrt(fast**2 + slow**2)
    still = denominator <= 0.0
    root = jnp.sqrt(2.0 / jnp.where(still, 1.0, denominator))
    value = jnp.where(still, 0.0, jnp.exp(-math.pi * coupling**2 * root))
    valid = (product > 0) & (kinetic >= 0) & ~still
    return Approximation(
        value, valid, "slopes of the same sign, an energy not below the crossing"
    )


class JumpFormulas(eqx.Module):
    """What three formulas say about one passage; see `jump_formulas`."""

    landau_zener: Approximation
    belyaev_lebedev: Approximation
    zhu_nakamura: Approximation
    position: Scalar
    velocity: Scalar

    def __repr__(self) -> str:
        return readable(self)


def jump_formulas(
    curves: Curves, near: ArrayLike, *, energy: ArrayLike, mass: ArrayLike
) -> JumpFormulas:
    r"""The jump between the adiabatic curves at one passage of a crossing, by three
    formulas.

    - `landau_zener`: the slopes and the coupling at the crossing of the diabatic
      curves, passed at $v = \sqrt{2(E - E_x)/m}$. Valid where the kinetic energy there
      is above ten couplings.
    - `belyaev_lebedev`: the gap Z of the adiabatic curves at its minimum alone, with
      $\ddot Z = v^2Z''$. Valid under the same condition. Where the coupling is
      constant it is the same as the first.
    - `zhu_nakamura`: as the first, but down to the energy of the crossing.
    - `position`, `velocity`: of the crossing of the diabatic curves, and there.

    None of them knows how the curves bend. The exact amplitude along a path is that of
    `AlongPath`: look at all four before you trust one.

    **Arguments:** `near`: a position near the crossing. `energy`: E, total. `mass`.

    Differentiable in everything. **Raises:** `RuntimeError` if the curves do not cross
    near there, or if their energy is above E; `ValueError` if a concrete mass is not
    positive.
    """
    check_positive("mass", mass)
    return _formulas(curves, as_scalar(near), as_scalar(energy), as_scalar(mass))


@eqx.filter_jit
def _formulas(curves: Curves, near, energy, mass) -> JumpFormulas:
    x = curves.crossing_point(near)
    kinetic = energy - curves.first(x)
    kinetic = eqx.error_if(
        kinetic,
        ~(kinetic > 0),
        "the energy does not reach the crossing of the diabatic curves: there is no "
        "classical passage.",
    )
    velocity = jnp.sqrt(2.0 * kinetic / mass)
    crossing = curves.crossing(x, velocity)
    fast = kinetic > 10.0 * jnp.abs(crossing.coupling)
    condition = "a kinetic energy above ten couplings at the crossing"
    zener = Approximation(crossing.p_diabatic_survival(), fast, condition)
    gap, bend = _smallest_gap(curves, x)
    avoided = (gap > 0) & (bend > 0)
    by_gap = belyaev_lebedev(
        jnp.where(avoided, gap, 1.0), jnp.where(avoided, bend, 1.0) * velocity**2
    )
    lebedev = Approximation(
        jnp.where(avoided, by_gap, 1.0),
        fast & avoided,
        condition + ", and a smallest gap that is not zero",
    )
    nakamura = zhu_nakamura(
        crossing.coupling,
        crossing.slope_0,
        crossing.slope_1,
        kinetic_energy=kinetic,
        mass=mass,
    )
    return JumpFormulas(zener, lebedev, nakamura, x, velocity)


def _smallest_gap(curves: Curves, near) -> tuple[Scalar, Scalar]:
    """The gap at its minimum, and its second derivative there."""

    def square(c: Curves, x):
        first, second, coupling = c.elements(x)
        return (first - second) ** 2 + 4.0 * coupling**2

    slope = jax.grad(square, argnums=1)
    bend = jax.grad(slope, argnums=1)

    def newton(c: Curves, x):
        curvature = bend(c, x)
        return x - slope(c, x) / jnp.where(curvature == 0, 1.0, curvature)

    still = jax.lax.stop_gradient(curves)
    x = jax.lax.fori_loop(0, _NEWTON_STEPS, lambda _, x: newton(still, x), near)
    x = newton(curves, jax.lax.stop_gradient(x))
    gap = jnp.sqrt(square(curves, x))
    # Z² = s has Z Z″ = s″/2 where s′ = 0.
    return gap, 0.5 * bend(curves, x) / jnp.where(gap == 0, 1.0, gap)
