"""The hexagonal network in a rational flux: magnetic bands."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb
from lzjax.breakdown._units import CYCLOTRON, HBAR2_OVER_MASS

G = 1.0
REACH = 0.54  # k_F / G


def test_the_determinant_averages_to_the_paths_of_the_infinite_lattice():
    """Over the Bloch phases of a cell of q = 2 only paths that close are left, each
    with the flux it encloses; longer ones than 6 are damped."""
    energy, damping, grid = 0.5 * HBAR2_OVER_MASS * REACH**2, 0.15, 7
    network = eqx.filter_jit(mb.HexagonalNetwork(0.02, G, nodes=64))(energy)
    field = mb.zone_field(network, 5, 2)
    paths = mb.closed_paths(network, 6)
    assert any(0 < n < 6 for n in paths.tunnellings)
    sizes = np.array([len(path) for path in paths.sequences])
    weights = eqx.filter_jit(paths.weights)(network, field)
    want = -np.sum(np.asarray(weights) * damping**sizes)

    @jax.jit
    @jax.vmap
    def logarithms(phases):
        cell = mb.magnetic_cell(network, 5, 2, phases)
        matrix = jnp.eye(24) - damping * cell.transfer(field)
        return jnp.log(jnp.linalg.det(matrix))

    angles = 2 * np.pi * np.arange(grid) / grid
    phases = np.stack(np.meshgrid(angles, angles), axis=-1).reshape(-1, 2)
    found = np.mean(logarithms(phases)) / 2
    np.testing.assert_allclose(found, want, rtol=1e-4)
    assert abs(want) > 1e-4


def exact_levels(potential, numerator, denominator, phases, size=300):
    """Landau levels in the whole potential, in units of ħω_c.

    exp(iG·r) is a displacement of the oscillator times one of the guiding centre; the
    two of G₁ and G₂ have the commutator phases ∓2πp/q, so q states carry the latter.
    """
    displacement = np.sqrt(2 * np.pi * numerator / denominator * 2 / np.sqrt(3))
    wide = size + 180
    lower = np.diag(np.sqrt(np.arange(1, wide)), 1)
    places, states = np.linalg.eigh((lower + lower.T) / np.sqrt(2))
    states = states[:size]
    along = (states * np.exp(1j * displacement * places)) @ states.T
    turn = np.exp(2j * np.pi * numerator / denominator)
    first = np.roll(np.eye(denominator), 1, 0).astype(complex)
    first[0, -1] *= np.exp(1j * phases[0])
    second = np.diag(np.exp(1j * phases[1]) * turn ** -np.arange(denominator))
    # e^{i(G₂−G₁)·R}, from the product of two exponentials.
    third = second @ np.conj(first.T) * np.exp(-1j * np.pi * numerator / denominator)
    n = np.arange(size)
    energy = np.kron(np.diag(n + 0.5), np.eye(denominator)).astype(complex)
    for j, centre in enumerate((first, second, third)):
        rotation = np.exp(1j * np.pi / 3 * j * (n[:, None] - n[None, :]))
        wave = potential * np.kron(rotation * along, centre)
        energy += wave + np.conj(wave.T)
    return np.linalg.eigvalsh(energy)


@pytest.mark.slow
@pytest.mark.parametrize(("numerator", "denominator"), [(30, 1), (31, 1), (61, 2)])
def test_magnetic_bands_are_those_of_landau_levels_in_the_potential(
    numerator, denominator
):
    """To 1.5e-3 of the cyclotron energy in bands that are about 0.1 wide. In a stronger
    potential the three junctions around a triangle, of few quanta, overlap."""
    unit = mb.HexagonalNetwork(1.0, G, nodes=16)
    lattice = eqx.filter_jit(unit)(0.5 * HBAR2_OVER_MASS * REACH**2)
    field = float(mb.zone_field(lattice, numerator, denominator))
    quantum, strength = CYCLOTRON * field, 0.2
    model = mb.HexagonalNetwork(strength * quantum, G, nodes=2000)

    def secular(energy, phases):
        network = model(energy * quantum)
        cell = mb.magnetic_cell(network, numerator, denominator, phases)
        return cell.secular(field)

    secular = jax.jit(jax.vmap(secular))
    phases = np.array([[0.0, 0.0], [2.0, 0.4], [2.1, 4.2], [-1.0, 2.5]])
    bands = []
    for pair in phases:
        levels = exact_levels(strength, numerator, denominator, pair)
        bands.append(levels[levels > 31.2][: 2 * denominator])
    exact = np.array(bands)
    found, pairs = exact.ravel(), np.repeat(phases, exact.shape[1], axis=0)
    for _ in range(2):
        value, after = (np.asarray(secular(found + h, pairs)) for h in (0.0, 1e-5))
        found = found - 1e-5 * value / (after - value)
    errors = found.reshape(exact.shape) - exact
    assert np.sqrt(np.mean(errors**2)) < 1.5e-3, errors
    # Bloch phases move each level by more than what is left of that.
    moved = exact - exact[0]
    assert np.max(np.abs(moved)) > 0.01


def test_bad_cells_are_refused():
    circles = mb.CoupledCircles(0.02, G)(2.0)
    with pytest.raises(ValueError, match="needs a `lattice` of two vectors"):
        mb.zone_field(circles, 3)
    network = mb.HexagonalNetwork(0.02, G, nodes=16)(0.5 * HBAR2_OVER_MASS * REACH**2)
    with pytest.raises(ValueError, match="must be at least 1, got 0 and 1"):
        mb.magnetic_cell(network, 0)
    with pytest.raises(ValueError, match=r"`bloch_phases` must have shape \(2,\)"):
        mb.magnetic_cell(network, 3, 1, [0.0])
    alone = mb.Network([mb.Arc(1.0, 0.0)] * 2, [], network.lattice)
    with pytest.raises(ValueError, match="to one loop"):
        mb.magnetic_cell(alone, 3)
