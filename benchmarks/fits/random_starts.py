"""How often a fit of the Aquila data finds the best optimum from a random start.

    python benchmarks/fits/random_starts.py DATA_FOLDER --fits 10

DATA_FOLDER as for fit_aquila.py. The start value of every parameter of every fit is
drawn within a factor of two of the best fit's. Writes results/random_starts.json.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from fit_aquila import fits

import lzjax as lz

# Deviances closer than this are the same optimum for statistics.
SAME = 1.0


def drawn(parameter: lz.Parameter, best: float, rng: np.random.Generator):
    """The parameter with a start value within a factor of two of the best one."""
    if parameter.fixed:
        return parameter
    # A width that the data put at zero is drawn around the value that was supposed.
    around = best if abs(best) > 1e-6 else parameter.value
    value = around * 2.0 ** rng.uniform(-1.0, 1.0)
    lower, upper = parameter.lower, parameter.upper
    inside = 1e-3 * (upper - lower)
    value = float(np.clip(value, lower + inside, upper - inside))
    return lz.Parameter(parameter.name, value, lower, upper)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--fits", type=int, default=10)
    results = Path(__file__).parent.parent / "results"
    arguments.add_argument(
        "--output", type=Path, default=results / "random_starts.json"
    )
    given = arguments.parse_args()
    report = {}
    for name, (experiment, data, parameters) in fits(given.folder).items():
        if name == "joint":
            continue
        best = lz.fit(experiment, data, parameters)
        rng = np.random.default_rng(7)
        deviances = []
        for seed in range(given.fits):
            start = [drawn(p, best.values[p.name], rng) for p in parameters]
            found = lz.fit(experiment, data, start, seed=seed + 1)
            deviances.append(found.deviance)
            print(f"{name}: {found.deviance:.3f}", flush=True)
        lowest = min(best.deviance, *deviances)
        reached = sum(deviance < lowest + SAME for deviance in deviances)
        report[name] = {
            "lowest": lowest,
            "deviances": deviances,
            "reached": f"{reached} of {given.fits}",
        }
        print(f"{name}: {reached} of {given.fits} reach {lowest:.3f}")
    given.output.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
