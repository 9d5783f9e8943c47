"""Scattering matrices: the phases that are left when the dynamical ones are out."""

import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import exact
from tests.helpers import defect, dense

DELTAS = np.geomspace(1e-3, 2.0, 12)
GAPS = np.sqrt(4 * DELTAS)


def each(function, **options):
    """One call for each gap: they share their compilation with all other tests."""
    models = [lz.LinearSweep(gap, 1.0) for gap in GAPS]
    return np.stack([function(model, rtol=1e-10, **options) for model in models])


def adiabatic():
    return each(lz.scattering_matrix, basis="adiabatic")


def diabatic():
    return each(lz.scattering_matrix)


def test_the_matrix_is_the_one_on_paper():
    """Ivakhnenko, Shevchenko & Nori (2023), section 2.3, with the Stokes phase."""
    got = adiabatic()
    p, phase = exact.landau_zener(GAPS, 1.0), exact.stokes_phase(DELTAS)
    stay = np.sqrt(1 - p) * np.exp(1j * phase)
    jump = np.sqrt(p) + 0j
    want = np.stack(
        [np.stack([stay, jump], -1), np.stack([-jump, stay.conj()], -1)], axis=-2
    )
    # 1e-8 is asked for; the tolerance is 1e-10 for U.
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-8)
    # The phase itself, where there is enough amplitude to see it.
    seen = DELTAS > 1e-2
    np.testing.assert_allclose(
        np.angle(got[seen, 0, 0]), phase[seen], rtol=0, atol=1e-8
    )


def test_the_diabatic_matrix_is_the_one_on_paper():
    got = diabatic()
    p, phase = exact.landau_zener(GAPS, 1.0), exact.stokes_phase(DELTAS)
    np.testing.assert_allclose(got[:, 0, 0], np.sqrt(p), rtol=0, atol=1e-8)
    np.testing.assert_allclose(got[:, 1, 1], np.sqrt(p), rtol=0, atol=1e-8)
    # −√(1−P) exp(±iφ), with a sign that the gauge decides.
    off = got[:, 1, 0] * np.exp(-1j * phase), got[:, 0, 1] * np.exp(1j * phase)
    other = got[:, 1, 0] * np.exp(1j * phase), got[:, 0, 1] * np.exp(-1j * phase)
    sign = min(off, other, key=lambda pair: float(np.max(np.abs(np.imag(pair)))))
    for part in sign:
        np.testing.assert_allclose(np.abs(part.real), np.sqrt(1 - p), atol=1e-8)
        np.testing.assert_allclose(part.imag, 0.0, rtol=0, atol=1e-8)


def test_dynamical_phases_are_exact_for_any_gap():
    """Energies bend sharply at a crossing with a small gap; they are integrated to
    rounding all the same."""
    gaps = np.sqrt(4 * np.geomspace(1e-5, 0.5, 16))
    got = [lz.scattering_matrix(lz.LinearSweep(gap, 1.0), rtol=1e-12) for gap in gaps]
    p, phase = exact.landau_zener(gaps, 1.0), exact.stokes_phase(gaps**2 / 4)
    want = np.sqrt(1 - p) * np.exp(-1j * phase)
    np.testing.assert_allclose(np.stack(got)[:, 0, 1], want, rtol=0, atol=1e-12)


@pytest.mark.parametrize("matrices", [adiabatic, diabatic])
def test_squared_moduli_are_the_transition_probabilities(matrices):
    found = matrices()
    s, p = np.abs(found) ** 2, each(lz.transition_matrix)
    if matrices is adiabatic:
        # The rising level is the ground state first and the excited one last.
        p = p[:, ::-1, :]
    # Phases of unit modulus: rounding.
    np.testing.assert_allclose(s, p, rtol=0, atol=1e-13)
    for matrix in found:
        assert defect(matrix) < 1e-12


