"""Slow sweeps of any shape, from where their gap closes (ħ = 1)."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._types import as_array, as_scalar
from ..models import AbstractTwoLevel
from ._approximation import Approximation
from ._crossing import landau_zener

_NEWTON_STEPS = 40
_NODES = 48


def dykhne_davis_pechukas(
    model: AbstractTwoLevel, guesses: ArrayLike
) -> tuple[Approximation, Complex[Array, " K"]]:
    r"""The adiabatic jump of a slow analytic sweep, from the complex times where the
    gap closes.

    $$P \approx \Big|\sum_k \Gamma_k\,e^{iD(t_k)}\Big|^2, \quad
      D(t_k) = \int_0^{t_k}\sqrt{w\cdot w}\,dt, \quad w(t_k)\cdot w(t_k) = 0$$

    with Γ_k = ∓1 where the detuning is ±i times the coupling. Points in the upper
    half plane count, those nearest to the real axis most; several interfere. For one
    linear crossing the result is exact; for a tanh sweep the exponent
    πT(√(B² + Δ²) − B) is, the prefactor tends to one.

    **Arguments:**

    - `model`: two levels with a real coupling; its field must be an analytic
      function of time, so no `abs`, kinks or pulses by parts.
    - `guesses`: complex times near the zeros of the gap, shape `(K,)`, refined by
      Newton's method. That all relevant zeros are there is up to the caller.

    **Returns:** the probability, and the refined times. It is `valid` where every
    guess has converged in the upper half plane to a zero of its own, the field is
    analytic there, and the jump is below 0.2: slow.

    Differentiable in the model. **Raises:** `TypeError` if the model has no field.

    Source: Davis & Pechukas, J. Chem. Phys. 64, 3129
    (1976), doi:10.1063/1.432648; several zeros: Suominen, Garraway & Stenholm, Opt.
    Commun. 82, 260 (1991).
    """
    _check(model)
    return _from_zeros(model, jnp.atleast_1d(jnp.asarray(guesses, dtype=complex)))


@eqx.filter_jit
def _from_zeros(model, starts):
    times, errors = jax.vmap(lambda t: _zero_of_gap(model, t))(starts)
    amplitudes, areas = jax.vmap(lambda t: _amplitude(model, t))(times)
    value = jnp.abs(jnp.sum(amplitudes)) ** 2
    apart = jnp.abs(times[:, None] - times[None, :]) + jnp.eye(len(starts))
    scale = jnp.max(jnp.abs(times))
    valid = jnp.all(errors < 1e-8) & jnp.all(times.imag > 0) & jnp.all(areas > 0)
    valid &= jnp.all(apart > 1e-6 * scale) & (value < 0.2)
    condition = "zeros of an analytic gap, apart, above the real axis; a jump below 0.2"
    return Approximation(value, valid, condition), times


def _check(model) -> None:
    if not isinstance(model, AbstractTwoLevel):
        raise TypeError(
            f"a two-level model with a field is needed, got {type(model).__name__}."
        )


def _square(model: AbstractTwoLevel, t):
    x, y, z = model.field(t)
    return x * x + y * y + z * z + 0j


def _zero_of_gap(model, start):
    """A zero of w·w, and how far from it and from being analytic it is there."""
    still = jax.lax.stop_gradient(model)

    def step(model, t):
        value, slope = jax.jvp(lambda s: _square(model, s), (t,), (jnp.ones_like(t),))
        return value / jnp.where(slope == 0, 1.0, slope), slope

    found = jax.lax.fori_loop(
        0, _NEWTON_STEPS, lambda _, t: t - step(still, t)[0], start
    )
    rest, slope = step(still, found)
    _, sideways = jax.jvp(
        lambda s: _square(still, s), (found,), (1j * jnp.ones_like(found),)
    )
    # Cauchy and Riemann: along i the slope is i times as much.
    analytic = jnp.abs(sideways - 1j * slope) / jnp.abs(slope)
    error = jnp.abs(rest) / jnp.maximum(jnp.abs(found), 1e-300) + analytic
    # One more step carries the derivative by the model.
    return found - step(model, found)[0], jax.lax.stop_gradient(error)


def _amplitude(model, t):
    """Γ exp(iD) of one zero, and Im D."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    nodes, weights = jnp.asarray(0.5 * (nodes + 1.0)), jnp.asarray(0.5 * weights)
    along, up = jnp.real(t), jnp.imag(t)

    # Along the real axis below the zero, then straight up; near the zero the gap is a
    # square root, smooth in √(distance).
    flat = along * nodes + 0j
    gaps = jnp.sqrt(jax.vmap(lambda s: _square(model, s))(flat))
    real = along * jnp.sum(weights * gaps)
    rise = nodes[::-1]
    column = along + 1j * up * (1.0 - rise**2)
    gaps = jnp.sqrt(jax.vmap(lambda s: _square(model, s))(column))
    # The branch that began as the positive root.
    turned = jnp.real(jnp.conj(gaps[:-1]) * gaps[1:]) < 0
    sign = jnp.cumprod(jnp.where(turned, -1.0, 1.0))
    gaps = gaps * jnp.concatenate([jnp.ones(1), sign])
    area = real + 1j * up * jnp.sum(2.0 * weights[::-1] * rise * gaps)
    x, _, z = model.field(t)
    gamma = jax.lax.stop_gradient(-jnp.sign(jnp.real(z / (1j * x))))
    return gamma * jnp.exp(1j * area), jnp.imag(area)


