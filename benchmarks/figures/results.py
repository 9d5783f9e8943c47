"""Draws the figures of the benchmarks, and writes their tables into README.md.

    python benchmarks/figures/results.py

Reads benchmarks/results/*.json and nothing else. The tables stand between two comments
in README.md; a test holds that they are what this script makes of the records.
"""

import argparse
import json
import math
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "results"
README = HERE.parent.parent / "README.md"
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
TOOLS = (
    "lzjax",
    "lzjax, fixed steps",
    "plain JAX scan",
    "spinsim",
    "diffrax",
    "QuTiP",
    "dynamiqs",
    "jaxquantum",
)
# Problem, lanes, what is computed, its error.
COLUMNS = (
    ("linear sweep", 1_000, "state", 1e-6),
    ("linear sweep", 1_000, "state", 1e-10),
    ("linear sweep", 100_000, "state", 1e-6),
    ("linear sweep", 100_000, "state", 1e-10),
    ("periodic drive", 1_000, "state", 1e-6),
    ("linear sweep", 1_000, "slope", 1e-6),
)
HEADS = (
    "1 000 sweeps, 1e-6",
    "1 000, 1e-10",
    "100 000 sweeps, 1e-6",
    "100 000, 1e-10",
    "1 000 drives, 1e-6",
    "1 000 sweeps with gradient, 1e-6",
)


def fastest(runs: list[dict], error: str, target: float) -> dict[str, dict]:
    """For each tool, the row of least time whose error is within the target."""
    best: dict[str, dict] = {}
    for row in runs:
        if row.get(error, math.inf) <= target:
            known = best.get(row["tool"])
            if known is None or row["seconds"] < known["seconds"]:
                best[row["tool"]] = row
    return best


