"""Zeeman-split networks, and junctions that turn the spin."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import breakdown as mb
from lzjax.breakdown._units import CYCLOTRON, FLUX, HBAR2_OVER_MASS

FIRST, SECOND = [2e5, 3e5, 5e4], [-2e5, 3e5, 5e4]
JUNCTION = mb.SpinOrbitJunction(
    2e-3, [1e-3, -2e-3, 1.5e-3], FIRST, SECOND, g_factors=[30.0, 22.0]
)
# A sixth of the velocities and of the coupling: the same B₀, the spins far apart.
SLOW = mb.SpinOrbitJunction(
    JUNCTION.potential / 6,
    JUNCTION.spin_orbit / 6,
    JUNCTION.first / 6,
    JUNCTION.second / 6,
    JUNCTION.g_factors,
)
DIRECTIONS = [[0.0, 0.0, 1.0], [0.3, -0.2, 0.9], [0.0, 0.0, -2.0]]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_whole_gap_does_not_depend_on_the_direction_of_the_spin(direction):
    matrix = np.asarray(JUNCTION.coupling(direction))
    size = 2e-3**2 + 1e-3**2 + 2e-3**2 + 1.5e-3**2
    np.testing.assert_allclose(matrix.conj().T @ matrix, size * np.eye(2), atol=1e-20)
    keep, turn = JUNCTION.breakdown_fields(direction)
    whole = mb.Junction(2 * np.sqrt(size), FIRST, SECOND).breakdown_field(direction)
    np.testing.assert_allclose(keep + turn, whole, rtol=1e-12)
    ratio = abs(matrix[1, 0]) ** 2 / abs(matrix[0, 0]) ** 2
    np.testing.assert_allclose(turn / keep, ratio, rtol=1e-12)


def test_survival_in_the_exact_formula():
    """Brundobler and Elser's, which only the sum of both B₀ enters."""
    field = jnp.array([0.6, -0.4, 1.8])
    model = JUNCTION.model(field)
    keep, turn = JUNCTION.breakdown_fields(field)
    want = jnp.exp(-(keep + turn) / np.linalg.norm(field))
    found = lz.exact.brundobler_elser(model.slopes, model.couplings)
    np.testing.assert_allclose(found.value, want, rtol=1e-9)


@pytest.fixture(scope="module")
def probabilities():
    return eqx.filter_jit(lambda junction, field: junction.probabilities(field))


@pytest.mark.slow
@pytest.mark.parametrize("direction", DIRECTIONS[:2])
def test_what_stays_on_its_band_and_what_is_impossible(probabilities, direction):
    """The survival knows only the sum of both B₀; inside a band the spin turns only in
    the order of time, on two ways that interfere."""
    field = 3.0 * np.array(direction)
    strength = np.linalg.norm(field)
    found = np.asarray(probabilities(SLOW, field))
    keep, turn = (float(b) / strength for b in SLOW.breakdown_fields(direction))
    np.testing.assert_allclose(np.diag(found), np.exp(-(keep + turn)), 1e-6)
    np.testing.assert_allclose(found.sum(axis=0), 1.0, atol=1e-9)
    model = SLOW.model(field)
    impossible = np.asarray(lz.exact.no_go(model.slopes, model.energies))
    assert impossible.sum() == 2 and np.max(found[impossible]) < 1e-9
    # The area between the four crossings of levels z₁ and z₂ apart.
    first, second = model.energies[0] - model.energies[1], np.diff(model.energies[2:])
    phase = abs(first * second[0] / (model.slopes[0] - model.slopes[2]))
    ways = (1 - np.exp(-keep)) * (1 - np.exp(-turn)) * np.exp(-turn)
    turned = found[0, 1] + found[1, 0], found[2, 3] + found[3, 2]
    want = 4 * np.sin(phase / 2) ** 2 * ways
    np.testing.assert_allclose(turned, want, rtol=0.02)
    assert want > 0.03


@pytest.mark.slow
def test_unresolved_spins_do_not_turn_inside_a_band(probabilities):
    """The two ways cancel, as V + iλ·σ is a rotation up to its size."""
    field = np.array([0.0, 0.0, 3.0])
    junction = eqx.tree_at(lambda j: j.g_factors, JUNCTION, jnp.array([3.0, 2.2]))
    found = np.asarray(probabilities(junction, field))
    assert max(found[0, 1], found[1, 0], found[2, 3], found[3, 2]) < 1e-6
    keep, turn = (float(b) / 3.0 for b in junction.breakdown_fields(field))
    # To band 2 they turn in proportion to |turn|².
    across = -np.expm1(-keep - turn) / (keep + turn)
    want = across * np.array([[keep, turn], [turn, keep]])
    np.testing.assert_allclose(found[2:, :2], want, atol=1e-4)


@pytest.mark.slow
def test_a_spin_along_the_spin_orbit_vector_does_not_turn(probabilities):
    along = mb.SpinOrbitJunction(2e-3, [0.0, 0.0, 2e-3], FIRST, SECOND, [30.0, 22.0])
    field = jnp.array([0.0, 0.0, 9.0])
    found = np.asarray(probabilities(along, field))
    through = mb.Junction(2e-3 * np.sqrt(8), FIRST, SECOND).probability(field)
    want = np.kron([[through, 1 - through], [1 - through, through]], np.eye(2))
    np.testing.assert_allclose(found, want, atol=1e-6)
    assert along.breakdown_fields(field)[1] == 0.0


def test_each_spin_has_its_own_breakdown_field_and_levels():
    circles = mb.CoupledCircles(0.004, 0.6, 1.2)
    up, down = mb.spin_networks(circles, 12.0, g_factor=2.2)
    shift = 0.25 * 2.2 * CYCLOTRON * 12.0
    for network, sign in ((up, 1.0), (down, -1.0)):
        got = network(0.55).vertices[0].breakdown_field
        want = circles.breakdown_field(0.55 - sign * shift)
        np.testing.assert_allclose(got, want, rtol=1e-13)
    assert up(0.55).vertices[0].breakdown_field > down(0.55).vertices[0].breakdown_field


def test_split_loops_interfere_as_the_spin_factor():
    """The mean weight of both spins is that of one times cos(πgm/2)."""
    mass, energy, field = 0.7, 0.4, 9.0

    def loop(energy):
        return mb.Network([mb.Arc(2 * jnp.pi * mass * energy / HBAR2_OVER_MASS, 0.0)])

    paths = mb.closed_paths(loop(energy), 1)

    @jax.jit
    def weight(g_factor):
        both = mb.spin_networks(loop, field, g_factor)
        return sum(paths.weights(network(energy), field)[0] for network in both) / 2

    factor = np.exp(1j * FLUX / field * 2 * np.pi * mass * energy / HBAR2_OVER_MASS)
    np.testing.assert_allclose(
        weight(2.1), factor * mb.spin_factor(mass, 2.1), atol=1e-9
    )


def test_a_field_of_a_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"`field` must have shape \(3,\)"):
        JUNCTION.model(3.0)
    with pytest.raises(ValueError, match=r"`\|direction\|` must be positive"):
        JUNCTION.coupling([0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="`field` must be positive"):
        mb.spin_networks(mb.CoupledCircles(0.004, 0.6), -1.0)
