"""Magnetoresistance with breakdown: Chambers' path integral with Markov junctions."""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_positive, check_shape
from .._types import Scalar, as_array, as_scalar
from ._junctions import breakdown_probability
from ._oscillations import Damping, NetworkOfEnergy, density_oscillation
from ._paths import ClosedPaths
from ._units import CYCLOTRON, ELEMENTARY_CHARGE, FLUX, HBAR, HBAR_EV_PS, VELOCITY

# e²/ħ in S; ħ²/m_e is in `_units`.
_CONDUCTANCE = ELEMENTARY_CHARGE**2 / HBAR


class Stretch(eqx.Module):
    """The motion along one arc, between two junctions.

    **Arguments:**

    - `velocity`: at the Gauss-Legendre times of the arc, in order (`gauss_times` gives
      them). m/s, shape `(n, 2)`: x and y across the field.
    - `duration`: ps.
    """

    velocity: Float[Array, "n 2"] = eqx.field(converter=as_array)
    duration: Scalar = eqx.field(converter=as_scalar)


def gauss_times(duration: ArrayLike, nodes: int = 40) -> Float[Array, " nodes"]:
    """The times at which a `Stretch` wants its velocities. ps."""
    places = np.polynomial.legendre.leggauss(nodes)[0]
    return 0.5 * as_scalar(duration) * (1.0 + jnp.asarray(places))


def chambers_conductivity(
    stretches: Sequence[Stretch],
    chain: ArrayLike,
    field: ArrayLike,
    lifetime: ArrayLike,
) -> Float[Array, "2 2"]:
    r"""The conductivity of a layer whose electrons turn off at junctions at random.

    $$\sigma_{ab} = \frac{2e^3B}{(2\pi\hbar)^2}\sum_\text{arcs}\int dt\,v_a(t)
      \int_t^\infty dt'\,\langle v_b(t')\rangle\,e^{-(t'-t)/\tau}$$

    The velocity after a junction is averaged over where the Markov chain leads: one
    linear system as large as there are arcs.

    **Arguments:**

    - `stretches`: all arcs of the Fermi line, of one cell of a lattice.
    - `chain`: probabilities `[leaving, arriving]`, columns that sum to one; from
      `transition_probabilities`. Shape `(A, A)`.
    - `field`: T. `lifetime`: τ in ps.

    **Returns:** two spins, S per layer; divide by the layers' distance for S/m.
    Resistivities are its inverse.

    **Raises:** `ValueError` for wrong shapes.

    Source: Chambers, Proc. Phys. Soc. A 65, 458 (1952),
    doi:10.1088/0370-1298/65/6/114; Falicov & Sievert, Phys. Rev. 138, A88 (1965),
    doi:10.1103/PhysRev.138.A88.
    """
    chain = as_array(chain)
    check_shape("chain", chain, (len(stretches),) * 2)
    check_positive("field", field)
    check_positive("lifetime", lifetime)
    lifetime = as_scalar(lifetime)
    parts = [_along(stretch, lifetime) for stretch in stretches]
    own = jnp.stack([part[0] for part in parts])
    decay = jnp.stack([part[1] for part in parts])
    # What an electron will still do from the start of each arc on:
    # W = own + decay · chainᵀ W.
    future = jnp.linalg.solve(jnp.eye(len(stretches)) - decay[:, None] * chain.T, own)
    after = chain.T @ future
    total = jnp.zeros((2, 2))
    for stretch, (_, _, integral, left, weights), then in zip(
        stretches, parts, after, strict=True
    ):
        ahead = integral + left[:, None] * then[None, :]
        total = total + (weights[:, None] * stretch.velocity).T @ ahead
    # ∫d²k δ(E − E_F) ... = ∫ dt eB/ħ² ...; velocities back to eV Å, times in ħ/eV.
    scale = as_scalar(field) / FLUX / (2.0 * jnp.pi**2)
    return _CONDUCTANCE * scale * total / (VELOCITY**2 * HBAR_EV_PS**2)


def _along(stretch: Stretch, lifetime):
    """Along one arc: the discounted displacement from its start and the discount at
    its end, then both from each node, and the weights of the nodes."""
    nodes = stretch.velocity.shape[0]
    places, weights = np.polynomial.legendre.leggauss(nodes)
    half = 0.5 * stretch.duration
    times = half * (1.0 + jnp.asarray(places))
    # ∫_t^T v e^{−(t'−t)/τ} dt', with the discount from t taken relative to each node,
    # so that nothing overflows: solve F' = F/τ − v with F(T) = 0 by collocation.
    backwards = half * jnp.asarray(_integration_to_the_end(nodes))
    system = jnp.eye(nodes) + backwards / lifetime
    integral = jnp.linalg.solve(system, backwards @ stretch.velocity)
    left = jnp.exp(-(stretch.duration - times) / lifetime)
    discount = jnp.exp(-times / lifetime)
    own = (half * jnp.asarray(weights) * discount) @ stretch.velocity
    decay = jnp.exp(-stretch.duration / lifetime)
    return own, decay, integral, left, half * jnp.asarray(weights)


def _integration_to_the_end(nodes: int) -> np.ndarray:
    """The matrix of ∫_x^1 at the Gauss-Legendre nodes, exact for polynomials."""
    places = np.polynomial.legendre.leggauss(nodes)[0]
    basis = np.polynomial.legendre.legvander(places, nodes - 1)
    integrals = np.empty((nodes, nodes))
    for k in range(nodes):
        series = np.polynomial.legendre.legint(np.eye(nodes)[k])
        end = np.polynomial.legendre.legval(1.0, series)
        integrals[:, k] = end - np.polynomial.legendre.legval(places, series)
    return integrals @ np.linalg.inv(basis)


