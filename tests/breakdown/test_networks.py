"""Networks against exact quantum spectra, and against what is known on paper."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb
from lzjax.breakdown._units import CYCLOTRON, ELEMENTARY_CHARGE, FLUX
from tests.breakdown.records import check, record
from tests.helpers import defect


def circles(number, parity="parity"):
    p = record(number)["parameters"]
    return mb.CoupledCircles(
        p["Vg_J"] / ELEMENTARY_CHARGE, p["G"] * 1e-10, p["mass"] / 9.1093837139e-31,
        p.get(parity),
    )  # fmt: skip


def chain(field=10.0, g=12.0, potential=3.0, x0=0.0):
    length, quantum = np.sqrt(FLUX / field), CYCLOTRON * field
    return mb.LinearChain(potential * quantum, g / length, 1.0, g * x0, nodes=48)


def within(levels, window):
    levels = np.asarray(levels)
    return levels[(levels > window[0]) & (levels < window[1])]


@pytest.mark.parametrize("number", [29, 31, 32])
def test_two_circles(number):
    """Exact to the record; the network to 2.5e-5 of the cyclotron energy."""
    case = record(number)
    field, window = case["parameters"]["B_T"], case["parameters"]["window_hw"]
    quantum = CYCLOTRON * field
    exact = within(mb.rabi_levels(circles(number), field) / quantum, window)
    check(exact, case)
    found = mb.levels(
        circles(number), field, window[0] * quantum, 37 * quantum * window[0] / 30, 4
    )
    error = np.asarray(found) / quantum - case["value"][:4]
    assert np.sqrt(np.mean(error**2)) < 2.5e-5


def test_two_circles_without_parity_have_the_levels_of_both():
    field = record(31)["parameters"]["B_T"]
    quantum = CYCLOTRON * field
    found = mb.levels(circles(31, "none"), field, 60 * quantum, 65 * quantum, 8)
    want = np.sort(record(31)["value"] + record(32)["value"])
    assert np.sqrt(np.mean((found / quantum - want) ** 2)) < 5e-5


def test_the_record_of_the_infinite_chain():
    case = record(34)
    p = case["parameters"]
    same = chain(10.0, p["g=G l"], p["V=Vg/hw"], p["x0/l"])
    exact = mb.chain_levels(same, 10.0, 13.5) / (CYCLOTRON * 10.0)
    check(within(exact, p["window_hw"]), case)


@pytest.fixture(scope="module")
def chains():
    """Levels of the network and exact ones in the window of the record."""
    quantum = CYCLOTRON * 10.0

    @jax.jit
    @jax.vmap
    def both(potential, x0):
        model = chain(potential=potential, x0=x0)
        found = mb.levels(model, 10.0, 30 * quantum, 36.5 * quantum, 6)
        return found / quantum, mb.chain_levels(model, 10.0, 13.0, 400) / quantum

    return both


@pytest.mark.parametrize(
    ("potential", "probability"),
    [(3.0, 0.42), pytest.param(2.0, 0.68, marks=pytest.mark.slow)],
)
def test_the_infinite_chain(chains, potential, probability):
    """To 6e-5 of the cyclotron energy in the field of the record: the next order in the
    field is in, which makes the larger part of 1e-3."""
    # Six Bloch phases, of which two are mirror images of others.
    places, weights = np.linspace(0.0, np.pi / 12, 4), np.array([1.0, 2.0, 2.0, 1.0])
    found, exact = (np.asarray(a) for a in chains(np.full(4, potential), places))
    nearest = np.min(np.abs(found[:, :, None] - exact[:, None, :]), axis=2)
    through = mb.breakdown_probability(
        chain(potential=potential).breakdown_field(33 * CYCLOTRON * 10.0), 10.0
    )
    np.testing.assert_allclose(through, probability, atol=0.005)
    assert np.sqrt(weights / 6 @ np.mean(nearest**2, axis=1)) < 6e-5


@pytest.mark.parametrize("number", [23, 25])
def test_two_equal_loops_through_one_junction(number):
    """cos γ = √(1−P), with γ the phase of a loop and of its reflection."""
    p = record(number)["parameters"]["P"]
    action = 0.5 * np.log((1 - p) / p)
    matrix = mb.saddle_matrix(action) * jnp.exp(1j * mb.saddle_phase(action))
    angles = np.sort(np.minimum(*np.stack([mb.eigenphases(matrix)] * 2)))
    check(angles[0], record(number))
    np.testing.assert_allclose(angles.sum(), 2 * np.pi, rtol=1e-12)


def test_loops_that_feed_each_other_are_another_network():
    p = record(28)["parameters"]["P"]
    action = 0.5 * np.log((1 - p) / p)
    matrix = mb.saddle_matrix(action) * jnp.exp(1j * mb.saddle_phase(action))
    swapped = mb.eigenphases(matrix[:, ::-1])
    got = np.sort(np.angle(np.exp(-1j * np.asarray(swapped))))[::-1]
    check(got, record(28))


def test_two_unequal_loops():
    """cos(S/2) = √q cos(D/2), as levels of a network in which S is the energy."""
    p = record(26)["parameters"]
    action = 0.5 * np.log(p["q"] / (1 - p["q"]))
    field = 2 * FLUX

    def network(total):
        phases = [0.5 * (total + sign * p["D"]) for sign in (1, -1)]
        arcs = [mb.Arc(0.0, 0.0, phase + mb.saddle_phase(action)) for phase in phases]
        return mb.Network(arcs, [mb.Saddle((0, 0), (1, 1), 4 * action)])

    check(mb.levels(network, field, 0.0, 4 * np.pi, 2), record(26))


def test_first_order_splitting_of_a_circle_is_a_laguerre_polynomial():
    """Its asymptotic phase is φ_S = π/4: the network has it for a weak potential. In
    the sector of parity 1 it alternates, (−1)ⁿ."""
    p = record(38)["parameters"]
    x, n, field, weak = p["X"], p["n"], 10.0, 0.03
    special = pytest.importorskip("scipy.special")
    want = np.exp(-(x**2)) * special.eval_laguerre(n, 2 * x**2)
    check(want, record(38))
    length, quantum = np.sqrt(FLUX / field), CYCLOTRON * field
    model = mb.CoupledCircles(weak * quantum, 2 * x / length, 1.0, 1)
    exact = mb.rabi_levels(model, field, 200)[n] / quantum - n - 0.5
    # The second order in V shifts both parities alike; a fifth of V is its share.
    np.testing.assert_allclose(exact / (weak * (-1) ** n), want, atol=0.2 * weak)

    def level(parity):
        model = mb.CoupledCircles(
            weak * quantum, 2 * x / length, 1.0, parity, nodes=4000
        )
        return mb.levels(model, field, (n + 0.25) * quantum, (n + 1) * quantum, 1)[0]

    splitting = 0.5 * (level(1) - level(-1)) / quantum
    np.testing.assert_allclose(splitting / (weak * (-1) ** n), want, atol=2e-4)


def test_without_the_reflection_phase_levels_are_wrong():
    """The error that leaving φ_S out makes is three orders of magnitude larger."""
    case = record(31)
    field, quantum = 10.0, CYCLOTRON * 10.0
    model = circles(31)

    def without(energy):
        network = model(energy)
        crossing = network.vertices[0]
        phase = mb.reflection_phase(crossing.breakdown_field, field)
        # Lower reflections gain φ_S, upper ones lose it; arcs take it back.
        arcs = [
            mb.Arc(arc.area, arc.rotation, sign * phase)
            for arc, sign in zip(network.arcs, (-1, 1), strict=True)
        ]
        return mb.Network(arcs, network.vertices)

    found = mb.levels(without, field, 60 * quantum, 64.5 * quantum, 4)
    error = np.asarray(found) / quantum - case["value"]
    assert 0.05 < np.sqrt(np.mean(error**2)) < 0.15


def test_derivatives_of_levels_and_a_batch_of_fields():
    """By potential, lattice and field, against differences within one batch."""
    quantum = CYCLOTRON * 10.0

    def level(x):
        model = mb.CoupledCircles(x[0] * quantum, x[1], 1.0, 1, nodes=48)
        return mb.levels(model, 10.0 * x[2], 30 * quantum, 34 * quantum, 2)[1]

    point = np.array([1.5, circles(29).reciprocal_vector, 1.0])
    steps = 1e-5 * np.diag(point)
    batch = jax.jit(jax.vmap(level))(np.concatenate([point + steps, point - steps]))
    want = (batch[:3] - batch[3:]) / (2 * steps.sum(axis=0))
    found, slope = jax.jit(jax.value_and_grad(level))(jnp.asarray(point))
    np.testing.assert_allclose(slope, want, rtol=1e-6)
    np.testing.assert_allclose(np.mean(batch), found, rtol=1e-8)


def test_transfer_is_unitary_and_the_secular_determinant_real():
    network = eqx.filter_jit(chain(x0=0.1))(0.035)
    assert defect(network.transfer(10.0)) < 1e-13
    angles = np.asarray(mb.eigenphases(network.transfer(10.0)))
    want = 2.0**4 * np.prod(np.sin(angles / 2))
    np.testing.assert_allclose(abs(network.secular(10.0)), abs(want), rtol=1e-10)


def test_one_loop_has_onsagers_levels():
    """l²A = 2π(n + ½), and 2πn with the Berry phase π."""

    def loop(energy, phase=0.0):
        return mb.Network([mb.Arc(energy, 2 * np.pi, phase)])

    area = 2 * np.pi * 7.0 / FLUX
    found = mb.levels(loop, 7.0, 0.0, 5 * area, 4)
    np.testing.assert_allclose(found / area, [0.5, 1.5, 2.5, 3.5], rtol=1e-13)
    berry = mb.levels(lambda e: loop(e, np.pi), 7.0, 0.2 * area, 5 * area, 4)
    np.testing.assert_allclose(berry / area, [1, 2, 3, 4], rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mb.Network([]), "at least one arc"),
        (
            lambda: mb.Network([mb.Arc(1.0, 0.0)], [mb.Saddle((0, 0), (0, 0), 1.0)]),
            "arc 0 arrives at more than one junction",
        ),
        (
            lambda: mb.Network([mb.Arc(1.0, 0.0)], [mb.Saddle((0, 0), (1, 1), 1.0)]),
            "arcs 0 to 0, but arc 1",
        ),
        (lambda: mb.ring(1.0, 1.0).secular(1.0), "has leads to the outside"),
        (lambda: chain()(0.035).secular(-1.0), "`field` must be positive"),
        (lambda: chain()(0.035).secular(jnp.ones(2)), "must be one number"),
        (lambda: mb.rabi_levels(circles(31, "none"), 1.0), "give the model a `parity`"),
        (lambda: mb.CoupledCircles(1.0, 1.0, 1.0, 0), "`parity` must be one of"),
        (lambda: mb.LinearChain(1.0, 1.0, waves=4), "`waves` must be odd"),
        (lambda: mb.levels(chain(), 10.0, 0.0, 1.0, 0), "`count` must be at least"),
    ],
)
def test_bad_networks_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_window_with_too_few_levels_says_so():
    def loop(energy):
        return mb.Network([mb.Arc(energy, 2 * np.pi)])

    with pytest.raises(RuntimeError, match="fewer levels than `count`"):
        mb.levels(loop, 7.0, 0.0, 1e-3, 4)
