"""How many two-level steps a second, beside a hand-written C loop?

Many linear sweeps, each with its own gap and rate, by a fixed number of fourth-order
Magnus steps in float64:

- `c`: throughput.c, compiled here by the system's compiler, on all cores, in the
  fastest of four shapes for the registers of this machine;
- `vmap`: `jax.vmap(lz.solve)` with `lz.Magnus4(steps=...)`, one call;
- `threads`: the same function, from one Python thread for each core on its share;
- `devices`: the same function under `jax.shard_map`, one CPU device for each core;
- `plain`: as `threads`, but without `lz.COMPILER_OPTIONS`, which all these have;
- `scan`: a plain `jax.lax.scan` over all lanes with the library's sin and cos.

Repetitions are interleaved, so that what else the machine does hits all alike. The
propagators must agree. Results go to benchmarks/results/throughput.json.

    python benchmarks/throughput.py --lanes 16384 --steps 2000 --repeats 7
"""

import ctypes
import functools
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import measure

HERE = pathlib.Path(__file__).resolve().parent
T0, T1 = -20.0, 20.0
FLAGS = ["-O3", "-march=native", "-ffast-math", "-fopenmp"]
# Lanes in a register and registers in flight: the fastest of these is the C loop.
SHAPES = [[f"-DWIDTH={w}", f"-DFLIGHT={f}"] for w in (4, 8) for f in (2, 4)]


def compile_c(folder: str, shape: list[str]) -> tuple[ctypes.CDLL, str]:
    """The C loop as a library, and the first line of the compiler's version."""
    name = os.environ.get("CC", "cc")
    compiler = shutil.which(name)
    if compiler is None:
        sys.exit(
            f"This benchmark needs a C compiler, and there is no `{name}`. Install one "
            "(gcc or clang), or name it in the environment variable CC."
        )
    library = str(pathlib.Path(folder) / f"throughput{''.join(shape)}.so")
    command = [compiler, *FLAGS, *shape, "-shared", "-fPIC", "-o", library]
    done = subprocess.run(
        [*command, str(HERE / "throughput.c")], capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(
            f"`{compiler}` could not compile throughput.c with {' '.join(FLAGS)}:\n"
            f"{done.stderr}\nAnother compiler can be named in the variable CC."
        )
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return ctypes.CDLL(library), version.stdout.splitlines()[0]


def c_loop(library: ctypes.CDLL, gap, rate, steps: int):
    import numpy as np

    pointer = ctypes.POINTER(ctypes.c_double)
    sweep = library.sweep
    sweep.argtypes = [ctypes.c_ssize_t] * 2 + [ctypes.c_double] * 2 + [pointer] * 3
    sweep.restype = None
    out = np.empty((len(gap), 4))
    arrays = [x.ctypes.data_as(pointer) for x in (gap, rate, out)]

    def run():
        sweep(len(gap), steps, T0, T1, *arrays)
        return matrices(*out.T)

    return run


def matrices(c, x, y, z):
    """c − i (x σx + y σy + z σz), with the lanes in front."""
    import numpy as np

    rows = [[c - 1j * z, -y - 1j * x], [y - 1j * x, c + 1j * z]]
    return np.moveaxis(np.array(rows), -1, 0)


def lzjax_runs(gap, rate, steps: int, workers: int) -> dict:
    import jax
    import jax.numpy as jnp
    import numpy as np

    import lzjax as lz

    def one(gap, rate):
        model = lz.LinearSweep(gap, rate)
        return lz.solve(model, T0, T1, solver=lz.Magnus4(steps=steps))

    solve = jax.jit(jax.vmap(one), compiler_options=lz.COMPILER_OPTIONS)
    plainly = jax.jit(jax.vmap(one))
    gap, rate = jnp.asarray(gap), jnp.asarray(rate)

    def vmap():
        return jax.block_until_ready(solve(gap, rate)).propagator

    shares = list(
        zip(jnp.array_split(gap, workers), jnp.array_split(rate, workers), strict=True)
    )
    pool = ThreadPoolExecutor(workers)

    def threads(solve):
        parts = pool.map(lambda x: jax.block_until_ready(solve(*x)).propagator, shares)
        return np.concatenate([np.asarray(part) for part in parts])

    runs = {
        "vmap": vmap,
        "threads": functools.partial(threads, solve),
        "plain": functools.partial(threads, plainly),
    }
    if workers > 1 and len(gap) % workers == 0:
        lanes = jax.sharding.PartitionSpec("lanes")
        mesh = jax.make_mesh((workers,), ("lanes",))
        sharded = jax.jit(
            jax.shard_map(
                jax.vmap(one),
                mesh=mesh,
                in_specs=(lanes, lanes),
                out_specs=lanes,
                check_vma=False,
            ),
            compiler_options=lz.COMPILER_OPTIONS,
        )
        spread = jax.sharding.NamedSharding(mesh, lanes)
        there = jax.device_put((gap, rate), spread)

        def devices():
            return jax.block_until_ready(sharded(*there)).propagator

        runs["devices"] = devices
    return runs


def plain_scan(gap, rate, steps: int):
    """What one writes first: all lanes at once, sin and cos from the library."""
    import jax
    from contenders.problems import linear
    from contenders.with_plain_jax import evolve

    # The same window and sweep; gaps and rates are those of this benchmark.
    problem = linear(1)
    assert (problem.t0, problem.t1) == (T0, T1)

    @jax.jit
    def run(gap, rate):
        return evolve(problem, steps, gap, {"rate": rate})

    return lambda: matrices(*map(_numpy, run(gap, rate)))


def _numpy(x):
    import numpy as np

    return np.asarray(x)


def main(argv=None) -> None:
    parser = measure.options(__doc__, "throughput")
    parser.add_argument("--lanes", type=int, default=16_384)
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=7)
    workers = measure.cores()
    parser.add_argument("--workers", type=int, default=workers, help="default: cores")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    if options.quick:
        options.lanes, options.repeats = 1_024, 1
    os.environ.setdefault("OMP_NUM_THREADS", str(options.workers))

    import jax

    # Before anything starts the CPU backend.
    jax.config.update("jax_num_cpu_devices", options.workers)
    jax.config.update("jax_platforms", "cpu")

    import numpy as np

    rng = np.random.default_rng(options.seed)
    gap = rng.uniform(0.2, 2.0, options.lanes)
    rate = rng.uniform(0.5, 2.0, options.lanes)
    with tempfile.TemporaryDirectory() as folder:
        loops, times = [], []
        for shape in SHAPES:
            library, compiler = compile_c(folder, shape)
            loops.append(c_loop(library, gap, rate, options.steps))
            found = measure.interleaved({0: loops[-1]}, options.repeats)
            times.append(found[0]["fastest"])
        best = times.index(min(times))
        flags = [*FLAGS, *SHAPES[best]]
        runs = {"c": loops[best]}
        runs |= lzjax_runs(gap, rate, options.steps, options.workers)
        runs["scan"] = plain_scan(gap, rate, options.steps)
        differences = check(runs)
        with measure.locked(options.lock):
            rounds = measure.rounds(runs, options.repeats)
    report(rounds, differences, options, compiler, flags)


