"""How fast is lzjax on a GPU, and how close to what the card can do?

Needs an NVIDIA GPU of compute capability 9.0 or newer (H100) and jax 0.11 or newer:

    python benchmarks/gpu.py

- `two levels`: steps/s of 2²³ linear sweeps of 1024 fourth-order steps by
  `jax.vmap(lz.solve)`: in float64 and float32, of a user's own function, value and
  gradient, and by the compiled loop that older cards take;
- `million`: 10⁶ sweeps of 1000 steps; `interferogram`: 32768² points of a driven level,
  1500 steps, float32, streamed; `one`: a single trajectory of 10⁵ steps, its time cut
  into stretches; `chain`: four levels;
- `cuda`: multiply-adds per second of this card, and the same sweeps in CUDA C
  (gpu.cu), where `nvcc` is there; `diffrax`, `dynamiqs`: where they are installed.

Medians of timed calls on inputs that lie on the device, three sets of them in turn;
compilation is left out. Results go to benchmarks/results/gpu.json. `--dry-run` takes
tiny sizes and any device, to try the script; it writes nothing.
"""

import argparse
import ctypes
import datetime
import importlib.util
import json
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
T0, T1 = -20.0, 20.0
FULL = {
    "lanes": 1 << 23,
    "steps": 1024,
    "million": (10**6, 1000),
    "map": (32768, 1500, 1 << 22),
    "one": 10**5,
    "chain": 1 << 20,
    "peers": 1 << 17,
    "seconds": 2.0,
    "repeats": 20,
}
DRY = {
    "lanes": 256,
    "steps": 16,
    "million": (100, 10),
    "map": (16, 8, 64),
    "one": 512,
    "chain": 16,
    "peers": 8,
    "seconds": 0.0,
    "repeats": 2,
}


def timed(call, inputs: list, sizes: dict) -> dict:
    """Seconds of a call, on each set of inputs in turn."""
    import jax

    for given in inputs:
        jax.block_until_ready(call(*given))
    seconds: list[float] = []
    while len(seconds) < sizes["repeats"] or (
        sum(seconds) < sizes["seconds"] and len(seconds) < 1000
    ):
        given = inputs[len(seconds) % len(inputs)]
        start = time.perf_counter()
        jax.block_until_ready(call(*given))
        seconds.append(time.perf_counter() - start)
    return spread(seconds)


def spread(seconds: list[float]) -> dict:
    low, middle, high = statistics.quantiles(seconds, n=4)
    return {"seconds": middle, "quartiles": [low, high], "calls": len(seconds)}


def random_inputs(lanes: int, columns: int = 2) -> list:
    """In the precision that JAX is set to."""
    import jax.numpy as jnp
    import numpy as np

    rng = np.random.default_rng(0)
    return [
        tuple(jnp.asarray(rng.uniform(0.5, 1.5, lanes)) for _ in range(columns))
        for _ in range(3)
    ]


def lanewise(build, stepper, window=(T0, T1)):
    """Propagators of `build(*numbers)` for lanes of numbers."""
    import jax

    import lzjax as lz

    def one(*numbers):
        return lz.solve(build(*numbers), *window, solver=stepper).propagator

    return jax.jit(jax.vmap(one))


def rate(result: dict, work: int) -> dict:
    return {**result, "steps_per_second": work / result["seconds"]}


def two_levels(sizes: dict) -> dict:
    import jax
    import jax.numpy as jnp

    import lzjax as lz
    from lzjax.kernels import assumed_capability

    work = sizes["lanes"] * sizes["steps"]
    stepper = lz.Magnus4(steps=sizes["steps"])

    def field(t, p):
        return p[0], 0.0, p[1] * t

    def sweeps():
        return lanewise(lz.LinearSweep, stepper)

    def survival(gap, rate):
        u = sweeps()(gap, rate)
        return jnp.sum(jnp.abs(u[:, 0, 0]) ** 2)

    double = random_inputs(sizes["lanes"])
    own = lanewise(lambda *p: lz.TwoLevelFunction(field, p), stepper)
    slopes = jax.jit(jax.value_and_grad(survival, argnums=(0, 1)))
    found = {
        "float64": timed(sweeps(), double, sizes),
        "a user's function": timed(own, double, sizes),
        "value and gradient": timed(slopes, double, sizes),
    }
    with jax.enable_x64(False):
        found["float32"] = timed(sweeps(), random_inputs(sizes["lanes"]), sizes)
    # As an older card would have to.
    with assumed_capability(8, 0):
        found["compiled loop"] = timed(sweeps(), double, sizes)
    return {name: rate(row, work) for name, row in found.items()}


def million(sizes: dict) -> dict:
    import lzjax as lz

    lanes, steps = sizes["million"]
    call = lanewise(lz.LinearSweep, lz.Magnus4(steps=steps))
    return rate(timed(call, random_inputs(lanes), sizes), lanes * steps)


