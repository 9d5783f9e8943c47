"""Junctions: closed forms, geometry, exact propagation through the crossing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import breakdown as mb
from tests.breakdown.records import EV, check, record
from tests.helpers import differences

UNIT = {"xz": lambda deg: [np.sin(np.deg2rad(deg)), 0.0, np.cos(np.deg2rad(deg))]}


def general():
    p = record(7)["parameters"]
    return mb.Junction(p["Delta_meV"] * 1e-3, p["v1"], p["v2"])


def quasi_2d(p):
    v0, w0, vz = p["v0"], p["w0"], p["vz"]
    return mb.Junction(p["Delta_meV"] * 1e-3, [v0, w0, vz], [-v0, w0, vz])


def test_breakdown_field_and_sweep_rate_of_a_general_junction():
    check(general().breakdown_field(record(7)["parameters"]["Bhat"]), record(7))
    rate = general().sweep_rate(record(8)["parameters"]["B_T"])
    check(abs(rate) * 1e12 * EV, record(8))


@pytest.mark.parametrize("number", [10, 11])
def test_breakdown_field_of_a_tilted_quasi_two_dimensional_junction(number):
    p = record(number)["parameters"]
    check(quasi_2d(p).breakdown_field(UNIT["xz"](p["theta_deg"])), record(number))


def test_breakdown_field_of_the_skew_junction():
    p = record(13)["parameters"]
    v = p["v0"]
    junction = mb.Junction(p["Delta_meV"] * 1e-3, [v, 2 * v, 0], [3 * v, -v, 0])
    check(junction.breakdown_field([0, 0, 1]), record(13))


def test_breakdown_probability():
    p = record(14)["parameters"]
    fields = jnp.array(p["B_T"])
    check(mb.breakdown_probability(p["B0_T"], fields), record(14))
    total = mb.breakdown_probability(41.0, fields) + mb.reflection_probability(
        41.0, fields
    )
    np.testing.assert_allclose(total, 1.0, rtol=1e-15)


def test_nearly_free_breakdown_field_and_back():
    p = record(16)["parameters"]
    g, kf = p["G"] * 1e-10, p["kF"] * 1e-10
    field = mb.nearly_free_breakdown_field(p["Vg_eV"], g, kf)
    check(field, record(16))
    np.testing.assert_allclose(mb.lattice_potential(field, g, kf), p["Vg_eV"], 1e-14)


def test_four_formulas_of_a_mirror_symmetric_junction_agree():
    gap, vx, vy = 0.01, 2e5, 3e5
    junction = mb.Junction(gap, [vx, vy, 0], [-vx, vy, 0])
    hbar = 1.0 / 1.519267447878626e5  # eV Å per m/s
    a, b = gap / (2 * hbar * vy), gap / (2 * hbar * vx)
    want = junction.breakdown_field([0, 0, 3.0])
    np.testing.assert_allclose(want, 1.98871643879, rtol=1e-11)
    np.testing.assert_allclose(mb.ellipse_breakdown_field(gap, vx, vy), want, 1e-13)
    np.testing.assert_allclose(
        mb.chambers_breakdown_field(2 * a, b**2 / a, b**2 / a), want, rtol=1e-12
    )


def test_the_frequency_of_a_real_orbit_is_no_breakdown_field():
    """The lens of the nearly free example has ħA/e 6210 times its B₀."""
    p = record(16)["parameters"]
    g, kf = p["G"] * 1e-10, p["kF"] * 1e-10
    half = np.arccos(g / (2 * kf))
    lens = 2 * kf**2 * (half - np.sin(half) * np.cos(half))
    flux = 1.0545718176461565e-34 / EV * lens * 1e20
    ratio = flux / mb.nearly_free_breakdown_field(p["Vg_eV"], g, kf)
    np.testing.assert_allclose(ratio, 6210, rtol=1e-3)


def test_the_best_field_is_along_the_normal_of_the_velocities():
    junction = general()
    normal = jnp.cross(junction.first, junction.second)
    slope = jax.grad(junction.breakdown_field)(normal / jnp.linalg.norm(normal))
    np.testing.assert_allclose(slope, 0.0, atol=1e-10)
    tilted = normal / jnp.linalg.norm(normal) + jnp.array([0.1, 0.0, 0.0])
    assert junction.breakdown_field(tilted) > junction.breakdown_field(normal)


def test_a_junction_is_a_landau_zener_crossing():
    junction, field = general(), [6.0, 0.0, 8.0]
    hbar = 1e12 * 1.0545718176461565e-34 / EV  # eV ps
    rate = junction.sweep_rate(field) / hbar
    want = lz.exact.landau_zener(junction.gap / hbar, rate)
    np.testing.assert_allclose(junction.probability(field), want, rtol=1e-13)
    phase = lz.exact.stokes_phase(lz.exact.adiabaticity(junction.gap / hbar, rate))
    np.testing.assert_allclose(junction.reflection_phase(field), phase, rtol=1e-13)
    matrix = junction.scattering_matrix(field)
    np.testing.assert_allclose(abs(matrix[1, 0]) ** 2, want, rtol=1e-13)


def test_gradients_of_everything_a_junction_has():
    def numbers(junction):
        field = jnp.array([3.0, 1.0, 9.0])
        matrix = junction.scattering_matrix(field)
        weights = jnp.array([[1.0, 2.0], [3.0, 4.0]])
        return (
            jnp.sum(weights * (matrix.real + 0.5 * matrix.imag))
            + junction.reflection_phase(field)
            + 0.1 * junction.breakdown_field(field)
        )

    junction = mb.Junction(1.2, [2.0, 1.0, 0.3], [-1.0, 2.5, -0.2])
    scaled = jax.jit(lambda j: numbers(mb.Junction(j.gap / 100, *_fast(j))))
    got = jax.grad(scaled)(junction)
    want = differences(scaled, junction)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9)


def _fast(junction):
    return 1e5 * junction.first, 1e5 * junction.second


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: general().breakdown_field([0.0, 0.0, 0.0]), "`direction` must be pos"),
        (lambda: general().sweep_rate([1.0, 0.0]), r"shape \(3,\), got \(2,\)"),
        (lambda: mb.breakdown_probability(1.0, 0.0), "`field` must not be zero"),
        (lambda: mb.breakdown_probability(-1.0, 1.0), "not be negative"),
        (lambda: mb.nearly_free_breakdown_field(0.1, 2.0, 0.9), "must be positive"),
        (lambda: mb.chambers_breakdown_field(1.0, 0.0, 1.0), "`first_radius` must"),
        (lambda: mb.adiabatic_matrix(-1.0), "`delta` must not be negative"),
    ],
)
def test_bad_numbers_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
