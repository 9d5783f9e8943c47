"""Networks cut out of traced orbits: against exact spectra and the named networks."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb
from lzjax.breakdown._units import (
    CYCLOTRON,
    ELEMENTARY_CHARGE,
    FLUX,
    HBAR2_OVER_MASS,
)
from tests.breakdown.records import record

Z = [0.0, 0.0, 1.0]
FIELD = 10.0
QUANTUM = CYCLOTRON * FIELD
CASE = record(31)["parameters"]
G, V = CASE["G"] * 1e-10, CASE["Vg_J"] / ELEMENTARY_CHARGE
FERMI = 62.0 * QUANTUM


def _circles(k, p):
    """The two circles of the record; `twist` makes the coupling complex, `split` sets
    them apart in energy."""
    free = mb.FreeElectrons([1.0, 1.0, jnp.inf])
    other = free(k - jnp.array([G, 0.0, 0.0]))
    turn = 0.8 * k[0] / G + 1.1 * k[1] / G + 2.0 * (k[0] / G) * (k[1] / G)
    flip = p["potential"] * jnp.exp(1j * p["twist"] * (1.0 + turn))
    return free(k) + p["split"], other - p["split"], flip


def circles(potential=V, twist=0.0, split=0.0):
    numbers = {"potential": potential, "twist": twist, "split": split}
    return mb.TwoBandFunction(_circles, {n: jnp.asarray(x) for n, x in numbers.items()})


def trace(bands, energy):
    """(lens, outer orbit), compiled once for all energies."""
    return _trace(bands, jnp.asarray(energy))


@eqx.filter_jit
def _trace(bands, energy):
    centre, up = [G / 2, 0.0, 0.0], [0.0, 1.0, 0.0]

    def one(band):
        start = mb.surface_point(band, energy, centre, up, 3 * G)
        return mb.orbit(band, start, Z, reach=12 * G, points=512)

    return one(bands.adiabatic("upper")), one(bands.adiabatic("lower"))


def built(network, energy):
    return _built(network, jnp.asarray(energy))


@eqx.filter_jit
def _built(network, energy):
    return network(energy)


@eqx.filter_jit
def weights_of(paths, network):
    return paths.weights(network, FIELD), paths.areas(network)


@pytest.fixture(scope="module")
def network():
    return mb.traced_network(trace(circles(), FERMI))


@pytest.fixture(scope="module")
def twisted():
    orbits = trace(circles(twist=0.7), FERMI)
    return orbits, mb.traced_network(orbits)


WANT = np.sort(record(31)["value"] + record(32)["value"])


@jax.jit
def secular(now):
    return now.secular(FIELD)


def distances(network, exact):
    """Of the determinant's zeros from exact levels, by the secant, in quanta."""
    apart = 1e-4
    below, above = (
        np.array([secular(built(network, (e + h) * QUANTUM)) for e in exact])
        for h in (-apart, apart)
    )
    return apart * (below + above) / (below - above)


def test_the_determinant_vanishes_near_the_exact_levels(network):
    assert np.sqrt(np.mean(distances(network, WANT) ** 2)) < 2e-5


def test_breakdown_that_turns_the_spin_between_zeeman_levels():
    """Spin-orbit coupling across the field joins spin up of band 1 and spin down of
    band 2, 0.74 quanta apart: circles of two sizes, the Rabi model with a bias."""
    half, size = 0.37, 260
    network = mb.traced_network(trace(circles(split=half * QUANTUM), FERMI))
    shift = 0.5 * G * np.sqrt(FLUX / FIELD)
    n = np.arange(size)
    place = np.diag(np.sqrt(0.5 * n[1:]), 1)
    level = np.kron(np.diag(n + 0.5 + 0.5 * shift**2), np.eye(2))
    bias = half * np.eye(size) - shift * (place + place.T)
    level = level + np.kron(bias, np.diag([1.0, -1.0]))
    level = level + V / QUANTUM * np.kron(np.eye(size), [[0.0, 1.0], [1.0, 0.0]])
    exact = np.linalg.eigvalsh(level)
    exact = exact[(exact > 60) & (exact < 64)]
    assert len(exact) >= 7
    errors = distances(network, exact)
    assert np.sqrt(np.mean(errors**2)) < 5e-5, errors


