"""The clock of gpu.py, and the inputs of what it times."""

import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np

import lzjax as lz

T0, T1 = -20.0, 20.0


def timed(call, inputs: list, sizes: dict) -> dict:
    """Seconds of a call, on each set of inputs in turn."""
    for given in inputs:
        jax.block_until_ready(call(*given))
    seconds: list[float] = []
    while len(seconds) < sizes["repeats"] or (
        sum(seconds) < sizes["seconds"] and len(seconds) < 1000
    ):
        given = inputs[len(seconds) % len(inputs)]
        start = time.perf_counter()
        jax.block_until_ready(call(*given))
        seconds.append(time.perf_counter() - start)
    return spread(seconds)


def spread(seconds: list[float]) -> dict:
    low, middle, high = statistics.quantiles(seconds, n=4)
    return {"seconds": middle, "quartiles": [low, high], "calls": len(seconds)}


def random_inputs(lanes: int, columns: int = 2) -> list:
    """In the precision that JAX is set to."""
    rng = np.random.default_rng(0)
    return [
        tuple(jnp.asarray(rng.uniform(0.5, 1.5, lanes)) for _ in range(columns))
        for _ in range(3)
    ]


def lanewise(build, stepper, window=(T0, T1)):
    """Propagators of `build(*numbers)` for lanes of numbers."""

    def one(*numbers):
        return lz.solve(build(*numbers), *window, solver=stepper).propagator

    return jax.jit(jax.vmap(one))


def rate(result: dict, work: int) -> dict:
    return {**result, "steps_per_second": work / result["seconds"]}