def test_a_reference_elsewhere_moves_the_phases_by_the_energies():
    model, reference = lz.LinearSweep(0.9, 1.0), 0.7
    here = lz.scattering_matrix(model, basis="adiabatic", rtol=1e-10)
    there = lz.scattering_matrix(
        model, basis="adiabatic", rtol=1e-10, reference=reference
    )
    t = np.linspace(0.0, reference, 2001)
    energy = np.trapezoid(0.5 * np.hypot(0.9, t), t)
    turn = np.exp(1j * energy * np.array([1.0, -1.0]))
    want = turn[:, None] * np.asarray(here) / turn
    # The trapezoid rule leaves 1e-8.
    np.testing.assert_allclose(there, want, rtol=0, atol=1e-7)


def test_a_complex_coupling_puts_its_phase_off_the_diagonal():
    plain = lz.scattering_matrix(lz.LinearSweep(0.9 + 0j, 1.0))
    turned = lz.scattering_matrix(lz.LinearSweep(0.9 * np.exp(0.6j), 1.0))
    np.testing.assert_allclose(turned[0, 0], plain[0, 0], rtol=0, atol=2e-8)  # 2 rtol
    ratio = turned[1, 0] / plain[1, 0]
    np.testing.assert_allclose(ratio, np.exp(0.6j), rtol=0, atol=3e-8)  # 2 rtol/|S|


def test_solve_to_infinity_gives_the_scattering_matrix():
    model = lz.LinearSweep(0.9, 1.0)
    np.testing.assert_allclose(
        lz.solve(model).propagator, lz.scattering_matrix(model), rtol=0, atol=1e-14
    )


def test_finite_windows_lose_their_dynamical_phases():
    model, t0, t1 = lz.LinearSweep(0.9, 1.0), -3.0, 2.0
    s = lz.scattering_matrix(model, t0, t1, basis="adiabatic", rtol=1e-10)
    p = lz.transition_matrix(model, t0, t1, basis="adiabatic", rtol=1e-10)
    np.testing.assert_allclose(np.abs(s) ** 2, p, rtol=0, atol=1e-13)  # rounding
    # No coupling, no phase left.
    free = lz.scattering_matrix(
        lz.LinearSweep(1e-9, 1.0), -3.0, -1.0, basis="adiabatic"
    )
    np.testing.assert_allclose(free, jnp.eye(2), rtol=0, atol=2e-8)  # the tolerance


def _turning(t, coupling):
    """A coupling whose phase turns, and falls only as 1/t."""
    return coupling / jnp.sqrt(1.0 + t * t), 0.1 * t / (1.0 + t * t), t


TURNING = lz.TwoLevelFunction(_turning, 1.0)
PULSED = lz.TwoLevel(lz.models.Linear(1.0), lz.models.GaussianPulse(1.0, 2.0))


@pytest.mark.parametrize("basis", ["adiabatic", "diabatic"])
def test_the_limit_is_that_of_long_windows(basis):
    """A pulse is over at t = ±14: nothing depends on where the readout stands. There
    the adiabatic states are diabatic, while the phases of small elements of
    superadiabatic ones are not theirs."""
    got = lz.scattering_matrix(PULSED, basis=basis, rtol=1e-10)
    long = lz.scattering_matrix(PULSED, -14.0, 14.0, basis="adiabatic", rtol=1e-10)
    want = long if basis == "adiabatic" else jnp.abs(long)[::-1]
    got = got if basis == "adiabatic" else jnp.abs(got)
    # Both to 1e-10.
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-9)


@pytest.mark.parametrize("basis", ["adiabatic", "diabatic"])
def test_two_levels_as_a_matrix_have_the_same_phases(basis):
    got = lz.scattering_matrix(dense(TURNING), basis=basis, rtol=1e-10)
    want = lz.scattering_matrix(TURNING, basis=basis, rtol=1e-10)
    if basis == "adiabatic":
        # Other gauges of the states at both ends.
        got, want = jnp.abs(got), jnp.abs(want)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-9)
