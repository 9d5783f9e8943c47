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
    def logarithm(phases):
        cell = mb.magnetic_cell(network, 5, 2, phases)
        matrix = jnp.eye(24) - damping * cell.transfer(field)
        return jnp.log(jnp.linalg.det(matrix))

    angles = 2 * np.pi * np.arange(grid) / grid
    phases = np.stack(np.meshgrid(angles, angles), axis=-1).reshape(-1, 2)
    found = np.mean([complex(logarithm(pair)) for pair in phases]) / 2
    np.testing.assert_allclose(found, want, rtol=1e-4)
    assert abs(want) > 1e-4


@pytest.mark.parametrize("states", [30, 31])
def test_a_landau_level_broadens_to_the_band_of_the_triangular_lattice(states):
    """In a weak potential, E = E_n + 2V e^{-X²} L_n(2X²) (cos a + cos b ± cos(a − b)):
    translations by the three vectors commute with the sign (−1)^p."""
    special = pytest.importorskip("scipy.special")
    unit = mb.HexagonalNetwork(1.0, G, nodes=16)
    lattice = eqx.filter_jit(unit)(0.5 * HBAR2_OVER_MASS * REACH**2)
    field = float(mb.zone_field(lattice, states))
    quantum = CYCLOTRON * field
    n = round(0.5 * HBAR2_OVER_MASS * REACH**2 / quantum - 0.5)
    weak, x2 = 0.05, np.pi * states / np.sqrt(3)
    model = mb.HexagonalNetwork(weak * quantum, G, nodes=800)

    @jax.jit
    @jax.vmap
    def level(phases):
        def network(energy):
            return mb.magnetic_cell(model(energy), states, 1, phases)

        return mb.levels(network, field, n * quantum, (n + 1.2) * quantum, 1)[0]

    phases = np.array([[0.0, 0.0], [2.0, 0.4], [2.1, 4.2], [np.pi, 0.0], [-1.0, 2.5]])
    found = np.asarray(level(phases)) / quantum - n - 0.5
    a, b = phases.T
    band = np.cos(a) + np.cos(b) + (-1) ** states * np.cos(b - a)
    size = 2 * np.exp(-x2) * special.eval_laguerre(n, 2 * x2)
    shape = found / weak / size
    # The second order in V and the width of the arcs' corners are a few per cent.
    np.testing.assert_allclose(shape, band, atol=0.1)


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
