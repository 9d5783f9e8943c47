"""Conical intersections: straight passages, vibronic models, geometric phases."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_shape
from .._types import Scalar, as_array, as_scalar
from ..models import LinearSweep
from ._paths import StraightPath
from ._surfaces import AbstractSurfaces

Plane = Float[Array, "2"]
# Below this overlap of neighbours it is not clear which way the state has turned.
_SMALLEST_OVERLAP = 0.5


class LinearVibronic(AbstractSurfaces):
    r"""Two states and two modes: a tuning mode x and, linearly, a coupling mode y.

    $$H = \tfrac12(k_x x^2 + k_y y^2) + \begin{pmatrix} E_0 + \kappa_0 x & \lambda y \\
      \lambda y & E_1 + \kappa_1 x \end{pmatrix}$$

    The surfaces meet in a conical intersection at $x = (E_1 - E_0)/(\kappa_0 -
    \kappa_1)$, y = 0.

    **Arguments:**

    - `slopes`: $(\kappa_0, \kappa_1)$ along the tuning mode. Energy per length.
    - `coupling_slope`: $\lambda$, of the matrix element along the coupling mode.
    - `site_energies`: $(E_0, E_1)$ at the origin.
    - `force_constants`: $(k_x, k_y)$, the same for both states. They move the nuclei,
      but drop out of the amplitudes along a given path.

    With $(\kappa_0, \kappa_1) = (g, -g)$ and λ = g it is the isotropic cone
    $g(x\sigma_z + y\sigma_x)$, see `cone`. Positions have shape `(2,)`.

    Source: Köppel, Domcke & Cederbaum, Adv. Chem. Phys. 57, 59 (1984),
    doi:10.1002/9780470142813.ch2.
    """

    slopes: Plane = eqx.field(converter=as_array)
    coupling_slope: Scalar = eqx.field(converter=as_scalar)
    site_energies: Plane = eqx.field(converter=as_array, default=(0.0, 0.0))
    force_constants: Plane = eqx.field(converter=as_array, default=(0.0, 0.0))

    @classmethod
    def cone(
        cls, strength: ArrayLike, coupling_strength: ArrayLike | None = None
    ) -> "LinearVibronic":
        r"""The bare cone $g_x x\,\sigma_z + g_y y\,\sigma_x$, isotropic if one strength
        is given."""
        strength = as_scalar(strength)
        other = strength if coupling_strength is None else coupling_strength
        return cls(jnp.stack([strength, -strength]), other)

    def elements(self, x: Plane) -> tuple[Scalar, Scalar, Scalar]:
        check_shape("x", x, (2,), "It holds the tuning and the coupling coordinate.")
        common = 0.5 * jnp.sum(self.force_constants * x**2)
        first, second = self.site_energies + self.slopes * x[0]
        return common + first, common + second, self.coupling_slope * x[1]

    def intersection(self) -> Plane:
        """Where the two surfaces meet, shape `(2,)`."""
        tuned = (self.site_energies[1] - self.site_energies[0]) / (
            self.slopes[0] - self.slopes[1]
        )
        return jnp.stack([tuned, jnp.zeros_like(tuned)])

    def passage(self, path: StraightPath) -> LinearSweep:
        r"""The crossing that a straight path past the intersection is.

        $H = \tfrac12(w_0 + w_1 t)\cdot\sigma$ has the gap $|w_0 \times w_1|/|w_1|$ and
        the rate $|w_1|$: for the isotropic cone 2gb and 2gv with the impact parameter
        b, −ln P = πgb²/(ħv), whatever the direction. On a cone with $g_x \neq g_y$

        $$-\ln P = \frac{\pi b^2 g_x^2g_y^2}
          {\hbar v\,(g_x^2\cos^2\vartheta + g_y^2\sin^2\vartheta)^{3/2}}$$

        depends on the direction ϑ too: with g = (1, 0.4), b = 0.5, v = 0.7, P is 0.836
        along x and 0.0605 along y. The time of the sweep is zero where the gap is
        smallest.
        """

        def field(t):
            return jnp.stack(self._components(path(t)))

        start, change = jax.jvp(field, (jnp.zeros(()),), (jnp.ones(()),))
        rate = jnp.sqrt(jnp.sum(change**2))
        cross = start[0] * change[1] - start[1] * change[0]
        return LinearSweep(jnp.abs(cross) / rate, rate)

    def seam_width(self, speed: ArrayLike, direction: ArrayLike = 0.0) -> Scalar:
        r"""$\int P\,db$, the width in which straight paths jump, over all impact
        parameters b of `passage` through a bare cone:

        $$\frac{\sqrt v\,(g_x^2\cos^2\vartheta + g_y^2\sin^2\vartheta)^{3/4}}
          {g_xg_y}$$

        With a density of paths along the seam it is what jumps; averages over speeds
        and directions are sums of it. For sampled paths, `jax.vmap` over `passage`.
        """
        speed, direction = as_scalar(speed), as_scalar(direction)
        tuning = 0.5 * jnp.abs(self.slopes[0] - self.slopes[1])
        coupling = jnp.abs(self.coupling_slope)
        c, s = tuning * jnp.cos(direction), coupling * jnp.sin(direction)
        return jnp.sqrt(speed) * (c**2 + s**2) ** 0.75 / (tuning * coupling)


def geometric_phase(
    hamiltonian: Callable[[Array], Array], points: ArrayLike, *, level: int = 0
) -> Scalar:
    r"""The geometric phase of an adiabatic state around a closed loop, as a
    gauge-invariant Wilson loop.

    $$\gamma = -\arg\prod_k \langle\psi_k|\psi_{k+1}\rangle$$

    π for a real state around a conical intersection, else 0: two passages of the cone
    with the intersection between them interfere with the opposite sign, so that a jump
    of 0.0802 there and back becomes 0.8653 (cone of strength 1, b = ½, v = 1, turned at
    x = 20). On a line there are no loops; but a coupling that changes its sign in time,
    `coupling_sign` of `lz.models.double_passage`, does the same. Where the
    cone is opened by m, as by spin-orbit coupling, $\pi(1 - m/\sqrt{m^2 + r^2})$ on a
    circle of energy r. The adiabatic state must stay apart from the others all along.

    **Arguments:**

    - `hamiltonian`: a function of one point, H of shape `(N, N)`, such as
      `surfaces.matrix`; real symmetric or Hermitian.
    - `points`: around the loop in order, shape `(K, d)`; the last one is joined to the
      first. For a real H a few are enough, else the error falls as K⁻².
    - `level`: of the state, by energy.

    **Returns:** from −π to π, its sign that of the sense of the loop. Differentiable
    and, by `jax.vmap`, batched.

    **Raises:** `ValueError` for a wrong shape or level; `RuntimeError` if neighbouring
    states overlap by less than a half.

    Source: Berry, Proc. R. Soc. A 392, 45 (1984), doi:10.1098/rspa.1984.0023; discrete:
    King-Smith & Vanderbilt, Phys. Rev. B 47, 1651 (1993),
    doi:10.1103/PhysRevB.47.1651.
    """
    points = as_array(points)
    check_shape("points", points, (None, None), "On a line there are no loops.")
    matrices = jax.vmap(hamiltonian)(points)
    size = matrices.shape[-1]
    if matrices.ndim != 3 or matrices.shape[1] != size:
        raise ValueError(
            "`hamiltonian` must give a square matrix at each point, got shape "
            f"{matrices.shape[1:]}."
        )
    if isinstance(level, bool) or not 0 <= level < size:
        raise ValueError(f"there are levels 0 to {size - 1}, got level {level!r}.")
    return _wilson_loop(matrices, level)


@eqx.filter_jit
def _wilson_loop(matrices, level: int) -> Scalar:
    _, states = jnp.linalg.eigh(matrices)
    states = states[:, :, level]
    overlaps = jnp.vecdot(states, jnp.roll(states, -1, axis=0))
    sizes = jnp.abs(overlaps)
    overlaps = eqx.error_if(
        overlaps,
        ~(jnp.min(sizes) >= _SMALLEST_OVERLAP),
        "the state turns too far between two points of the loop: give more points, or "
        "keep away from degeneracies.",
    )
    return jnp.angle(jnp.conj(jnp.prod(overlaps / sizes)))
