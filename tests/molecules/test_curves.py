"""Curves in both representations: closed forms, published models, oracles."""

import equinox as eqx
import jax
import numpy as np
import pytest

import lzjax as lz
from lzjax import molecules
from lzjax.molecules import Curves, Harmonic, Morse
from tests.oracles import oracle

ROUNDING = 1e-13
STRAIGHT = Curves(lz.models.Linear(0.7), lz.models.Linear(-0.4), 0.15)
MORSE = Curves(Morse(0.2, 0.9, 2.0), Morse(0.15, 0.8, 3.0, 0.03), 0.01)
BENT = Curves(Harmonic(0.3, -0.5), Harmonic(0.2, 1.0, 0.1), lz.models.Linear(0.02, 0.1))
TULLY = (
    molecules.tully_simple_crossing(),
    molecules.tully_dual_crossing(),
    molecules.tully_extended_coupling(),
)
POINTS = np.array([-3.0, -0.7, -0.1, 0.0, 0.3, 1.9])


def _all_of(surfaces, x):
    return (
        surfaces.matrix(x),
        surfaces.energies(x),
        surfaces.states(x),
        surfaces.derivative_coupling(x),
        surfaces.adiabaticity_criterion(x, 0.25),
    )


looked_at = eqx.filter_jit(jax.vmap(_all_of, in_axes=(None, 0)))
crossing_point = eqx.filter_jit(Curves.crossing_point)
crossing_of = eqx.filter_jit(Curves.crossing)


def _published(model, x):
    """The models as they are printed, in NumPy."""
    if model == 0:
        rise = np.where(
            x > 0, 0.01 * (1 - np.exp(-1.6 * x)), -0.01 * (1 - np.exp(1.6 * x))
        )
        return rise, -rise, 0.005 * np.exp(-(x**2))
    if model == 1:
        well = -0.1 * np.exp(-0.28 * x**2) + 0.05
        return 0 * x, well, 0.015 * np.exp(-0.06 * x**2)
    coupling = np.where(x < 0, 0.1 * np.exp(0.9 * x), 0.1 * (2 - np.exp(-0.9 * x)))
    return 6e-4 + 0 * x, -6e-4 + 0 * x, coupling


@pytest.mark.parametrize("model", range(3))
def test_tullys_models_are_the_printed_ones(model):
    matrices = np.asarray(looked_at(TULLY[model], POINTS)[0])
    first, second, coupling = _published(model, POINTS)
    np.testing.assert_allclose(matrices[:, 0, 0], first, atol=1e-15)
    np.testing.assert_allclose(matrices[:, 1, 1], second, atol=1e-15)
    np.testing.assert_allclose(matrices[:, 0, 1], coupling, atol=1e-15)
    np.testing.assert_allclose(matrices[:, 1, 0], coupling, atol=1e-15)


@pytest.mark.parametrize("curves", [STRAIGHT, MORSE, BENT, *TULLY])
def test_adiabatic_energies_states_and_coupling_against_numpy(curves):
    """Hellmann and Feynman: d = <lower|H'|upper> / gap, with H' by differences."""
    matrices, energies, states, coupling, _ = map(np.asarray, looked_at(curves, POINTS))
    np.testing.assert_allclose(energies, np.linalg.eigvalsh(matrices), atol=1e-14)
    rebuilt = states @ (energies[:, :, None] * states.swapaxes(1, 2))
    np.testing.assert_allclose(rebuilt, matrices, atol=1e-14)
    # Half a step to either side of 0 lies the jump of Tully's second derivatives.
    step = 1e-5
    above, below = (looked_at(curves, POINTS + s)[0] for s in (step, -step))
    slopes = np.asarray(above - below) / (2 * step)
    bra, ket = states[:, :, 0], states[:, :, 1]
    expected = np.einsum("xi,xij,xj->x", bra, slopes, ket) / np.diff(energies)[:, 0]
    np.testing.assert_allclose(coupling, expected, rtol=1e-4, atol=1e-8)


def test_straight_curves_have_the_closed_forms_of_a_crossing():
    points = np.array([-1.0, 0.0, 0.3, 0.7, 1.4, 2.0])
    crossing = crossing_of(STRAIGHT, 0.3, 0.25)
    _, _, _, coupling, criterion = map(np.asarray, looked_at(STRAIGHT, points))
    np.testing.assert_allclose(
        np.abs(coupling), crossing.derivative_coupling(points), rtol=ROUNDING
    )
    records = [oracle(f"dcoup-{x}")["value"] for x in (-1.0, 0.0)]
    np.testing.assert_allclose(np.abs(coupling[:2]), records, rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        criterion[1], oracle("massey")["value"][0], rtol=ROUNDING
    )
    # It is largest at the crossing, where breakdown begins.
    assert np.argmax(criterion) == 1


def test_local_slopes_of_morse_curves():
    """What Zener's formula gives for them, as the record has it."""
    record = oracle("morse-0.01-0.01")
    crossing = crossing_of(MORSE, 2.5, 0.01)
    # The record's own crossing point leaves a few 1e-11.
    got = crossing.p_diabatic_survival()
    np.testing.assert_allclose(got, record["formula_value"], rtol=1e-10)
    x = crossing_point(MORSE, 2.5)
    energies = MORSE.first(x), MORSE.second(x)
    np.testing.assert_allclose(*energies, rtol=ROUNDING)


def test_crossing_point_of_equal_parabolas_and_its_derivative():
    """Parabolas moved by a and raised by e cross at a/2 + e/(k a)."""

    def point(raised):
        curves = Curves(Harmonic(0.5), Harmonic(0.5, 2.0, raised), 0.1)
        return curves.crossing_point(0.4)

    value, slope = jax.value_and_grad(point)(0.3)
    np.testing.assert_allclose([value, slope], [1.3, 1.0], rtol=ROUNDING)


def test_tullys_dual_crossings():
    curves = TULLY[1]
    expected = np.sqrt(np.log(2.0) / 0.28)
    np.testing.assert_allclose(crossing_point(curves, 1.0), expected, rtol=1e-12)
    np.testing.assert_allclose(crossing_point(curves, -1.0), -expected, rtol=1e-12)


def test_curves_that_do_not_cross_are_refused():
    with pytest.raises(RuntimeError, match="do not cross near there"):
        TULLY[2].crossing_point(0.0)


def test_where_the_surfaces_meet_the_derivative_coupling_is_infinite():
    meeting = Curves(lz.models.Linear(1.0), lz.models.Linear(-1.0), 0.0)
    _, _, _, coupling, criterion = looked_at(meeting, POINTS)
    there = POINTS == 0.0
    np.testing.assert_array_equal(coupling, np.where(there, np.inf, 0.0))
    np.testing.assert_array_equal(criterion, np.where(there, np.inf, 0.0))
