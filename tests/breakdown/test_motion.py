"""Trajectories and orbits: conservation, closed forms, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb
from lzjax.breakdown._units import HBAR2_OVER_MASS
from tests.breakdown.records import check, record

Z = [0.0, 0.0, 1.0]
SQUARE = mb.TightBinding(
    0.0, [0.3, 0.25, 0.02], [[4.0, 0, 0], [0, 4.0, 0], [0, 0, 12.0]]
)
CYCLOTRON = 0.1758820008  # rad/ps in 1 T


def test_energy_and_momentum_along_the_field_are_conserved():
    field = jnp.array([3.0, -2.0, 20.0])
    k = mb.trajectory(SQUARE, [0.3, 0.1, 0.05], field, np.linspace(0, 3.0, 40))
    energies = jax.vmap(SQUARE)(k)
    np.testing.assert_allclose(energies, energies[0], rtol=1e-13)
    np.testing.assert_allclose(k @ field, (k @ field)[0], rtol=1e-13)
    assert np.ptp(k, axis=0).max() > 0.1


def test_a_free_electron_circles():
    times = np.linspace(0.0, 5.0, 30)
    k = mb.trajectory(mb.FreeElectrons(), [0.5, 0, 0.2], [0, 0, 9.0], times, steps=64)
    angle = 9.0 * CYCLOTRON * times
    want = np.stack([0.5 * np.cos(angle), 0.5 * np.sin(angle), 0.2 + 0 * angle], 1)
    np.testing.assert_allclose(k, want, atol=1e-8)


def test_orders_of_the_trajectory():
    def end(steps):
        return mb.trajectory(SQUARE, [0.3, 0.1, 0.05], [0, 0, 20.0], [0, 3.0],
                             steps=steps)[1]  # fmt: skip

    best = end(512)
    errors = [np.linalg.norm(end(n) - best) for n in (32, 64)]
    assert abs(np.log2(errors[0] / errors[1]) - 4) < 0.3


@pytest.mark.parametrize("masses", [(0.3, 0.3, 0.3), (0.2, 0.8, 1.5)])
def test_an_ellipsoid_in_a_tilted_field(masses):
    """Area 2πm*E/ħ² with m* = √(m₁m₂m₃ / (n·M·n)), the largest one through the
    centre; the normal is at 40° to an axis."""
    normal = np.array([np.sin(0.7), 0.0, np.cos(0.7)])
    band, energy = mb.FreeElectrons(masses), 0.4
    start = mb.surface_point(band, energy, np.zeros(3), [0, 1.0, 0], 2.0)
    found = mb.orbit(band, start, normal, reach=8.0)
    mass = np.sqrt(np.prod(masses) / np.sum(normal**2 * np.array(masses)))
    assert bool(found.closed)
    np.testing.assert_allclose(found.cyclotron_mass(), mass, rtol=1e-9)
    area = 2 * np.pi * mass * energy / HBAR2_OVER_MASS
    np.testing.assert_allclose(found.area(), area, rtol=1e-9)
    np.testing.assert_allclose(
        found.period(9.0), 2 * np.pi * mass / (9.0 * CYCLOTRON), rtol=1e-9
    )


def test_frequency_from_area():
    case = record(46)
    got = []
    for area in case["parameters"]["A_m2"]:
        radius = np.sqrt(area * 1e-20 / np.pi)
        start = [radius, 0.0, 0.0]
        got.append(
            mb.orbit(mb.FreeElectrons(), start, Z, reach=9.0 * radius).frequency()
        )
    np.testing.assert_allclose(got, case["value"], rtol=1e-9)
    areas = jnp.array(case["parameters"]["A_m2"]) * 1e-20
    check(mb.onsager_frequency(areas), case)


def test_holes_go_the_other_way():
    """Around the top of the band the signed area is negative, the mass positive."""
    start = mb.surface_point(SQUARE, 0.9, [np.pi / 4, np.pi / 4, 0], [1, 0.2, 0], 0.7)
    found = mb.orbit(SQUARE, start, Z, reach=3.0)
    assert bool(found.closed) and found.area() < 0 < found.cyclotron_mass()


def test_area_follows_the_numbers_of_the_band():
    """dA by energy and hopping against new orbits, traced for changed numbers."""

    def band(x):
        return mb.TightBinding(x[1], [x[0], 0.25], [[4.0, 0, 0], [0, 4.0, 0]])

    def traced(x):
        start = mb.surface_point(band(x), -0.4, np.zeros(3), [1.0, 0, 0], 0.7)
        return mb.orbit(band(x), start, Z, reach=3.0).area()

    def moved(x):
        return found_at(x).area(-0.4)

    point = jnp.array([0.3, 0.02])
    start = mb.surface_point(band(point), -0.4, np.zeros(3), [1.0, 0, 0], 0.7)

    def found_at(x):
        return mb.orbit(band(x), start, Z, reach=3.0)

    traced = jax.jit(traced)
    steps = 1e-4 * np.eye(2)
    want = [(traced(point + d) - traced(point - d)) / 2e-4 for d in steps]
    np.testing.assert_allclose(jax.grad(moved)(point), want, rtol=1e-5)


def test_an_open_orbit_says_so():
    start = mb.surface_point(SQUARE, 0.02, np.zeros(3), [1.0, 0, 0], 0.9)
    found = mb.orbit(SQUARE, start, Z, reach=3.0)
    assert not bool(found.closed)
    with pytest.raises(RuntimeError, match="did not close"):
        found.area()


def test_extremal_orbits_of_a_warped_cylinder():
    """Belly and neck: areas 2πm(E ± 2t)/ħ², curvatures ±(2πm/ħ²) 2t c²."""

    def warped(k, p):
        free = 0.5 * HBAR2_OVER_MASS / p["mass"] * (k[0] ** 2 + k[1] ** 2)
        return free - 2 * p["t"] * jnp.cos(k[2] * p["c"])

    numbers = {"mass": 0.5, "t": 0.02, "c": 6.0}
    band = mb.BandFunction(warped, numbers)
    found = mb.extremal_orbits(
        band, 0.3, Z, half_range=0.7, reach=3.0, inner=[1.0, 0.0, 0.0], slices=19
    )
    scale = 2 * np.pi * 0.5 / HBAR2_OVER_MASS
    order = np.argsort(found.areas)
    areas, bends = found.areas[order], found.curvatures[order]
    want = scale * np.array([0.3 - 0.04, 0.3 - 0.04, 0.3 + 0.04])
    np.testing.assert_allclose(areas, want, rtol=1e-7)
    np.testing.assert_allclose(bends, scale * 0.04 * 36 * np.array([1, 1, -1]), 1e-4)
    np.testing.assert_allclose(
        np.sort(abs(found.positions)), [0.0, np.pi / 6, np.pi / 6], atol=1e-6
    )


def test_a_zero_reach_is_refused():
    with pytest.raises(ValueError, match="`reach` must be positive"):
        mb.orbit(SQUARE, [0.3, 0, 0], Z, reach=0.0)
    with pytest.raises(RuntimeError, match="does not meet"):
        mb.surface_point(SQUARE, 5.0, np.zeros(3), [1.0, 0, 0], 0.7)
