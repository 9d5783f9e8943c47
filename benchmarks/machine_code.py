"""What instructions do the GPU kernels compile to? Asked without a GPU.

Compiles kernels of lzjax for an H100 that need not be there, and counts the machine
instructions in the loop over the steps, the registers, and what is spilled to memory.
Needs the CUDA wheels of JAX (`pip install "lzjax[cuda13]" nvidia-cuda-nvdisasm`, 5 GB),
`ptxas` and `nvdisasm`, and a description of the GPU as text, a `GpuTargetConfigProto`
such as openxla's `xla/backends/gpu/target_config/specs/h100_sxm.txtpb`:

    python benchmarks/machine_code.py --target h100_sxm.txtpb

Results go to benchmarks/results/machine_code.json.
"""

import argparse
import collections
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FP64 = ("DADD", "DFMA", "DMNMX", "DMUL", "DSETP")
FP32 = ("FADD", "FFMA", "FMUL")
SPILLS = ("LDL", "STL")


def tool(name: str) -> str:
    """A program of the CUDA toolkit, from the wheels or from the system."""
    packages = pathlib.Path(sysconfig.get_paths()["purelib"]) / "nvidia"
    for folder in packages.glob("*/bin"):
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        sys.exit(
            f"This needs `{name}` of the CUDA toolkit: install the toolkit, or "
            f'`pip install "lzjax[cuda13]" nvidia-cuda-nvdisasm`.'
        )
    return found


def instructions(sass: str) -> dict[str, list[tuple[str, str]]]:
    """For each function its rows (opcode, text); a label has no opcode."""
    functions: dict[str, list[tuple[str, str]]] = {}
    rows: list[tuple[str, str]] = []
    for line in sass.splitlines():
        if match := re.match(r"\.text\.([\w$.]+):", line.strip()):
            rows = functions.setdefault(match.group(1), [])
        elif match := re.match(r"(\.L_\w+):", line.strip()):
            rows.append(("", match.group(1)))
        elif match := re.match(r"/\*[0-9a-f]{4,}\*/\s+(.*?)\s*;", line.strip()):
            text = match.group(1)
            words = re.sub(r"^@!?U?P\w+\s+", "", text).split()
            rows.append((words[0].split(".")[0], text))
    return functions


def loops(rows: list[tuple[str, str]]) -> list[list[str]]:
    """The opcodes between a label and each jump back to it, innermost loops only."""
    places = {text: k for k, (opcode, text) in enumerate(rows) if not opcode}
    spans = []
    for k, (opcode, text) in enumerate(rows):
        target = re.search(r"\.L_\w+", text)
        if opcode == "BRA" and target and places.get(target.group(0), k) < k:
            spans.append((places[target.group(0)], k))
    inner = [(a, b) for a, b in spans if not any(a <= c and d < b for c, d in spans)]
    return [[name for name, _ in rows[a : b + 1] if name] for a, b in inner]


def counts(opcodes: list[str]) -> dict[str, int]:
    found = collections.Counter(opcodes)
    return {
        "instructions": len(opcodes),
        "fp64": sum(found[name] for name in FP64),
        "fp32": sum(found[name] for name in FP32),
        "spills": sum(found[name] for name in SPILLS),
    }


