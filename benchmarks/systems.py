"""Writes the table of systems in README.md, from `systems.toml` and measured errors.

    python benchmarks/systems.py                 # the table, from what was measured
    python benchmarks/systems.py --measure fin-  # first compare those oracles again

Without names `--measure` compares all records (some minutes), by the functions that the
tests use too; the largest deviations are kept in `results/systems.json`.
"""

import argparse
import json
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "systems.json"
BEGIN = "<!-- systems: `python benchmarks/systems.py` writes this table -->\n"
END = "<!-- end of systems -->\n"
# Where the names of the table are looked up.
NAMESPACES = (
    "",
    "models",
    "exact",
    "readout",
    "dissipation",
    "propagate",
    "interferometry",
    "molecules",
    "molecules.CurveCrossing",
    "molecules.Curves",
    "molecules.LinearVibronic",
    "molecules.StraightPath",
    "models.LinearSweep",
)


def records() -> dict[str, dict]:
    text = (ROOT / "tests" / "data" / "landau_zener.json").read_text("utf-8")
    return {record["id"]: record for record in json.loads(text)}


def groups() -> list[dict]:
    return tomllib.loads((HERE / "systems.toml").read_text("utf-8"))["group"]


def assigned() -> dict[str, list[str]]:
    """System -> its records; the longest beginning decides.

    **Raises:** `ValueError` for a record that no system claims.
    """
    owners = {
        start: system["name"]
        for group in groups()
        for system in group["system"]
        for start in system.get("oracles", [])
    }
    found: dict[str, list[str]] = {}
    for name in records():
        fitting = [start for start in owners if name.startswith(start)]
        if not fitting:
            raise ValueError(f"no system in systems.toml claims the record {name!r}.")
        found.setdefault(owners[max(fitting, key=len)], []).append(name)
    return found


def resolve(name: str):
    """What a name of the table stands for.

    **Raises:** `AttributeError` if lzjax has nothing of that name.
    """
    lzjax = import_module("lzjax")
    for space in NAMESPACES:
        thing = lzjax
        try:
            for part in [*space.split("."), *name.removeprefix("lz.").split(".")]:
                thing = getattr(thing, part) if part else thing
        except AttributeError:
            continue
        return thing
    raise AttributeError(f"lzjax has no {name!r}, which systems.toml names.")


def names(cell: str) -> list[str]:
    """The names in backquotes, without arguments."""
    return [part.partition("(")[0] for part in re.findall(r"`([^`]+)`", cell)]


def accuracy(found: list[str], measured: dict[str, float], note: str | None) -> str:
    """How many records, and the largest deviation from one that was measured."""
    if not found:
        return ""
    largest = max((measured[name] for name in found if name in measured), default=None)
    missing = sum(name not in measured for name in found)
    parts = [f"{len(found)}: measured {_short(largest)}"] if largest is not None else []
    parts += [f"{missing} not measured"] if missing else []
    return "; ".join([*parts, note] if note else parts)


def _short(number: float) -> str:
    """One digit, rounded up."""
    if number == 0:
        return "0"
    power = int(np.floor(np.log10(number)))
    digit = int(np.ceil(number / 10.0**power - 1e-9))
    return f"{digit}e{power}" if digit < 10 else f"1e{power + 1}"


def table(measured: dict[str, float]) -> str:
    lines = ["| system | model | closed form | oracles |", "|---|---|---|---|"]
    owned = assigned()
    for group in groups():
        lines.append(f"| **{group['name']}** | | | |")
        for system in group["system"]:
            cells = [
                system["name"],
                system["model"],
                system.get("closed_form", ""),
                accuracy(owned.get(system["name"], []), measured, system.get("note")),
            ]
            lines.append("| " + " | ".join(cells).replace("|  |", "| |") + " |")
    return "\n".join(line.replace("|  |", "| |") for line in lines) + "\n"


def more(text: str) -> str:
    """Rows for what lzjax exports and the text does not name: new models."""
    lines = []
    for space in (import_module("lzjax.models"), import_module("lzjax.exact")):
        for name, thing in sorted(vars(space).items()):
            hidden = name.startswith(("_", "Abstract")) or not callable(thing)
            if hidden or f"`{name}" in text or f".{name}" in text:
                continue
            first = (thing.__doc__ or "").partition("\n")[0].replace("|", "\\|")
            lines.append(f"| {first} | `{name}` | | |")
    return "\n".join(["| **More** | | | |", *lines, ""]) if lines else ""


def with_table(readme: str, measured: dict[str, float]) -> str:
    """The README with its table written anew."""
    head, _, rest = readme.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise ValueError("README.md has lost the comments around its table.")
    rows = table(measured)
    return head + BEGIN + rows + more(head + rows + tail) + END + tail


def measure(beginnings: list[str]) -> None:
    """Largest deviation of lzjax from each record, at the tests' tolerances; kept one
    by one."""
    sys.path.insert(0, str(ROOT))
    computed = import_module("tests.computed").COMPUTED
    compute = import_module("tests.oracles").compute
    for name in computed:
        if not name.startswith(tuple(beginnings)):
            continue
        record = records()[name]
        got = np.ravel(np.asarray(compute(computed, name))).astype(float)
        deviation = float(np.max(np.abs(got - np.ravel(record["value"]))))
        print(f"{name}: {deviation:.1e}", flush=True)
        measured = json.dumps(load() | {name: deviation}, indent=1, sort_keys=True)
        RESULTS.write_text(measured + "\n")


def load() -> dict[str, float]:
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", nargs="*", metavar="BEGINNING")
    options = parser.parse_args()
    if options.measure is not None:
        measure(options.measure or [""])
    readme = ROOT / "README.md"
    readme.write_text(with_table(readme.read_text("utf-8"), load()), "utf-8")


if __name__ == "__main__":
    main()
