"""How the time grows with the batch, with the steps and with the levels.

    python benchmarks/scaling.py [--quick]

Linear sweeps in float64 under one `jax.vmap`: 1 to 10⁶ lanes by 1 024 fourth-order
steps, to 10⁵ by the default tolerance; up to 10⁵ steps for 1 to 16 and 1 024 lanes, of
which few run parallel in time; chains of 2 to 16 levels, and small batches of those of
4; and what sweeps over all times take beside those of a window. Writes
results/scaling.json.
"""

import sys
import time

import jax
import jax.numpy as jnp
import measure
import numpy as np

import lzjax as lz

T0, T1 = -20.0, 20.0


def sweeps(solver):
    def one(gap, rate):
        model = lz.LinearSweep(gap, rate)
        return lz.solve(model, T0, T1, solver=solver).propagator

    return jax.jit(jax.vmap(one))


def chain(gap, rate, levels: int, apart: float = 0.0):
    """Whose outermost levels sweep as those of two levels do."""
    slopes = rate * jnp.linspace(-0.5, 0.5, levels)
    couplings = 0.5 * gap * jnp.ones(levels - 1)
    energies = apart * jnp.arange(levels) ** 2
    return lz.models.chain(slopes, energies, couplings)


def chains(solver, levels: int):
    def one(gap, rate):
        model = chain(gap, rate, levels)
        return lz.solve(model, T0, T1, solver=solver).propagator

    return jax.jit(jax.vmap(one))


def complete(what: str, levels: int):
    """Sweeps by the default tolerance: in a window that would do, or over all times."""

    def one(gap, rate):
        two = levels == 2
        model = lz.LinearSweep(gap, rate) if two else chain(gap, rate, levels, 0.3)
        if what == "window":
            return lz.solve(model, -12.0, 12.0).propagator
        if what == "probabilities":
            return lz.transition_matrix(model)
        return lz.solve(model).propagator

    return jax.jit(jax.vmap(one))


def measured(runs: dict, given) -> list[dict]:
    """Rows for runs by their settings: (function, lanes)."""
    calls, seconds = {}, 0.0
    for setting, (function, lanes) in runs.items():
        rng = np.random.default_rng(0)
        gap = jnp.asarray(rng.uniform(0.2, 2.0, lanes))
        rate = jnp.asarray(rng.uniform(0.5, 2.0, lanes))
        calls[setting] = _waiting(function, gap, rate)
        with measure.locked(given.lock, exclusive=False):
            calls[setting]()  # compiles
            begun = time.process_time()
            calls[setting]()
            seconds += time.process_time() - begun
    with measure.locked(given.lock):
        found = measure.interleaved(calls, 1 if given.quick or seconds > 15.0 else 3)
    rows = [{**dict(setting), **found[setting]} for setting in runs]
    for row in rows:
        print(row, file=sys.stderr)
    return rows


def _waiting(function, gap, rate):
    return lambda: jax.block_until_ready(function(gap, rate))


def main(argv=None) -> None:
    given = measure.options(__doc__, "scaling").parse_args(argv)
    most = 3 if given.quick else 6
    fixed, default = sweeps(lz.Magnus4(steps=1_024)), sweeps(lz.Magnus6())
    batch = {}
    for lanes in (1, 2, 4, 8, *(10**k for k in range(1, most + 1))):
        batch[("solver", "Magnus4, 1024 steps"), ("lanes", lanes)] = fixed, lanes
        if lanes <= 10**5:
            batch[("solver", "default, 1e-8"), ("lanes", lanes)] = default, lanes
    steps = {}
    for count in (100, 1_000) if given.quick else (100, 1_000, 10_000, 100_000):
        for lanes in (1, 2, 4, 8, 16, 1_024):
            setting = ("lanes", lanes), ("steps", count)
            steps[setting] = sweeps(lz.Magnus4(steps=count)), lanes
    levels = {}
    for count in (2, 3) if given.quick else (2, 3, 4, 6, 8, 12, 16):
        setting = ("levels", count), ("lanes", 32), ("steps", 1_024)
        levels[setting] = chains(lz.Magnus4(steps=1_024), count), 32
    few = {}
    for name, solver in (
        ("Magnus4, 1024 steps", lz.Magnus4(steps=1_024)),
        ("default, 1e-8", lz.Magnus6()),
    ):
        function = chains(solver, 4)
        for lanes in (1, 8) if given.quick else (1, 2, 4, 8, 16):
            few[("solver", name), ("levels", 4), ("lanes", lanes)] = function, lanes
    over_all_times = {}
    for count in (2,) if given.quick else (2, 3, 4, 6):
        for what in ("window", "probabilities", "propagator"):
            lanes = 1_024 if count == 2 else 64
            setting = ("levels", count), ("what", what), ("lanes", lanes)
            over_all_times[setting] = complete(what, count), lanes
    record = measure.record(
        against_lanes=measured(batch, given),
        against_steps=measured(steps, given),
        against_levels=measured(levels, given),
        few_lanes=measured(few, given),
        over_all_times=measured(over_all_times, given),
    )
    measure.write(given.output, record)


if __name__ == "__main__":
    main()
