"""dynamiqs: `sesolve` under `jax.vmap`, with its explicit methods.

Derivatives forwards: for one parameter that is faster than `BackwardCheckpointed`.
"""

import dynamiqs as dq
import jax
import jax.numpy as jnp
import numpy as np

from .problems import Problem, Run, jax_run

METHODS = (dq.method.Tsit5, dq.method.Dopri8)


def runs(problem: Problem, quick: bool) -> list[Run]:
    dq.set_precision("double")
    tolerances = 10.0 ** -np.arange(4, 12.1, 2.0)
    made = []
    for make in METHODS:
        state, slope = programs(problem, make)
        made += [
            jax_run(problem, "dynamiqs", make.__name__, {"rtol": x}, state, slope, x)
            for x in map(float, tolerances)
        ]
    return made


def programs(problem: Problem, make):
    def state(gap, parameters, rtol):
        gradient = dq.gradient.Forward()
        return amplitudes(problem, make, gradient, gap, parameters, rtol)

    def slope(gap, parameters, rtol):
        def probability(gap):
            return abs(state(gap, parameters, rtol)[0]) ** 2

        return jax.jvp(probability, (gap,), (1.0,))

    lanes = (0, 0, None)
    return jax.jit(jax.vmap(state, lanes)), jax.jit(jax.vmap(slope, lanes))


def amplitudes(problem: Problem, make, gradient, gap, parameters, rtol):
    """The final state of one lane."""
    sx, sz = (dq.asqarray(s, layout=dq.dense) for s in (dq.sigmax(), dq.sigmaz()))

    def detuning(t):
        return problem.detuning(jnp, t, parameters)

    h = 0.5 * gap * sx + dq.modulated(detuning, 0.5 * sz)
    found = dq.sesolve(
        h,
        dq.basis(2, 0),
        jnp.array([problem.t0, problem.t1]),
        method=make(rtol=rtol, atol=rtol),
        gradient=gradient,
        save_states=False,
        progress_meter=False,
    )
    return found.final_state.to_jax()[:, 0]