@pytest.mark.slow
def test_levels_agree_with_the_exact_spectrum(network):
    found = mb.levels(network, FIELD, 60 * QUANTUM, 65 * QUANTUM, 8)
    assert np.sqrt(np.mean((found / QUANTUM - WANT) ** 2)) < 2e-5


def test_arcs_move_with_the_energy(network):
    """Ten cyclotron energies to either side of where the orbits were traced."""

    named = mb.CoupledCircles(V, G, nodes=1500)
    named_areas = eqx.filter_jit(named.areas)
    for away in (-10.0, 0.0, 10.0):
        energy = FERMI + away * QUANTUM
        now = built(network, energy)
        outer, lens = named_areas(jnp.asarray(energy))
        radius = np.sqrt(2 * energy / HBAR2_OVER_MASS)
        bend = 2 * np.arcsin(0.5 * G / radius)
        # A hundred-thousandth of a level's spacing is 2π·1e-5 in the phase l²A.
        np.testing.assert_allclose(
            [arc.area for arc in now.arcs],
            0.5 * np.array([lens, lens, outer, outer]),
            atol=1e-6 * FIELD / FLUX,
        )
        np.testing.assert_allclose(
            [arc.rotation for arc in now.arcs],
            np.pi + bend * np.array([-1.0, -1.0, 1.0, 1.0]),
            rtol=1e-9,
        )
        b0 = mb.nearly_free_breakdown_field(V, G, radius)
        for vertex in now.vertices:
            got = vertex.breakdown_field, abs(vertex.angle)
            np.testing.assert_allclose(got, (b0, bend), rtol=1e-10)


def test_signs_of_tunnelling_follow_from_the_graph(network):
    """A circle through two junctions has the phase l²A − π and no sign more, a lens
    loses two reflection phases, and the outer orbit gains two."""
    now = built(network, FERMI)
    paths = mb.closed_paths(now, 2)
    b0 = network.breakdown_fields(FERMI)[0]
    shift = float(mb.reflection_phase(b0, FIELD))
    weights, areas = map(np.asarray, weights_of(paths, now))
    turns = FLUX / FIELD * areas - np.pi
    through = np.exp(-b0 / FIELD)
    seen = set()
    for path, weight in enumerate(weights):
        if paths.repeats[path] > 1:
            continue
        if paths.reflections[path] == 0:
            kind, want = "circle", through * np.exp(1j * turns[path])
        else:
            signs = {network.signs[arc] for arc in paths.sequences[path]}
            kind = "outer" if signs == {-1} else "lens"
            turn = turns[path] - 2 * shift * (-1 if kind == "outer" else 1)
            want = (1 - through) * np.exp(1j * turn)
        np.testing.assert_allclose(weight, want, atol=1e-9)
        seen.add(kind)
    assert seen == {"circle", "lens", "outer"}


def test_phases_of_a_complex_coupling_are_berrys_and_the_moments(twisted):
    """The arcs and junctions of a gapped orbit add up to its own closed phases."""
    (lens, outer), network = twisted
    now, bands = built(network, FERMI), circles(twist=0.7)
    paths = mb.closed_paths(now, 2)
    weights, areas = map(np.asarray, weights_of(paths, now))
    shift = np.asarray(mb.reflection_phase(network.breakdown_fields(FERMI), FIELD))
    for which, orbit, sign in (("upper", lens, -1), ("lower", outer, 1)):
        phases = eqx.filter_jit(mb.orbit_phases)(bands, which, orbit)
        assert abs(phases.berry) > 0.1
        found = [
            path
            for path, arcs in enumerate(paths.sequences)
            if paths.repeats[path] == 1
            and {network.signs[arc] for arc in arcs} == {-sign}
        ]
        (path,) = found
        turn = FLUX / FIELD * areas[path] - np.pi + phases.total + sign * shift.sum()
        excess = np.angle(weights[path] * np.exp(-1j * turn))
        np.testing.assert_allclose(excess, 0.0, atol=2e-4)  # of Wilson's products


