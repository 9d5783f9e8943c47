"""Networks with leads: coherent response, Markov chains, and what lies between."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import check_not_negative
from .._types import Scalar, as_array, as_scalar
from ._network import Arc, Crossing, Network, _field


def leads(network: Network) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The arcs that come in from outside, and those that go out."""
    arriving = {path[0] for path in network.paths}
    leaving = {path[1] for path in network.paths}
    arcs = range(len(network.arcs))
    incoming = tuple(k for k in arcs if k in arriving - leaving)
    return incoming, tuple(k for k in arcs if k in leaving - arriving)


def occupations(
    network: Network, field: ArrayLike, coherence: ArrayLike = 1.0
) -> Float[Array, "A L"]:
    r"""The probability flux on every arc, for unit flux in each incoming lead.

    On each passage an arc adds a random phase ξ with $\langle e^{i\xi}\rangle =
    \lambda$. λ = 1 is the coherent network, $|(1 - S\Phi)^{-1}|^2$; λ = 0 is the Markov
    chain of Bragg reflection (q) and breakdown (P), where all phases are lost.

    **Arguments:**

    - `network`: with leads. Those going out are arcs too: their rows are the
      probabilities to leave by them, and sum to one.
    - `field`: T, one number.
    - `coherence`: λ in [0, 1], one number or one for each arc.

    **Returns:** `[arc, incoming lead]`, leads in the order of `leads(network)[0]`.

    **Raises:** `ValueError` if the network has no leads.

    Source: the stochastic limit: Falicov & Sievert, Phys. Rev. 138, A88 (1965),
    doi:10.1103/PhysRev.138.A88.
    """
    incoming, _ = leads(network)
    if not incoming:
        raise ValueError("a closed network has no leads; see `lz.breakdown.levels`.")
    check_not_negative("coherence", coherence)
    check_not_negative("1 - coherence", 1.0 - as_array(coherence))
    transfer = network.transfer(_field(field))
    size = len(network.arcs)
    factor = jnp.broadcast_to(as_array(coherence), (size,))
    kept = jnp.outer(factor, factor) * (1.0 - jnp.eye(size)) + jnp.eye(size)
    # ρ = s s† + c s† + s c† + U (kept ρ) U†, with the mean amplitude's part c.
    step = jnp.einsum("ac,bd,cd->abcd", transfer, jnp.conj(transfer), kept)
    step = step.reshape(size**2, size**2)
    mean = jnp.eye(size) - transfer * factor[None, :]

    def one(lead):
        source = jnp.zeros(size, complex).at[lead].set(1.0)
        carried = jnp.linalg.solve(mean, source) - source
        outer = jnp.outer(source, source) + jnp.outer(carried, source)
        outer = outer + jnp.outer(source, jnp.conj(carried))
        found = jnp.linalg.solve(jnp.eye(size**2) - step, outer.reshape(-1))
        return jnp.real(jnp.diag(found.reshape(size, size)))

    return jax.vmap(one, out_axes=1)(np.array(incoming))


def transition_probabilities(network: Network, field: ArrayLike) -> Float[Array, "A A"]:
    """The Markov chain of the network, |S|², `[leaving, arriving]`."""
    return jnp.abs(network.scattering(field)) ** 2


def exit_probabilities(
    network: Network, field: ArrayLike, start: int, junctions: int
) -> Float[Array, "junctions L"]:
    """The stochastic probabilities to go out at the n-th junction, n = 1, 2, ...

    **Arguments:** `start`: the arc on which the electron is. `junctions`: how many are
    followed.

    **Returns:** `[junction, outgoing lead]`, leads in the order of `leads(network)[1]`.
    """
    arcs = len(network.arcs)
    if not 0 <= start < arcs or junctions < 1:
        raise ValueError(
            f"`start` must be one of the arcs 0 to {arcs - 1} and `junctions` at least "
            f"1, got {start} and {junctions}."
        )
    chain = transition_probabilities(network, field)
    _, outgoing = leads(network)
    first = jnp.zeros(len(network.arcs)).at[start].set(1.0)

    def step(flux, _):
        flux = chain @ flux
        return flux, flux[np.array(outgoing, int)]

    return jax.lax.scan(step, first, None, length=junctions)[1]


def ring(area: ArrayLike, breakdown_field: ArrayLike, junctions: int = 6) -> Network:
    """A closed orbit with junctions to the outside, such as the hexagon in Mg and Zn.

    **Arguments:** `area`: of the orbit, in the lower band and run as an electron's
    (1/Å²). `breakdown_field`: B₀ (T) of each junction. `junctions`: how many.

    **Returns:** a `Network` whose arcs are the ring (0 to n−1), the incoming leads (n
    to 2n−1) and the outgoing ones (2n to 3n−1); lead n + k comes into, and lead 2n + k
    leaves, the junction at the end of arc k. Paths cross at right angles.

    **Raises:** `ValueError` for less than one junction.
    """
    if junctions < 1:
        raise ValueError(f"`junctions` must be at least 1, got {junctions}.")
    area, bend = as_scalar(area), 0.5 * jnp.pi
    n = junctions
    # Bragg reflections of the lower band bend back by `bend`; closed, 2π in all.
    side = Arc(area / n, 2.0 * jnp.pi / n + bend)
    lead = Arc(jnp.zeros_like(area), 0.0)
    vertices = [
        Crossing((k, 2 * n + k), (n + k, (k + 1) % n), breakdown_field, -bend)
        for k in range(n)
    ]
    return Network([side] * n + [lead] * (2 * n), vertices)


def ring_enhancement(network: Network, field: ArrayLike) -> Scalar:
    r"""$1/|1 - r_1 r_2\cdots e^{i\Sigma}|^2$ of a `ring`: the coherent flux on it for a
    unit entering it. Averaged over the phase of the orbit it is the stochastic
    $1/(1 - q^n)$."""
    incoming, _ = leads(network)
    size = len(incoming)
    inside = network.transfer(field)[:size, :size]
    return 1.0 / jnp.abs(jnp.linalg.det(jnp.eye(size) - inside)) ** 2
