"""Quantum nuclei: wavepackets on two coupled curves."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from .._checks import check_one_of, check_positive, check_steps
from .._types import Scalar, as_scalar
from ._surfaces import AbstractSurfaces

# Largest share of the packet near the ends of the grid, in space or momentum.
_LEAK = 1e-7
REPRESENTATIONS = ("adiabatic", "diabatic")


class Wavepacket(eqx.Module):
    r"""Two nuclear wave functions on one grid, $\int(|\psi_0|^2 + |\psi_1|^2)\,dx = 1$.

    - `surfaces`: that it lives on.
    - `grid`: positions, equally spaced, shape `(K,)`.
    - `diabatic`: $\psi_0, \psi_1$ on it, shape `(2, K)`.
    """

    surfaces: AbstractSurfaces
    grid: Float[Array, " K"]
    diabatic: Complex[Array, "2 K"]

    @classmethod
    def gaussian(
        cls,
        surfaces: AbstractSurfaces,
        *,
        grid: ArrayLike,
        position: ArrayLike,
        momentum: ArrayLike,
        width: ArrayLike,
        level: int = 0,
        representation: str = "adiabatic",
    ) -> "Wavepacket":
        r"""$\psi \propto e^{-(x - x_0)^2/4\sigma^2 + ip_0x}$ on one curve.

        **Arguments:** `grid`: equally spaced, shape `(K,)`; it must hold the packet to
        the end, and resolve its momenta: spacing < π/p. `width`: σ, the standard
        deviation of |ψ|². `level`: of the `representation`, 0 the lower adiabatic or
        the first diabatic curve.

        **Raises:** `ValueError` for wrong arguments.
        """
        check_one_of("representation", representation, REPRESENTATIONS)
        check_one_of("level", level, (0, 1))
        check_positive("width", width)
        x = _grid(grid)
        place, momentum, width = map(as_scalar, (position, momentum, width))
        packet = jnp.exp(-0.25 * ((x - place) / width) ** 2 + 1j * momentum * x)
        packet = packet / jnp.sqrt(jnp.sum(jnp.abs(packet) ** 2) * (x[1] - x[0]))
        if representation == "diabatic":
            state = jnp.zeros((2, x.shape[0])).at[level].set(1.0)
        else:
            state = jax.vmap(surfaces.states)(x)[:, :, level].T
        return cls(surfaces, x, state * packet[None, :])

    def wave_functions(
        self, representation: str = "adiabatic"
    ) -> Complex[Array, "2 K"]:
        """On the two curves of the `representation`."""
        check_one_of("representation", representation, REPRESENTATIONS)
        if representation == "diabatic":
            return self.diabatic
        states = jax.vmap(self.surfaces.states)(self.grid)
        return jnp.einsum("kij,ik->jk", states, self.diabatic)

    def populations(self, representation: str = "adiabatic") -> Float[Array, "2"]:
        """How much of the packet is on each curve."""
        density = jnp.abs(self.wave_functions(representation)) ** 2
        return jnp.sum(density, axis=1) * (self.grid[1] - self.grid[0])

    def momenta(self) -> Float[Array, " K"]:
        """The momenta that the grid resolves, rising."""
        spacing = self.grid[1] - self.grid[0]
        unit = np.fft.fftshift(np.fft.fftfreq(self.grid.shape[0]))
        return 2.0 * jnp.pi * jnp.asarray(unit) / spacing

    def momentum_densities(
        self, representation: str = "adiabatic"
    ) -> Float[Array, "2 K"]:
        """Densities over `momenta()` on each curve; both sum to one together.

        With a narrow packet far from the crossing the share of the upper curve at the
        momenta that conserve energy is the jump probability resolved by momentum.
        """
        waves = jnp.fft.fft(self.wave_functions(representation), axis=1)
        density = jnp.fft.fftshift(jnp.abs(waves) ** 2, axes=1)
        total = jnp.sum(density)
        momenta = self.momenta()
        return density / (total * (momenta[1] - momenta[0]))


def propagate_wavepacket(
    packet: Wavepacket, *, mass: ArrayLike, duration: ArrayLike, steps: int
) -> Wavepacket:
    r"""The packet after a time, $i\dot\psi = \left(-\frac{\partial_x^2}{2m} +
    H(x)\right)\psi$, by split operators: unitary, of second order in the step.

    Beyond the classical path of `AlongPath`: the packet spreads and splits, its parts
    feel their own curves, and slow parts jump less. With m = 2000, slopes ±0.005 and
    V = 0.006 a packet of momentum 60 jumps with 0.47042 (Landau-Zener with the initial
    velocity: 0.47049), one of momentum 30 with 0.20606 (0.2214; with the velocity on
    the lower adiabatic curve at the crossing 0.2063).

    **Arguments:** `steps`: double them until nothing changes. ħ = 1, units as in the
    surfaces. Differentiable.

    **Raises:** `ValueError` for wrong arguments; `RuntimeError` if at the end more than
    10⁻⁷ of the packet is near the ends of the grid or of its momenta.

    Source: Feit, Fleck & Steiger, J. Comput. Phys. 47, 412 (1982).
    """
    check_positive("mass", mass)
    if steps is None:
        raise ValueError("`steps` must be a whole number from 1 up, got None.")
    check_steps("steps", steps)
    return _propagate(packet, as_scalar(mass), as_scalar(duration), steps)


@eqx.filter_jit
def _propagate(packet, mass: Scalar, duration: Scalar, steps: int) -> Wavepacket:
    x, dt = packet.grid, duration / steps
    spacing = x[1] - x[0]
    waves = 2.0 * jnp.pi * jnp.fft.fftfreq(x.shape[0]) / spacing
    kinetic = jnp.exp(-0.5j * dt * waves**2 / mass)[None, :]

    def potential(time):
        """exp(−iH(x)·time) as its three different elements."""
        first, second, coupling = jax.vmap(packet.surfaces.elements)(x)
        half = 0.5 * (first - second)
        size = jnp.hypot(half, coupling)
        # sin(size·time)/size, also where the surfaces meet.
        share = time * jnp.sinc(size * time / jnp.pi)
        common = jnp.exp(-0.5j * (first + second) * time)
        cosine = jnp.cos(size * time)
        return (
            common * (cosine - 1j * half * share),
            common * (cosine + 1j * half * share),
            -1j * common * coupling * share,
        )

    def apply(elements, psi):
        first, second, flip = elements
        return jnp.stack(
            [first * psi[0] + flip * psi[1], flip * psi[0] + second * psi[1]]
        )

    half, whole = potential(0.5 * dt), potential(dt)

    def step(psi, _):
        return apply(whole, jnp.fft.ifft(kinetic * jnp.fft.fft(psi, axis=1))), None

    # Half a step of the potential at both ends; whole ones in between.
    psi, _ = jax.lax.scan(step, apply(half, packet.diabatic), None, length=steps - 1)
    psi = apply(half, jnp.fft.ifft(kinetic * jnp.fft.fft(psi, axis=1)))
    edge = max(x.shape[0] // 40, 1)
    density = jnp.sum(jnp.abs(psi) ** 2, axis=0) * spacing
    momenta = jnp.sum(jnp.abs(jnp.fft.fft(psi, axis=1)) ** 2, axis=0)
    momenta = jnp.fft.fftshift(momenta) * spacing / x.shape[0]
    leak = sum(jnp.sum(d[:edge]) + jnp.sum(d[-edge:]) for d in (density, momenta))
    psi = eqx.error_if(
        psi,
        ~(leak < _LEAK),
        "the wavepacket has reached the end of its grid or of the momenta that the "
        "grid resolves: take a longer or a finer grid.",
    )
    return Wavepacket(packet.surfaces, x, psi)


def _grid(grid: ArrayLike) -> Float[Array, " K"]:
    x = jnp.asarray(grid, dtype=float)
    if x.ndim != 1 or x.shape[0] < 8:
        raise ValueError(f"`grid` must have shape (K,), K >= 8, got {x.shape}.")
    if not isinstance(x, jax.core.Tracer):
        steps = np.diff(np.asarray(x))
        if not steps[0] > 0 or np.ptp(steps) > 1e-9 * steps[0] * len(steps):
            raise ValueError("`grid` must rise in equal steps.")
    return x