def with_potential(network, potential):
    return eqx.tree_at(lambda n: n.bands, network, circles(potential))


@pytest.fixture(scope="module")
def slope(network):
    """The derivative of three numbers of the network, with new bands inside."""

    def numbers(potential):
        return parts(with_potential(network, potential)(FERMI))

    return jax.jacfwd(numbers)


def parts(now):
    areas = now.arcs[0].area, now.arcs[2].area
    return jnp.stack([*areas, now.vertices[0].breakdown_field])


def test_derivatives_by_the_numbers_of_the_bands(network, slope):
    """By the lattice potential."""
    step = 1e-3 * V
    low, high = (
        np.asarray(parts(built(with_potential(network, V + d), FERMI)))
        for d in (-step, step)
    )
    np.testing.assert_allclose(jax.jit(slope)(V), (high - low) / (2 * step), rtol=1e-5)


@pytest.mark.slow
def test_second_derivatives_by_the_numbers_of_the_bands(network, slope):
    step, once = 1e-3 * V, jax.jit(slope)
    bend = jax.jit(jax.jacfwd(slope))(V)
    want = (once(V + step) - once(V - step)) / (2 * step)
    np.testing.assert_allclose(bend, want, rtol=1e-5)
    b0 = network.breakdown_fields(FERMI)[0]
    np.testing.assert_allclose(bend[2], 2 * b0 / V**2, rtol=1e-9)


@pytest.mark.slow
def test_orbits_without_a_junction_are_loops():
    """Far above the gap of a Dirac cone: one arc, the Berry and moment phases π."""
    cone = mb.TwoBandFunction(_dirac, 0.01)
    band = cone.adiabatic("upper")
    start = mb.surface_point(band, 0.03, np.zeros(3), [1.0, 0.0, 0.0], 0.1)
    found = mb.orbit(band, start, Z, reach=0.1)
    network = mb.traced_network([found])
    now = built(network, 0.03)
    assert len(now.arcs) == 1 and not now.vertices
    arc = now.arcs[0]
    np.testing.assert_allclose(arc.area, np.pi * 0.0008 / 36.0, rtol=1e-9)
    np.testing.assert_allclose(arc.rotation, 2 * np.pi, rtol=1e-12)
    np.testing.assert_allclose(abs(arc.phase), np.pi, rtol=1e-6)


def _dirac(k, mass):
    return mass, -mass, 6.0 * (k[0] + 1j * k[1])


def test_bad_orbits_are_refused(network, twisted):
    (lens, outer), _ = twisted

    def call(words, orbits, **options):
        with pytest.raises(ValueError, match=words):
            mb.traced_network(orbits, **options)

    call("at least one orbit", [])
    call("needs one orbit in the lower band and one in the upper, got 1 and 0", [outer])
    call("got 1 and 2", [lens, outer, lens])
    call("orbits 0 and 1 belong to different bands", [lens, trace(circles(), FERMI)[1]])
    call("must have one energy", [lens, trace(circles(twist=0.7), 1.01 * FERMI)[1]])
    call("`nodes` must be odd", [lens, outer], nodes=64)
    call("`formula` must be one of", [lens, outer], formula="chambers")
    open_ = eqx.tree_at(lambda o: o.closed, lens, jnp.asarray(False))
    call("orbit 0 is open", [open_, outer])
    free = eqx.tree_at(lambda o: o.band, lens, mb.FreeElectrons())
    call("orbit 0 must be of `bands.adiabatic", [free])
    with pytest.raises(ValueError, match="cannot be cut under `jit`"):
        jax.jit(
            lambda: mb.traced_network(jax.lax.stop_gradient(trace(circles(), FERMI)))
        )()
    with pytest.raises(RuntimeError, match="trace them at a nearer energy"):
        built(network, 0.3 * FERMI)
