"""How accurate float32 is: errors over windows, steps and tolerances, beside float64.

    python benchmarks/float32.py [--quick]

Linear sweeps from −T to T whose gaps and rates are float32 numbers exactly, so that all
errors are those of the solution. Float32 is the same call with JAX's 64-bit mode off.
Errors are spectral norms of the difference from a float64 solution at 1e-12: the median
and the largest of 256 sweeps. The phases grow as rate·T²/2, and with them the rounding;
`largest_phase` says how far. Tolerances count as broken where a sweep reports success
and its error is larger. Writes results/float32.json.
"""

import sys

import jax
import measure
import numpy as np

import lzjax as lz

LANES = 256
EPSILON = float(np.finfo(np.float32).eps)


def program(window: float, solver):
    """Propagators, estimated errors, success and steps for (gap, rate, rtol)."""

    def one(gap, rate, rtol):
        model = lz.LinearSweep(gap, rate)
        found = lz.solve(
            model, -window, window, rtol=rtol, solver=solver, max_steps=50_000
        )
        return found.propagator, found.error, found.ok, found.steps

    return jax.jit(jax.vmap(one, (0, 0, None)))


def run(function, gap, rate, rtol: float, single: bool):
    """The results as NumPy arrays, in the wanted precision."""
    jax.config.update("jax_enable_x64", not single)
    try:
        dtype = np.float32 if single else np.float64
        arguments = [np.asarray(x, dtype) for x in (gap, rate, rtol)]
        found = jax.tree.map(np.asarray, function(*map(jax.numpy.asarray, arguments)))
        assert found[0].dtype == (np.complex64 if single else np.complex128)
        return found
    finally:
        jax.config.update("jax_enable_x64", True)


def errors(found, want) -> np.ndarray:
    return np.linalg.norm(found.astype(complex) - want, ord=2, axis=(1, 2))


def summary(found, want) -> dict[str, float]:
    off = errors(found, want)
    return {"median": float(np.median(off)), "largest": float(np.max(off))}


def main(argv=None) -> None:
    given = measure.options(__doc__, "float32").parse_args(argv)
    rng = np.random.default_rng(0)
    gap = rng.uniform(0.2, 2.0, LANES).astype(np.float32)
    rate = rng.uniform(0.5, 2.0, LANES).astype(np.float32)
    windows = (20.0,) if given.quick else (5.0, 20.0, 80.0)
    by_steps, by_tolerance = [], []
    for window in windows:
        exact = program(window, lz.Magnus6())
        with measure.locked(given.lock, exclusive=False):
            want = run(exact, gap, rate, 1e-12, single=False)[0]
        phase = float(np.max(rate) * window**2 / 2.0)
        for steps in counts(window, given.quick):
            for make in (lz.Magnus4, lz.Magnus6):
                row = {"window": window, "largest_phase": phase, "steps": steps}
                row["solver"] = make.__name__
                function = program(window, make(steps=steps))
                with measure.locked(given.lock, exclusive=False):
                    for name, single in (("float64", False), ("float32", True)):
                        found = run(function, gap, rate, 1e-8, single)[0]
                        row[name] = summary(found, want)
                by_steps.append(row)
                print(row, file=sys.stderr)
        for rtol in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
            with measure.locked(given.lock, exclusive=False):
                u, estimate, ok, steps = run(exact, gap, rate, rtol, single=True)
            broken = int(np.sum(ok & (errors(u, want) > rtol)))
            row = {
                "window": window,
                "largest_phase": phase,
                "rtol": rtol,
                "float32": summary(u, want),
                "largest_estimate": float(np.max(np.nan_to_num(estimate, nan=2.0))),
                "successful": int(np.sum(ok)),
                "broken": broken,
                "steps": int(np.max(steps)),
            }
            by_tolerance.append(row)
            print(row, file=sys.stderr)
    record = measure.record(
        lanes=LANES,
        epsilon=EPSILON,
        best=best(by_steps),
        by_steps=by_steps,
        by_tolerance=by_tolerance,
    )
    measure.write(given.output, record)


def counts(window: float, quick: bool) -> list[int]:
    """Step counts around those that the window needs, round ones and powers of two."""
    least = {5.0: 32, 20.0: 256, 80.0: 4_096}[window]
    wanted = [least * 2**k for k in range(2 if quick else 5)]
    # Lengths of steps that float32 does not hold exactly are the rule.
    return sorted(wanted + [round(0.9 * x) for x in wanted[1::2]])


def best(rows) -> list[dict]:
    """For each window and solver, the steps after which more do not help in float32."""
    found = []
    for window in sorted({row["window"] for row in rows}):
        for solver in ("Magnus4", "Magnus6"):
            here = [r for r in rows if (r["window"], r["solver"]) == (window, solver)]
            floor = min(row["float32"]["largest"] for row in here)
            first = next(r for r in here if r["float32"]["largest"] <= 2.0 * floor)
            found.append(
                {
                    "window": window,
                    "largest_phase": first["largest_phase"],
                    "solver": solver,
                    "steps": first["steps"],
                    "largest": first["float32"]["largest"],
                    "floor": floor,
                }
            )
    return found


if __name__ == "__main__":
    main()
