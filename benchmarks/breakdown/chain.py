"""How long does the spectrum of a linear chain take for many fields and angles?

The density of states of the coherent network, all orders of all orbits at once, at 10⁴
fields and 10² tilts of the field: a million secular determinants with their slopes, and
the Fourier spectrum of each tilt. Run: python benchmarks/breakdown/chain.py [--out DIR]
"""

import argparse
import datetime
import json
import os
import platform
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import lzjax as lz

FIELDS, ANGLES, REPEATS = 10_000, 100, 3
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    out = parser.parse_args().out
    inverse = jnp.asarray(np.linspace(1 / 45.0, 1 / 12.0, FIELDS))
    angles = jnp.asarray(np.linspace(0.0, 1.2, ANGLES))
    begun = time.perf_counter()
    jax.block_until_ready(spectra(angles, inverse))
    first = time.perf_counter() - begun
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        signals, heights = jax.block_until_ready(spectra(angles, inverse))
        times.append(time.perf_counter() - begun)
    if not bool(jnp.all(jnp.isfinite(signals)) & jnp.all(jnp.isfinite(heights))):
        raise RuntimeError("the spectra are not finite.")
    record = {
        "date": datetime.date.today().isoformat(),
        "machine": {
            "cpu": _processor(),
            "cores": os.cpu_count(),
            "system": platform.system(),
            "load": round(os.getloadavg()[0], 1),
        },
        "versions": {
            "python": platform.python_version(),
            "jax": jax.__version__,
            "lzjax": lz.__version__,
        },
        "backend": jax.default_backend(),
        "fields": FIELDS,
        "angles": ANGLES,
        "seconds_with_compilation": first,
        "seconds": times,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "breakdown_chain.json").write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(record, indent=1))


def _processor() -> str:
    """The maker of the processor, where the system says it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
