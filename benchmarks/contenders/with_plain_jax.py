"""What one writes in an hour: fourth-order Magnus for SU(2), all lanes in one scan."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from .problems import Problem, Run, jax_run


def runs(problem: Problem, quick: bool) -> list[Run]:
    counts = [int(2.0**k) for k in np.arange(7, 15.1, 1.0 if quick else 0.5)]
    made = []
    for steps in counts:
        solve = partial(evolve, problem, steps)
        state = jax.jit(lambda gap, p, solve=solve: _column(solve(gap, p)))
        slope = jax.jit(
            lambda gap, p, solve=solve: jax.jvp(
                lambda gap: _survival(solve(gap, p)), (gap,), (jnp.ones_like(gap),)
            )
        )
        setting = {"steps": steps}
        made.append(
            jax_run(problem, "plain JAX scan", "Magnus 4", setting, state, slope)
        )
    return made


def evolve(problem: Problem, steps: int, gap, parameters):
    """c, x, y, z of the propagators c − i (x σx + y σy + z σz)."""
    dt, offset = (problem.t1 - problem.t0) / steps, 3**0.5 / 6

    def step(u, i):
        middle = problem.t0 + (i + 0.5) * dt
        za = problem.detuning(jnp, middle - offset * dt, parameters)
        zb = problem.detuning(jnp, middle + offset * dt, parameters)
        wx = 0.5 * dt * gap
        wy = -(3**0.5) / 24 * dt**2 * gap * (za - zb)
        wz = 0.25 * dt * (za + zb)
        r = jnp.sqrt(wx * wx + wy * wy + wz * wz)
        m, s = jnp.cos(r), jnp.sin(r) / r
        x, y, z = s * wx, s * wy, s * wz
        c0, x0, y0, z0 = u
        return (
            m * c0 - x * x0 - y * y0 - z * z0,
            m * x0 + x * c0 + y * z0 - z * y0,
            m * y0 + y * c0 + z * x0 - x * z0,
            m * z0 + z * c0 + x * y0 - y * x0,
        ), None

    one, zero = jnp.ones_like(gap), jnp.zeros_like(gap)
    start = (one, zero, zero, zero)
    return jax.lax.scan(step, start, jnp.arange(steps))[0]


def _column(u):
    c, x, y, z = u
    return jnp.stack([c - 1j * z, y - 1j * x], -1)


def _survival(u):
    c, _, _, z = u
    return c * c + z * z
