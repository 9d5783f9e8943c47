"""What every channel must be: trace kept, positive, a semigroup, fourth order."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

import lzjax as lz
from lzjax.dissipation import (
    ChannelSolution,
    Lindblad,
    dephasing,
    evolve_lindblad,
    relaxation,
    solve_lindblad,
)
from lzjax.dissipation._channel import Channel, hermitian_basis
from tests.dissipation.systems import (
    choi,
    liouvillian,
    qubit,
    random_density,
    random_system,
    superoperator,
)

FOUR = lz.CommutatorFree4(steps=4)
DIMS = pytest.mark.parametrize("dim", [2, 3])
SEEDS = st.integers(0, 10**6)


def few_steps(system, t0, t1):
    return solve_lindblad(system, t0, t1, solver=FOUR)


@pytest.mark.parametrize("dim", [2, 3, 4])
def test_the_basis_is_hermitian_and_orthonormal(dim):
    basis = hermitian_basis(dim)
    assert basis.shape == (dim**2, dim, dim)
    np.testing.assert_array_equal(basis, basis.conj().swapaxes(1, 2))
    # Entries such as 1/√2 and their sums: rounding.
    products = np.einsum("aij,bji->ab", basis, basis)
    np.testing.assert_allclose(products, np.eye(dim**2), atol=1e-15)
    np.testing.assert_allclose(basis[0], np.eye(dim) / dim**0.5, atol=1e-16)


def test_the_basis_of_two_levels_is_the_pauli_matrices():
    pauli = [[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]]
    # 1/√2 · 1, to rounding.
    np.testing.assert_allclose(
        2**0.5 * hermitian_basis(2)[1:], np.array(pauli), atol=1e-15
    )


@DIMS
def test_the_generator_is_the_lindblad_equation(dim):
    system = random_system(11, dim)
    time = jnp.asarray(0.7)
    rho = random_density(3, dim)
    stacked = liouvillian(system, time) @ rho.ravel(order="F")
    want = stacked.reshape(dim, dim, order="F")
    basis = hermitian_basis(dim)
    parts = np.einsum("aij,ji->a", basis, rho).real
    rates = np.asarray(Channel(system).generator(time).real) @ parts
    # Sums of a hundred products of numbers up to ten: rounding.
    np.testing.assert_allclose(
        np.einsum("a,aij->ij", rates, basis), want, rtol=0, atol=1e-12
    )


# A weight of 100 with windows of three makes each step long beyond any accuracy.
@DIMS
@settings(max_examples=40)
@given(seed=SEEDS, strength=st.floats(0.0, 100.0), span=st.floats(0.0, 3.0))
def test_few_big_steps_keep_trace_and_positivity(dim, seed, strength, span):
    system = random_system(seed, dim, strength)
    solution = few_steps(system, -0.5, -0.5 + span)
    rho = np.asarray(solution(random_density(seed, dim)))
    # Products of eight matrices near one in norm: a few hundred roundings of 1e-16,
    # as for the smallest eigenvalues, 0 for most pure states.
    assert abs(np.trace(rho) - 1.0) < 1e-12
    np.testing.assert_allclose(rho, rho.conj().T, rtol=0, atol=1e-14)
    assert np.linalg.eigvalsh(rho)[0] > -1e-12
    # The same roundings, dim² times as many.
    matrix = choi(solution)
    np.testing.assert_allclose(matrix, matrix.conj().T, rtol=0, atol=1e-12)
    assert np.linalg.eigvalsh(matrix)[0] > -1e-10


def test_step_control_keeps_trace_and_complete_positivity():
    solution = solve_lindblad(random_system(4, 2), 0.0, 2.0, rtol=1e-9).checked()
    # Hundreds of steps, each with roundings of 1e-16, which add up at random.
    np.testing.assert_allclose(solution.channel[0], [1, 0, 0, 0], rtol=0, atol=1e-12)
    assert np.linalg.eigvalsh(choi(solution))[0] > -1e-12


# Four levels, as in the records.
@pytest.mark.parametrize("dim", [2, 4])
def test_channels_agree_with_a_runge_kutta_solution(dim):
    """Of the equation for all matrices, as stacked columns."""
    system = random_system(7, dim, 0.2)
    t0, t1 = -0.6, 0.9
    found = solve_lindblad(system, t0, t1, rtol=1e-10).checked()
    times = jnp.linspace(t0, t1, 3)
    constant = liouvillian(system, 0.0)
    parts = [liouvillian(system, float(t)) for t in times]
    assert np.linalg.norm(parts[0] - parts[2]) > 1.0  # it does depend on time
    operators = np.asarray(system.model.operators)
    one = np.eye(dim)
    turns = [-1j * (np.kron(one, o) - np.kron(o.T, one)) for o in operators]
    waves = system.model.waveforms
    linear, drive = waves[0], waves[1]

    def slope(t, y):
        change = t * float(linear.rate) * turns[0]
        wave = np.cos(float(drive.angular_frequency) * t + float(drive.phase))
        start = np.cos(float(drive.phase))
        change = change + float(drive.amplitude) * (wave - start) * turns[1]
        return ((constant + change) @ y.reshape(dim**2, -1)).ravel()

    start = np.eye(dim**2, dtype=complex).ravel()
    want = solve_ivp(slope, (t0, t1), start, "DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
    # Both tolerances are on the error of one run; the looser is 1e-10.
    np.testing.assert_allclose(
        superoperator(found), want.reshape(dim**2, -1), rtol=0, atol=1e-10
    )


def constant_in_time():
    return qubit(0.8, offset=0.6, dephasing=0.3, decay=0.2, excitation=0.05)


def test_a_constant_generator_is_one_exponential():
    system = constant_in_time()
    want = expm(3.0 * liouvillian(system, 0.0))
    # The scheme is exact here: rounding of sums to some hundred steps.
    for found in (few_steps(system, 1.0, 4.0), solve_lindblad(system, 1.0, 4.0)):
        np.testing.assert_allclose(superoperator(found), want, rtol=0, atol=1e-12)


def swept():
    return qubit(
        0.9,
        rate=0.8,
        offset=0.1,
        drive=(0.7, 1.9, 0.3),
        dephasing=0.3,
        decay=0.15,
        excitation=0.05,
    )


def chained(system, windows):
    """A window in so many equal parts of four steps each."""
    times = np.linspace(-1.5, 1.7, windows + 1)
    total = np.eye(4)
    for a, b in zip(times[:-1], times[1:], strict=True):
        total = np.asarray(few_steps(system, a, b).channel) @ total
    return total


def test_the_order_of_the_channel_is_four():
    best = solve_lindblad(swept(), -1.5, 1.7, rtol=1e-12).checked().channel
    errors = [np.linalg.norm(chained(swept(), n) - best) for n in (4, 8, 16, 32)]
    # The next order contributes h = 0.2 and less of itself at the first halving.
    observed = -np.diff(np.log2(errors))
    assert np.all(np.abs(observed - lz.CommutatorFree4.order) < 0.1), observed
    # 32 windows of four steps: far from the rounding of 1e-14.
    assert errors[-1] > 1e-11


def test_steps_of_one_window_and_of_its_parts_are_the_same():
    whole = solve_lindblad(swept(), -1.5, 1.7, solver=lz.CommutatorFree4(steps=16))
    # The same numbers in another order: rounding.
    np.testing.assert_allclose(whole.channel, chained(swept(), 4), rtol=0, atol=1e-13)
    assert int(whole.steps) == 16
    assert bool(whole.ok)
    assert isinstance(whole, ChannelSolution)


def test_the_error_estimate_bounds_the_error():
    best = solve_lindblad(swept(), -1.5, 1.7, rtol=1e-12).channel
    for rtol in (1e-4, 1e-6, 1e-8):
        found = solve_lindblad(swept(), -1.5, 1.7, rtol=rtol).checked()
        # 1e-12 is the error of `best`.
        error = np.linalg.norm(np.asarray(found.channel - best))
        assert error <= rtol + 1e-12
        assert float(found.error) <= rtol


def test_windows_compose():
    parts = [
        solve_lindblad(swept(), a, b, rtol=1e-10) for a, b in ((-2, 0.3), (0.3, 3))
    ]
    whole = solve_lindblad(swept(), -2.0, 3.0, rtol=1e-10)
    # Three errors of the tolerance.
    np.testing.assert_allclose(
        parts[1].channel @ parts[0].channel, whole.channel, rtol=0, atol=3e-10
    )


def test_no_time_is_no_change():
    still = solve_lindblad(swept(), 0.4, 0.4)
    np.testing.assert_array_equal(still.channel, np.eye(4))
    assert bool(still.ok)


def test_without_rates_the_channel_is_the_unitary_one():
    closed = qubit(0.9, rate=0.8, offset=0.1, drive=(0.7, 1.9, 0.3))
    u = np.asarray(lz.solve(closed.model, -1.5, 1.7, solver=FOUR).propagator)
    rho = random_density(5, 2)
    # The same four steps, as matrices on states and on density matrices: rounding.
    np.testing.assert_allclose(
        few_steps(closed, -1.5, 1.7)(rho), u @ rho @ u.conj().T, rtol=0, atol=1e-13
    )


def test_pure_dephasing_of_a_diagonal_model_decays_the_coherence():
    system = qubit(0.0, rate=0.8, drive=(0.7, 1.9, 0.3), dephasing=0.3)
    rho = random_density(9, 2)
    after = np.asarray(solve_lindblad(system, -1.0, 1.5, rtol=1e-11)(rho))
    # |ρ₀₁| e^(−γt); populations stay. The tolerance of the solve.
    np.testing.assert_allclose(np.diag(after), np.diag(rho), rtol=0, atol=1e-11)
    np.testing.assert_allclose(
        abs(after[0, 1]), abs(rho[0, 1]) * np.exp(-0.3 * 2.5), rtol=0, atol=1e-11
    )


def test_relaxation_of_a_diagonal_model_empties_the_level():
    system = qubit(0.0, rate=0.8, drive=(0.7, 1.9, 0.3), decay=0.4)
    rho = random_density(9, 2)
    after = np.asarray(solve_lindblad(system, -1.0, 1.5, rtol=1e-11)(rho))
    # e^(−γ₁t) for the level and half that rate for the coherence, T₂ = 2 T₁.
    kept = np.exp(-0.4 * 2.5)
    np.testing.assert_allclose(after[0, 0], rho[0, 0] * kept, rtol=0, atol=1e-11)
    np.testing.assert_allclose(
        abs(after[0, 1]), abs(rho[0, 1]) * kept**0.5, rtol=0, atol=1e-11
    )


@DIMS
def test_named_jumps_give_the_rates_that_they_name(dim):
    """Read off the dissipator: dephasing γ, relaxation γ₁ from level 0 to 1."""
    model = lz.HamiltonianFunction(lambda t, h: h * t, jnp.zeros((dim, dim)))
    both = dephasing(0.3, dim) + relaxation(0.5, 0, 1, dim)
    matrix = np.asarray(liouvillian(Lindblad(model, both), 0.0))
    want = np.zeros((dim, dim))
    want[np.eye(dim) == 0] = -0.3  # all coherences
    want[0, 1:] -= 0.25
    want[1:, 0] -= 0.25
    want[0, 0] = -0.5
    # A handful of products: rounding.
    np.testing.assert_allclose(
        np.diag(matrix).reshape(dim, dim), want, rtol=0, atol=1e-15
    )
    assert matrix[dim + 1, 0] == 0.5


TIMES = np.linspace(-1.5, 1.7, 33)


def test_states_along_the_way_are_those_of_windows_from_the_start():
    rho = random_density(5, 2)
    path = evolve_lindblad(swept(), rho, TIMES, rtol=1e-9)
    assert path.shape == (33, 2, 2)
    np.testing.assert_array_equal(path[0], rho)
    for k in (1, 20, 32):
        alone = solve_lindblad(swept(), TIMES[0], TIMES[k], rtol=1e-9)(rho)
        # Two solutions of 1e-9.
        np.testing.assert_allclose(path[k], alone, rtol=0, atol=2e-9)
    # Many steps: rounding.
    traces = np.trace(np.asarray(path), axis1=1, axis2=2)
    np.testing.assert_allclose(traces, 1.0, rtol=0, atol=1e-12)


def test_states_may_be_levels_vectors_or_matrices():
    ket = np.array([0.6, 0.8j])
    paths = [
        evolve_lindblad(swept(), state, TIMES)
        for state in (0, np.array([1.0, 0.0]), np.diag([1.0, 0.0]))
    ]
    np.testing.assert_array_equal(paths[0], paths[1])
    np.testing.assert_array_equal(paths[0], paths[2])
    solution = solve_lindblad(swept(), -1.5, 1.7)
    np.testing.assert_array_equal(solution(ket), solution(np.outer(ket, ket.conj())))
    only = evolve_lindblad(swept(), ket, [0.3])
    np.testing.assert_array_equal(only, np.outer(ket, ket.conj())[None])


def test_a_batch_is_what_its_members_are_alone():
    gaps, ends = jnp.asarray([0.2, 0.9, 1.7]), jnp.asarray([0.5, 1.7, 3.0])

    system = qubit(0.0, rate=0.8, drive=(0.7, 1.9, 0.3), dephasing=0.3, decay=0.1)

    def channel(gap, end):
        waves = (*system.model.waveforms[:2], lz.models.Constant(gap))
        model = lz.OperatorSum(system.model.operators, waves)
        return few_steps(Lindblad(model, system.jumps), -1.5, end)

    together = jax.jit(jax.vmap(channel))(gaps, ends)
    assert bool(jnp.all(together.ok))
    for k in range(3):
        alone = channel(gaps[k], ends[k])
        # The same steps, fused differently: rounding.
        np.testing.assert_allclose(
            together.channel[k], alone.channel, rtol=0, atol=1e-13
        )
