"""From how many lanes on a GPU beats this machine's CPU, by the same call."""

import json
import os
import pathlib
import subprocess
import sys

import jax

import lzjax as lz

from .clock import lanewise, random_inputs, timed

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "gpu.py"
# A CPU takes seconds for so many steps: larger points are left out there.
MOST_ON_CPU = 1 << 30


def here(sizes: dict, most: int | None = None) -> dict[str, float]:
    """Seconds by "lanes x steps" on the default device of this process."""
    found = {}
    few = {**sizes, "repeats": min(sizes["repeats"], 5), "seconds": 0.0}
    for steps in sizes["grid_steps"]:
        call = lanewise(lz.LinearSweep, lz.Magnus4(steps=steps))
        for lanes in sizes["grid_lanes"]:
            if most is None or lanes * steps <= most:
                result = timed(call, random_inputs(lanes), few)
                found[f"{lanes} x {steps}"] = result["seconds"]
    return found


def crossover(sizes: dict) -> dict:
    """Both devices over lanes and steps, and for each number of steps the fewest lanes
    from which on the GPU is faster."""
    there = _on_cpu(sizes)
    mine = here(sizes)
    rows = [
        {
            "lanes": lanes,
            "steps": steps,
            "device": mine[f"{lanes} x {steps}"],
            "cpu": there.get(f"{lanes} x {steps}"),
        }
        for steps in sizes["grid_steps"]
        for lanes in sizes["grid_lanes"]
    ]
    first = {}
    for steps in sizes["grid_steps"]:
        slower = [
            row["lanes"]
            for row in rows
            if row["steps"] == steps and row["cpu"] and row["cpu"] <= row["device"]
        ]
        faster = [n for n in sizes["grid_lanes"] if n > max(slower, default=0)]
        first[str(steps)] = faster[0] if faster else None
    return {
        "device": jax.devices()[0].device_kind,
        "cpu_cores": os.cpu_count(),
        "faster_from": first,
        "seconds": rows,
    }


def _on_cpu(sizes: dict) -> dict[str, float]:
    """`here`, in a process that sees no GPU: blocks and paths are chosen for what is
    there."""
    command = [sys.executable, str(SCRIPT), "--cpu-seconds", json.dumps(sizes)]
    done = subprocess.run(
        command,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
