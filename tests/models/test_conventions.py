"""The linear sweep in every usual convention: nobody is off by 2 or 4."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import exact
from tests.oracles import oracle

T = jnp.asarray(0.7)
SX, SZ = np.array([[0.0, 1], [1, 0]]), np.diag([1.0, -1.0])


def traceless(matrix):
    return matrix - np.trace(matrix) / 2 * np.eye(2)


# The constructor, and the matrix printed where the convention is used.
CONVENTIONS = {
    "coupling": (
        lz.LinearSweep.from_coupling(0.4, 1.3),
        [[1.3 * T / 2, 0.4], [0.4, -1.3 * T / 2]],
    ),
    "level rates": (
        lz.LinearSweep.from_level_rates(0.4, 0.9, -0.6),
        [[0.9 * T, 0.4], [0.4, -0.6 * T]],
    ),
    "slopes": (
        lz.LinearSweep.from_slopes(0.15, 0.7, -0.4, 0.25),
        [[0.7 * 0.25 * T, 0.15], [0.15, -0.4 * 0.25 * T]],
    ),
    "conical intersection": (
        lz.LinearSweep.from_conical_intersection(1.2, 0.3, 0.8),
        1.2 * (0.8 * T * SZ + 0.3 * SX),
    ),
    "Dirac": (
        lz.LinearSweep.from_dirac(1.1, 0.5, 0.3),
        1.1 * (0.5 * T * SZ + 0.3 * SX),
    ),
    "frequencies": (
        lz.LinearSweep.from_frequencies(0.2, 0.3),
        np.pi * (0.3 * T * SZ + 0.2 * SX),
    ),
}


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_constructor_makes_the_matrix_that_its_convention_prints(name):
    model, matrix = CONVENTIONS[name]
    np.testing.assert_allclose(model(T), traceless(np.array(matrix)), atol=1e-15)


# The record, the constructor, and what the record calls its arguments.
ORACLES = [
    ("text 2-matrix", "from_level_rates", lambda p: (p["V"], p["alpha"], -p["alpha"])),
    (
        "text 2-alpha-as-difference-rate",
        "from_coupling",
        lambda p: (p["V"], p["alpha"]),
    ),
    ("mol-lz", "from_slopes", lambda p: (p["V"], p["F1"], p["F2"], p["v"])),
    ("ci-b0.3", "from_conical_intersection", lambda p: (p["g"], p["b"], p["v"])),
    ("dirac", "from_dirac", lambda p: (p["v"], p["F"], p["ky"])),
    ("lz-SI", "from_joules", lambda p: (p["Delta_J"], p["alpha_J_per_s"])),
    # 10 MHz and 1 GHz/µs: the same crossing in ordinary frequencies.
    ("lz-SI", "from_frequencies", lambda p: (10.0, 1000.0)),
]


@pytest.mark.parametrize(("name", "constructor", "arguments"), ORACLES)
def test_the_survival_is_that_of_the_oracle(name, constructor, arguments):
    record = oracle(name)
    model = getattr(lz.LinearSweep, constructor)(*arguments(record["parameters"]))
    got = exact.p_diabatic_survival(model.gap, model.rate)
    np.testing.assert_allclose(got, record["value"], rtol=1e-12)


def test_a_complex_coupling_stays_complex():
    model = lz.LinearSweep.from_coupling(0.3 - 0.5j, 1.0)
    np.testing.assert_allclose(model(T)[1, 0], 0.3 - 0.5j)


def test_constructors_batch_and_differentiate():
    def survival(coupling):
        model = lz.LinearSweep.from_level_rates(coupling, 1.0, -1.0)
        return exact.p_diabatic_survival(model.gap, model.rate)

    couplings = jnp.array([0.2, 0.5])
    # P = exp(−πV²) for the rates ±1.
    want = jnp.exp(-jnp.pi * couplings**2)
    np.testing.assert_allclose(jax.vmap(survival)(couplings), want, rtol=1e-14)
    slope = jax.jit(jax.vmap(jax.grad(survival)))(couplings)
    np.testing.assert_allclose(slope, -2 * jnp.pi * couplings * want, rtol=1e-13)


def test_a_repr_states_the_numbers_and_the_convention():
    said = repr(lz.LinearSweep(0.8, 1.5))
    assert said == (
        "LinearSweep(gap=0.8, rate=1.5)  # H = ½ (rate·t σz + gap σx), gap the full "
        "splitting, rate that of the energy difference, ħ = 1"
    )
    assert "H = ½ (detuning σz + coupling σx), ħ = 1" in repr(lz.TwoLevel(1.0, 2.0))
    assert "ħ = 1" in repr(lz.HamiltonianFunction(lambda t, p: jnp.eye(3) * p, 2.0))


def test_a_repr_of_what_holds_a_model_or_a_verdict_states_its_numbers():
    open_system = lz.Lindblad(lz.LinearSweep(0.8, 1.5), lz.dissipation.dephasing(0.1))
    assert "LinearSweep(gap=0.8, rate=1.5)" in repr(open_system)
    assert "ħ = 1" in repr(open_system) and "[0.1, 0.1]" in repr(open_system)
    said = repr(lz.exact.weak_coupling_transition(2.0, 1.0, 0.0))
    assert "valid=False" in said and "< 0.1" in said
    noise = lz.dissipation.OrnsteinUhlenbeck(np.diag([0.5, -0.5]), 0.3, 2.0)
    assert "spread=0.3" in repr(noise) and "0.5+0.j" in repr(noise)


def test_a_repr_of_a_batch_or_a_tracer_does_not_fail():
    batch = jax.vmap(lz.LinearSweep)(jnp.arange(2.0), jnp.ones(2))
    assert "ħ = 1" in repr(batch)
    seen = []
    jax.jit(lambda gap: seen.append(repr(lz.LinearSweep(gap, 1.0))))(0.3)
    assert "ħ = 1" in seen[0]
