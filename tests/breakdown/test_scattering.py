"""Scattering matrices: unitarity, invariants, reciprocity, the saddle."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import breakdown as mb
from tests.breakdown.records import check, record
from tests.helpers import defect, differences

DELTAS = [1e-9, 0.01, 0.3, 2.0, 30.0]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_probabilities_and_phase(number):
    delta = record(number)["parameters"]["delta"]
    matrix = mb.adiabatic_matrix(delta)
    phase = mb.reflection_phase(2 * np.pi * delta, 1.0)
    got = [abs(matrix[1, 0]) ** 2, abs(matrix[0, 0]) ** 2, phase]
    check(got, record(number))
    np.testing.assert_allclose(np.angle(matrix[0, 0]), phase, atol=1e-14)


def test_the_onsager_phase_of_a_lens_depends_on_the_field():
    p = record(52)["parameters"]
    check(2 * mb.reflection_phase(p["B0_T"], jnp.array(p["B_T"])), record(52))


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("angle", [0.7, -2.3])
def test_crossings_are_unitary_and_lose_the_same_whichever_path(delta, angle):
    matrix = np.asarray(mb.crossing_matrix(delta, angle, 0.4))
    assert defect(matrix) < 1e-14
    np.testing.assert_allclose(np.linalg.det(matrix), 1.0, atol=1e-14)
    # The invariant of any 2×2 unitary matrix with these moduli.
    invariant = matrix[0, 0] * matrix[1, 1] * np.conj(matrix[0, 1] * matrix[1, 0])
    np.testing.assert_allclose(np.angle(-invariant), 0.0, atol=1e-12)


@pytest.mark.parametrize("angle", [0.7, -2.3])
def test_paths_may_be_named_in_either_order(angle):
    """Exchanging them turns the angle and the phase of the coupling around."""
    one = np.asarray(mb.crossing_matrix(0.2, angle, 0.4))
    other = np.asarray(mb.crossing_matrix(0.2, -angle, -0.4))
    np.testing.assert_allclose(one, other[::-1, ::-1], atol=1e-15)


@pytest.mark.parametrize("rate", [1.3, -1.3])
@pytest.mark.parametrize("phase", [0.0, 0.9])
def test_crossings_agree_with_propagation(rate, phase):
    """Up to the Maslov phase of the bend, which is no matter of time evolution."""
    gap = 1.1 * np.exp(1j * phase)
    matrix = lz.scattering_matrix(lz.LinearSweep(gap, rate))
    delta, angle = 1.1**2 / (4 * abs(rate)), -0.8 * np.sign(rate)
    got = np.array(mb.crossing_matrix(delta, angle, phase))
    lower = (1, 0) if rate > 0 else (0, 1)
    got[lower] *= np.exp(-0.4j)
    got[lower[::-1]] *= np.exp(0.4j)
    np.testing.assert_allclose(got, matrix, atol=1e-7)


def _complex(t, p):
    """A Hermitian junction that no constant phase makes real."""
    x = p["sense"] * t
    y = p["conjugate"] * 0.5 / (1.0 + (x - 0.4) ** 2)
    return 0.9 + 0.3 * jnp.tanh(x), y, 1.2 * x


def test_reversing_the_field_transposes_the_junction_at_minus_k():
    """A reversed field runs the orbit through the same k backwards. S_k(−B) is not
    S_k(B)ᵀ where H(k) is complex; the partner at −k, with H(−k) = H(k)*, has it."""

    def propagator(sense, conjugate):
        numbers = {"sense": sense, "conjugate": conjugate}
        model = lz.TwoLevelFunction(_complex, numbers)
        solution = lz.solve(model, -6.0, 6.0, solver=lz.Magnus6(steps=400))
        return np.asarray(solution.propagator)

    ahead = propagator(1.0, 1.0)
    np.testing.assert_allclose(propagator(-1.0, -1.0), ahead.T, atol=1e-9)
    assert np.max(abs(propagator(-1.0, 1.0) - ahead.T)) > 0.05


def test_the_saddle_against_the_record():
    p = record(22)
    action = p["value"][1]
    got = [mb.saddle_probability(action), mb.saddle_phase(action)]
    np.testing.assert_allclose(got, p["value"][2:], rtol=p["tolerance"]["rtol"])


@pytest.mark.parametrize("epsilon", [-3.0, -0.2, 0.05, 1.0, 12.0])
def test_the_saddle_phase_against_the_gamma_function(epsilon):
    special = pytest.importorskip("scipy.special")
    gamma = np.imag(special.loggamma(0.5 + 1j * epsilon))
    want = epsilon - epsilon * np.log(abs(epsilon)) + gamma
    np.testing.assert_allclose(mb.saddle_phase(-np.pi * epsilon), want, atol=1e-13)


@pytest.mark.parametrize("action", [-400.0, -1.0, 0.0, 1.4, 400.0])
def test_saddles_are_unitary(action):
    assert defect(mb.saddle_matrix(action)) < 1e-14
    half = mb.saddle_probability(action) + mb.saddle_probability(-action)
    np.testing.assert_allclose(half, 1.0, rtol=1e-15)


def test_gradients_of_matrices():
    def sums(x):
        weights = jnp.array([[1.0, 2.0], [3.0, 4.0]])
        parts = (
            mb.adiabatic_matrix(x[0]),
            mb.crossing_matrix(x[0], x[1], x[2]),
            mb.saddle_matrix(x[3]),
        )
        return sum(jnp.sum(weights * (m.real - 0.3 * m.imag)) for m in parts)

    point = jnp.array([0.23, -0.9, 0.4, 0.8])
    sums, slope = jax.jit(sums), jax.jit(jax.grad(sums))
    np.testing.assert_allclose(
        slope(point), differences(sums, point), rtol=1e-9, atol=1e-10
    )
    assert np.all(np.isfinite(jax.jit(jax.hessian(sums))(point)))
