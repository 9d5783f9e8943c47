"""`jit`, `vmap`, `jacfwd`, `jacrev` and `grad` compose on everything public."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import bases, dissipation, exact, models

STEPS = lz.Magnus6(steps=24)
TIMES = jnp.linspace(-2.0, 2.0, 3)


def sweep(x):
    return lz.LinearSweep(x, 1.3 + 0.2 * x)


def real(z):
    z = jnp.ravel(jnp.asarray(z))
    return jnp.concatenate([jnp.real(z), jnp.imag(z)])


def windowed(function, **options):
    return lambda x: function(sweep(x), -2.0, 1.5 + 0.1 * x, solver=STEPS, **options)


def measured(x):
    experiment = lz.Experiment(
        lambda p, c: lz.LinearSweep(p["gap"], c["rate"]),
        parameters=["gap"],
        controls=["rate"],
        window=(-2.0, 2.0),
        readout=lz.ReadoutError(0.02, "missed"),
        noise=[lz.DetuningNoise("sigma", nodes=3), lz.CouplingNoise(0.1, nodes=3)],
        solver=STEPS,
    )
    values = {"gap": x, "missed": 0.1 * x, "sigma": 0.3 * x}
    return experiment(values, {"rate": jnp.array([1.0, 2.0])})


def channel(x):
    decay = dissipation.dephasing(0.2 * x, 2) + dissipation.relaxation(0.1 * x, 0, 1, 2)
    return lz.Lindblad(sweep(x), decay)


CF4 = lz.CommutatorFree4(steps=12)
KET = jnp.array([0.6, 0.8j])
FUNCTIONS = {
    "solve": lambda x: windowed(lz.solve)(x).propagator,
    "solve, Runge-Kutta": lambda x: (
        lz.solve(sweep(x), -1.0, 1.0, solver=lz.RungeKutta(steps=40)).propagator
    ),
    "evolve": lambda x: lz.evolve(sweep(x), KET, x * TIMES, solver=STEPS),
    "transition_matrix": windowed(lz.transition_matrix, basis="superadiabatic"),
    "transition_probability": windowed(lz.transition_probability, initial=0, final=1),
    "transition_amplitudes": lambda x: windowed(
        lz.readout.transition_amplitudes, basis=("diabatic", "adiabatic")
    )(x)[0],
    "scattering_matrix": windowed(lz.scattering_matrix, basis="adiabatic"),
    "amplitudes": lambda x: lz.amplitudes(
        sweep(x), jnp.tile(KET, (3, 1)), x * TIMES, basis="adiabatic"
    ),
    "populations": lambda x: lz.populations(
        sweep(x), jnp.tile(KET, (3, 1)), TIMES, basis="superadiabatic", order=2
    ),
    "superadiabatic_states": lambda x: bases.superadiabatic_states(
        sweep(x), 0.3 * x, 2
    ),
    "energies": lambda x: bases.energies(sweep(x), 0.3),
    "a model": lambda x: models.scaled_coupling(sweep(x).shifted(x), x)(0.4),
    "solve_lindblad": lambda x: lz.solve_lindblad(
        channel(x), -1.0, 1.0 + 0.1 * x, solver=CF4
    )(0),
    "evolve_lindblad": lambda x: lz.evolve_lindblad(channel(x), 0, TIMES, solver=CF4),
    "Experiment": measured,
    "landau_zener": lambda x: exact.landau_zener(x, 1.2),
    "landau_zener_transition": lambda x: exact.landau_zener_transition(x, 1.2),
    "adiabaticity": lambda x: exact.adiabaticity(x, 1.2),
    "half_crossing_adiabatic": lambda x: exact.half_crossing_adiabatic(x, 1.2),
    "half_crossing_diabatic": lambda x: exact.half_crossing_diabatic(x, 1.2),
    "jump_time": lambda x: exact.jump_time(x, 1.2),
    "stokes_phase": lambda x: exact.stokes_phase(0.25 * x**2),
    "rosen_zener": lambda x: exact.rosen_zener(x, 0.5, 1.0),
    "allen_eberly": lambda x: exact.allen_eberly(x, 1.0, 1.0),
    "demkov_kunike": lambda x: exact.demkov_kunike(x, 1.0, 0.5, 1.0),
    "demkov_kunike_tanh": lambda x: exact.demkov_kunike_tanh(x, 1.5, 0.3, 1.0),
    "nikitin": lambda x: exact.nikitin(x, 1.0, 0.7),
    "roland_cerf": lambda x: exact.roland_cerf(x, 0.2, 3.0),
}
GAPS = jnp.array([0.5, 0.9])
STEP = 1e-3


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_of_both_modes_in_a_batch_are_the_differences(name):
    def call(x):
        return real(FUNCTIONS[name](x))

    @eqx.filter_jit
    def everything(x):
        moves = STEP * jnp.array([-2.0, -1.0, 1.0, 2.0])
        near = jax.vmap(call)(x + moves)
        differences = (near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * STEP)
        total = jax.grad(lambda x: jnp.sum(call(x)))(x)
        return jax.jacfwd(call)(x), jax.jacrev(call)(x), total, differences

    forward, reverse, total, differences = jax.vmap(everything)(GAPS)
    assert np.all(np.isfinite(forward))
    np.testing.assert_allclose(forward, reverse, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(total, np.sum(forward, axis=1), rtol=1e-9, atol=1e-11)
    # Rounding over the step leaves 1e-12, the fourth order 1e-12 times a derivative.
    np.testing.assert_allclose(forward, differences, rtol=1e-8, atol=1e-8)