def local_landau_zener(
    model: AbstractTwoLevel, guess: ArrayLike = 0.0
) -> tuple[Approximation, Float[Array, ""]]:
    r"""The survival that the gap and the rate *at* the crossing would give, and how
    far the sweep is from constant there.

    The crossing is the zero of the detuning near `guess`. Only the speed at the
    crossing matters if it is constant over τ = max(1/√α, Δ/α); the second number is
    the largest of |ε̈|τ/α, |ε⃛|τ²/α and |Δ̇|τ/Δ, valid is below 0.1. Infinite or zero
    speed at the crossing do not give the survival 1 or 0: see `power_law_fast`.

    At Δ = α = 1 in ε = t + ct³ it says 0.20788 for every c; true are 0.20559 (1 %
    off) at c = 0.01, 0.19986 at 0.1, 0.31511 at 1 and 0.62359 at 10.

    Differentiable in the model; the error estimate is not. **Raises:** `TypeError`
    if the model has no field.
    """
    _check(model)
    return _local(model, as_scalar(guess))


@eqx.filter_jit
def _local(model, guess):
    def detuning(m, t):
        return m.field(t)[2]

    def coupling(m, t):
        x, y, _ = m.field(t)
        return jnp.hypot(x, y)

    slope = jax.grad(detuning, argnums=1)
    still = jax.lax.stop_gradient(model)

    def newton(m, t):
        rate = slope(m, t)
        return t - detuning(m, t) / jnp.where(rate == 0, 1.0, rate)

    t = jax.lax.fori_loop(0, _NEWTON_STEPS, lambda _, s: newton(still, s), guess)
    t = newton(model, t)
    rate, gap = slope(model, t), coupling(model, t)
    bend = jax.grad(slope, argnums=1)
    twist = jax.grad(bend, argnums=1)
    speed = jnp.abs(rate)
    tau = jnp.maximum(1.0 / jnp.sqrt(speed), gap / speed)
    changes = jnp.stack(
        [
            jnp.abs(bend(still, t)) * tau / speed,
            jnp.abs(twist(still, t)) * tau**2 / speed,
            jnp.abs(jax.grad(coupling, argnums=1)(still, t)) * tau / gap,
        ]
    )
    change = jax.lax.stop_gradient(jnp.max(changes))
    crosses = jnp.abs(detuning(still, t)) <= 1e-8 * jnp.maximum(speed * tau, gap)
    value = landau_zener(gap, jnp.where(rate == 0, jnp.nan, rate))
    condition = "a crossing near the guess, its rate and coupling constant to 10 %"
    return Approximation(value, crosses & (change < 0.1), condition), change


def superadiabatic_transition(
    gap: ArrayLike, rate: ArrayLike, t: ArrayLike
) -> Approximation:
    r"""How a slow linear sweep jumps in the optimal superadiabatic basis.

    $$P(t) = P_{LZ}\left[\tfrac12\left(1 + \mathrm{erf}
      \frac{\mathrm{Re}F(t)}{\sqrt{2\,\mathrm{Im}F}}\right)\right]^2, \quad
      \mathrm{Re}F = \int_0^t\sqrt{\epsilon^2 + \Delta^2}\,dt, \quad
      \mathrm{Im}F = \frac{\pi\Delta^2}{4|\alpha|}$$

    Smooth, with a quarter of P at t = 0; lower orders overshoot by far. At Δ = 1,
    α = 0.2, t = 0 it is 9.71·10⁻⁵; the bases of order 0, 1 and 3 have 1.2·10⁻²,
    2.5·10⁻⁴ and 9.85·10⁻⁵. Valid for slow sweeps, P < 0.01.

    Source: Berry, Proc. R. Soc. A 429, 61 (1990), doi:10.1098/rspa.1990.0051.
    """
    gap, rate, t = map(as_array, (gap, rate, t))
    speed, size = jnp.abs(rate), jnp.abs(gap)
    x = speed * t / size
    turned = 0.5 * size**2 / speed * (x * jnp.sqrt(1.0 + x * x) + jnp.arcsinh(x))
    half = 0.25 * jnp.pi * size**2 / speed
    share = 0.5 * (1.0 + jax.scipy.special.erf(turned / jnp.sqrt(2.0 * half)))
    total = landau_zener(gap, rate)
    valid = total < 0.01
    return Approximation(total * share**2, valid, "a slow sweep, P < 0.01")
