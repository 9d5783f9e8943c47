"""diffrax: its best explicit solvers on four real numbers, batched in two ways.

`vmap`: every lane has its own steps. `shared`: one system of all lanes, with one step
for all, and no masks. Derivatives forwards through the solver: for one parameter that
is several times faster than `RecursiveCheckpointAdjoint`.
"""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from .problems import Problem, Run, jax_run

SOLVERS = (diffrax.Tsit5, diffrax.Dopri8)


def runs(problem: Problem, quick: bool) -> list[Run]:
    exponents = np.arange(4, 13.1, 1.0 if quick else 0.5)
    made = []
    for make in SOLVERS:
        for style, programs in (("vmap", by_lane), ("shared", all_at_once)):
            name = f"{make.__name__}, {style}"
            state, slope = programs(problem, make())
            made += [
                jax_run(problem, "diffrax", name, {"rtol": x}, state, slope, x)
                # The slower style by every other tolerance.
                for x in (10.0 ** -exponents[:: 2 if style == "vmap" else 1]).tolist()
            ]
    return made


def solve(problem: Problem, solver, adjoint, gap, parameters, rtol):
    """Re ψ₀, Re ψ₁, Im ψ₀, Im ψ₁ at the end, with the shape of `gap` behind."""

    def rate(t, y, _):
        z = problem.detuning(jnp, t, parameters)
        re0, re1, im0, im1 = y
        # H is real: Re ψ' = H Im ψ, Im ψ' = −H Re ψ.
        return 0.5 * jnp.stack(
            [
                z * im0 + gap * im1,
                gap * im0 - z * im1,
                -z * re0 - gap * re1,
                z * re1 - gap * re0,
            ]
        )

    start = jnp.zeros((4, *gap.shape)).at[0].set(1.0)
    forward = isinstance(adjoint, diffrax.ForwardMode)
    found = diffrax.diffeqsolve(
        diffrax.ODETerm(rate),
        solver,
        problem.t0,
        problem.t1,
        0.01,
        start,
        stepsize_controller=diffrax.PIDController(rtol=rtol, atol=rtol),
        adjoint=adjoint,
        max_steps=None if forward else 2**14,
        throw=False,
    )
    return found.ys[0]


def by_lane(problem: Problem, solver):
    def probability(gap, parameters, rtol):
        y = solve(problem, solver, diffrax.ForwardMode(), gap, parameters, rtol)
        return y[0] ** 2 + y[2] ** 2

    def state(gap, parameters, rtol):
        y = solve(problem, solver, diffrax.ForwardMode(), gap, parameters, rtol)
        return y[:2] + 1j * y[2:]

    def forwards(gap, parameters, rtol):
        return jax.jvp(lambda g: probability(g, parameters, rtol), (gap,), (1.0,))

    lanes = (0, 0, None)
    return jax.jit(jax.vmap(state, lanes)), jax.jit(jax.vmap(forwards, lanes))


def all_at_once(problem: Problem, solver):
    def run(gap, parameters, rtol):
        return solve(problem, solver, diffrax.ForwardMode(), gap, parameters, rtol)

    def state(gap, parameters, rtol):
        y = run(gap, parameters, rtol)
        return (y[:2] + 1j * y[2:]).T

    def slope(gap, parameters, rtol):
        def probability(gap):
            y = run(gap, parameters, rtol)
            return y[0] ** 2 + y[2] ** 2

        # Lanes do not touch: one direction has all derivatives.
        return jax.jvp(probability, (gap,), (jnp.ones_like(gap),))

    return jax.jit(state), jax.jit(slope)
