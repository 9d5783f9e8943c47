"""Exact quantum levels of the model networks, to judge the semiclassical ones by."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_positive
from .._types import as_scalar
from ._circles import CoupledCircles, LinearChain
from ._figure_eights import DoubleWell, TiltedDirac
from ._units import CYCLOTRON, FLUX


def rabi_levels(
    model: CoupledCircles, field: ArrayLike, basis: int = 500
) -> Float[Array, " basis"]:
    r"""All levels of two coupled circles in one parity sector, rising. eV.

    The quantum Rabi model,
    $H/\hbar\omega_c = n + \tfrac12 + \tfrac12X^2 - X\hat x\,\sigma_z
    + (V/\hbar\omega_c)\,\sigma_x$ with $X = Gl/2$, is tridiagonal there. The upper part
    of the basis, from about `basis` − 6 X √(basis) on, is not converged.

    **Arguments:** `model`: with a parity. `field`: T. `basis`: oscillator states.

    **Raises:** `ValueError` if the model has no parity.
    """
    if model.parity is None:
        raise ValueError("give the model a `parity`, 1 or -1: each has its own levels.")
    check_positive("field", field)
    field = as_scalar(field)
    quantum = CYCLOTRON * field / model.mass
    shift = 0.5 * model.reciprocal_vector * jnp.sqrt(FLUX / field)
    n = jnp.arange(basis)
    alternating = model.parity * jnp.where(n % 2 == 0, 1.0, -1.0)
    diagonal = n + 0.5 + 0.5 * shift**2 + model.potential / quantum * alternating
    beside = -shift * jnp.sqrt(0.5 * n[1:])
    matrix = jnp.diag(diagonal) + jnp.diag(beside, 1) + jnp.diag(beside, -1)
    return quantum * jnp.linalg.eigvalsh(matrix)


def chain_levels(
    model: LinearChain, field: ArrayLike, extent: float, points: int = 500
) -> Float[Array, " points"]:
    r"""All levels of the infinite chain at its Bloch phase, rising. eV.

    $H/\hbar\omega_c = \tfrac12(p^2 + x^2) + 2(V/\hbar\omega_c)\cos(Glx + \theta)$ on a
    grid of sinc functions, x in units of l.

    **Arguments:** `extent`: of the grid, ±; some 5 beyond the classical turning point.
    `points`: of the grid. Both must be raised until nothing changes.
    """
    check_positive("field", field)
    field = as_scalar(field)
    quantum = CYCLOTRON * field / model.mass
    wave = model.reciprocal_vector * jnp.sqrt(FLUX / field)
    x, kinetic = _sinc_grid(extent, points)
    cosine = jnp.cos(wave * x + model.bloch_phase)
    potential = 0.5 * x**2 + 2.0 * model.potential / quantum * cosine
    return quantum * jnp.linalg.eigvalsh(0.5 * kinetic + jnp.diag(potential))


def double_well_levels(
    model: DoubleWell, field: ArrayLike, extent: float = 2.5, points: int = 300
) -> Float[Array, " points"]:
    r"""All levels of the quartic double well, rising. eV.

    $H/E_s = h^2p^2 + (y^2 - 1)^2$ with $h = \sqrt{m_y/m_x}/(l^2b^2)$ and the saddle's
    energy $E_s$, on a grid of sinc functions for |y| < `extent`.
    """
    ratio = jnp.sqrt(model.mass_y / model.mass_x)
    h = ratio * as_scalar(field) / (FLUX * model.separation**2)
    y, momentum2 = _sinc_grid(extent, points)
    matrix = h**2 * momentum2 + jnp.diag((y**2 - 1.0) ** 2)
    return model.saddle_energy * jnp.linalg.eigvalsh(matrix)


def tilted_dirac_levels(
    model: TiltedDirac, field: float, start: float, stop: float, basis: int = 600
) -> Float[np.ndarray, " n"]:
    r"""Levels of the figure-eight between `start` and `stop`, rising. eV.

    In `basis` oscillator states with $[k_x, k_y] = i/l^2$. States that live at the edge
    of the basis are left out, which needs the numbers now: not to be traced.
    """
    length = np.sqrt(FLUX / float(field))
    lower = np.diag(np.sqrt(np.arange(1, basis)), 1)
    x = (lower + lower.T) / (np.sqrt(2) * length)
    # k_y is imaginary; with σy in the place of σx, which changes no level, H is real.
    y = (lower - lower.T) / (np.sqrt(2) * length)
    turned, sigma_z = np.array([[0, -1], [1, 0]]), np.diag([1, -1])
    tilt, velocity = float(model.tilt), float(model.velocity)
    curvature, mass = float(model.curvature), 0.5 * float(model.mass_gap)
    matrix = np.kron(tilt * x, np.eye(2)) + np.kron(velocity * y, turned)
    matrix = matrix + np.kron(curvature * x @ x + mass * np.eye(basis), sigma_z)
    energies, states = np.linalg.eigh(matrix)
    weight = np.sum(states.reshape(basis, 2, -1) ** 2, axis=1)
    inside = np.sum(weight[basis - basis // 8 :], axis=0) < 1e-6
    return energies[inside & (energies > start) & (energies < stop)]


def _sinc_grid(extent: float, points: int):
    """The places and p² between sinc functions on them."""
    x = np.linspace(-extent, extent, points)
    spacing = x[1] - x[0]
    apart = np.arange(points)[:, None] - np.arange(points)[None, :]
    other = np.where(apart == 0, 1, apart)
    beside = 2.0 * (-1.0) ** apart / other**2
    squares = np.where(apart == 0, np.pi**2 / 3, beside) / spacing**2
    return jnp.asarray(x), jnp.asarray(squares)
