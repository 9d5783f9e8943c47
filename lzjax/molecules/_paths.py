"""Classical paths over surfaces, and the quantum amplitudes along them."""

import abc
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_finite, check_one_of, check_positive, check_steps
from .._types import Scalar, as_array, as_scalar
from ..models import AbstractTwoLevel
from ..models._waveforms import as_arrays
from ._surfaces import AbstractSurfaces, Position

POTENTIALS = ("lower", "upper", "mean")
# How much of the largest kinetic energy a trajectory may gain or lose by its steps.
_DRIFT = 1e-6
# Yoshida, Phys. Lett. A 150, 262 (1990), solution A: sixth order from seven leapfrogs.
_OUTER = (0.784513610477557264, 0.235573213359358134, -1.177679984178871007)
_STAGES = (*_OUTER, 1.0 - 2.0 * sum(_OUTER), *_OUTER[::-1])


class AbstractPath(eqx.Module):
    """A position as a function of time."""

    @abc.abstractmethod
    def __call__(self, t: Scalar) -> Position:
        """Where the nuclei are at time t. Length, scalar or shape `(d,)`."""

    def breakpoints(self) -> Float[Array, " K"]:
        """Times of kinks."""
        return jnp.zeros(0)

    def velocity_at(self, t: ArrayLike) -> Position:
        """Length per time, shaped as the position."""
        return jax.jacfwd(self.__call__)(as_scalar(t))


class StraightPath(AbstractPath):
    """x(t) = position + velocity · t.

    **Arguments:** `velocity` and `position`: numbers, or both of shape `(d,)`.
    """

    velocity: Position = eqx.field(converter=as_array)
    position: Position = eqx.field(converter=as_array)

    def __init__(self, velocity: ArrayLike, position: ArrayLike | None = None):
        self.velocity = as_array(velocity)
        start = jnp.zeros_like(self.velocity) if position is None else position
        self.position = as_array(start)

    @classmethod
    def past(
        cls, impact_parameter: ArrayLike, speed: ArrayLike, direction: ArrayLike = 0.0
    ) -> "StraightPath":
        r"""In a plane, past the origin at a distance: $x = b\,n + vt\,e$ with
        $e = (\cos\vartheta, \sin\vartheta)$ and $n = (-\sin\vartheta, \cos\vartheta)$.

        **Arguments:** `impact_parameter`: b; positive passes with the origin on the
        right. `speed`: v. `direction`: ϑ in rad.
        """
        b, speed, direction = map(as_scalar, (impact_parameter, speed, direction))
        c, s = jnp.cos(direction), jnp.sin(direction)
        return cls(speed * jnp.stack([c, s]), b * jnp.stack([-s, c]))

    def __call__(self, t: Scalar) -> Position:
        return self.position + self.velocity * t


class PathFunction(AbstractPath):
    """Your own path: `function(t, parameters) -> position`, a pure JAX function.

    **Arguments:** `parameters`: any pytree; its arrays are differentiated.
    `breakpoints`: times of kinks, shape `(K,)`.
    """

    function: Callable[[Scalar, Any], Any] = eqx.field(static=True)
    parameters: Any
    kinks: Float[Array, " K"]

    def __init__(self, function, parameters=None, breakpoints=()):
        self.function = function
        self.parameters = as_arrays(parameters)
        self.kinks = jnp.asarray(breakpoints, dtype=float).reshape(-1)

    def __call__(self, t: Scalar) -> Position:
        return jnp.asarray(self.function(t, self.parameters))

    def breakpoints(self) -> Float[Array, " K"]:
        return self.kinks


class Trajectory(AbstractPath):
    """A classical trajectory; see `classical_trajectory`.

    - `times`, `positions`, `velocities`, `accelerations`: at equal steps, first axis.

    In between, the polynomials of fifth degree that fit them all. Outside of its times
    it has no positions: NaN, which a solver reports.
    """

    times: Float[Array, " K"]
    positions: Float[Array, "K ..."]
    velocities: Float[Array, "K ..."]
    accelerations: Float[Array, "K ..."]

    def __call__(self, t: Scalar) -> Position:
        step = self.times[1] - self.times[0]
        last = self.times.shape[0] - 2
        place = jax.lax.stop_gradient((t - self.times[0]) / step)
        k = jnp.clip(jnp.floor(place), 0, last).astype(int)
        u = (t - self.times[k]) / step
        # Some grace for what rounding does at the two ends.
        inside = jnp.abs(u - 0.5) <= 0.5 + 1e-6
        (x0, x1), (v0, v1), (a0, a1) = (
            (each[k], each[k + 1])
            for each in (self.positions, self.velocities, self.accelerations)
        )
        # Taylor's series from the left, and three terms that meet the right end.
        dx = x1 - x0 - step * v0 - 0.5 * step**2 * a0
        dv = step * (v1 - v0) - step**2 * a0
        da = step**2 * (a1 - a0)
        c3 = 10.0 * dx - 4.0 * dv + 0.5 * da
        c4 = -15.0 * dx + 7.0 * dv - da
        c5 = 6.0 * dx - 3.0 * dv + 0.5 * da
        rest = u**3 * (c3 + u * (c4 + u * c5))
        found = x0 + u * step * v0 + 0.5 * (u * step) ** 2 * a0 + rest
        return jnp.where(inside, found, jnp.nan)


