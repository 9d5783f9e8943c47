"""Diabatic curves along one coordinate: harmonic, Morse, Tully's, or your own."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import ArrayLike

from .._types import Scalar, as_scalar
from ..exact._functions import decay_ratio
from ..models import AbstractWaveform, FunctionWaveform, GaussianPulse
from ..models._waveforms import as_waveform
from ._curve_crossing import CurveCrossing
from ._surfaces import AbstractSurfaces

_NEWTON_STEPS = 40


class Harmonic(AbstractWaveform):
    r"""$E(x) = E_0 + \tfrac12 k (x - x_0)^2$, with k = mω².

    **Arguments:** `force_constant`: k. `centre`: $x_0$. `offset`: $E_0$.
    """

    force_constant: Scalar = eqx.field(converter=as_scalar)
    centre: Scalar = eqx.field(converter=as_scalar, default=0.0)
    offset: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def __call__(self, x: Scalar) -> Scalar:
        return self.offset + 0.5 * self.force_constant * (x - self.centre) ** 2


class Morse(AbstractWaveform):
    r"""$E(x) = E_0 + D\left(1 - e^{-\beta(x - x_0)}\right)^2$.

    **Arguments:** `depth`: D, of the well below its dissociation limit. `steepness`:
    β. `centre`: $x_0$. `offset`: $E_0$, the bottom of the well.

    Source: Morse, Phys. Rev. 34, 57 (1929), doi:10.1103/PhysRev.34.57.
    """

    depth: Scalar = eqx.field(converter=as_scalar)
    steepness: Scalar = eqx.field(converter=as_scalar)
    centre: Scalar = eqx.field(converter=as_scalar, default=0.0)
    offset: Scalar = eqx.field(converter=as_scalar, default=0.0)

    def __call__(self, x: Scalar) -> Scalar:
        stretch = -jnp.expm1(-self.steepness * (x - self.centre))
        return self.offset + self.depth * stretch**2


class Curves(AbstractSurfaces):
    """Two diabatic curves and their coupling along one coordinate.

    **Arguments:** `first`, `second`, `coupling`: numbers or functions of x, that is any
    waveform of `lz.models` read as a function of position: `Harmonic`, `Morse`,
    `lz.models.Linear(slope, offset)`, `lz.models.FunctionWaveform(function,
    parameters)`, and their sums. `coupling` is the matrix element, half the gap.
    """

    first: AbstractWaveform = eqx.field(converter=as_waveform)
    second: AbstractWaveform = eqx.field(converter=as_waveform)
    coupling: AbstractWaveform = eqx.field(converter=as_waveform)

    def elements(self, x: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        return self.first(x), self.second(x), self.coupling(x)

    def crossing_point(self, near: ArrayLike) -> Scalar:
        """Where the diabatic curves cross, by Newton's method from `near`.

        Differentiable in the curves. **Raises:** `RuntimeError` if none is found.
        """
        return _crossing_point(self, as_scalar(near))

    def crossing(self, near: ArrayLike, velocity: ArrayLike) -> CurveCrossing:
        """The crossing near a point with the slopes and the coupling that the curves
        have there, passed at that velocity.

        Zener's formula for it is an approximation. Between `Morse(0.2, 0.9, 2.0)` and
        `Morse(0.15, 0.8, 3.0, 0.03)` it gives a jump of 0.6489 instead of 0.6497 at
        V = 0.0035 and v = 0.001, 0.7026 instead of 0.7153 at V = v = 0.01, and 0.4936
        instead of 0.5286 at V = v = 0.02. `AlongPath` is exact.
        """
        x = self.crossing_point(near)
        slopes = jax.grad(self.first)(x), jax.grad(self.second)(x)
        return CurveCrossing(self.coupling(x), *slopes, velocity)


@eqx.filter_jit
def _crossing_point(curves: Curves, near: Scalar) -> Scalar:
    def newton(c: Curves, x):
        value, slope = jax.value_and_grad(lambda y: c.first(y) - c.second(y))(x)
        return value / jnp.where(slope == 0, 1.0, slope), slope

    still = jax.lax.stop_gradient(curves)
    x = jax.lax.fori_loop(
        0, _NEWTON_STEPS, lambda _, x: x - newton(still, x)[0], jnp.asarray(near)
    )
    step, slope = newton(still, x)
    bad = ~(jnp.abs(step) <= 1e-9 * (1.0 + jnp.abs(x))) | (slope == 0)
    x = eqx.error_if(
        jax.lax.stop_gradient(x),
        bad,
        "the diabatic curves do not cross near there: give a point closer to the "
        "crossing, or look for the smallest gap of the adiabatic curves.",
    )
    # One more step carries the derivative by the curves.
    return x - newton(curves, x)[0]


def tully_simple_crossing(
    height: ArrayLike = 0.01,
    steepness: ArrayLike = 1.6,
    coupling: ArrayLike = 0.005,
    narrowness: ArrayLike = 1.0,
) -> Curves:
    r"""Tully's first model, a simple avoided crossing:
    $E_0 = A\,\mathrm{sign}(x)(1 - e^{-B|x|}) = -E_1$, $V = Ce^{-Dx^2}$.

    **Arguments:** A, B, C, D, in atomic units; the mass is 2000. The second derivative
    of the curves jumps at x = 0.

    Source: Tully, J. Chem. Phys. 93, 1061 (1990), eq. 21, doi:10.1063/1.459170.
    """
    rise = FunctionWaveform(_step, _numbers(height, steepness))
    return Curves(rise, -rise, _gaussian(coupling, narrowness))


def tully_dual_crossing(
    depth: ArrayLike = 0.1,
    width: ArrayLike = 0.28,
    offset: ArrayLike = 0.05,
    coupling: ArrayLike = 0.015,
    narrowness: ArrayLike = 0.06,
) -> Curves:
    r"""Tully's second model, two crossings in a row whose amplitudes interfere:
    $E_0 = 0$, $E_1 = -Ae^{-Bx^2} + E$, $V = Ce^{-Dx^2}$.

    **Arguments:** A, B, E, C, D, in atomic units; the mass is 2000. The curves cross at
    $x = \pm\sqrt{\ln(A/E)/B}$.

    Source: Tully, J. Chem. Phys. 93, 1061 (1990), eq. 23, doi:10.1063/1.459170.
    """
    well = -_gaussian(depth, width) + as_scalar(offset)
    return Curves(0.0, well, _gaussian(coupling, narrowness))


def tully_extended_coupling(
    splitting: ArrayLike = 6e-4, coupling: ArrayLike = 0.1, steepness: ArrayLike = 0.9
) -> Curves:
    r"""Tully's third model, a coupling that never ends on one side: $E_0 = A = -E_1$,
    $V = Be^{Cx}$ for x < 0 and $B(2 - e^{-Cx})$ for x > 0.

    The diabatic curves do not cross. **Arguments:** A, B, C, in atomic units; the mass
    is 2000. The second derivative of the coupling jumps at x = 0.

    Source: Tully, J. Chem. Phys. 93, 1061 (1990), eq. 24, doi:10.1063/1.459170.
    """
    rise = FunctionWaveform(_step, _numbers(coupling, steepness))
    splitting = as_scalar(splitting)
    return Curves(splitting, -splitting, rise + as_scalar(coupling))


def _step(x: Scalar, p: dict[str, Scalar]) -> Scalar:
    """A sign(x)(1 − e^{−B|x|}), with the right derivative at x = 0 too."""
    scaled = p["steepness"] * x
    return p["height"] * scaled * decay_ratio(jnp.abs(scaled))


def _numbers(height: ArrayLike, steepness: ArrayLike) -> dict[str, Any]:
    return {"height": as_scalar(height), "steepness": as_scalar(steepness)}


def _gaussian(height: ArrayLike, narrowness: ArrayLike) -> AbstractWaveform:
    return GaussianPulse(height, jnp.sqrt(0.5 / as_scalar(narrowness)))