def check(runs: dict) -> dict[str, float]:
    """The largest difference of any propagator from the C loop's; also warms up."""
    import numpy as np

    want = runs["c"]()
    found = {name: float(np.max(np.abs(run() - want))) for name, run in runs.items()}
    for name, difference in found.items():
        # Rounding of some thousand products of unitary matrices stays below 1e-11.
        if not difference < 1e-11:
            sys.exit(f"`{name}` and the C loop differ by {difference:.1e}: no timing.")
    return found


def report(rounds, differences, options, compiler, flags) -> None:
    done = options.lanes * options.steps
    rows = {}
    reference = rounds["c"]["wall"]
    for name, times in rounds.items():
        # Ratios within a repetition: both sides saw the same state of the machine.
        ratios = [c / t for c, t in zip(reference, times["wall"], strict=True)]
        rows[name] = {
            "steps_per_second": done / statistics.median(times["wall"]),
            "of_c": statistics.median(ratios),
            "max_difference_from_c": differences[name],
            "seconds": times["wall"],
            "cpu_seconds": times["processor"],
        }
    print(f"{options.lanes} lanes, {options.steps} steps, {options.workers} workers")
    print(f"{'':10}{'steps/s':>10}{'of C':>8}{'difference':>12}")
    for name, row in rows.items():
        print(
            f"{name:10}{row['steps_per_second']:10.2e}{row['of_c']:8.3f}"
            f"{row['max_difference_from_c']:12.1e}"
        )
    ours = [name for name in rows if name not in ("c", "scan")]
    best = max(ours, key=lambda name: rows[name]["of_c"])
    print(f"best of lzjax: {best}, {rows[best]['of_c']:.3f} of the C loop")
    print(f"a plain scan reaches {rows['scan']['of_c']:.3f} of it")
    found = measure.record(
        flags=" ".join(flags),
        lanes=options.lanes,
        steps=options.steps,
        repeats=options.repeats,
        workers=options.workers,
        best=best,
        results=rows,
    )
    found["versions"]["compiler"] = compiler
    measure.write(options.output, found)


if __name__ == "__main__":
    main()
