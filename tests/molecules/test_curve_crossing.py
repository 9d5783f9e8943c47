"""Chemists' units, and curves that cross straight: closed forms and oracles."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import constants

import lzjax as lz
from lzjax import molecules
from lzjax.molecules import (
    ANGSTROM,
    ATOMIC_MASS,
    ELECTRONVOLT,
    FEMTOSECOND,
    KELVIN,
    WAVENUMBER,
    CurveCrossing,
)
from tests.molecules.oracle_molecules import MOLECULES
from tests.oracles import compute, oracle

ROUNDING = 1e-13
# Slopes, coupling and velocity of the records.
CROSSING = CurveCrossing(0.15, 0.7, -0.4, velocity=0.25)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (ELECTRONVOLT, 1 / 27.211386245981),
        (WAVENUMBER, 1 / 219474.63136314),
        (KELVIN, 3.1668115634564e-6),
        (ANGSTROM, 1 / 0.529177210544),
        (ATOMIC_MASS, 1822.888486283),
        (FEMTOSECOND, 1 / 0.024188843265864),
    ],
)
def test_units_are_the_recommended_ones(got, expected):
    """The published conversion factors, which are rounded on their own."""
    np.testing.assert_allclose(got, expected, rtol=1e-10)


def test_a_crossing_in_chemists_units_is_the_one_in_si():
    """−ln P = 2πV²/(ħ v ΔF), with everything in J, m and s."""
    crossing = CurveCrossing.from_energy(
        80 * WAVENUMBER,
        1.2 * ELECTRONVOLT / ANGSTROM,
        -0.9 * ELECTRONVOLT / ANGSTROM,
        kinetic_energy=0.35 * ELECTRONVOLT,
        mass=14.0 * ATOMIC_MASS,
    )
    speed = np.sqrt(2 * 0.35 * constants.e / (14.0 * constants.atomic_mass))
    coupling = 80 * 100 * constants.h * constants.c
    slopes = 2.1 * constants.e / constants.angstrom
    exponent = 2 * np.pi * coupling**2 / (constants.hbar * speed * slopes)
    # SciPy may still hold the constants of 2018.
    np.testing.assert_allclose(
        -np.log(crossing.p_diabatic_survival()), exponent, rtol=1e-8
    )
    in_si = speed / constants.angstrom * constants.femto
    np.testing.assert_allclose(
        crossing.velocity * FEMTOSECOND / ANGSTROM, in_si, rtol=1e-8
    )


@pytest.mark.parametrize("x", [0.0, -1.0])
def test_derivative_coupling(x):
    got, want = compute(MOLECULES, f"dcoup-{x}"), oracle(f"dcoup-{x}")["value"]
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-12)


def test_derivative_coupling_is_a_lorentzian_of_area_half_pi():
    for name, rtol in (("dcoup-peak", ROUNDING), ("dcoup-area", 1e-12)):
        got, want = compute(MOLECULES, name), oracle(name)["value"]
        np.testing.assert_allclose(got, want, rtol=rtol)
    height, width = oracle("dcoup-peak")["value"]
    # x = (width/2) tan u turns the Lorentzian into a constant.
    u = np.linspace(-1.5, 1.5, 11)
    x = 0.5 * width * np.tan(u)
    density = CROSSING.derivative_coupling(x) * 0.5 * width / np.cos(u) ** 2
    np.testing.assert_allclose(density, 0.5 * width * height, rtol=1e-12)


def test_adiabaticity_criterion_and_probability():
    criterion, jump = oracle("massey")["value"]
    got = compute(MOLECULES, "massey")
    np.testing.assert_allclose(got, [criterion, jump], rtol=ROUNDING)
    np.testing.assert_allclose(oracle("mol-lz")["value"], jump, rtol=ROUNDING)
    np.testing.assert_allclose(CROSSING.p_diabatic_change(), 1 - jump, rtol=ROUNDING)
    np.testing.assert_allclose(np.exp(-np.pi / (4 * criterion)), jump, rtol=ROUNDING)


def test_energy_and_its_derivative():
    record = oracle("mol-energy")
    p = record["parameters"]

    def survival(energy):
        kinetic = energy - p["E_x"]
        return CurveCrossing.from_energy(
            p["V"], p["dF"], 0.0, kinetic_energy=kinetic, mass=p["m"]
        ).p_diabatic_survival()

    got = jax.value_and_grad(survival)(p["E"])
    np.testing.assert_allclose(got, record["value"], atol=record["tolerance"])


def test_a_crossing_is_a_model():
    """The usual linear sweep, whose exact solutions other tests check."""
    sweep, t = CROSSING.sweep(), jnp.asarray(0.7)
    assert isinstance(CROSSING, lz.models.AbstractTwoLevel)
    np.testing.assert_allclose(CROSSING.field(t), sweep.field(t), rtol=ROUNDING)
    assert "slope_0·x" in repr(CROSSING) and "ħ = 1" in repr(CROSSING)


@pytest.mark.parametrize("gap", [0.1, 3.0])
def test_durations(gap):
    crossing = CurveCrossing(0.5 * gap, 1.0, 0.0, velocity=1.0)
    assert crossing.duration() == oracle(f"tauLZ-{gap}")["value"]
    np.testing.assert_allclose(
        crossing.jump_time(), lz.exact.jump_time(gap, 1.0), rtol=ROUNDING
    )


def test_what_does_not_reach_the_crossing_is_refused():
    with pytest.raises(ValueError, match="`kinetic_energy` must be positive, got -0.1"):
        CurveCrossing.from_energy(0.1, 1.0, 0.0, kinetic_energy=-0.1, mass=1.0)
    with pytest.raises(ValueError, match="`rate` must not be zero"):
        molecules.CurveCrossing(0.1, 1.0, 1.0, velocity=1.0).p_diabatic_survival()
