"""jaxquantum: `sesolve` with batched operators (one step for all) and under vmap."""

import jax
import jax.numpy as jnp
import jaxquantum as jqt
import numpy as np

from .problems import Problem, Run, jax_run

# Tsit5 is slower from errors of 1e-4 down.
SOLVERS = ("Dopri8",)


def runs(problem: Problem, quick: bool) -> list[Run]:
    tolerances = 10.0 ** -np.arange(4, 12.1, 2.0)
    made = []
    for solver in SOLVERS:
        for style in (batched, mapped):
            state, slope = style(problem, solver)
            variant = f"{solver}, {style.__name__}"
            made += [
                jax_run(problem, "jaxquantum", variant, {"rtol": x}, state, slope, x)
                for x in map(float, tolerances)
            ]
    return made


def amplitudes(problem: Problem, solver: str, gap, parameters, rtol):
    """Final states, with the lanes of `gap` in front."""
    flip = jnp.array([[0.0, 1.0], [1.0, 0.0]], complex)
    sign = jnp.array([[1.0, 0.0], [0.0, -1.0]], complex)

    def h(t):
        z = problem.detuning(jnp, t, parameters)
        z = jnp.broadcast_to(z, gap.shape)[..., None, None]
        matrix = 0.5 * (gap[..., None, None] * flip + z * sign)
        return jqt.Qarray.create(matrix)

    options = jqt.SolverOptions.create(
        progress_meter=False, solver=solver, rtol=rtol, atol=rtol
    )
    # The second time sets the first step.
    times = jnp.array([problem.t0, problem.t0 + 0.01, problem.t1])
    start = jqt.basis(2, 0)
    # Its "last time only" compares an array with -1, which fails under jit.
    ends = jnp.array([problem.t0, problem.t1])
    found = jqt.sesolve(h, start, times, saveat_tlist=ends, solver_options=options)
    return found.data[-1].reshape(*gap.shape, 2)


def batched(problem: Problem, solver: str):
    def state(gap, parameters, rtol):
        return amplitudes(problem, solver, gap, parameters, rtol)

    def slope(gap, parameters, rtol):
        def total(gap):
            p = abs(state(gap, parameters, rtol)[:, 0]) ** 2
            return jnp.sum(p), p

        # Lanes do not touch: the gradient of the sum has all derivatives.
        (_, p), slopes = jax.value_and_grad(total, has_aux=True)(gap)
        return p, slopes

    return jax.jit(state), jax.jit(slope)


def mapped(problem: Problem, solver: str):
    def state(gap, parameters, rtol):
        return amplitudes(problem, solver, gap, parameters, rtol)

    def probability(gap, parameters, rtol):
        return abs(state(gap, parameters, rtol)[0]) ** 2

    lanes = (0, 0, None)
    slope = jax.vmap(jax.value_and_grad(probability), lanes)
    return jax.jit(jax.vmap(state, lanes)), jax.jit(slope)
