"""How long does the spectrum of a linear chain take for many fields and angles?

The density of states of the coherent network, all orders of all orbits at once, at 10⁴
fields and 10² tilts of the field: a million secular determinants with their slopes, and
the Fourier spectrum of each tilt. Run: python benchmarks/breakdown/chain.py
"""

import time

import jax
import jax.numpy as jnp
import numpy as np

import lzjax as lz

FIELDS, ANGLES = 10_000, 100
FERMI = 0.06  # eV
CHAIN = lz.breakdown.LinearChain(0.002, 0.25, mass=3.0)


def density(angle, field):
    """At a tilt (rad) only the normal component turns the electrons of a layer."""
    return lz.breakdown.density_of_states(CHAIN, FERMI, field * jnp.cos(angle), 2e-4)


@jax.jit
def spectra(angles, inverse):
    signals = jax.vmap(
        lambda angle: jax.vmap(lambda x: density(angle, 1.0 / x))(inverse)
    )(angles)
    window = jnp.hanning(inverse.shape[0])
    mean = jnp.mean(signals, axis=1, keepdims=True)
    return signals, jnp.abs(jnp.fft.rfft((signals - mean) * window[None, :], axis=1))


def main():
    inverse = jnp.asarray(np.linspace(1 / 45.0, 1 / 12.0, FIELDS))
    angles = jnp.asarray(np.linspace(0.0, 1.2, ANGLES))
    start = time.perf_counter()
    jax.block_until_ready(spectra(angles, inverse))
    first = time.perf_counter() - start
    times = []
    for _ in range(3):
        start = time.perf_counter()
        signals, _ = jax.block_until_ready(spectra(angles, inverse))
        times.append(time.perf_counter() - start)
    assert bool(jnp.all(jnp.isfinite(signals)))
    print(f"{FIELDS} fields x {ANGLES} angles: {min(times):.2f} s of {times}")
    print(f"first call, with compilation: {first:.1f} s")
    print(f"jax {jax.__version__}, {jax.default_backend()}")


if __name__ == "__main__":
    main()
