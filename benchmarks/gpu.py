"""How fast is lzjax on a GPU, and how close to what the card can do?

Needs an NVIDIA GPU of compute capability 9.0 or newer (H100) and jax 0.11 or newer:

    python benchmarks/gpu.py

- `two levels`: steps/s of 2²³ linear sweeps of 1024 fourth-order steps by
  `jax.vmap(lz.solve)`: in float64 and float32, of a user's own function, value and
  gradient, and by the compiled loop that older cards take;
- `million`: 10⁶ sweeps of 1000 steps; `one`: a single trajectory of 10⁵ steps, its time
  cut into stretches; `chain`: four levels; `gradients`: value and gradient over the
  value, by the number of parameters;
- `interferogram`: 32768² points of a driven level, 1500 steps, float32, streamed;
  `damped`: 8192² points with dephasing and relaxation, all initial states at once, and
  by gqis (one initial state), where it is installed;
- `crossover`: lanes times steps on the GPU and on this machine's CPU, by one call;
- `cuda`: multiply-adds per second of this card, and the same sweeps in CUDA C
  (gpu.cu), where `nvcc` is there; `diffrax`, `dynamiqs`: where they are installed.

Medians of timed calls on inputs that lie on the device, three sets of them in turn;
compilation is left out. Results go to benchmarks/results/gpu.json. `--dry-run` takes
tiny sizes and any device, to try the script; it writes nothing. The parts are in
on_gpu/.
"""

import argparse
import datetime
import importlib.util
import json
import pathlib
import platform
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
FULL = {
    "lanes": 1 << 23,
    "steps": 1024,
    "million": (10**6, 1000),
    "map": (32768, 1500, 1 << 22),
    "damped": (8192, 2400, 1 << 20),
    "gqis_steps": 10_240,
    "one": 10**5,
    "chain": 1 << 20,
    "gradient": (1 << 20, 1024, 32),
    "grid_lanes": [1, 16, 256, 4096, 1 << 16, 1 << 20],
    "grid_steps": [100, 1000, 10_000],
    "peers": 1 << 17,
    "seconds": 2.0,
    "repeats": 20,
}
DRY = {
    "lanes": 256,
    "steps": 16,
    "million": (100, 10),
    "map": (16, 1500, 64),
    "damped": (8, 2400, 16),
    "gqis_steps": 64,
    "one": 512,
    "chain": 16,
    "gradient": (16, 16, 4),
    "grid_lanes": [1, 16],
    "grid_steps": [10, 20],
    "peers": 8,
    "seconds": 0.0,
    "repeats": 2,
}


def available(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def parts(missing: str | None) -> dict:
    """What there is to be timed here, by name."""
    from on_gpu import crossover, maps, peers, solves

    found = {
        "two levels": solves.two_levels,
        "million": solves.million,
        "one": solves.one_trajectory,
        "chain": solves.chain,
        "gradients": solves.by_numbers,
        "interferogram": maps.unitary,
        "damped": maps.damped,
        "crossover": crossover.crossover,
    }
    if not missing and shutil.which("nvcc"):
        found["cuda"] = peers.by_hand
    for name, part in (("diffrax", peers.by_diffrax), ("dynamiqs", peers.by_dynamiqs)):
        if available(name):
            found[name] = part
    return found


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--only", help="parts with this in their name")
    results = HERE / "results" / "gpu.json"
    parser.add_argument("--output", type=pathlib.Path, default=results)
    parser.add_argument("--cpu-seconds", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)

    import jax

    import lzjax as lz
    from lzjax.kernels import why_no_kernel

    if options.cpu_seconds:
        from on_gpu import crossover

        sizes = json.loads(options.cpu_seconds)
        print(json.dumps(crossover.here(sizes, crossover.MOST_ON_CPU)))
        return
    missing = why_no_kernel()
    if missing and not options.dry_run:
        sys.exit(
            f"There are no kernels here to be timed: {missing}. This needs an NVIDIA "
            "GPU of compute capability 9.0 or newer and jax 0.11 or newer; --dry-run "
            "tries the script without one."
        )
    sizes = DRY if options.dry_run else FULL
    rows = {}
    for name, part in parts(missing).items():
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
