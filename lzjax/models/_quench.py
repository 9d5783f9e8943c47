"""A quenched spin chain as a batch of crossings."""

import jax.numpy as jnp
from jaxtyping import ArrayLike

from .._types import as_scalar
from ._base import AbstractTwoLevel
from ._linear import LinearSweep


def ising_quench_mode(momentum: ArrayLike, quench_time: ArrayLike) -> AbstractTwoLevel:
    r"""The momentum k of a transverse Ising chain whose field falls as g = −t/τ_Q:
    $H_k = 2(g - \cos k)\,\sigma_z + 2\sin k\,\sigma_x$.

    A linear sweep of the gap 4 sin k at the rate −4/τ_Q, which crosses at
    t = −τ_Q cos k. The quench ends at t = 0; take it from g = 10 or from −∞, in the
    adiabatic basis, for momenta (j + ½)π/N in one `jax.vmap`. The mean jump is the
    density of defects, `lz.exact.kibble_zurek_density` if slow.

    Source: Dziarmaga, Phys. Rev. Lett. 95, 245701 (2005),
    doi:10.1103/PhysRevLett.95.245701.
    """
    k, tau = as_scalar(momentum), as_scalar(quench_time)
    sweep = LinearSweep(4.0 * jnp.sin(k), -4.0 / tau)
    moved = sweep.shifted(-tau * jnp.cos(k))
    assert isinstance(moved, AbstractTwoLevel)  # a field in time stays one
    return moved
