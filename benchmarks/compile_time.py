"""How long the first call takes before it runs: tracing, lowering and compiling.

    python benchmarks/compile_time.py [--quick]

Every case runs in fresh processes without any cache of compiled programs, for a batch
of 512 lanes. `value` is a probability, `gradient` the probability with its gradient in
all numbers of the model. diffrax and dynamiqs are left out where they are missing.
Writes results/compile_time.json.
"""

import json
import os
import statistics
import subprocess
import sys
import time

import measure

LANES = 512
CASES = {
    "lzjax, fixed steps": ("steps", 2),
    "lzjax, window": ("window", 2),
    "lzjax, complete sweep": ("complete", 2),
    "lzjax, 3 levels": ("window", 3),
    "lzjax, 4 levels": ("window", 4),
    "lzjax, 8 levels": ("window", 8),
    "diffrax, Tsit5": ("diffrax", 2),
    "dynamiqs, Tsit5": ("dynamiqs", 2),
}
CACHES = ("JAX_COMPILATION_CACHE_DIR", "JAX_ENABLE_COMPILATION_CACHE")


def probability(kind: str, levels: int):
    """P(gap, rate) of one lane: as it is evaluated, and as it is differentiated."""
    import jax.numpy as jnp

    import lzjax as lz

    if kind == "diffrax":
        import diffrax
        from contenders import with_diffrax
        from contenders.problems import linear

        def by_diffrax(gap, rate, adjoint):
            y = with_diffrax.solve(
                linear(1), diffrax.Tsit5(), adjoint, gap, {"rate": rate}, 1e-8
            )
            return y[0] ** 2 + y[2] ** 2

        forward, back = diffrax.ForwardMode(), diffrax.RecursiveCheckpointAdjoint()
        return (
            lambda gap, rate: by_diffrax(gap, rate, forward),
            lambda gap, rate: by_diffrax(gap, rate, back),
        )
    if kind == "dynamiqs":
        import dynamiqs as dq
        from contenders import with_dynamiqs
        from contenders.problems import linear

        dq.set_precision("double")

        def by_dynamiqs(gap, rate, gradient):
            found = with_dynamiqs.amplitudes(
                linear(1), dq.method.Tsit5, gradient, gap, {"rate": rate}, 1e-8
            )
            return abs(found[0]) ** 2

        forward, back = dq.gradient.Forward(), dq.gradient.BackwardCheckpointed()
        return (
            lambda gap, rate: by_dynamiqs(gap, rate, forward),
            lambda gap, rate: by_dynamiqs(gap, rate, back),
        )

    def by_lzjax(gap, rate):
        if levels > 2:
            slopes = rate * jnp.linspace(-0.5, 0.5, levels)
            couplings = 0.5 * gap * jnp.ones(levels - 1)
            model = lz.models.chain(slopes, jnp.zeros(levels), couplings)
        else:
            model = lz.LinearSweep(gap, rate)
        window = {} if kind == "complete" else {"t0": -20.0, "t1": 20.0}
        solver = lz.Magnus4(steps=1000) if kind == "steps" else None
        return abs(lz.solve(model, **window, solver=solver).propagator[0, 0]) ** 2

    return by_lzjax, by_lzjax


def one(name: str, what: str) -> dict[str, float]:
    """The times of one case, in a process that has compiled nothing of it yet."""
    import jax
    import jax.numpy as jnp

    value, differentiable = probability(*CASES[name])
    if what == "gradient":
        value = jax.value_and_grad(differentiable, (0, 1))
    gap, rate = jnp.linspace(0.2, 2.0, LANES), jnp.linspace(0.5, 2.0, LANES)
    jax.block_until_ready((gap, rate))
    begun = time.perf_counter()
    lowered = jax.jit(jax.vmap(value)).lower(gap, rate)
    traced = time.perf_counter()
    lowered.compile()
    done = time.perf_counter()
    return {"trace_seconds": traced - begun, "compile_seconds": done - traced}


def fresh(name: str, what: str) -> dict[str, float]:
    """`one` in a new process."""
    environment = {k: v for k, v in os.environ.items() if k not in CACHES}
    done = subprocess.run(
        [sys.executable, __file__, "--case", name, what],
        env=environment | {"JAX_ENABLE_COMPILATION_CACHE": "false"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{name}, {what}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main(argv=None) -> None:
    parser = measure.options(__doc__, "compile_time")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--case", nargs=2, help="one measurement, in this process")
    given = parser.parse_args(argv)
    if given.case:
        print(json.dumps(one(*given.case)))
        return
    repeats = 1 if given.quick else given.repeats
    found: dict[str, dict] = {}
    missing = [x for x in ("diffrax", "dynamiqs") if not measure.installed(x)]
    for name in CASES:
        if name.split(",")[0] in missing:
            continue
        found[name] = {}
        for what in ("value", "gradient"):
            with measure.locked(given.lock):
                times = [fresh(name, what) for _ in range(repeats)]
            found[name][what] = {
                key: statistics.median(time[key] for time in times) for key in times[0]
            }
            print(f"{name}, {what}: {found[name][what]}", file=sys.stderr)
    record = measure.record(
        "diffrax",
        "dynamiqs",
        lanes=LANES,
        repeats=repeats,
        missing=missing,
        cases=found,
    )
    measure.write(given.output, record)


if __name__ == "__main__":
    main()
