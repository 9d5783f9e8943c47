"""Maps computed, and what can be read from them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import exact, interferometry as inter
from tests.oracles import oracle, oracles

OMEGA, T1, T2 = 1.0, 50.0, 20.0
TIMES = dict(relaxation_time=T1, coherence_time=T2)


def lines(saturation, offsets, amplitudes):
    gap = np.sqrt(saturation / (T1 * T2))
    return inter.interferogram_lines(gap, offsets, amplitudes, OMEGA, **TIMES)


@pytest.fixture(scope="module")
def weak():
    """Below saturation, offsets to ±12ω and amplitudes to 8ω."""
    return lines(1e-3, np.linspace(-12, 12, 481), np.linspace(0, 8, 65))


# --- computed -------------------------------------------------------------------------


def test_a_damped_map_is_that_of_the_oracles():
    records = [oracle(name) for name in oracles("shevchenko-")]
    p = records[0]["parameters"]
    offsets = np.array([record["parameters"]["eps0"] for record in records])
    times = dict(relaxation_time=p["T1"], coherence_time=p["T2"])
    # Both signs: the map is even.
    found = inter.interferogram(
        p["Delta"], np.concatenate([-offsets[::-1], offsets]), [p["A"]], OMEGA, **times
    ).populations[0]
    values = np.array([record["value"] for record in records])
    np.testing.assert_allclose(found[2:], values, rtol=0, atol=records[0]["tolerance"])
    np.testing.assert_allclose(found[:2], values[::-1], rtol=0, atol=1e-8)


def test_a_coherent_map_of_a_small_gap_is_the_formula_off_and_on_resonance():
    gap, offsets = 0.02, np.array([0.5, 0.98, 2.0, 2.05, 3.02])
    amplitudes = np.array([0.7, 3.0])
    found = inter.interferogram(gap, offsets, amplitudes, OMEGA).populations
    known = inter.interferogram_lines(gap, offsets, amplitudes, OMEGA).populations
    # Lines are shifted by some gap²/4ω = 1e-4, and the narrowest one on which a point
    # lies, n = 2 at A = 0.7, is 1.2e-3 wide: (1/12)² of a half.
    np.testing.assert_allclose(found, known, rtol=0, atol=5e-3)
    assert found.max() > 0.49 and found.min() < 1e-3


@pytest.mark.slow
def test_the_number_of_steps_is_enough():
    offsets, amplitudes = np.array([0.05, 2.0, 3.3, 4.02, 6.0]), np.array([0.5, 8.0])
    for times in ({}, TIMES):
        usual = inter.interferogram(0.3, offsets, amplitudes, OMEGA, **times)
        fine = inter.interferogram(
            0.3, offsets, amplitudes, OMEGA, steps=1024, **times
        ).populations
        np.testing.assert_allclose(usual.populations, fine, rtol=0, atol=1e-8)


@pytest.mark.slow
def test_a_map_differentiates_in_the_gap():
    def total(gap):
        return jnp.sum(
            inter.interferogram(
                gap, jnp.array([1.05, 2.1]), jnp.array([2.0]), OMEGA, steps=64, **TIMES
            ).populations
        )

    slope = jax.jacfwd(total)(0.2)
    step = 1e-4
    difference = (total(0.2 + step) - total(0.2 - step)) / (2 * step)
    np.testing.assert_allclose(slope, difference, rtol=1e-6)


# --- features -------------------------------------------------------------------------


def test_zeros_of_bessel_functions_are_those_of_scipy():
    special = pytest.importorskip("scipy.special")
    for order, count in ((0, 12), (1, 5), (7, 4), (100, 3)):
        found = exact.bessel_zeros(order, count)
        np.testing.assert_allclose(found, special.jn_zeros(order, count), rtol=1e-12)
    np.testing.assert_allclose(
        exact.bessel_zeros(0, 1)[0], oracle("cdt")["value"], rtol=1e-13
    )


def test_lines_give_the_photon_energy_in_the_units_of_the_offset():
    lever, shift = 1.7, 0.21
    volts = np.linspace(-4.0, 4.1, 1201)
    amplitudes = np.linspace(0.2, 5.0, 25)
    found = inter.resonance_lines(
        inter.Interferogram(
            volts, amplitudes, lines(0.1, lever * volts + shift, amplitudes).populations
        )
    )
    # Eight points in the width of a line: a parabola finds its maximum to 1e-3 of it.
    np.testing.assert_allclose(found.spacing, 1 / lever, rtol=3e-4)
    centre = found.centre + shift / lever
    np.testing.assert_allclose(centre - np.rint(centre * lever) / lever, 0.0, atol=1e-3)
    expected = found.centre + found.photons * found.spacing
    np.testing.assert_allclose(found.positions, expected, atol=2e-3)


@pytest.mark.parametrize("photons", [0, 1, 3])
def test_dark_points_are_zeros_of_bessel_functions(photons):
    amplitudes = np.linspace(0.0, 9.0, 181)
    map_ = lines(10.0, np.linspace(-4, 4, 33), amplitudes)
    found = inter.dark_amplitudes(map_, photons, OMEGA)
    # Other lines lift the minimum: it moves by their slope, some 1e-3.
    np.testing.assert_allclose(
        found, exact.bessel_zeros(photons, len(found)), rtol=0, atol=5e-3
    )
    assert len(found) >= 1


def test_interference_lives_inside_the_fan(weak):
    inside = inter.inside_fan(weak.offsets[None], weak.amplitudes[:, None])
    # Bessel functions fall off beyond their order over |n|^(1/3): two photons.
    far = ~inter.inside_fan(weak.offsets[None], weak.amplitudes[:, None] + 2)
    outside = jnp.where(far, weak.populations, 0.0)
    assert outside.max() < 0.05 * jnp.where(inside, weak.populations, 0.0).max()
    np.testing.assert_allclose(inter.fan_boundary([-2.0, 3.0]), [2.0, 3.0])


# --- transforms -----------------------------------------------------------------------


def test_the_transform_is_a_decaying_bessel_function(weak):
    # Where the mean of a row, in a window to ±12, has no transform.
    times = np.arange(4, 72, 6) * np.pi / 12
    found = inter.offset_transform(weak, times)
    special = pytest.importorskip("scipy.special")
    reach = np.asarray(inter.arcs(times, OMEGA))
    known = special.j0(np.asarray(weak.amplitudes)[:, None] * reach)
    known = known * np.exp(-times / T2)
    scale = np.sum(found * known) / np.sum(known**2)
    # The window cuts off 2/(π·T₂·4ω) of the outermost line that matters, 8ω.
    np.testing.assert_allclose(found / scale, known, rtol=0, atol=0.01)


def test_the_tomogram_is_largest_on_the_arcs(weak):
    wavenumbers = np.linspace(0.0, 3.0, 121)
    times = np.array([2.0, 3.0, 4.5])
    found = np.asarray(inter.tomogram(weak, times, wavenumbers))
    ridge = wavenumbers[np.argmax(found, axis=0)]
    # Amplitudes to 8 resolve wave numbers to about half of 2π/8.
    np.testing.assert_allclose(ridge, inter.arcs(times, OMEGA), rtol=0, atol=0.3)


def test_revivals_decay_with_the_coherence_time(weak):
    found = inter.revival_decay(weak, OMEGA)
    np.testing.assert_allclose(found.coherence_time, T2, rtol=3e-4)
    rng = np.random.default_rng(0)
    noise = 0.02 * weak.populations.max() * rng.normal(size=weak.populations.shape)
    noisy = inter.Interferogram(weak.offsets, weak.amplitudes, weak.populations + noise)
    found = inter.revival_decay(noisy, OMEGA)
    assert 0.1 < found.coherence_time_error < 1.0
    assert abs(found.coherence_time - T2) < 4 * found.coherence_time_error


@pytest.mark.parametrize(("saturation", "seen"), [(1.0, 18.40), (10.0, 13.65)])
def test_power_shortens_the_decay_that_is_seen(saturation, seen):
    map_ = lines(saturation, np.linspace(-12, 12, 481), np.linspace(0, 8, 65))
    found = inter.revival_decay(map_, OMEGA).coherence_time
    np.testing.assert_allclose(found, seen, atol=0.01)


def test_the_scale_of_the_amplitude_is_found(weak):
    map_ = inter.Interferogram(weak.offsets, weak.amplitudes / 2.7, weak.populations)
    found = inter.amplitude_scale(map_, OMEGA, (0.5, 10.0))
    np.testing.assert_allclose(found, 2.7, rtol=5e-3)


# --- refused --------------------------------------------------------------------------


def test_wrong_maps_are_refused():
    with pytest.raises(ValueError, match="`offsets` must rise"):
        inter.Interferogram([1.0, 0.0], [1.0], np.zeros((1, 2)))
    with pytest.raises(ValueError, match="`populations` must have shape"):
        inter.Interferogram([0.0, 1.0], [1.0], np.zeros((2, 1)))
    with pytest.raises(ValueError, match="must both be finite or both"):
        inter.interferogram(0.1, [1.0], [1.0], 1.0, relaxation_time=3.0)
    with pytest.raises(ValueError, match="`steps` of a period must be given"):
        jax.jit(lambda e: inter.interferogram(0.1, e, [1.0], 1.0).populations)(
            jnp.array([1.0])
        )
    flat = inter.Interferogram(np.arange(8.0), [1.0], np.zeros((1, 8)))
    with pytest.raises(ValueError, match="found 0 lines"):
        inter.resonance_lines(flat)
    with pytest.raises(ValueError, match="outside of the map"):
        inter.dark_amplitudes(flat, 9, 1.0)
    with pytest.raises(ValueError, match="revivals stand out"):
        inter.revival_decay(flat, 1.0)
    uneven = inter.Interferogram([0.0, 1.0, 3.0], [1.0], np.zeros((1, 3)))
    with pytest.raises(ValueError, match="equally spaced"):
        inter.revival_decay(uneven, 1.0)


@pytest.mark.slow
def test_a_system_that_keeps_a_coherence_has_no_periodic_state():
    from lzjax.dissipation import dephasing, periodic_state

    system = lz.Lindblad(lz.DrivenTwoLevel(0.0, 1.0, 0.5, 1.0), dephasing(0.1))
    with pytest.raises(RuntimeError, match="not unique"):
        periodic_state(system, 2 * np.pi, samples=8, solver=lz.CommutatorFree4(steps=4))
