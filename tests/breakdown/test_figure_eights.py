"""Figure-eights against exact spectra: electron and hole, and one band's saddle."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb
from lzjax.breakdown._units import ELEMENTARY_CHARGE, FLUX
from tests.breakdown.records import check, record


def figure_eight(b, m):
    return mb.TiltedDirac(1.0, 1.0, 1.0, 2.0 * m), b * FLUX


def double_well():
    p = record(20)["parameters"]
    return mb.DoubleWell(1.0, 1.0, p["b"] * 1e-10), p["B_T"]


@pytest.mark.parametrize("number", [35, 37])
def test_the_figure_eight_of_electron_and_hole(number):
    """To a few thousandths of a spacing at b = 0.01; with a constant coupling the rule
    would have errors of order √b, 2.5 %."""
    p = record(number)["parameters"]
    model, field = figure_eight(p["b"], p["m"])
    exact = mb.tilted_dirac_levels(model, field, *p["window"])
    check(exact, record(number))
    found = mb.levels(model, field, 1e-4, 0.15, 10)
    error = (found - exact) / np.mean(np.diff(exact))
    assert np.sqrt(np.mean(error**2)) < {35: 3.5e-3, 37: 1e-3}[number]


@pytest.mark.parametrize("m", [0.04, -0.04])
def test_the_figure_eight_gets_better_in_weaker_fields_for_either_sign_of_the_gap(m):
    def error(b):
        model, field = figure_eight(b, m)
        exact = mb.tilted_dirac_levels(model, field, 1e-4, 6 * b, basis=400)
        found = mb.levels(model, field, 1e-4, 0.15, 10)[: len(exact)]
        return np.sqrt(np.mean((found - exact) ** 2)) / np.mean(np.diff(exact))

    strong, weak = error(0.01), error(0.005)
    assert weak < 0.7 * strong < 0.7 * 3.5e-3


def test_the_figure_eight_of_one_band_through_its_saddle():
    model, field = double_well()
    exact = mb.double_well_levels(model, field)[:12]
    check(exact / model.saddle_energy, record(20))
    found = mb.levels(model, field, 0.01 * model.saddle_energy, exact[-1] * 1.2, 12)
    # Landau's spacing of one lobe at its bottom is 4h of the saddle's energy.
    error = (found - exact) / model.saddle_energy / (4 * 0.08)
    assert np.max(np.abs(error)) < 3.4e-3


def test_actions_of_the_double_well():
    model, field = double_well()
    p = record(22)
    lobe, forbidden = model.areas(p["parameters"]["eps"] * model.saddle_energy)
    got = FLUX / field * np.array([lobe, 0.5 * forbidden])
    np.testing.assert_allclose(got, p["value"][:2], rtol=1e-9)


def test_the_lobe_at_the_saddle():
    p = record(19)["parameters"]
    model = mb.DoubleWell(p["mx_over_me"], p["my_over_me"], p["b"] * 1e-10)
    lobe, forbidden = model.areas(model.saddle_energy)
    joule = model.saddle_energy * ELEMENTARY_CHARGE
    np.testing.assert_allclose([lobe * 1e20, joule], record(19)["value"], rtol=1e-9)
    np.testing.assert_allclose(forbidden, 0.0, atol=1e-12)


@pytest.mark.parametrize("mass_gap", [0.08, -0.08])
def test_the_figure_eight_of_traced_orbits_is_the_named_one(mass_gap):
    """An electron and a hole pocket: B₀ by the complex action, the hole's phase π."""
    energy = 0.05
    named = mb.TiltedDirac(1.0, 1.0, 1.0, mass_gap)
    bands = mb.TypeTwoDirac(1.0, 1.0, 1.0, mass_gap)
    orbits = tilted_orbits(bands, energy, named._roots(jnp.asarray(energy)))
    network = mb.traced_network(orbits, formula="action")
    found, want = eqx.filter_jit(network)(energy), named(energy)
    for arc, other in zip(found.arcs, want.arcs, strict=True):
        np.testing.assert_allclose(arc.area, other.area, rtol=1e-10)
        np.testing.assert_allclose(arc.rotation, other.rotation, rtol=1e-10)
        np.testing.assert_allclose(np.cos(arc.phase - other.phase), 1.0, atol=1e-10)
    (crossing,), (other,) = found.vertices, want.vertices
    assert (crossing.first, crossing.second) == (other.first, other.second)
    got = [crossing.breakdown_field, crossing.angle, crossing.coupling_phase]
    expected = [other.breakdown_field, other.angle, other.coupling_phase]
    np.testing.assert_allclose(got, expected, rtol=1e-9)


@eqx.filter_jit
def tilted_orbits(bands, energy, roots):
    def one(band, left, right):
        middle = jnp.stack([0.5 * (left + right), jnp.zeros(()), jnp.zeros(())])
        start = mb.surface_point(band, energy, middle, [0.0, 1.0, 0.0], 2.0)
        return mb.orbit(band, start, [0.0, 0.0, 1.0], reach=12.0, points=512)

    electron = one(bands.adiabatic("upper"), *roots[:2])
    return electron, one(bands.adiabatic("lower"), *roots[2:])
