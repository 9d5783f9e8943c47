"""Error against time: Landau-Zener problems by lzjax and by what one would use instead.

    python benchmarks/work_precision.py [--quick]

Needs whatever is to be compared: diffrax, dynamiqs, qutip, jaxquantum, spinsim; a
package that is not installed is left out, and named in the record. Every contender
solves the same lanes at a range of its tolerances or step counts. Errors are the
largest over 1 000 lanes: of the final state, of the probability P to stay in level 0,
and of its derivative in the gap, dP/dgap. Times are medians of interleaved rounds,
after a first call that compiles, for all lanes: of the states, and of P with dP/dgap.

At 100 000 lanes only the fastest settings of each contender run that reach the targets.
Writes results/work_precision.json.
"""

import dataclasses
import importlib
import json
import sys
import time

import measure
import numpy as np
from contenders.problems import Problem, Run, driven, linear
from contenders.reference import doubt, furthest, reference
from figures.results import fastest

CONTENDERS = {
    "lzjax": "with_lzjax",
    "plain JAX scan": "with_plain_jax",
    "diffrax": "with_diffrax",
    "dynamiqs": "with_dynamiqs",
    "QuTiP": "with_qutip",
    "jaxquantum": "with_jaxquantum",
    "spinsim": "with_spinsim",
}
PROBLEMS = {"linear": linear, "driven": driven}
PACKAGES = ("numpy", "scipy", "diffrax", "dynamiqs", "qutip", "jaxquantum", "spinsim")
TARGETS = (1e-4, 1e-6, 1e-8, 1e-10)
# A setting slower than this many seconds for 1 000 lanes is not looked at further.
PATIENCE = 2.0
# Slower than this is timed in one round, and what is expected to be longer not at all.
SLOW, LONG = 1.0, 25.0
# The rounds of the others take about this together.
TURN = 60.0


def main(argv=None) -> None:
    parser = measure.options(__doc__, "work_precision")
    parser.add_argument(
        "--only", nargs="*", help="names of contenders; all if left out"
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="keep what the record says of contenders that do not run now",
    )
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS))
    parser.add_argument("--lanes", type=int, help="1000, or 100 with --quick")
    parser.add_argument("--more", type=int, help="100000, or 1000 with --quick")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(argv)
    if given.quick:
        given.rounds = min(given.rounds, 2)
    names = given.only or list(CONTENDERS)
    modules, missing = {}, {}
    for name in names:
        try:
            modules[name] = importlib.import_module(f"contenders.{CONTENDERS[name]}")
        except ImportError as error:
            missing[name] = str(error)
    small = given.lanes or (100 if given.quick else 1_000)
    large = given.more or (1_000 if given.quick else 100_000)
    found = []
    for name in given.problems:
        found.append(compare(PROBLEMS[name](small), modules, given))
    if given.problems[0] == "linear" and large > small:
        found.append(repeat(linear(large), found[0], modules, given))
    if given.update:
        keep_others(found, json.loads(given.output.read_text("utf-8")), names)
    record = measure.record(
        *PACKAGES,
        missing=missing,
        problems=found,
    )
    measure.write(given.output, record)


def keep_others(found: list[dict], record: dict, names: list[str]) -> None:
    """Add what an earlier record says of other contenders and of other problems."""
    known = {(p["problem"], p["lanes"]): p for p in record["problems"]}
    for problem in found:
        old = known.get((problem["problem"], problem["lanes"]), {})
        for part in ("tried", "left_out", "runs"):
            rows = old.get(part, [])
            problem.setdefault(part, [])
            problem[part] += [r for r in rows if r["tool"].split(",")[0] not in names]
    now = {(p["problem"], p["lanes"]) for p in found}
    found += [problem for key, problem in known.items() if key not in now]


def compare(problem: Problem, modules, given) -> dict:
    """All contenders at all their settings; the best of each are timed."""
    with measure.locked(given.lock, exclusive=False):
        want = reference(problem)
        differs = doubt(problem, want)
        print(f"{problem.name}: reference differs by {differs}", file=sys.stderr)
    tried = []
    for module in modules.values():
        tried += accuracy(module.runs(problem, given.quick), want, given)
    return {
        "problem": problem.name,
        "lanes": problem.lanes,
        "window": [problem.t0, problem.t1],
        "reference_differs_by": differs,
        "tried": [
            {"tool": tool, "variant": variant}
            for tool, variant in sorted({(run.tool, run.variant) for run, _ in tried})
        ],
        "runs": timed(undominated(tried), given),
    }