def chain_conductivity(
    ratio: ArrayLike,
    field: ArrayLike,
    breakdown_field: ArrayLike,
    lifetime: ArrayLike,
    fermi_wave_vector: ArrayLike = 1.0,
    mass: ArrayLike = 1.0,
    *,
    nodes: int = 60,
) -> Float[Array, "2 2"]:
    r"""The linear chain of nearly free circles with stochastic junctions.

    Without breakdown open orbits run along y in k (and x in space), ρ_xx grows as B²;
    breakdown closes them to circles, and ρ_xx saturates, see `saturation_resistance`.

    **Arguments:** `ratio`: G/2k_F in (0, 1). `field`, `breakdown_field`: T; B₀ = ∞ for
    none. `lifetime`: ps. `fermi_wave_vector`: 1/Å. `mass`: in electron masses.
    `nodes`: on each arc.

    **Returns:** S per layer. x is the direction of G.
    """
    check_positive("ratio", ratio)
    check_positive("1 - ratio", 1.0 - as_array(ratio))
    ratio, kf, mass = as_scalar(ratio), as_scalar(fermi_wave_vector), as_scalar(mass)
    field = as_scalar(field)
    half = jnp.arccos(ratio)
    speed = CYCLOTRON * field / mass / HBAR_EV_PS  # rad/ps
    velocity = VELOCITY * (CYCLOTRON * FLUX / mass) * kf

    def stretch(start, stop):
        duration = (stop - start) / speed
        angles = start + speed * gauss_times(duration, nodes)
        return Stretch(
            velocity * jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1), duration
        )

    # Right inner arc, top, left inner, bottom: the order on the circle.
    ends = (-half, half, jnp.pi - half, jnp.pi + half, 2.0 * jnp.pi - half)
    stretches = [stretch(a, b) for a, b in zip(ends, ends[1:], strict=False)]
    p = breakdown_probability(breakdown_field, field)
    q = 1.0 - p
    # Crossed, the gap leads on along the circle; a reflection from an inner arc to the
    # other inner arc, and from the top or the bottom to the next cell's.
    straight = np.roll(np.eye(4), 1, axis=0)
    turned = np.zeros((4, 4))
    turned[2, 0] = turned[0, 2] = turned[1, 1] = turned[3, 3] = 1.0
    chain = p * jnp.asarray(straight) + q * jnp.asarray(turned)
    return chambers_conductivity(stretches, chain, field, lifetime)


def saturation_resistance(
    ratio: ArrayLike, breakdown_field: ArrayLike, lifetime: ArrayLike, mass: ArrayLike
) -> Float[Array, "*batch"]:
    r"""$\rho_{xx}(B \gg B_0)/\rho_0 = 1 + \frac{2}{\pi}\left(\frac{G}{k_F}\right)^2
    \frac{eB_0\tau}{m}$ of the linear chain.

    Reflections become rare, but each changes k_x by G: their rate, 2q a turn, does not
    depend on the field. **Arguments:** `ratio`: G/2k_F; T, ps, electron masses.
    """
    turn = CYCLOTRON / HBAR_EV_PS * as_array(breakdown_field) * as_array(lifetime)
    return 1.0 + 8.0 / jnp.pi * as_array(ratio) ** 2 * turn / as_array(mass)


def conductivity_oscillation(
    conductivity: Callable[[Scalar], Float[Array, "2 2"]],
    lifetime: ArrayLike,
    network: NetworkOfEnergy,
    paths: ClosedPaths,
    energy: ArrayLike,
    field: ArrayLike,
    damping: Damping | None = None,
) -> Float[Array, "2 2"]:
    r"""Δσ, the Shubnikov-de Haas oscillations of a layer with short-range scatterers.

    With $g = \Delta d/d$ of the density of states, electrons scatter at the rate
    (1 + g)/τ, and there are 1 + g times as many that diffuse:

    $$\sigma = (1 + g)\,\sigma_\text{sym}\big(\tfrac{\tau}{1 + g}\big) +
      \sigma_\text{antisym}\big(\tfrac{\tau}{1 + g}\big)$$

    For a circle $\Delta\sigma_{xx} = 2g\,\sigma_0\,(\omega_c\tau)^2/
    (1 + (\omega_c\tau)^2)^2$. Meant for small g; quantum interference of the diffusing
    electrons themselves is left out.

    **Arguments:**

    - `conductivity`: lifetime (ps) -> the smooth conductivity in the same field, as
      `chain_conductivity` of all its other arguments.
    - `lifetime`: τ in ps. The others as in `density_oscillation`.

    **Returns:** in the units of `conductivity`.

    Source: Isihara & Smrčka, J. Phys. C 19, 6777 (1986).
    """
    check_positive("lifetime", lifetime)
    energy, lifetime = as_scalar(energy), as_scalar(lifetime)
    slope = jax.jacfwd(lambda e: jnp.sum(network(e).phases(field)))(energy)
    change = density_oscillation(network, paths, energy, field, damping)
    share = 1.0 + change * 2.0 * jnp.pi / slope
    now = conductivity(lifetime / share)
    total = 0.5 * share * (now + now.T) + 0.5 * (now - now.T)
    return total - conductivity(lifetime)
