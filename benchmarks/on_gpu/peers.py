"""The same sweeps by others: diffrax, dynamiqs, and CUDA C written by hand."""

import ctypes
import pathlib
import subprocess
import sys
import tempfile

import jax
import jax.numpy as jnp
import numpy as np

import lzjax as lz

from .clock import T0, T1, lanewise, random_inputs, rate, spread, timed

CODE = pathlib.Path(__file__).resolve().parents[1] / "gpu.cu"


def by_diffrax(sizes: dict) -> dict:
    """Tsit5 with constant steps, on the same equation."""
    import diffrax

    steps = sizes["steps"]

    def one(gap, rate):
        def slope(t, y, _):
            x, z = 0.5 * gap, 0.5 * rate * t
            return jnp.stack([z * y[2] + x * y[3], x * y[2] - z * y[3],
                              -z * y[0] - x * y[1], -x * y[0] + z * y[1]])  # fmt: skip

        return diffrax.diffeqsolve(
            diffrax.ODETerm(slope),
            diffrax.Tsit5(),
            T0,
            T1,
            (T1 - T0) / steps,
            jnp.array([1.0, 0.0, 0.0, 0.0]),
            max_steps=steps + 1,
        ).ys

    inputs = random_inputs(sizes["peers"])
    found = timed(jax.jit(jax.vmap(one)), inputs, sizes)
    return rate(found, sizes["peers"] * steps)


def by_dynamiqs(sizes: dict) -> dict:
    import dynamiqs as dq

    steps = sizes["steps"]

    def call(gap, rate):
        sweep = dq.modulated(lambda t: 0.5 * rate * t, dq.sigmaz())
        h = sweep + dq.constant(0.5 * gap[:, None, None] * dq.sigmax().to_jax())
        return dq.sesolve(
            h,
            dq.basis(2, 0),
            jnp.array([T0, T1]),
            method=dq.method.Euler((T1 - T0) / steps),
        ).states.to_jax()

    inputs = random_inputs(sizes["peers"])
    return rate(timed(call, inputs, sizes), sizes["peers"] * steps)


def by_hand(sizes: dict) -> dict:
    """gpu.cu, compiled here: multiply-adds, and sweeps with their propagators."""
    with tempfile.TemporaryDirectory() as folder:
        library = str(pathlib.Path(folder) / "gpu.so")
        command = ["nvcc", "-O3", "-arch=native", "-shared", "-Xcompiler", "-fPIC"]
        subprocess.run([*command, "-o", library, str(CODE)], check=True)
        code = ctypes.CDLL(library)
    found, repeats = {}, sizes["repeats"]
    lanes, steps, blocks, rounds = sizes["lanes"], sizes["steps"], 132 * 8 * 8, 20000
    rng = np.random.default_rng(0)
    took = np.zeros(repeats, np.float32)
    times = took.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    for name in ("float64", "float32"):
        gap, sweep = rng.uniform(0.5, 1.5, (2, lanes)).astype(name)
        out = np.empty((4, lanes), name)
        arrays = [x.ctypes.data_as(ctypes.c_void_p) for x in (gap, sweep, out)]
        numbers = [ctypes.c_double(x) for x in (T0, (T1 - T0) / steps)]
        call = getattr(code, f"sweeps_{name}")
        if call(lanes, steps, *numbers, *arrays, repeats, times):
            sys.exit("the sweeps of gpu.cu failed on this card.")
        some = slice(0, 64)
        by_lzjax = lanewise(lz.LinearSweep, lz.Magnus4(steps=steps))
        wanted = by_lzjax(*(x[some].astype(float) for x in (gap, sweep)))[:, 0, 0]
        off = np.abs(out[0, some] - 1j * out[3, some] - np.asarray(wanted)).max()
        if not off < (1e-10 if name == "float64" else 1e-3):
            sys.exit(f"the sweeps of gpu.cu are off by {off}.")
        found[name] = rate(spread((1e-3 * took).tolist()), lanes * steps)
        if getattr(code, f"multiply_adds_{name}")(blocks, rounds, repeats, times):
            sys.exit("the multiply-adds of gpu.cu failed on this card.")
        ceiling = spread((1e-3 * took).tolist())
        ceiling["multiply_adds_per_second"] = (
            blocks * 256 * rounds * 8 / ceiling["seconds"]
        )
        found[f"ceiling {name}"] = ceiling
    return found
