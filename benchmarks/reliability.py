"""How often a solution is worse than it says: errors beside estimates and tolerances.

    python benchmarks/reliability.py [--quick]

Random sweeps, drives, narrow pulses, ramps with kinks, chirped pulses, pulses beside
steep ramps, trains of pulses and tables beside a drive, on finite windows, by
tolerance. Errors are spectral norms of the difference from a solution of sixth order at
1e-12. A solution counts as broken if it is reported as successful and its error is
larger than the tolerance, and as underestimated if its error is larger than the
estimate; 1e-12 is left for rounding. Writes results/reliability.json.
"""

import sys

import jax
import jax.numpy as jnp
import measure
import numpy as np

import lzjax as lz
from lzjax import models

ROUNDING = 1e-12
TOLERANCES = {
    lz.Magnus4: (1e-3, 1e-4, 1e-5, 1e-6, 1e-8),
    lz.Magnus6: (1e-4, 1e-6, 1e-8, 1e-10),
}


def sweep(numbers, **how):
    gap, rate, t0, t1 = numbers
    return lz.solve(lz.LinearSweep(gap, rate), t0, t1, **how)


def drive(numbers, **how):
    gap, offset, amplitude, t1 = numbers
    return lz.solve(lz.DrivenTwoLevel(gap, offset, amplitude, 1.0), 0.0, t1, **how)


def pulse(numbers, **how):
    area, detuning, width, center = numbers
    shape = models.SechPulse(area / width, width, center)
    return lz.solve(lz.TwoLevel(detuning, shape), -12.0, 12.0, **how)


def ramp(numbers, **how):
    gap, low, kink, high = numbers
    times = jnp.stack([-8.0, kink, kink + 1.3, 8.0])
    levels = jnp.stack([-4.0, low, high, 5.0])
    shape = models.PiecewiseLinear(times, levels)
    return lz.solve(lz.TwoLevel(shape, gap), -8.0, 8.0, **how)


def chirped(numbers, **how):
    chirp, rise, peak, width = numbers
    ramp, pulse = models.TanhRamp(chirp, rise), models.GaussianPulse(peak, width)
    return lz.solve(lz.TwoLevel(ramp, pulse), -10.0, 10.0, **how)


def beside(numbers, **how):
    amplitude, rise, width, center = numbers
    step = models.TanhRamp(amplitude, rise, center)
    shape = models.SechPulse(0.2 * amplitude / width, width, -center)
    return lz.solve(lz.TwoLevel(step, shape), -12.0, 12.0, **how)


def train(numbers, **how):
    detuning, rise, peak, width = numbers
    pulses = [models.GaussianPulse(peak, width, -8.0 + 2.3 * k) for k in range(8)]
    ramp = models.TanhRamp(detuning, rise)
    total = sum(pulses[1:], start=pulses[0])
    return lz.solve(lz.TwoLevel(ramp, total), -10.0, 10.0, **how)


def table(numbers, **how):
    amplitude, frequency, peak, width = numbers
    times = jnp.linspace(-10.0, 10.0, 65)
    shape = models.PiecewiseLinear(times, peak * jnp.exp(-((times / width) ** 2)))
    tone = models.Sinusoid(amplitude, frequency, 0.3)
    return lz.solve(lz.TwoLevel(tone, shape), -10.0, 10.0, **how)


PROBLEMS = {
    "sweeps": (sweep, (0.1, 3), (0.2, 3), (-15, -1), (1, 15)),
    "drives": (drive, (0.2, 2), (-3, 3), (2, 10), (5, 40)),
    "pulses": (pulse, (0.1, 3), (-2, 2), (0.05, 2), (-5, 5)),
    "ramps": (ramp, (0.2, 2), (0.5, 3), (-3, 3), (-3, 3)),
    "chirped pulses": (chirped, (0.2, 6), (0.5, 4), (0.2, 4), (0.3, 3)),
    "pulses beside ramps": (beside, (0.5, 15), (0.03, 0.6), (0.05, 2), (-5, 5)),
    "pulse trains": (train, (0.2, 6), (0.5, 4), (0.2, 4), (0.1, 1)),
    "tables": (table, (0.2, 10), (0.5, 4), (0.2, 4), (0.5, 5)),
}


def main(argv=None) -> None:
    given = measure.options(__doc__, "reliability").parse_args(argv)
    lanes = 100 if given.quick else 1_000
    draw = np.random.default_rng(11)
    rows = []
    for name, (solve, *ranges) in PROBLEMS.items():
        numbers = jnp.array([draw.uniform(*ends, lanes) for ends in ranges])
        programs = {
            make: jax.jit(
                jax.vmap(
                    lambda x, rtol, solve=solve, make=make: solve(
                        x, rtol=rtol, solver=make()
                    ),
                    (1, None),
                )
            )
            for make in TOLERANCES
        }
        right = programs[lz.Magnus6](numbers, 1e-12).propagator
        for make, tolerances in TOLERANCES.items():
            for rtol in tolerances:
                found = programs[make](numbers, rtol)
                row = {"problem": name, "solver": make.__name__, "rtol": rtol}
                rows.append(row | judged(found, np.asarray(right), rtol))
                print(rows[-1], file=sys.stderr)
    record = measure.record(
        lanes=lanes,
        rows=rows,
    )
    measure.write(given.output, record)


def judged(found, right: np.ndarray, rtol: float) -> dict[str, float]:
    off = np.linalg.norm(np.asarray(found.propagator) - right, ord=2, axis=(1, 2))
    ok, estimate = np.asarray(found.ok), np.asarray(found.error)
    return {
        "successful": int(np.sum(ok)),
        "broken": int(np.sum(ok & (off > rtol + ROUNDING))),
        "underestimated": int(np.sum(off > estimate + ROUNDING)),
        "largest_error": float(np.max(off)),
        "mean_work": float(np.mean(np.asarray(found.work))),
    }


if __name__ == "__main__":
    main()
