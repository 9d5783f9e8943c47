"""Classical paths, and the exact amplitudes along them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import lzjax as lz
from lzjax.molecules import (
    AlongPath,
    Curves,
    Harmonic,
    Morse,
    PathFunction,
    StraightPath,
    classical_trajectory,
    tully_simple_crossing,
)
from tests.oracles import oracle, oracles

TULLY = tully_simple_crossing()
MASS = 2000.0


@eqx.filter_jit
@jax.vmap
def morse_jump(v, coupling):
    curves = Curves(Morse(0.2, 0.9, 2.0), Morse(0.15, 0.8, 3.0, 0.03), coupling)
    model = AlongPath(curves, StraightPath(v, 1.2))
    stop = (5.5 - 1.2) / v
    return lz.transition_matrix(model, 0.0, stop, basis="adiabatic", rtol=1e-9)[1, 0]


def test_morse_curves_at_constant_velocity():
    records = [oracle(name) for name in oracles("morse-")]
    v = np.array([r["parameters"]["v"] for r in records])
    coupling = np.array([r["parameters"]["V"] for r in records])
    expected = [r["value"] for r in records]
    np.testing.assert_allclose(morse_jump(v, coupling), expected, rtol=0, atol=1e-8)


def tully_trajectory(velocity, potential):
    return classical_trajectory(
        TULLY,
        mass=MASS,
        position=-6.0,
        velocity=velocity,
        duration=12.0 / 0.008,
        potential=potential,
        steps=1000,
    )


@eqx.filter_jit
def tully_jump(velocity):
    path = tully_trajectory(velocity, "lower")
    model = AlongPath(TULLY, path)
    matrix = lz.transition_matrix(model, 0.0, path.times[-1], basis="adiabatic")
    return matrix[1, 0]


def _reference(velocity):
    """Newton's and Schrödinger's equations at once, on the lower surface, in SciPy."""

    def elements(x):
        rise = 0.01 * np.sign(x) * (1 - np.exp(-1.6 * abs(x)))
        slope = 0.016 * np.exp(-1.6 * abs(x))
        coupling = 0.005 * np.exp(-x * x)
        return rise, slope, coupling, -2 * x * coupling

    def rate(_, y):
        x, v = y[0].real, y[1].real
        e, de, c, dc = elements(x)
        force = (e * de + c * dc) / np.hypot(e, c)
        return [v, force / MASS, *(-1j * np.array([[e, c], [c, -e]]) @ y[2:])]

    def lower(x):
        e, _, c, _ = elements(x)
        return np.linalg.eigh(np.array([[e, c], [c, -e]]))[1][:, 0]

    start, state = np.array([-6.0, velocity], complex), lower(-6.0)
    # The curvature jumps at x = 0: stop there and start anew.
    there = lambda _, y: y[0].real  # noqa: E731
    there.terminal = True
    options = dict(method="DOP853", rtol=1e-11, atol=1e-12)
    y, end = np.concatenate([start, state]), 12.0 / 0.008
    first = solve_ivp(rate, (0, end), y, events=there, **options)
    y = first.y[:, -1]
    y[0] = 1e-14
    last = solve_ivp(rate, (first.t[-1], end), y, **options).y[:, -1]
    return 1.0 - abs(np.vdot(lower(last[0].real), last[2:])) ** 2


def test_jump_along_a_classical_trajectory_against_scipy():
    expected = _reference(0.008)
    assert 0.2 < expected < 0.8
    # The curvature of Tully's curves jumps within a step of the trajectory.
    np.testing.assert_allclose(tully_jump(0.008), expected, rtol=0, atol=1e-7)


@pytest.mark.slow
def test_the_jump_differentiates_through_the_trajectory():
    slope = eqx.filter_grad(tully_jump)(jnp.asarray(0.008))
    step = 1e-6
    above, below = tully_jump(0.008 + step), tully_jump(0.008 - step)
    np.testing.assert_allclose(slope, (above - below) / (2 * step), rtol=1e-4)


@pytest.mark.slow
def test_both_representations_tell_the_same():
    """The derivative coupling drives what the diabatic coupling drives."""
    path = tully_trajectory(0.008, "lower")
    framed = lz.models.AdiabaticFrame(AlongPath(TULLY, path))
    # Level 1 is the lower state there.
    got = lz.transition_probability(framed, 0.0, path.times[-1], initial=1, final=0)
    np.testing.assert_allclose(got, tully_jump(0.008), rtol=0, atol=1e-6)


@eqx.filter_jit
def oscillation(steps):
    well = Harmonic(0.3, 0.5)
    path = classical_trajectory(
        Curves(well, well, 0.0),
        mass=2.0,
        position=1.5,
        velocity=0.2,
        duration=30.0,
        steps=steps,
    )
    ts = jnp.linspace(0.0, 30.0, 1001)
    return jax.vmap(path)(ts), jax.vmap(path.velocity_at)(ts)


def test_an_oscillation_goes_through_its_turning_points_at_sixth_order():
    t, frequency = np.linspace(0.0, 30.0, 1001), np.sqrt(0.3 / 2.0)
    cos, sin = np.cos(frequency * t), np.sin(frequency * t)
    exact = 0.5 + cos + 0.2 / frequency * sin, -frequency * sin + 0.2 * cos
    errors = []
    for steps in (80, 160, 320):
        x, v = oscillation(steps)
        errors.append(np.max(np.abs(x - exact[0])))
        # One order less for the slope of the polynomials.
        np.testing.assert_allclose(v, exact[1], atol=1e-4 * (80 / steps) ** 5)
    orders = -np.diff(np.log2(errors))
    # Near the turns the fifth-degree interpolation is of sixth order as well.
    assert np.all(np.abs(orders - 6.0) < 0.2), orders


def test_two_coordinates_with_their_own_masses_move_on_their_own():
    class Bowl(lz.molecules.AbstractSurfaces):
        def elements(self, x):
            energy = 0.5 * (0.3 * x[0] ** 2 + 0.8 * x[1] ** 2)
            return energy, energy, 0.0 * energy

    path = classical_trajectory(
        Bowl(),
        mass=[1.0, 3.0],
        position=[1.0, -0.5],
        velocity=[0.0, 0.0],
        duration=5.0,
        steps=200,
    )
    frequencies = np.sqrt([0.3, 0.8 / 3.0])
    expected = np.array([1.0, -0.5]) * np.cos(frequencies * 5.0)
    np.testing.assert_allclose(path(jnp.asarray(5.0)), expected, atol=1e-9)


def test_the_potential_decides_the_velocity():
    """Energy: the lower surface is 2 × 0.005 below the upper one at x = 0."""
    speeds = []
    for potential in ("lower", "mean", "upper"):
        path = tully_trajectory(0.008, potential)
        there = int(np.argmin(np.abs(path.positions)))
        x, v = float(path.positions[there]), float(path.velocities[there])
        energies = [np.asarray(TULLY.energies(at)) for at in (-6.0, x)]
        levels = dict(lower=0, upper=1)
        before, now = (
            e.mean() if potential == "mean" else e[levels[potential]] for e in energies
        )
        kinetic = 0.5 * MASS * 0.008**2 + before - now
        np.testing.assert_allclose(0.5 * MASS * v**2, kinetic, rtol=1e-6)
        speeds.append(v)
    assert len(set(np.round(speeds, 6))) == 3


def test_a_path_past_the_origin():
    path = StraightPath.past(0.5, 2.0, direction=np.pi / 2)
    np.testing.assert_allclose(path(jnp.asarray(0.0)), [-0.5, 0.0], atol=1e-15)
    np.testing.assert_allclose(path.velocity_at(1.0), [0.0, 2.0], atol=1e-15)


def test_a_path_of_your_own_says_where_its_kinks_are():
    path = PathFunction(lambda t, p: p * jnp.abs(t), 2.0, breakpoints=[0.0])
    model = AlongPath(TULLY, path)
    np.testing.assert_array_equal(model.breakpoints(), [0.0])
    np.testing.assert_allclose(path.velocity_at(-1.0), -2.0)


def test_what_cannot_be_a_trajectory_is_refused():
    options = dict(mass=1.0, position=0.0, velocity=1.0, duration=1.0)
    with pytest.raises(ValueError, match="'lower', 'upper', 'mean'; got 'both'"):
        classical_trajectory(TULLY, **options, potential="both")
    with pytest.raises(ValueError, match="must have the same shape"):
        classical_trajectory(TULLY, **(options | {"velocity": [1.0, 0.0]}))
    with pytest.raises(ValueError, match="`steps` must be a whole number"):
        classical_trajectory(TULLY, **options, steps=None)
    with pytest.raises(RuntimeError, match="energy of the classical trajectory"):
        hard = Curves(Harmonic(900.0), Harmonic(900.0), 0.0)
        classical_trajectory(hard, **options, steps=20)


def test_beyond_its_times_a_trajectory_has_no_position():
    path = tully_trajectory(0.008, "mean")
    last = path.times[-1]
    assert jnp.isfinite(path(last)) and jnp.isfinite(path(0.0 * last))
    assert jnp.isnan(path(1.01 * last)) and jnp.isnan(path(-0.01 * last))