def interferogram(sizes: dict) -> dict:
    """Excitation over detuning and amplitude in float32, chunk by chunk into the
    host's memory."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    import lzjax as lz

    side, steps, chunk = sizes["map"]
    out = np.empty(side * side, np.float32)
    with jax.enable_x64(False):
        whole = lanewise(
            lambda offset, amplitude: lz.DrivenTwoLevel(1.0, offset, amplitude, 1.0),
            lz.Magnus4(steps=steps),
            (0.0, 40.0 * np.pi),
        )

        @jax.jit
        def part(first):
            place = first + jnp.arange(chunk)
            offset = (place % side) * (20.0 / side)
            amplitude = (place // side) * (20.0 / side)
            return jnp.abs(whole(offset, amplitude)[:, 0, 1]) ** 2

        def run():
            ahead = None
            for first in [*range(0, side * side, chunk), None]:
                new = None if first is None else (first, part(first))
                if new is not None:
                    new[1].copy_to_host_async()
                if ahead is not None:
                    out[ahead[0] : ahead[0] + chunk] = ahead[1]
                ahead = new

        once = {**sizes, "repeats": 3, "seconds": 0.0}
        return rate(timed(run, [()], once), side * side * steps)


def one_trajectory(sizes: dict) -> dict:
    import lzjax as lz

    steps = sizes["one"]
    call = lanewise(lz.LinearSweep, lz.Magnus4(steps=steps))
    return rate(timed(call, random_inputs(1), sizes), steps)


def chain(sizes: dict) -> dict:
    """Four levels in a row, all four columns; steps of states are counted."""
    import jax.numpy as jnp

    import lzjax as lz

    def matrix(t, p):
        coupling, rate = p
        levels = rate * t * jnp.array([1.5, 0.5, -0.5, -1.5])
        return jnp.diag(levels) + coupling * (jnp.eye(4, k=1) + jnp.eye(4, k=-1))

    steps = sizes["steps"]
    call = lanewise(
        lambda *p: lz.HamiltonianFunction(matrix, p),
        lz.CommutatorFree4(steps=steps),
        (-5.0, 5.0),
    )
    inputs = random_inputs(sizes["chain"])
    return rate(timed(call, inputs, sizes), 4 * sizes["chain"] * steps)


def by_diffrax(sizes: dict) -> dict:
    """Tsit5 with constant steps, on the same equation."""
    import diffrax
    import jax
    import jax.numpy as jnp

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
    import jax.numpy as jnp

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
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        library = str(pathlib.Path(folder) / "gpu.so")
        command = ["nvcc", "-O3", "-arch=native", "-shared", "-Xcompiler", "-fPIC"]
        subprocess.run([*command, "-o", library, str(HERE / "gpu.cu")], check=True)
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
        found[name] = rate(spread((1e-3 * took).tolist()), lanes * steps)
        if getattr(code, f"multiply_adds_{name}")(blocks, rounds, repeats, times):
            sys.exit("the multiply-adds of gpu.cu failed on this card.")
        ceiling = spread((1e-3 * took).tolist())
        ceiling["multiply_adds_per_second"] = (
            blocks * 256 * rounds * 8 / ceiling["seconds"]
        )
        found[f"ceiling {name}"] = ceiling
    return found


def available(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--only", help="parts with this in their name")
    results = HERE / "results" / "gpu.json"
    parser.add_argument("--output", type=pathlib.Path, default=results)
    options = parser.parse_args(argv)

    import jax

    import lzjax as lz
    from lzjax.kernels import why_no_kernel

    missing = why_no_kernel()
    if missing and not options.dry_run:
        sys.exit(
            f"There are no kernels here to be timed: {missing}. This needs an NVIDIA "
            "GPU of compute capability 9.0 or newer and jax 0.11 or newer; --dry-run "
            "tries the script without one."
        )
    sizes = DRY if options.dry_run else FULL
    parts = {
        "two levels": two_levels,
        "million": million,
        "interferogram": interferogram,
        "one": one_trajectory,
        "chain": chain,
    }
    if not missing and shutil.which("nvcc"):
        parts["cuda"] = by_hand
    for name, part in (("diffrax", by_diffrax), ("dynamiqs", by_dynamiqs)):
        if available(name):
            parts[name] = part
    rows = {}
    for name, part in parts.items():
        if options.only is None or options.only in name:
            rows[name] = part(sizes)
            print(name, json.dumps(rows[name]), flush=True)
    found = {
        "date": datetime.date.today().isoformat(),
        "device": str(jax.devices()[0].device_kind),
        "versions": {
            "python": platform.python_version(),
            "jax": jax.__version__,
            "lzjax": lz.__version__,
        },
        "sizes": sizes,
        "results": rows,
    }
    if options.dry_run:
        print("a dry run: these sizes say nothing about speed, nothing is written")
        return
    options.output.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