def assembled(ptx: pathlib.Path) -> tuple[dict[str, int], list[dict[str, int]]]:
    """Registers and spilled bytes, and what is in the loops over steps, of a PTX
    file."""
    cubin = ptx.with_suffix(".cubin")
    command = [tool("ptxas"), "-v", "-arch=sm_90a", str(ptx), "-o", str(cubin)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report = done.stdout + done.stderr
    used = {"registers": 0, "spilled_bytes": 0}
    for pattern, name in (
        (r"Used (\d+) registers", "registers"),
        (r"(\d+) bytes spill stores", "spilled_bytes"),
    ):
        numbers = [int(n) for n in re.findall(pattern, report)]
        used[name] = max(numbers, default=0)
    sass = subprocess.run(
        [tool("nvdisasm"), "-c", str(cubin)], capture_output=True, text=True, check=True
    )
    found = [
        counts(body)
        for rows in instructions(sass.stdout).values()
        for body in loops(rows)
    ]
    # A jump to itself ends every kernel.
    return used, [body for body in found if body["fp64"] + body["fp32"] > 8]


def kernels() -> dict:
    """Name, model, stepper, the numbers that move, dtype, and what a kernel carries
    (`form_of`: values with rates; `backwards_of`: cotangents) of what is looked at."""
    import jax.numpy as jnp

    import lzjax as lz

    def user(t, p):
        return p["gap"], 0.0, p["rate"] * t

    def ripples(t, p):
        return p[0], 0.0, jnp.polyval(p[1:], t)

    def matrix(t, coupling):
        levels = t * jnp.array([1.5, 0.5, -0.5, -1.5])
        return jnp.diag(levels) + coupling * (jnp.eye(4, k=1) + jnp.eye(4, k=-1))

    two = lz.LinearSweep(1.0, 1.0)
    traced = lz.TwoLevelFunction(user, {"gap": 1.0, "rate": 1.0})
    driven = lz.DrivenTwoLevel(1.0, 0.3, 2.0, 1.0)

    def shifted(t, p):
        return matrix(t, p[0]) + jnp.diag(p[1:])

    chain = lz.HamiltonianFunction(matrix, 0.5)
    ladder = lz.HamiltonianFunction(shifted, 0.1 * jnp.ones(5))
    fourth, sixth = lz.Magnus4(steps=1), lz.Magnus6(steps=1)
    free = lz.CommutatorFree4(steps=1)
    back = "float64", "backwards_of"
    rows = {
        "two levels, fourth order": (two, fourth, 0),
        "two levels, fourth order, float32": (two, fourth, 0, "float32"),
        "two levels, a user's function": (traced, fourth, 0),
        "two levels, sixth order": (two, sixth, 0),
        "two levels, value and two derivatives": (two, fourth, 2),
        "two levels, backwards in 2": (two, fourth, 2, *back),
        "two levels, cosine drive": (driven, fourth, 0),
        "four levels, commutator-free": (chain, free, 0),
        "four levels, backwards in 5": (ladder, free, 5, *back),
    }
    for count in (8, 16, 32):
        some = lz.TwoLevelFunction(ripples, jnp.linspace(0.1, 1.0, count))
        rows[f"two levels, {count} numbers"] = (some, fourth, 0)
        rows[f"two levels, backwards in {count}"] = (some, fourth, count, *back)
    return rows


def compiled(form, moving, dtype, target: str, folder: pathlib.Path):
    """The PTX files that compiling a kernel for the target leaves in the folder, and
    what is counted in its trace."""
    import jax
    import jax.numpy as jnp
    from jax.experimental import topologies

    from lzjax.kernels import run_kernel
    from lzjax.propagate import _kernel

    place = topologies.get_topology_desc(
        platform="cuda", target_config=target, topology="1x1x1"
    )
    there = jax.sharding.SingleDeviceSharding(place.devices[0])
    lanes = 1 << 20

    def array(shape, dtype):
        return jax.ShapeDtypeStruct((*shape, lanes), dtype, sharding=there)

    step = _kernel.stepping_of(form, form.ways[0], moving)
    run = jax.jit(lambda edges, counts, *row: run_kernel(step, edges, counts, row))
    rows = [array((), dtype)] * (form.more + len(form.layout.numbers))
    run.lower(array((2,), dtype), array((1,), jnp.int32), *rows).compile()
    return sorted(folder.glob("**/*.ptx")), _kernel.cost(form, moving)


def looked_at(
    target: str, model, stepper, moving: int, dtype="float64", make="form_of"
) -> dict:
    import numpy as np

    from lzjax.propagate import _finite, _kernel, _leaves, _run

    leaves, structure = _leaves.split(model)
    loop = _run.Loop(_finite.group_of(model), stepper, structure)
    layout = _kernel.layout_of(leaves, dtype=np.dtype(dtype))
    form = getattr(_kernel, make)(loop, layout)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MOSAIC_GPU_DUMP_PTX"] = "1"
        os.environ["MOSAIC_GPU_DUMP_TO"] = folder
        moving = tuple(range(moving))
        files, counted = compiled(form, moving, dtype, target, pathlib.Path(folder))
        if not files:
            sys.exit("the compiler left no PTX: is this JAX's CUDA plugin?")
        used, bodies = assembled(files[-1])
    kind = "fp64" if dtype == "float64" else "fp32"
    # The loop that all lanes of a block take; the other one also chooses.
    loop_body = min(bodies, key=lambda body: body["instructions"])
    # Compilers may write several steps into one round.
    steps = max(1, round(loop_body[kind] / max(counted.arithmetic, 1)))
    return {
        "dtype": dtype,
        f"{kind}_operations_per_step": loop_body[kind] / steps,
        "instructions_per_step": loop_body["instructions"] / steps,
        "steps_per_round": steps,
        "counted": counted._asdict(),
        **used,
        "spill_instructions": loop_body["spills"],
    }


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=pathlib.Path, required=True)
    results = HERE / "results" / "machine_code.json"
    parser.add_argument("--output", type=pathlib.Path, default=results)
    parser.add_argument("--only", help="kernels with this in their name")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    os.environ.setdefault("JAX_SKIP_CUDA_CONSTRAINTS_CHECK", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    import jax

    jax.config.update("jax_platforms", "cpu")
    target = options.target.read_text("utf-8")
    rows = {}
    if options.one:
        print(json.dumps(looked_at(target, *kernels()[options.one])))
        return
    for name in kernels():
        if options.only and options.only not in name:
            continue
        # In a process of its own: kernels that are alike are compiled but once.
        command = [sys.executable, __file__, "--target", options.target, "--one", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows[name] = json.loads(done.stdout.splitlines()[-1])
        print(name, rows[name], flush=True)
    version = subprocess.run(
        [tool("ptxas"), "--version"], capture_output=True, text=True
    )
    found = {
        "date": datetime.date.today().isoformat(),
        "target": re.findall(r'name: "(.*?)"', target)[:1],
        "versions": {
            "jax": jax.__version__,
            "ptxas": version.stdout.strip().splitlines()[-1],
        },
        "kernels": rows,
    }
    options.output.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
