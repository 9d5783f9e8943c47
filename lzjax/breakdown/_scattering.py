"""What one junction does to amplitudes: interband crossings and intraband saddles."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_not_negative
from .._types import as_array
from ..exact import stokes_phase


def adiabatic_matrix(delta: ArrayLike) -> Complex[Array, "2 2"]:
    r"""The Landau-Zener junction between (lower, upper) band, `[final, initial]`.

    $$S = \begin{pmatrix} \sqrt q\,e^{i\varphi_S} & -\sqrt P \\
      \sqrt P & \sqrt q\,e^{-i\varphi_S} \end{pmatrix}, \quad
      P = e^{-2\pi\delta} = 1 - q$$

    with the Stokes phase φ_S. The diagonal stays on the gapped orbit (Bragg
    reflection), off it the gap is crossed. The gauge: states are real and transported
    along each orbit, and its phase is counted to the vertex of the hyperbola. The
    phases of single elements depend on it; arg(S₀₀S₁₁/S₀₁S₁₀) = π does not.

    **Arguments:** `delta`: $B_0/2\pi B \ge 0$, shape `()`. At δ = 0 exactly, √q has a
    kink in the gap and no derivative.

    **Raises:** `ValueError` if a concrete δ is negative.
    """
    through, stay = _moduli(delta)
    turn = jnp.exp(1j * stokes_phase(delta))
    return jnp.stack(
        [
            jnp.stack([stay * turn, -through + 0j]),
            jnp.stack([through + 0j, stay / turn]),
        ]
    )


def crossing_matrix(
    delta: ArrayLike,
    angle: ArrayLike,
    coupling_phase: ArrayLike = 0.0,
    next_order: ArrayLike = 0.0,
) -> Complex[Array, "2 2"]:
    r"""The same junction between the two paths that cross, `[outgoing, incoming]`.

    Path 1 goes straight on to path 1 when the gap is crossed: the diagonal is √P, with
    no sign to choose. A Bragg reflection leads from one path to the other; that in the
    lower band bends the orbit against the electrons' sense of rotation, that in the
    upper band with it:

    $$S_\text{lower} = -\sqrt q\,e^{i(\varphi_S + |\beta|/2 \pm \theta)}, \qquad
      S_\text{upper} = \sqrt q\,e^{-i(\varphi_S + |\beta|/2 \mp \theta)}$$

    β/2 is the Maslov phase of the bend, −1 and 1 are the signs with which the lower and
    the upper state turn from one diabatic state into the other.

    **Arguments:**

    - `delta`: $B_0/2\pi B \ge 0$, shape `()`.
    - `angle`: $\beta$, from the direction of path 1 to that of path 2, positive in the
      sense in which electrons circle; in (−π, π), not zero. Its sign is that of
      −d(E₁ − E₂)/dt: for β < 0 path 1 arrives in the lower band.
    - `coupling_phase`: $\theta = \arg\langle 2|H|1\rangle$.
    - `next_order`: what the next order in the field adds to φ_S, see `Crossing`. rad.

    **Raises:** `ValueError` if a concrete δ is negative.
    """
    through, stay = _moduli(delta)
    angle, theta = as_array(angle), as_array(coupling_phase)
    phase = stokes_phase(delta) + as_array(next_order)
    bend = jnp.exp(1j * (phase + 0.5 * jnp.abs(angle)))
    lower, upper = -stay * bend, stay / bend
    from_first = jnp.where(angle < 0, lower, upper) * jnp.exp(1j * theta)
    from_second = jnp.where(angle < 0, upper, lower) * jnp.exp(-1j * theta)
    return jnp.stack(
        [
            jnp.stack([through + 0j, from_second]),
            jnp.stack([from_first, through + 0j]),
        ]
    )


def saddle_probability(action: ArrayLike) -> Float[Array, "*batch"]:
    r"""$P = 1/(1 + e^{2K})$: the probability to pass a saddle of a single band.

    **Arguments:** `action`: $K = l^2\int\kappa\,dk$ through the forbidden region;
    negative above the saddle. At the saddle P = ½.

    Source: Ford, Hill, Wakano & Wheeler, Ann. Phys. 7, 239 (1959),
    doi:10.1016/0003-4916(59)90025-0.
    """
    return jax.nn.sigmoid(-2.0 * as_array(action))


def saddle_phase(action: ArrayLike) -> Float[Array, "*batch"]:
    r"""The phase of a saddle, $\varphi = \epsilon - \epsilon\ln|\epsilon| +
    \arg\Gamma(\tfrac12 + i\epsilon)$ with $\epsilon = -K/\pi$.

    Computed as $\varphi = \pm[\varphi_S(|\epsilon|) - \varphi_S(2|\epsilon|)]$ from the
    Stokes phase, which the duplication formula of Γ makes the same. It vanishes on the
    saddle and far from it; its slope diverges as a logarithm at K = 0.

    Source: Child, Semiclassical Mechanics (1991), ch. 3.
    """
    epsilon = -as_array(action) / jnp.pi
    size = jnp.abs(epsilon)
    return jnp.sign(epsilon) * (stokes_phase(size) - stokes_phase(2.0 * size))


def saddle_matrix(action: ArrayLike) -> Complex[Array, "2 2"]:
    r"""The saddle between two orbits of the same circulation, `[outgoing, incoming]`.

    $$S = e^{-i\varphi}\begin{pmatrix} \sqrt{1-P} & i\sqrt P \\
      i\sqrt P & \sqrt{1-P} \end{pmatrix}$$

    The diagonal stays on its own lobe. Two equal lobes of area A with the Maslov phase
    π each then have $\cos(l^2A - \varphi) = -\sqrt{1-P}$.

    **Arguments:** `action`: $K$, shape `()`; see `saddle_probability`.
    """
    action = as_array(action)
    # √P and √(1-P) without cancellation or overflow on either side.
    through = 1j * jnp.exp(0.5 * jax.nn.log_sigmoid(-2.0 * action))
    stay = jnp.exp(0.5 * jax.nn.log_sigmoid(2.0 * action)) + 0j
    matrix = jnp.stack([jnp.stack([stay, through]), jnp.stack([through, stay])])
    return jnp.exp(-1j * saddle_phase(action)) * matrix


def _moduli(delta):
    """√P and √q."""
    delta = as_array(delta)
    check_not_negative("delta", delta)
    exponent = 2.0 * jnp.pi * delta
    return jnp.exp(-0.5 * exponent), jnp.sqrt(-jnp.expm1(-exponent))
