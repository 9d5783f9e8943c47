"""Named models are the Hamiltonians that their formulas say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import models

T = jnp.asarray(0.37)
t = 0.37
ROUNDING = dict(rtol=0, atol=1e-15)
TURN = np.exp(1j * (0.7 * t + 0.5 * 0.4 * t * t))

# The model, and (detuning, coupling) at t = 0.37.
NAMED = {
    "power": (models.power_law_sweep(0.8, 1.5, 0.5, signed=True), 1.5 * t**0.5, 0.8),
    "parabola": (models.parabolic_sweep(0.8, 1.5, -0.4), 1.5 * t**2 - 0.4, 0.8),
    "cubic": (models.cubic_sweep(0.8, 1.5, 0.2), 1.5 * t + 0.2 * t**3, 0.8),
    "tanh": (
        models.demkov_kunike_tanh(0.8, 2, 0.3, 1.5),
        0.3 + 2 * np.tanh(t / 1.5),
        0.8,
    ),
    "Rosen-Zener": (models.rosen_zener(0.8, 0.3, 1.5), 0.3, 0.8 / np.cosh(t / 1.5)),
    "Allen-Eberly": (
        models.allen_eberly(0.8, 2.0, 1.5),
        2 * np.tanh(t / 1.5),
        0.8 / np.cosh(t / 1.5),
    ),
    "Demkov-Kunike": (
        models.demkov_kunike(0.8, 0.3, 2.0, 1.5),
        0.3 + 2 * np.tanh(t / 1.5),
        0.8 / np.cosh(t / 1.5),
    ),
    "Nikitin": (
        models.nikitin(1.1, 0.6, 0.9, 2.0),
        1.1 - 2 * np.cos(0.6) * np.exp(-0.9 * t),
        2 * np.sin(0.6) * np.exp(-0.9 * t),
    ),
    "Roland-Cerf": (
        models.roland_cerf(0.8, 0.5),
        0.8 * np.tan(np.arcsin(0.5 * 0.8 * t)),
        0.8,
    ),
    "rotating": (models.rotating_coupling(0.8, 1.2, 0.7, 0.4), 1.2 * t, 0.8 * TURN),
    "rotating frame": (
        models.in_rotating_frame(0.8, 1.2, 0.7, 0.4),
        0.8 * t - 0.7,
        0.8,
    ),
    "linear polarisation": (
        models.linearly_polarised_coupling(0.8, 1.2, 0.7, 0.1),
        1.2 * t,
        0.8 * np.cos(0.7 * t + 0.1),
    ),
    "double passage": (
        models.double_passage(0.8, 1.2, 10.0, -30.0, -1.0),
        10.0 - 1.2 * t,
        -0.8,
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_named_model_has_the_field_of_its_formula(name):
    model, detuning, coupling = NAMED[name]
    want = [np.real(coupling), np.imag(coupling), detuning]
    np.testing.assert_allclose(jnp.stack(model.field(T)), want, rtol=1e-14, atol=1e-15)
    batch = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), model)
    fields = jax.vmap(lambda m: jnp.stack(m.field(T)))(batch)
    np.testing.assert_allclose(fields[1], want, rtol=1e-14, atol=1e-15)


def test_a_power_crosses_or_returns_as_it_is_told():
    crosses = models.PowerLaw(2.0, 0.5, signed=True)
    returns = models.PowerLaw(2.0, 0.5, signed=False)
    np.testing.assert_allclose(crosses(-T), -2 * t**0.5, **ROUNDING)
    np.testing.assert_allclose(returns(-T), 2 * t**0.5, **ROUNDING)
    assert crosses(jnp.zeros(())) == 0.0
    slope = jax.grad(lambda wave: wave(jnp.zeros(())))(crosses)
    assert slope.rate == 0.0 and slope.exponent == 0.0
    with pytest.raises(TypeError, match="signed"):
        models.power_law_sweep(1.0, 1.0, 0.5)


def test_all_zeros_of_a_polynomial_lie_between_its_landmarks():
    wave = models.Polynomial([-6.0, 11.0, -6.0, 1.0])  # zeros 1, 2, 3
    low, _, high = wave.landmarks()
    assert low <= -3.0 and high >= 3.0
    assert jnp.all(jnp.isfinite(models.Polynomial([1.0, 2.0, 0.0]).landmarks()))


def test_the_double_passage_starts_and_turns_where_it_says():
    model = models.double_passage(1.0, 2.0, 10.0, -30.0)
    np.testing.assert_allclose(model.breakpoints()[:3], [-20.0, 0.0, 20.0])
    np.testing.assert_allclose(model.field(jnp.asarray(-20.0))[2], -30.0)
    np.testing.assert_allclose(model.field(jnp.asarray(0.0))[2], 10.0)


# --- frames ---------------------------------------------------------------------------


def test_the_counter_field_of_a_linear_sweep_is_the_known_one():
    bare = lz.LinearSweep(0.8, 1.3)
    x, y, z = models.counter_diabatic(bare).field(T)
    np.testing.assert_allclose(y, -1.3 * 0.8 / ((1.3 * t) ** 2 + 0.64), **ROUNDING)
    np.testing.assert_allclose([x, z], [0.8, 1.3 * t], **ROUNDING)


def test_the_counter_field_turns_a_state_with_its_field():
    """ṅ = w × n for the direction of any bare field, a turning one too."""
    bare = models.rotating_coupling(0.8, 1.2, 0.7, 0.4)

    def direction(time):
        w = jnp.stack(bare.field(time))
        return w / jnp.linalg.norm(w)

    n, dn = jax.jvp(direction, (T,), (jnp.ones(()),))
    w = jnp.stack(models.counter_diabatic(bare).field(T))
    np.testing.assert_allclose(jnp.cross(w, n), dn, atol=1e-14)


def test_the_adiabatic_frame_is_the_same_sweep_in_other_states():
    """A fast and a slow way to look at it: LZ-33, same jump to the tolerance."""
    sweep = lz.LinearSweep(1.0, 1.0)
    outside = lz.transition_matrix(sweep, -10.0, 10.0, basis="adiabatic", rtol=1e-11)
    inside = lz.transition_matrix(models.AdiabaticFrame(sweep), -10.0, 10.0, rtol=1e-11)
    np.testing.assert_allclose(inside[0, 1], outside[1, 0], atol=1e-10)
    np.testing.assert_allclose(inside[0, 1], 0.208661348326929, atol=1e-10)


def test_frames_refuse_what_has_no_field_or_leaves_the_plane():
    many = lz.HamiltonianFunction(lambda t, p: jnp.eye(3))
    with pytest.raises(TypeError, match="counter_diabatic needs a two-level model"):
        models.counter_diabatic(many)
    with pytest.raises(TypeError, match="AdiabaticFrame needs a two-level model"):
        models.AdiabaticFrame(many)
    frame = models.AdiabaticFrame(lz.LinearSweep(0.3 + 0.4j, 1.0))
    assert jnp.isnan(frame.field(T)[0])


def test_the_interaction_picture_is_the_same_drive_in_a_turning_frame():
    """A fast dither, by tolerance: the same propagator in fewer steps; the coupling
    has both parts."""
    gap, frequency, window = 0.4 + 0.3j, 30.0, (-6.0, 5.0)

    def both(amplitude):
        dither = models.DitheredSweep(gap, 1.0, amplitude, frequency, 0.2)

        def turned(t, a):
            return a / frequency * jnp.sin(frequency * t + 0.2)

        phase = models.FunctionWaveform(turned, amplitude)
        frame = models.InteractionPicture(dither, phase)
        solver = lz.Magnus6()
        outside = lz.solve(dither, *window, rtol=1e-8, solver=solver)
        inside = lz.solve(frame, *window, rtol=1e-8, solver=solver)
        found = frame.in_laboratory(inside.propagator, *window)
        return outside.propagator, found, outside.steps, inside.steps

    outside, inside, many, few = jax.jit(both)(30.0)
    np.testing.assert_allclose(inside, outside, atol=2e-8)
    assert 1.2 * few < many
