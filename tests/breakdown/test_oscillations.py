"""Oscillations: factors, closed paths, amplitudes against exact spectra."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb
from lzjax.breakdown._units import CYCLOTRON, FLUX, HBAR2_OVER_MASS
from tests.breakdown.records import check, record

FERMI = 0.5 * HBAR2_OVER_MASS  # of k_F = 1/Å and a free mass
GIANT = 0.5 * FLUX  # the frequency of that circle


THERMAL_SLOPE = jax.jit(jax.grad(lambda t: mb.thermal_factor(t, 2.0, 10.0)))


def circles(potential, ratio=0.718):
    return mb.CoupledCircles(potential, 2 * ratio, nodes=96)


@eqx.filter_jit
def built(model, energy):
    return model(energy)


@eqx.filter_jit
def weights_of(paths, network, field):
    return paths.weights(network, field)


@eqx.filter_jit
def masses_of(paths, model, energy):
    return paths.masses(model, energy)


def potential_for(probability, field, ratio=0.718):
    """V with P = `probability` in the field."""
    wanted = -np.log(probability) * field
    return mb.lattice_potential(wanted, 2 * ratio, 1.0)


def test_dingle_and_spin_factors():
    p = record(49)["parameters"]
    got = mb.dingle_factor(p["TD_K"], p["m*/me"], p["B_T"], p["p"])
    check(got, record(49))
    p = record(50)["parameters"]
    check(mb.spin_factor(jnp.array(p["m*/me"]), p["g"], p["p"]), record(50))


@pytest.mark.parametrize("temperature", [1e-6, 30.0, 4000.0])
def test_thermal_factor(temperature):
    x = 2 * np.pi**2 * 8.617333262e-5 * temperature * 2.0 / (CYCLOTRON * 10.0)
    want = x / np.sinh(x) if x < 500 else 0.0
    np.testing.assert_allclose(
        mb.thermal_factor(temperature, 2.0, 10.0), want, rtol=1e-8, atol=1e-200
    )
    slope = THERMAL_SLOPE(float(temperature))
    assert np.isfinite(slope) and slope <= 0


def test_breakdown_factors_of_the_linear_chain():
    """R_α = q and R_β = P²."""
    through = np.exp(-41.0 / 25.0)
    np.testing.assert_allclose(mb.breakdown_factor(41.0, 25.0, 0, 2), 1 - through)
    np.testing.assert_allclose(mb.breakdown_factor(41.0, 25.0, 4, 0), through**2)


def test_closed_paths_of_two_circles():
    model = circles(0.05)
    network = built(model, FERMI)
    paths = mb.closed_paths(network, 4)
    outer, lens = model.areas(FERMI)
    two = slice(0, 4)
    kinds = list(zip(paths.tunnellings[two], paths.reflections[two], strict=True))
    assert sorted(kinds) == [(0, 2), (0, 2), (2, 0), (2, 0)]
    circle = 0.5 * (outer + lens)
    np.testing.assert_allclose(
        np.sort(paths.areas(network)[two]), np.sort([outer, lens, circle, circle])
    )
    masses = np.asarray(masses_of(paths, model, FERMI))[two]
    np.testing.assert_allclose(
        np.sort(masses)[1:3], 1.0, atol=1e-4
    )  # half outer, half lens: up to the gap


def test_paths_add_up_to_the_logarithm_of_the_determinant():
    """With every path of up to 12 arcs; the rest is damped, 2·0.4¹³/13 at most."""
    network = built(circles(0.05), FERMI)
    paths = mb.closed_paths(network, 12)
    field, damping = 300.0, 0.2
    sizes = np.array([len(p) for p in paths.sequences])
    total = -np.sum(np.asarray(weights_of(paths, network, field)) * damping**sizes)
    matrix = np.eye(4) - damping * np.asarray(network.transfer(field))
    np.testing.assert_allclose(np.exp(total), np.linalg.det(matrix), rtol=2e-6)


def test_the_chain_has_the_paths_that_stay_in_their_cell():
    model = mb.LinearChain(0.05, 1.4, bloch_phase=0.7, nodes=32)
    network = built(model, FERMI)
    paths = mb.closed_paths(network, 4)
    free = built(mb.LinearChain(0.05, 1.4, nodes=32), FERMI)
    np.testing.assert_allclose(
        weights_of(paths, network, 50.0), weights_of(paths, free, 50.0), atol=1e-13
    )
    orders = dict(zip(paths.sequences, paths.reflections, strict=True))
    assert orders[(2, 3)] == 2  # the lens
    assert orders[(0, 2, 1, 3)] == 0  # the circle, all four junctions crossed
    vertex = free.vertices[0]
    b0 = vertex.breakdown_field * (1 + (50.0 / FLUX * vertex.curvature) ** 2)
    np.testing.assert_allclose(
        abs(weights_of(paths, free, 50.0)[paths.sequences.index((0, 2, 1, 3))]),
        mb.breakdown_factor(b0, 50.0, 4, 0),
        rtol=1e-12,
    )


def test_orbits_of_the_hexagonal_network():
    """Lens, triangle and giant circle, with areas from plane geometry."""
    kf, g = 1.0, 1.8
    model = mb.HexagonalNetwork(1e-3, g, nodes=4000)
    network = built(model, FERMI)
    paths = mb.closed_paths(network, 12)
    half = np.arccos(g / (2 * kf))
    segment = kf**2 * (half - np.sin(half) * np.cos(half))
    side = np.pi / 6 - half  # half an outer arc, seen from its circle
    distance = g / np.sqrt(3)
    # Between the corner of the zone and the arc, then less the three sectors.
    corner = kf * np.sin(side)
    slice_ = kf**2 * (side - np.sin(side) * np.cos(side))
    triangle = 3 * (corner * (distance - kf * np.cos(side)) - slice_)
    orders = zip(paths.tunnellings, paths.reflections, strict=True)
    found = {}
    for area, order in zip(np.asarray(paths.areas(network)), orders, strict=True):
        found.setdefault(order, []).append(area)
    np.testing.assert_allclose(found[(0, 2)], [2 * segment] * 3, atol=2e-3)
    np.testing.assert_allclose(found[(0, 3)], [-triangle] * 2, atol=2e-3)
    assert min(abs(np.array(found[(12, 0)]) - np.pi * kf**2)) < 2e-3
    # Hole and electron orbits alike have positive masses.
    assert np.all(np.asarray(masses_of(paths, model, FERMI)) > 0)


def test_magnetisation_of_one_loop_is_that_of_lifshitz_and_kosevich():
    """The first harmonic of ΔΩ = Σ (B/2πΦ)(ħω_c/2π²p²) cos(...) R_T R_D R_S."""

    def loop(energy):
        return mb.Network([mb.Arc(2 * np.pi * energy / HBAR2_OVER_MASS, 2 * np.pi)])

    damping = mb.Damping(1.5, 0.5, 2.1)
    paths = mb.closed_paths(loop(FERMI), 1)
    field = 700.0
    got = eqx.filter_jit(mb.magnetisation_oscillation)(
        loop, paths, FERMI, field, damping
    )

    def potential(b):
        factors = (
            mb.thermal_factor(1.5, 1.0, b)
            * mb.dingle_factor(0.5, 1.0, b)
            * mb.spin_factor(1.0, 2.1)
        )
        wave = np.cos(2 * np.pi * (GIANT / b - 0.5))
        return b / FLUX / (2 * np.pi**2) * CYCLOTRON * b / (2 * np.pi) * wave * factors

    want = -(potential(field + 1e-3) - potential(field - 1e-3)) / 2e-3
    np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.fixture(scope="module")
def exact_density():
    """The density of states at a fixed Fermi energy against 1/B, P = 0.42, from exact
    levels, and from the network; in levels per cyclotron energy."""
    linalg = pytest.importorskip("scipy.linalg")
    width, probability = 0.15, 0.421
    inverse = np.linspace(18.0, 40.0, 260) / GIANT
    potentials = potential_for(probability, 1 / inverse)
    exact = []
    for potential, x in zip(np.asarray(potentials), inverse, strict=True):
        quantum, shift = CYCLOTRON / x, 0.718 * np.sqrt(FLUX * x)
        n, total = np.arange(int(FERMI / quantum) + 90), 0.0
        for parity in (1, -1):
            diagonal = n + 0.5 + 0.5 * shift**2
            diagonal = diagonal + parity * potential / quantum * (-1.0) ** n
            around = (FERMI / quantum - 25, FERMI / quantum + 25)
            levels = linalg.eigh_tridiagonal(
                diagonal, -shift * np.sqrt(0.5 * n[1:]), eigvals_only=True,
                select="v", select_range=around,
            )  # fmt: skip
            away = FERMI / quantum - levels
            # Levels beyond the window make a smooth background of 4Γ/25π.
            total += np.sum(width / np.pi / (away**2 + width**2))
        exact.append(total)

    def one(potential, field):
        quantum = CYCLOTRON * field
        return quantum * mb.density_of_states(
            circles(potential), FERMI, field, width * quantum
        )

    network = jax.jit(jax.vmap(one))(potentials, jnp.asarray(1 / inverse))
    return inverse, np.array(exact), np.asarray(network), width, probability


def lens_share(ratio=0.718):
    half = np.arccos(ratio)
    return 2 / np.pi * (half - np.sin(half) * np.cos(half)), 2 / np.pi * half


def test_oscillation_amplitudes_agree_with_exact_spectra_to_two_per_cent(
    exact_density,
):
    inverse, exact, network, width, probability = exact_density
    share, mass = lens_share()
    lines = GIANT * np.array([share, 1.0, 2 - share, 1 + share, 2.0, 2 * share])
    found = mb.line_amplitudes(inverse, exact, lines)
    semiclassical = mb.line_amplitudes(inverse, network, lines)
    np.testing.assert_allclose(
        abs(found.amplitudes), abs(semiclassical.amplitudes), rtol=0.02
    )
    assert found.leakage < 0.01
    # Lens: mass · q; two circles: P each. Twice, for both harmonics ±, times damping.
    lens = 2 * mass * (1 - probability) * np.exp(-2 * np.pi * width * mass)
    circle = 4 * probability * np.exp(-2 * np.pi * width)
    np.testing.assert_allclose(abs(found.amplitudes[:2]), [lens, circle], rtol=0.02)


def test_the_spectrum_shows_lens_circle_and_outer_orbit(exact_density):
    inverse, exact, *_ = exact_density
    share, _ = lens_share()
    found = mb.spectrum(inverse, exact)
    heights = np.abs(found.amplitudes)
    peaks = (heights[1:-1] > heights[:-2]) & (heights[1:-1] > heights[2:])
    strong = peaks & (heights[1:-1] > 0.1)
    places = np.asarray(found.frequencies)[1:-1][strong] / GIANT
    for line in (share, 1.0, 2 - share):
        assert np.min(abs(places - line)) < 0.01


def test_a_line_has_its_amplitude_and_phase_in_both_spectra():
    x = np.linspace(0.02, 0.1, 400)
    signal = 0.7 * np.cos(2 * np.pi * 700.0 * x + 0.4) + 3.0
    found = mb.spectrum(x, signal)
    peak = np.argmax(np.abs(found.amplitudes))
    np.testing.assert_allclose(abs(found.amplitudes[peak]), 0.7, rtol=0.01)
    np.testing.assert_allclose(found.frequencies[peak], 700.0, atol=found.resolution)
    lines = mb.line_amplitudes(x, signal, [700.0, 850.0], window="none")
    np.testing.assert_allclose(lines.amplitudes, [0.7 * np.exp(0.4j), 0.0], atol=1e-12)


def test_a_landau_fan_warns_where_the_reflection_phase_poses_as_a_berry_phase():
    """A lens: two reflections in the upper band, no Berry phase."""
    frequency, b0 = 600.0, 41.0
    fields = np.linspace(12.0, 30.0, 400)
    index = frequency / fields - 0.5
    index = index - 2 * np.asarray(mb.reflection_phase(b0, fields)) / (2 * np.pi)
    levels = np.arange(20, 48)
    at = np.interp(levels, index[::-1], fields[::-1])
    plain = mb.landau_fan(at, levels)
    assert plain.message == "" and abs(plain.berry_phase) > 0.3
    fan = mb.landau_fan(at, levels, breakdown_field=b0, upper_reflections=2)
    assert "no Berry phase" in fan.message
    assert abs(fan.corrected_berry_phase) < 0.01
    np.testing.assert_allclose(fan.corrected_frequency, frequency, rtol=1e-4)
    with pytest.raises(ValueError, match="the same shape"):
        mb.landau_fan([1.0, 2.0], [1.0])


def test_a_fixed_number_of_electrons():
    """Between two levels μ is where the filling is the density; F's slope is μ."""
    field, temperature = 10.0, 2.0
    quantum = CYCLOTRON * field
    energies = quantum * (jnp.arange(40) + 0.5)
    per_level = field / (2 * np.pi * FLUX)
    potential = mb.chemical_potential(energies, field, 7.0 * per_level, temperature)
    np.testing.assert_allclose(potential, 7.0 * quantum, rtol=1e-9)
    slope = jax.grad(mb.free_energy, argnums=2)(
        energies, field, 7.3 * per_level, temperature
    )
    want = mb.chemical_potential(energies, field, 7.3 * per_level, temperature)
    np.testing.assert_allclose(slope, want, rtol=1e-9)
    with pytest.raises(RuntimeError, match="cannot hold so many"):
        mb.chemical_potential(energies, field, 41.0 * per_level, temperature)


def test_bad_spectra_are_refused():
    with pytest.raises(ValueError, match="evenly spaced"):
        mb.spectrum([1.0, 2.0, 4.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="`window` must be one of"):
        mb.spectrum([1.0, 2.0], [1.0, 2.0], window="flat")
    with pytest.raises(ValueError, match="no path of up to 1 arcs"):
        mb.closed_paths(circles(0.05)(FERMI), 1)
    with pytest.raises(ValueError, match="`broadening` must be positive"):
        mb.density_of_states(circles(0.05), FERMI, 10.0, 0.0)
