"""The breakdown field from the complex orbit inside the gap."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike

from .._checks import check_shape
from .._types import Scalar, as_array
from ._arcs import check_on_crossing, unit_vector
from ._bands import AbstractTwoBands
from ._units import FLUX


def complex_breakdown_field(
    bands: AbstractTwoBands,
    k0: ArrayLike,
    direction: ArrayLike,
    *,
    nodes: int = 48,
) -> Scalar:
    r"""$B_0 = (\hbar/e)\,2\int\mathrm{Im}\,k_\parallel\,dk_\perp$ through the gap.

    The contour of the energy is followed into complex k between the two vertices of
    the gapped orbits. For straight bands and a constant gap it is the formula of
    `Junction.breakdown_field`; with curved ones it keeps what the curvature does to the
    exponent. It fails with the formula where the two ends of a lens are no longer far
    apart; see `passage`.

    **Arguments:**

    - `bands`: elements that accept complex k and are analytic in it.
    - `k0`: where the uncoupled bands cross; their energy there is the contour's. 1/Å,
      shape `(3,)`.
    - `direction`: of the field, shape `(3,)`.
    - `nodes`: of the quadrature.

    **Returns:** T. First derivatives are exact.

    **Raises:** `ValueError` if the uncoupled bands do not cross at `k0`.

    Source: Dykhne, Sov. Phys. JETP 14, 941 (1962); Davis & Pechukas, J. Chem. Phys. 64,
    3129 (1976), doi:10.1063/1.432648.
    """
    k0, direction = as_array(k0), unit_vector("direction", direction)
    check_shape("k0", k0, (3,))
    energy = bands.diabatic(1)(k0)
    check_on_crossing(bands, k0)
    still = jax.lax.stop_gradient((bands, k0, direction, energy))
    across, along, jacobian = _axes(*still[:3])

    def secular(data, x, y):
        bands, k0, _, energy = data
        k = k0 + x * across + y * along
        one, two, flip = bands.elements(k)
        conjugate = jnp.conj(bands.elements(jnp.conj(k))[2])
        return (one - energy) * (two - energy) - flip * conjugate

    def real_secular(x, y):
        return jnp.real(secular(still, x, y))

    left, right, height = _vertices(real_secular, still, across, along)
    angles = (np.arange(nodes) + 0.5) * np.pi / nodes
    middle, half = 0.5 * (left + right), 0.5 * (right - left)
    places = middle - half * jnp.asarray(np.cos(angles))
    guesses = 1j * height * jnp.asarray(np.sin(angles))

    def root(x, y):
        def newton(data, y):
            value, slope = jax.jvp(
                lambda y: secular(data, x, y), (y,), (jnp.ones_like(y),)
            )
            return y - value / slope

        y = jax.lax.fori_loop(0, 25, lambda _, y: newton(still, y), y)
        # One more step, with derivatives, is the implicit function theorem.
        value = secular((bands, k0, direction, energy), x, y)
        slope = jax.jvp(lambda y: secular(still, x, y), (y,), (jnp.ones_like(y),))[1]
        return y - value / slope

    heights = jnp.imag(jax.vmap(root)(places, guesses))
    integral = half * jnp.dot(jnp.asarray(np.sin(angles)), heights) * np.pi / nodes
    return 2.0 * FLUX * jacobian * jnp.abs(integral)


def _axes(bands, k0, normal):
    """In-plane directions through the gap and along it, and their parallelogram."""
    first = bands.diabatic(1).velocity(k0)
    second = bands.diabatic(2).velocity(k0)
    across = jnp.cross(normal, first - second)
    along = jnp.cross(normal, first + second)
    across = across / jnp.sqrt(jnp.sum(across**2))
    along = along / jnp.sqrt(jnp.sum(along**2))
    return across, along, jnp.abs(jnp.dot(jnp.cross(across, along), normal))


def _vertices(secular, still, across, along):
    """Where a real orbit just touches: F = ∂F/∂y = 0 on both sides; and the guess for
    the largest imaginary y between, from straight bands."""
    bands, k0, *_ = still
    slope = jax.grad(bands.diabatic(1))(k0)
    gap = jnp.abs(bands.elements(k0)[2])
    start = gap / jnp.dot(slope, across)

    def conditions(point):
        value, slope = jax.value_and_grad(secular, argnums=1)(point[0], point[1])
        return jnp.stack([value, slope])

    def newton(_, point):
        step = jnp.linalg.solve(jax.jacfwd(conditions)(point), conditions(point))
        return point - step

    ends = [
        jax.lax.fori_loop(0, 12, newton, jnp.stack([sign * start, jnp.zeros(())]))[0]
        for sign in (-1.0, 1.0)
    ]
    return (*ends, jnp.abs(gap / jnp.dot(slope, along)))