def accuracy(runs: list[Run], want, given, expected=None) -> list[tuple[Run, dict]]:
    """Errors, and one rough time; a variant ends where it takes too long.

    Where the times to be expected are known by key, one call for the errors is enough.
    """
    rows: list[tuple[Run, dict]] = []
    over: set = set()
    for run in runs:
        for what, call in (("state", run.state), ("slope", run.slope)):
            if call is None or (run.variant, what) in over:
                continue
            with measure.locked(given.lock, exclusive=False):
                found = call()  # compiles
                if expected is None:
                    seconds = run.scale * rough_time(call)
                else:
                    seconds = expected[(*_key_of(run), what)]
            if expected is None and seconds > PATIENCE * run.scale:
                over.add((run.variant, what))
            errors = _errors(what, found, want)
            row = {
                "tool": run.tool,
                "variant": run.variant,
                "setting": run.setting,
                "what": what,
                **errors,
            }
            text = " ".join(f"{name} {error:.1e}" for name, error in errors.items())
            print(*list(row.values())[:4], f"{seconds:.4f} s", text, file=sys.stderr)
            if np.all(np.isfinite(list(errors.values()))):
                rows.append((run, row | {"seconds": seconds}))
    return rows


def rough_time(call) -> float:
    begun, used = time.perf_counter(), time.process_time()
    call()
    # The lesser one, when others use the machine too.
    return min(time.perf_counter() - begun, time.process_time() - used)


def _errors(what: str, found, want) -> dict[str, float]:
    if what == "state":
        p = abs(found[:, 0]) ** 2
        return {
            "state_error": furthest(found, want.state),
            "probability_error": furthest(p, want.probability),
        }
    return {
        "probability_error": furthest(found[0], want.probability),
        "slope_error": furthest(found[1], want.slope),
    }


def undominated(rows: list[tuple[Run, dict]]) -> list[tuple[Run, dict]]:
    """Without those that another setting of the same tool beats in time and error."""

    def beaten(row: dict) -> bool:
        error = f"{row['what']}_error"
        return any(
            other["tool"] == row["tool"]
            and other["what"] == row["what"]
            and other[error] <= row[error]
            # Rough times are not trusted further than this.
            and 2.0 * other["seconds"] < row["seconds"]
            for _, other in rows
        )

    return [(run, row) for run, row in rows if not beaten(row)]


def timed(rows: list[tuple[Run, dict]], given) -> list[dict]:
    """The rows with their times, slow ones from a single round."""
    quick, slow = {}, {}
    for index, (run, row) in enumerate(rows):
        part = slow if row["seconds"] > SLOW * run.scale else quick
        part[index] = run.state if row["what"] == "state" else run.slope
    total = sum(rows[k][1]["seconds"] / rows[k][0].scale for k in quick)
    rounds = max(1, min(given.rounds, int(TURN / max(total, 1e-9))))
    with measure.locked(given.lock):
        times = measure.interleaved(quick, rounds)
    for index, call in slow.items():
        with measure.locked(given.lock):
            times |= measure.interleaved({index: call}, 1)
    done = []
    for index, (run, row) in enumerate(rows):
        scaled = {k: run.scale * x for k, x in times[index].items()}
        done.append({**row, **scaled, "scaled_by": run.scale})
    return done


def repeat(problem: Problem, known: dict, modules, given) -> dict:
    """The settings that were fastest to a target, with more lanes."""
    wanted: dict[tuple, float] = {}
    skipped = []
    for what in ("state", "slope"):
        rows = [row for row in known["runs"] if row["what"] == what]
        for target in TARGETS:
            for row in fastest(rows, f"{what}_error", target).values():
                ahead = row["seconds"] * problem.lanes / known["lanes"]
                if ahead > LONG or row["scaled_by"] > 1.0:
                    parts = ("tool", "variant", "setting", "what")
                    left_out = {part: row[part] for part in parts}
                    skipped.append(left_out | {"seconds_expected": ahead})
                else:
                    wanted[_key(row)] = ahead
    with measure.locked(given.lock, exclusive=False):
        want = reference(problem.first(known["lanes"]))
    rows = []
    for module in modules.values():
        runs = selected(module.runs(problem, given.quick), wanted)
        rows += accuracy(runs, want, given, wanted)
    return {
        "problem": problem.name,
        "lanes": problem.lanes,
        "window": [problem.t0, problem.t1],
        "left_out": skipped,
        "runs": timed(rows, given),
    }


def selected(runs: list[Run], wanted) -> list[Run]:
    """The runs, without what is not wanted of them."""
    chosen = []
    for run in runs:
        state, slope = (
            call if (*_key_of(run), what) in wanted else None
            for what, call in (("state", run.state), ("slope", run.slope))
        )
        chosen.append(dataclasses.replace(run, state=state, slope=slope))
    return chosen


def _key(row: dict) -> tuple:
    return (row["tool"], row["variant"], str(row["setting"]), row["what"])


def _key_of(run: Run) -> tuple:
    return (run.tool, run.variant, str(run.setting))


if __name__ == "__main__":
    main()