def classical_trajectory(
    surfaces: AbstractSurfaces,
    *,
    mass: ArrayLike,
    position: ArrayLike,
    velocity: ArrayLike,
    duration: ArrayLike,
    potential: str = "mean",
    steps: int = 2000,
) -> Trajectory:
    r"""The classical path $m\ddot x = -\nabla U(x)$ from t = 0 to `duration`.

    Through turning points and as often through the crossing as it goes. Symplectic, of
    sixth order, so the energy oscillates but does not run away.

    **Arguments:**

    - `surfaces`: any, such as `Curves`.
    - `mass`: a number, or one for each coordinate.
    - `position`, `velocity`: at t = 0, numbers or shape `(d,)`.
    - `potential`: U, the `"lower"` or the `"upper"` adiabatic surface, or their
      `"mean"`. Which one the nuclei feel where the amplitude splits is not a question
      that a classical path can answer; the spread of the three says how much it
      matters.
    - `steps`: equal ones.

    Differentiable in everything but `steps`.

    **Raises:** `ValueError` for a wrong argument; `RuntimeError` if the energy drifts
    by more than 10⁻⁶ of the largest kinetic energy.
    """
    check_one_of("potential", potential, POTENTIALS)
    check_positive("mass", mass)
    check_positive("duration", duration)
    if steps is None:
        raise ValueError("`steps` must be a whole number from 1 up, got None.")
    check_steps("steps", steps)
    check_finite("position", position)
    x, v, mass = as_array(position), as_array(velocity), as_array(mass)
    if x.shape != v.shape or mass.shape not in ((), x.shape):
        raise ValueError(
            "`position` and `velocity` must have the same shape and `mass` none or "
            f"that one, got {x.shape}, {v.shape} and {mass.shape}; for many starts use "
            "jax.vmap around this call."
        )
    return _trajectory(surfaces, mass, x, v, as_scalar(duration), potential, steps)


@eqx.filter_jit
def _trajectory(surfaces, mass, x, v, duration, potential: str, steps: int):
    def energy(x):
        first, second, _ = surfaces.elements(x)
        sign = {"lower": -0.5, "upper": 0.5, "mean": 0.0}[potential]
        middle = 0.5 * (first + second)
        return middle + sign * surfaces.gap(x) if sign else middle

    force = jax.grad(energy)
    step = duration / steps

    def leapfrog(state, part):
        x, v, a = state
        v = v + 0.5 * part * step * a
        x = x + part * step * v
        a = -force(x) / mass
        return (x, v + 0.5 * part * step * a, a), None

    def one(state, _):
        state, _ = jax.lax.scan(leapfrog, state, jnp.asarray(_STAGES))
        return state, state

    start = x, v, -force(x) / mass
    _, rest = jax.lax.scan(one, start, None, length=steps)
    x, v, a = (
        jnp.concatenate([first[None], later])
        for first, later in zip(start, rest, strict=True)
    )
    kinetic = jax.vmap(lambda v: 0.5 * jnp.sum(mass * v**2))(v)
    total = kinetic + jax.vmap(energy)(x)
    drift = jnp.max(jnp.abs(total - total[0]))
    x = eqx.error_if(
        x,
        ~(drift <= _DRIFT * jnp.max(kinetic)),
        "the energy of the classical trajectory is not conserved: raise `steps`, or "
        "check that the surfaces are smooth and finite where it goes.",
    )
    return Trajectory(step * jnp.arange(steps + 1), x, v, a)


class AlongPath(AbstractTwoLevel):
    r"""The two levels that a classical path meets, $H(t) = H(x(t))$.

    **Arguments:** `surfaces`: such as `Curves`. `path`: such as `StraightPath` or the
    result of `classical_trajectory`.

    A model: `lz.solve` gives the exact coherent amplitudes along the path,
    `lz.transition_matrix(model, t0, t1, basis="adiabatic")` the jumps between the
    surfaces, lower one first. What is common to both surfaces is left out. In the
    adiabatic representation, with its derivative coupling v·d, it is
    `lz.models.AdiabaticFrame(model)`.
    """

    surfaces: AbstractSurfaces
    path: AbstractPath

    convention: ClassVar[str] = "H = [[E0, V], [V, E1]] at x(t), less its mean, ħ = 1"

    def field(self, t: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        first, second, coupling = self.surfaces.elements(self.path(t))
        return 2.0 * coupling, jnp.zeros_like(coupling), first - second

    def breakpoints(self) -> Float[Array, " K"]:
        return self.path.breakpoints()
