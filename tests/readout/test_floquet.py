"""Periodic models, and passages in turn beside the full solution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import exact, models, readout
from tests.oracles import oracle


def drive(p):
    return lz.DrivenTwoLevel(p["Delta"], p["eps0"], p["A"], p["omega"])


@pytest.fixture(scope="module")
def driven():
    p = oracle("period-avg-0.5-2.0-10.0-1.0")["parameters"]
    model = drive(p)
    return model, readout.floquet(model, 2 * np.pi / p["omega"], rtol=1e-11)


def test_modes_are_those_of_one_period(driven):
    _, found = driven
    phases = jnp.exp(-1j * found.quasienergies * found.period)
    rebuilt = (found.modes * phases[None]) @ found.modes.conj().T
    np.testing.assert_allclose(rebuilt, found.propagator, atol=1e-12)
    assert jnp.all(jnp.abs(found.quasienergies) <= np.pi / found.period + 1e-12)
    assert found.quasienergies[0] <= found.quasienergies[1]


def test_the_stroboscopic_average_is_that_of_the_oracle_and_of_the_formula(driven):
    _, found = driven
    record = oracle("period-avg-0.5-2.0-10.0-1.0")
    average = found.stroboscopic_average()
    np.testing.assert_allclose(average[1, 0], record["value"], atol=record["tolerance"])
    np.testing.assert_allclose(jnp.sum(average, axis=0), 1.0, atol=1e-12)
    formula = exact.many_periods_average(found.propagator)
    np.testing.assert_allclose(average[1, 0], formula, atol=1e-12)


def test_quasienergies_of_any_phases_are_found():
    """Whatever the phases, also at the poles of one or two of the transforms."""
    from lzjax.readout._floquet import _floquet

    rng = np.random.default_rng(5)
    for phases in ([np.pi, 0.1, -0.5], [np.pi, np.pi / 2, 0.0], [0.3, 0.30001, 2.0]):
        raw = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
        basis, _ = np.linalg.qr(raw)
        u = (basis * np.exp(-1j * np.array(phases))) @ basis.conj().T
        found = _floquet(jnp.asarray(u), jnp.asarray(1.0))
        turns = np.sort(np.exp(-1j * np.array(phases)))
        got = np.sort(np.exp(-1j * np.asarray(found.quasienergies)))
        np.testing.assert_allclose(got, turns, atol=1e-10)


def test_quasienergies_differentiate(driven):
    model, found = driven
    period = float(found.period)

    def splitting(model):
        q = readout.floquet(model, period, rtol=1e-11).quasienergies
        return q[1] - q[0]

    # Hellmann and Feynman: dq/dΔ is the mean of ⟨u|½σx|u⟩ over the period.
    slope = jax.grad(splitting)(model).gap
    ts = jnp.linspace(0.0, period, 129)
    paths = [lz.evolve(model, found.modes[:, k], ts, rtol=1e-11) for k in (0, 1)]
    means = [jnp.mean(jnp.real(path[:-1, 0].conj() * path[:-1, 1])) for path in paths]
    np.testing.assert_allclose(slope, means[1] - means[0], atol=1e-8)


def test_the_time_average_is_that_of_a_long_run(driven):
    model, found = driven
    got = readout.time_averaged_populations(model, found.period, samples=128)
    ts = np.arange(0, 400 * 16) / 16 * float(found.period)
    inside = lz.evolve(model, 0, ts[:17], rtol=1e-9)
    # Whole periods by powers of the propagator, times within one by evolution.
    ket, total = jnp.array([1.0 + 0j, 0.0]), 0.0
    columns = jnp.stack([inside, lz.evolve(model, 1, ts[:17], rtol=1e-9)], axis=-1)[:-1]
    for _ in range(400):
        total += np.mean(np.abs(np.asarray(columns @ ket)) ** 2, axis=0)
        ket = found.propagator @ ket
    # Of 400 periods the slowest beat leaves some 1/400.
    np.testing.assert_allclose(got[:, 0], total / 400, atol=5e-3)
    np.testing.assert_allclose(jnp.sum(got, axis=0), 1.0, atol=1e-7)


def test_any_start_is_the_mean_over_the_phase_of_the_drive():
    def average(phase, any_start):
        model = lz.DrivenTwoLevel(0.5, 1.02, 2.0, 1.0, phase)
        return readout.time_averaged_populations(
            model, 2 * np.pi, any_start=any_start, solver=lz.Magnus6(steps=1)
        )

    phases = 2 * np.pi / 16 * jnp.arange(16)
    over = jax.vmap(lambda phase: average(phase, False))(phases)
    # The start matters: the populations range over a fifth.
    assert np.ptp(over[:, 1, 0]) > 0.02
    np.testing.assert_allclose(
        jnp.mean(over, axis=0), average(0.3, True), rtol=0, atol=1e-9
    )


# --- verdicts -------------------------------------------------------------------------


def test_two_passages_far_apart_agree_with_the_full_solution():
    model = models.double_passage(1.0, 1.0, 20.0, -60.0)
    found = readout.impulse_verdict(model, -80.0, 80.0, tolerance=1e-3)
    assert found.agrees and "agree within 0.001" in str(found)
    np.testing.assert_allclose(found.times, [-20.0, 20.0], atol=1e-9)
    np.testing.assert_allclose(found.rates, [1.0, -1.0], atol=1e-12)
    np.testing.assert_allclose(found.full, oracle("lzsm-double-20")["value"], atol=1e-7)
    np.testing.assert_allclose(found.impulse, 0.6297524749, atol=1e-7)


def test_passages_that_overlap_do_not_agree():
    # ε = t² − 0.2: two crossings 0.9 apart, each of which takes about 3.
    model = models.parabolic_sweep(1.0, 1.0, -0.2)
    found = readout.impulse_verdict(model, -12.0, 12.0)
    assert not found.agrees and "DIFFER" in str(found)


def test_a_window_without_a_crossing_is_refused():
    with pytest.raises(ValueError, match="no crossing between 1.0 and 2.0"):
        readout.impulse_verdict(lz.LinearSweep(1.0, 1.0), 1.0, 2.0)