def load(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


def block() -> str:
    """What stands between the two comments of README.md, of the records there are."""
    parts = [
        make(load(name))
        for name, make in (
            ("work_precision", _origin),
            ("work_precision", _work_table),
            ("work_precision", _settings),
            ("compile_time", _compile_table),
            ("scaling", _complete_lines),
            ("gradients", _gradient_lines),
            ("gradients", _open_lines),
            ("reliability", _reliability_lines),
            ("float32", _float32_table),
        )
        if (RESULTS / f"{name}.json").exists()
    ]
    parts = [part for part in parts if part]
    # Tables have their own lines.
    wrapped = [
        part if "|---" in part else textwrap.fill(part, 88, break_on_hyphens=False)
        for part in "\n\n".join(parts).split("\n\n")
    ]
    return "\n\n".join([BEGIN, *wrapped, END])


def _origin(record: dict) -> str:
    machine, versions = record["machine"], record["versions"]
    left_out = "".join(f" {name} was not installed." for name in record["missing"])
    if (machine.get("load") or 0.0) > 1.5 * machine["cores"]:
        left_out += f" Others used the machine at the time (load {machine['load']})."
    return (
        "Milliseconds, compilation apart, on "
        f"{machine['cores']} cores ({machine['cpu']}, jax {versions['jax']}), for "
        "sweeps from t = −20 to 20 or ten periods of a drive, in float64. Every tool "
        "runs at the fastest of its settings whose largest error over 1 000 lanes is "
        "within the one given: of the final state, or of dP/dgap in the last column. "
        "In brackets the time over that of lzjax at its tolerances. "
        "`python benchmarks/work_precision.py` measures anew." + left_out
    )


def _work_table(record: dict) -> str:
    problems = {(p["problem"], p["lanes"]): p for p in record["problems"]}
    found, heads = [], []
    for (name, lanes, what, target), head in zip(COLUMNS, HEADS, strict=True):
        runs = problems.get((name, lanes), {"runs": []})["runs"]
        rows = [row for row in runs if row["what"] == what]
        best = fastest(rows, f"{what}_error", target)
        if best:
            found.append(best)
            heads.append(head)
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for tool in TOOLS:
        cells = [_cell(best, tool) for best in found]
        if set(cells) != {"–"}:
            lines.append(f"| {tool} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(best: dict[str, dict], tool: str) -> str:
    if tool not in best:
        return "–"
    seconds = best[tool]["seconds"]
    text = _digits(1e3 * seconds)
    if tool == "lzjax" or "lzjax" not in best:
        return text
    return f"{text} ({_digits(seconds / best['lzjax']['seconds'])})"


def _digits(x: float) -> str:
    """Two significant digits, without an exponent."""
    if x >= 10:
        return f"{float(f'{x:.1e}'):.0f}"
    return f"{x:.1f}" if x >= 1 else f"{x:.2f}"


def _settings(record: dict) -> str:
    """What the tools ran with at 1e-6."""
    first = record["problems"][0]
    rows = [row for row in first["runs"] if row["what"] == "state"]
    best = fastest(rows, "state_error", 1e-6)
    parts = []
    for tool in TOOLS:
        if tool in best:
            row = best[tool]
            setting = ", ".join(f"{k} {v:.2g}" for k, v in row["setting"].items())
            if "steps" in row["setting"]:
                setting = f"{row['setting']['steps']} steps"
            parts.append(f"{tool} {row['variant']} ({setting})")
    return "First column: " + "; ".join(parts) + "."


def _compile_table(record: dict) -> str:
    lines = ["| seconds before the first run | value | gradient |", "|---|---|---|"]
    for name, case in record["cases"].items():
        cells = [f"{sum(case[what].values()):.1f}" for what in ("value", "gradient")]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _complete_lines(record: dict) -> str:
    rows = record.get("over_all_times", [])
    found = {(r["levels"], r["what"]): 1e6 * r["seconds"] / r["lanes"] for r in rows}
    parts = []
    for levels in dict.fromkeys(r["levels"] for r in rows):
        whats = ("window", "probabilities", "propagator")
        each = (_digits(found[levels, what]) for what in whats)
        parts.append(f"{levels} levels " + " / ".join(each))
    if not parts:
        return ""
    return (
        "Sweeps at 1e-8, microseconds each in a batch: from t = −12 to 12 / over all "
        "times, probabilities / and propagators with their phases: "
        f"{'; '.join(parts)} (`python benchmarks/scaling.py`)."
    )


def _gradient_lines(record: dict) -> str:
    ours = [r for r in record["against_parameters"] if r["case"] == "lzjax"]
    text = ", ".join(f"{_digits(r['ratio'])} for {r['parameters']}" for r in ours)
    steps = [r for r in record["against_steps"] if r["case"] == "lzjax"]
    low, high = steps[0], steps[-1]
    scan = next(
        r
        for r in record["against_steps"]
        if r["case"] == "plain scan, backwards" and r["steps"] == high["steps"]
    )
    return (
        "Value and gradient over value, by the number of parameters (256 lanes, 1 024 "
        f"fixed steps): {text}. Temporary memory for four parameters: "
        f"{low['temporary_bytes'] / 1e6:.2f} MB at {low['steps']} steps, "
        f"{high['temporary_bytes'] / 1e6:.2f} MB at {high['steps']}; a plain scan "
        f"differentiated backwards takes {scan['temporary_bytes'] / 1e6:.0f} MB."
    )


def _open_lines(record: dict) -> str:
    """With decay, and with dissipation, by how many numbers move."""
    rows = record.get("open_systems", [])
    parts = []
    for case in dict.fromkeys(row["case"] for row in rows):
        own = [row for row in rows if row["case"] == case]
        few = [row for row in own if row["steps"] == own[0]["steps"]]
        ratios = ", ".join(
            f"{_digits(row['ratio'])} for {row['parameters']}" for row in few
        )
        long = max(own, key=lambda row: row["steps"])
        parts.append(
            f"{case} {ratios} ({few[0]['steps']} fixed steps; at {long['steps']} "
            f"{_digits(long['ratio'])}, with {long['temporary_bytes'] / 1e6:.1f} MB of "
            "temporary memory)"
        )
    if not parts:
        return ""
    lanes = record["open_lanes"]
    return f"The same for three levels, {lanes} lanes: " + "; ".join(parts) + "."


def _reliability_lines(record: dict) -> str:
    rows, lanes = record["rows"], record["lanes"]
    broken = [row for row in rows if row["broken"]]
    wrong, detail = sum(row["broken"] for row in broken), ""
    if broken:
        where = " and ".join(sorted({row["problem"] for row in broken}))
        worst = max(row["largest_error"] / row["rtol"] for row in broken)
        detail = f" ({where}, at worst by {_digits(worst)} times)"
    most = max(row["underestimated"] for row in rows)
    low, high = (f(row["rtol"] for row in rows) for f in (min, max))
    return (
        f"Of {len(rows) * lanes} solutions of random sweeps, drives, narrow and "
        "chirped pulses, trains of them, pulses beside steep ramps, ramps with kinks "
        f"and tables beside a drive, at tolerances from {high:.0e} to {low:.0e}, "
        f"{wrong} {'was' if wrong == 1 else 'were'} wrong by more than the tolerance "
        f"and said to be successful{detail}; the error "
        f"estimate was too small for at most {most} of {lanes} at any setting "
        "(`python benchmarks/reliability.py`)."
    )


def _float32_table(record: dict) -> str:
    rows = [row for row in record["best"] if row["solver"] == "Magnus6"]
    lines = [
        "In float32 (JAX's 64-bit mode off) rounding of the phases limits the accuracy;"
        " more steps than these do not help:",
        "",
        "| sweep | largest phase, rad | steps of `Magnus6` | largest error | "
        "at best if the step is not a float32 number |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        window = row["window"]
        lines.append(
            f"| −{window:.0f} to {window:.0f} | {_digits(row['largest_phase'])} | "
            f"{row['steps']} | {row['largest']:.0e} | {_inexact(record, window):.0e} |"
        )
    a_radian = max(
        row["steps"] / row["largest_phase"] for row in rows if row["steps"] > 64
    )
    broken = sum(row["broken"] for row in record["by_tolerance"])
    tried = len(record["by_tolerance"]) * record["lanes"]
    lines += [
        "",
        f"As a rule for fixed steps of `Magnus6`: {_digits(a_radian)} for each radian, "
        "and no fewer than 64. Step control has a default tolerance of 1e-4 there, "
        "1e-8 in float64. It counts the worst that rounding can do, 6e-8 for each "
        f"radian by which the states turn: of {tried} solutions with tolerances from "
        f"1e-2 to 1e-6, {broken} were wrong by more than the tolerance and said to be "
        "successful.",
    ]
    return "\n".join(lines)


def _inexact(record: dict, window: float) -> float:
    """The least error by steps whose length is not a power of two times the window."""
    return min(
        row["float32"]["largest"]
        for row in record["by_steps"]
        if row["window"] == window
        and row["solver"] == "Magnus6"
        and row["steps"] & (row["steps"] - 1)
    )


def with_block(readme: str) -> str:
    """README.md with the tables put in."""
    head, _, rest = readme.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise ValueError(f"README.md needs the lines {BEGIN} and {END}.")
    return head + block() + tail


def draw_work_precision(record: dict):
    import matplotlib.pyplot as plt

    panels = [
        (problem, what)
        for problem in record["problems"]
        if problem.get("tried")
        for what in ("state", "slope")
    ]
    figure, axes = plt.subplots(
        1, len(panels), figsize=(4.2 * len(panels), 4.2), layout="constrained"
    )
    for axis, (problem, what) in zip(axes, panels, strict=True):
        for number, tool in enumerate(TOOLS):
            rows = [
                row
                for row in problem["runs"]
                if row["tool"] == tool and row["what"] == what
            ]
            points = _front(rows, f"{what}_error")
            if points:
                errors, seconds = zip(*points, strict=True)
                axis.loglog(errors, seconds, "o-", color=f"C{number}", label=tool, ms=3)
        axis.invert_xaxis()
        axis.set_xlabel(
            "largest error of " + ("state" if what == "state" else "dP/dgap")
        )
        content = "states" if what == "state" else "P and dP/dgap"
        axis.set_title(f"{problem['problem']}: {problem['lanes']} lanes, {content}")
    axes[0].set_ylabel("seconds")
    axes[0].legend(fontsize="small")
    return figure


def _front(rows: list[dict], error: str) -> list[tuple[float, float]]:
    """(error, seconds) of the rows that no other row beats in both."""
    points = sorted((row[error], row["seconds"]) for row in rows)
    front: list[tuple[float, float]] = []
    for point in points:
        if not front or point[1] < front[-1][1]:
            front.append(point)
    return front


def draw_scaling(record: dict):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12.0, 3.8), layout="constrained")
    lines = (
        ("against_lanes", "lanes", "solver", "{}"),
        ("against_steps", "steps", "lanes", "{} lanes"),
        ("against_levels", "levels", "lanes", "chains, {} lanes, 1024 steps"),
    )
    for axis, (part, along, by, label) in zip(axes, lines, strict=True):
        for value in dict.fromkeys(row[by] for row in record[part]):
            rows = [row for row in record[part] if row[by] == value]
            places = [row[along] for row in rows]
            seconds = [row["seconds"] for row in rows]
            axis.loglog(places, seconds, "o-", label=label.format(value), ms=3)
        axis.set_xlabel(along)
        axis.legend(fontsize="small")
        if along == "levels":
            axis.set_xticks(places, [str(place) for place in places])
            axis.minorticks_off()
    axes[0].set_ylabel("seconds")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-figures", action="store_true")
    given = parser.parse_args()
    README.write_text(with_block(README.read_text("utf-8")), "utf-8")
    if not given.no_figures:
        for name, draw in (
            ("work_precision", draw_work_precision),
            ("scaling", draw_scaling),
        ):
            if (RESULTS / f"{name}.json").exists():
                draw(load(name)).savefig(HERE / f"{name}.png", dpi=100)


if __name__ == "__main__":
    main()
