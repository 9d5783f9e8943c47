"""Sweeps, chains and gradients by lzjax."""

import gradients
import jax
import jax.numpy as jnp

import lzjax as lz
from lzjax.kernels import assumed_capability

from .clock import lanewise, random_inputs, rate, timed


def two_levels(sizes: dict) -> dict:
    work = sizes["lanes"] * sizes["steps"]
    stepper = lz.Magnus4(steps=sizes["steps"])

    def field(t, p):
        return p[0], 0.0, p[1] * t

    def sweeps():
        return lanewise(lz.LinearSweep, stepper)

    def survival(gap, rate):
        u = sweeps()(gap, rate)
        return jnp.sum(jnp.abs(u[:, 0, 0]) ** 2)

    double = random_inputs(sizes["lanes"])
    own = lanewise(lambda *p: lz.TwoLevelFunction(field, p), stepper)
    slopes = jax.jit(jax.value_and_grad(survival, argnums=(0, 1)))
    found = {
        "float64": timed(sweeps(), double, sizes),
        "a user's function": timed(own, double, sizes),
        "value and gradient": timed(slopes, double, sizes),
    }
    with jax.enable_x64(False):
        found["float32"] = timed(sweeps(), random_inputs(sizes["lanes"]), sizes)
    # As an older card would have to.
    with assumed_capability(8, 0):
        found["compiled loop"] = timed(sweeps(), double, sizes)
    return {name: rate(row, work) for name, row in found.items()}


def million(sizes: dict) -> dict:
    lanes, steps = sizes["million"]
    call = lanewise(lz.LinearSweep, lz.Magnus4(steps=steps))
    return rate(timed(call, random_inputs(lanes), sizes), lanes * steps)


def one_trajectory(sizes: dict) -> dict:
    steps = sizes["one"]
    call = lanewise(lz.LinearSweep, lz.Magnus4(steps=steps))
    return rate(timed(call, random_inputs(1), sizes), steps)


def chain(sizes: dict) -> dict:
    """Four levels in a row, all four columns; steps of states are counted."""

    def matrix(t, p):
        coupling, rate = p
        levels = rate * t * jnp.array([1.5, 0.5, -0.5, -1.5])
        return jnp.diag(levels) + coupling * (jnp.eye(4, k=1) + jnp.eye(4, k=-1))

    steps = sizes["steps"]
    call = lanewise(
        lambda *p: lz.HamiltonianFunction(matrix, p),
        lz.CommutatorFree4(steps=steps),
        (-5.0, 5.0),
    )
    inputs = random_inputs(sizes["chain"])
    return rate(timed(call, inputs, sizes), 4 * sizes["chain"] * steps)


def by_numbers(sizes: dict) -> dict:
    """Value and gradient of P in ever more numbers, over the value alone: the sweep
    with a ripple of gradients.py."""
    lanes, steps, most = sizes["gradient"]
    found, count = {}, 2
    while count <= most:
        inputs = [(jnp.asarray(gradients.numbers(count, lanes)),)]
        value, both = (
            timed(gradients.program("lzjax", steps, slopes), inputs, sizes)
            for slopes in (False, True)
        )
        found[str(count)] = {
            **rate(both, lanes * steps),
            "value_seconds": value["seconds"],
            "over_value": both["seconds"] / value["seconds"],
        }
        count *= 2
    return found
