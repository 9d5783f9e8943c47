"""Formulas for one passage, against complex actions, records and each other."""

import equinox as eqx
import jax
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import lzjax as lz
from lzjax.molecules import CurveCrossing, Curves, Morse, jump_formulas, zhu_nakamura
from tests.oracles import oracle

ROUNDING = 1e-12
COUPLING, SLOPES, MASS = 0.005, (0.03, 0.012), 2000.0
MEAN, DIFFERENCE = np.sqrt(np.prod(SLOPES)), SLOPES[0] - SLOPES[1]
# Effective energies b² = T ΔF / (2 F V).
EFFECTIVE = np.array([0.0, 0.25, 1.0, 2.0, 20.0])
KINETIC = EFFECTIVE * 2 * MEAN * COUPLING / DIFFERENCE

formulas = eqx.filter_jit(jump_formulas)


def _action(b2):
    """The exponent of straight curves: twice the imaginary action between their
    complex crossings, in momentum space, where (E − p²/2m)/Fⱼ are two levels."""
    end = np.sqrt(b2 + 1j)

    def gap(u):
        rest = b2 - (end * u) ** 2
        return (end * np.sqrt((rest - 1j) * (rest + 1j))).imag

    scale = np.sqrt(4 * MASS * COUPLING * MEAN / DIFFERENCE)
    return 4 * COUPLING / MEAN * scale * quad(gap, 0, 1, limit=200)[0]


def test_zhu_nakamura_stays_near_the_complex_action_down_to_the_crossing():
    found = zhu_nakamura(COUPLING, *SLOPES, kinetic_energy=KINETIC, mass=MASS)
    assert np.all(found.valid)
    actions = np.array([_action(b2) for b2 in EFFECTIVE])
    ratios = -np.log(found.value) / actions
    np.testing.assert_allclose(ratios, [0.8986, 0.9335, 0.9794, 0.9931, 0.99992], 1e-4)
    zener = CurveCrossing.from_energy(
        COUPLING, *SLOPES, kinetic_energy=KINETIC[1:], mass=MASS
    ).p_diabatic_survival()
    zener_ratios = -np.log(zener) / actions[1:]
    np.testing.assert_allclose(zener_ratios, [1.4940, 1.0761, 1.0220, 1.00023], 1e-4)


def test_zhu_nakamura_is_zeners_formula_at_high_energy():
    """1/√(1 + b⁻⁴) is all that differs: a share of b⁻⁴/8 of the exponent."""
    kinetic = 50.0 * KINETIC[-1]
    found = zhu_nakamura(COUPLING, *SLOPES, kinetic_energy=kinetic, mass=MASS)
    zener = CurveCrossing.from_energy(
        COUPLING, *SLOPES, kinetic_energy=kinetic, mass=MASS
    ).p_diabatic_survival()
    np.testing.assert_allclose(found.value, zener, rtol=1e-6)


def test_zhu_nakamura_says_where_it_does_not_hold():
    slopes, kinetic = np.array([0.02, -0.02, 0.02]), np.array([0.1, 0.1, -0.1])
    found = zhu_nakamura(0.005, slopes, 0.03, kinetic_energy=kinetic, mass=MASS)
    np.testing.assert_array_equal(found.valid, [True, False, False])
    assert np.all(np.isfinite(found.value))
    # Without coupling nothing but the diabatic curve is followed, and smoothly so.
    uncoupled = jax.value_and_grad(
        lambda v: zhu_nakamura(v, *SLOPES, kinetic_energy=0.1, mass=MASS).value
    )
    np.testing.assert_array_equal(uncoupled(0.0), [1.0, 0.0])
    with pytest.raises(ValueError, match="`mass` must be positive"):
        zhu_nakamura(0.005, *SLOPES, kinetic_energy=0.1, mass=0.0)


def test_side_by_side_for_straight_curves():
    """Belyaev and Lebedev know the adiabatic gap alone, and find the same."""
    line = lz.models.Linear
    curves = Curves(line(SLOPES[0], 0.1), line(SLOPES[1], 0.1), COUPLING)
    energy = 0.1 + KINETIC[-1]
    found = formulas(curves, 0.3, energy=energy, mass=MASS)
    zener = CurveCrossing.from_energy(
        COUPLING, *SLOPES, kinetic_energy=KINETIC[-1], mass=MASS
    )
    expected = zener.p_diabatic_survival()
    np.testing.assert_allclose(found.landau_zener.checked(), expected, rtol=ROUNDING)
    np.testing.assert_allclose(found.belyaev_lebedev.checked(), expected, rtol=ROUNDING)
    np.testing.assert_allclose(found.zhu_nakamura.checked(), expected, rtol=1e-3)
    np.testing.assert_allclose(found.position, 0.0, atol=ROUNDING)
    np.testing.assert_allclose(found.velocity, zener.velocity, rtol=ROUNDING)


def test_the_gap_alone_decides_the_recorded_case():
    """Z² = α²t² + Δ² of the record is that of straight curves passed at unit speed."""
    record = oracle("belyaev")
    gap, rate = record["parameters"]["Delta"], record["parameters"]["alpha"]
    curves = Curves(
        lz.models.Linear(0.5 * rate), lz.models.Linear(-0.5 * rate), 0.5 * gap
    )
    found = formulas(curves, 0.1, energy=0.5, mass=1.0).belyaev_lebedev
    np.testing.assert_allclose(found.value, record["value"], atol=record["tolerance"])
    assert not found.valid  # the kinetic energy is less than the coupling there


def test_side_by_side_for_morse_curves():
    """All three see the slopes at the crossing only; the record is the exact jump."""
    record = oracle("morse-0.01-0.01")
    first, second, mass = Morse(0.2, 0.9, 2.0), Morse(0.15, 0.8, 3.0, 0.03), 3000.0
    x = brentq(lambda x: float(first(x) - second(x)), 2.0, 3.0, xtol=1e-15)
    energy = float(first(x)) + 0.5 * mass * 0.01**2

    def at_slope(slope):
        """The coupling at the crossing is always that of the record."""
        coupling = lz.models.Linear(slope, 0.01 - slope * x)
        return formulas(Curves(first, second, coupling), 2.5, energy=energy, mass=mass)

    found = at_slope(0.0)
    zener = float(found.landau_zener.value)
    np.testing.assert_allclose(zener, record["formula_value"], rtol=1e-10)
    np.testing.assert_allclose(found.velocity, 0.01, rtol=1e-12)
    # The slopes there have opposite signs: no case for Zhu and Nakamura.
    assert found.landau_zener.valid and not found.zhu_nakamura.valid
    assert abs(zener - record["value"]) > 0.01
    # With a constant coupling the gap is smallest at the crossing and bent by the
    # slopes alone; else it is smallest beside it, which gives another answer.
    np.testing.assert_allclose(found.belyaev_lebedev.value, zener, rtol=ROUNDING)
    sloped = at_slope(0.02)
    np.testing.assert_allclose(sloped.landau_zener.value, zener, rtol=ROUNDING)
    assert 1e-4 < abs(sloped.belyaev_lebedev.value - zener) < 0.05


def test_an_energy_below_the_crossing_is_refused():
    curves = Curves(lz.models.Linear(0.1), lz.models.Linear(-0.1), 0.01)
    with pytest.raises(RuntimeError, match="does not reach the crossing"):
        formulas(curves, 0.1, energy=-0.2, mass=1.0)
