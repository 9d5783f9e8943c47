"""What every benchmark shares: the machine, the versions, the clock, the record."""

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_patience = 90.0
RESULTS = pathlib.Path(__file__).resolve().parent / "results"


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_model() -> str:
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(x.split(":", 1)[1].strip() for x in lines if "model name" in x)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """The processor, and how many processes want one just now."""
    return {
        "cpu": cpu_model(),
        "cores": cores(),
        "system": platform.system(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def versions(*packages: str) -> dict[str, str]:
    """Of Python, jax, lzjax and these packages, as far as they are installed."""
    import lzjax

    found = {"python": platform.python_version(), "lzjax": lzjax.__version__}
    for package in ("jax", "jaxlib", *packages):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def device() -> str:
    """What jax computes on, such as `cpu` or the name of a GPU."""
    import jax

    return jax.devices()[0].device_kind


def record(*packages: str, **found: Any) -> dict[str, Any]:
    """What was found, with the machine, the versions and the device in front."""
    head = {"machine": machine(), "versions": versions(*packages), "device": device()}
    return head | found


def options(description: str, name: str) -> argparse.ArgumentParser:
    """The options that all scripts understand."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    output = RESULTS / f"{name}.json"
    parser.add_argument("--output", type=pathlib.Path, default=output)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    parser.add_argument(
        "--lock",
        type=pathlib.Path,
        help="a file to lock while the clock runs, so that the benchmarks of one "
        "machine take turns",
    )
    return parser


def peak_memory() -> int:
    """The largest resident size of this process so far, in bytes (Linux)."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
    raise RuntimeError("this system does not tell the peak memory of a process.")


@contextlib.contextmanager
def locked(path: pathlib.Path | None, exclusive: bool = True) -> Iterator[None]:
    """Hold a lock on the file (POSIX only); nothing without a file.

    After some time it goes on without an exclusive lock, and says so: the medians then
    are of a machine that others use too. Later attempts give up sooner.
    """
    global _patience
    if path is None:
        yield
        return
    import fcntl

    kind = fcntl.LOCK_EX | fcntl.LOCK_NB if exclusive else fcntl.LOCK_SH
    with path.open("a") as file:
        begun = time.monotonic()
        while True:
            try:
                fcntl.flock(file, kind)
                break
            except BlockingIOError:
                if time.monotonic() - begun > _patience:
                    _patience = 0.1 * _patience
                    print(f"measured without a lock on {path}", file=sys.stderr)
                    break
                time.sleep(0.05)
        yield


def rounds(
    runs: Mapping[Any, Callable[[], Any]], repeats: int
) -> dict[Any, dict[str, list[float]]]:
    """Wall and processor seconds of calls that have run before, in every round.

    All calls take turns in a round, so that what else the machine does hits all alike.
    A call must wait for its result.
    """
    times = {name: {"wall": [], "processor": []} for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            begun, used = time.perf_counter(), time.process_time()
            run()
            times[name]["wall"].append(time.perf_counter() - begun)
            times[name]["processor"].append(time.process_time() - used)
    return times


def interleaved(
    runs: Mapping[Any, Callable[[], Any]], repeats: int
) -> dict[Any, dict[str, float]]:
    """As `rounds`: the medians, and the fastest and the slowest wall time."""
    return {
        name: {
            "seconds": statistics.median(times["wall"]),
            "fastest": min(times["wall"]),
            "slowest": max(times["wall"]),
            "cpu_seconds": statistics.median(times["processor"]),
        }
        for name, times in rounds(runs, repeats).items()
    }


def write(path: pathlib.Path, found: Mapping[str, Any]) -> None:
    """A record as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", "utf-8")
    print(f"written to {path}", file=sys.stderr)
