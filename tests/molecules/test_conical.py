"""Conical intersections: passages, vortices, loops; closed forms and records."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import exact
from lzjax.molecules import (
    AlongPath,
    LinearVibronic,
    PathFunction,
    StraightPath,
    geometric_phase,
)
from tests.molecules.oracle_molecules import CONE, MOLECULES, circle, opened
from tests.oracles import compute, oracle, oracles

ROUNDING = 1e-12


@eqx.filter_jit
@jax.vmap
def jumps(gx, gy, b, v, direction):
    """The formula, and the exact solution over all times."""
    cone, path = LinearVibronic.cone(gx, gy), StraightPath.past(b, v, direction)
    sweep, model = cone.passage(path), AlongPath(cone, path)
    solved = lz.transition_matrix(model, basis="adiabatic", rtol=1e-9)[1, 0]
    return lz.exact.p_adiabatic_jump(sweep.gap, sweep.rate), solved


def test_straight_paths_past_cones():
    records = [oracle(name) for name in oracles("ci-b") + oracles("ci-aniso")]
    settings = []
    for p in (record["parameters"] for record in records):
        gx, gy = (p["g"], p["g"]) if "g" in p else (p["gx"], p["gy"])
        settings.append([gx, gy, p["b"], p["v"], p.get("theta", 0.0)])
    # An isotropic cone asks neither for the direction nor for the side.
    settings += [[1.2, 1.2, 0.3, 0.8, 2.1], [1.2, 1.2, -0.3, 0.8, 0.4]]
    expected = [record["value"] for record in records]
    expected += 2 * [oracle("ci-b0.3")["value"]]
    formula, solved = jumps(*np.transpose(settings))
    np.testing.assert_allclose(formula, expected, rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(solved, expected, rtol=0, atol=1e-8)


def _race(t, p):
    """Forward at y = b, slowly over to y = ±b at x = X, and back."""
    far, b, v, transfer = p["far"], p["b"], p["v"], p["transfer"]
    leg = 2.0 * far / v
    s = jnp.clip((t - leg) / transfer, 0.0, 1.0)
    moved = s - jnp.sin(2.0 * jnp.pi * s) / (2.0 * jnp.pi)
    ahead = jnp.clip(v * t, 0.0, 2.0 * far) - jnp.maximum(v * (t - leg - transfer), 0.0)
    return jnp.stack([ahead - far, b + (p["side"] - 1.0) * b * moved])


@eqx.filter_jit
@jax.vmap
def race(side):
    numbers = dict(far=20.0, b=0.5, v=1.0, transfer=30.0, side=side)
    path = PathFunction(_race, numbers, breakpoints=[40.0, 70.0])
    model = AlongPath(CONE, path)
    return lz.transition_matrix(model, 0.0, 110.0, basis="adiabatic", rtol=1e-9)[1, 0]


def test_a_loop_around_the_intersection_turns_the_interference_over():
    """sin² of the phase between two passages becomes cos², with jumps of 0.46 each."""
    records = oracle("ci-race-same"), oracle("ci-race-enclose")
    got = np.asarray(race(np.array([1.0, -1.0])))
    np.testing.assert_allclose(got, [r["value"] for r in records], rtol=0, atol=1e-8)


@pytest.mark.parametrize("level", [0, 1])
def test_the_phase_of_a_loop_around_the_intersection_is_pi(level):
    record = oracle("berry-enclosing")
    # Real states change their sign exactly, however few the points are.
    for count in (4, 64):
        loop = circle(np.array(record["parameters"]["centre"]), 1.0, count)
        phase = geometric_phase(CONE.matrix, loop, level=level)
        np.testing.assert_allclose(abs(phase), record["value"], atol=ROUNDING)
    outside = circle(np.array([2.5, 0.0]), 1.0, 64)
    assert geometric_phase(CONE.matrix, outside, level=level) == 0.0


@pytest.mark.parametrize("m", [0.2, 1.0])
def test_an_opened_cone_has_a_smaller_phase(m):
    record = oracle(f"berry-massive-{m}")
    size = compute(MOLECULES, f"berry-massive-{m}")
    np.testing.assert_allclose(size, record["value"], atol=record["tolerance"])
    loop = circle(0.0, 1.0, 2000)
    phase, back = (geometric_phase(opened(m), path) for path in (loop, loop[::-1]))
    np.testing.assert_allclose(back, -phase, atol=ROUNDING)
    # Doubling the points takes a quarter of the error.
    errors = [
        abs(abs(geometric_phase(opened(m), circle(0.0, 1.0, k))) - record["value"])
        for k in (50, 100)
    ]
    np.testing.assert_allclose(errors[0] / errors[1], 4.0, rtol=0.02)


def test_the_phase_is_gauge_invariant_batches_and_differentiates():
    """A unitary that differs from point to point changes all states' phases, and a
    constant one all states; neither changes the phase of the loop."""
    loop = circle(0.0, 1.0, 400)
    turn = np.linalg.qr(np.array([[1.0, 2j], [0.5, 1.0 - 1j]]))[0]

    def phase(m):
        return geometric_phase(opened(m), loop)

    def turned(x):
        return turn @ opened(0.3)(x) @ turn.conj().T

    np.testing.assert_allclose(geometric_phase(turned, loop), phase(0.3), atol=1e-11)
    ms = np.array([0.2, 0.3, 1.0])
    values, slopes = jax.vmap(jax.value_and_grad(phase))(ms)
    np.testing.assert_allclose(values[1], phase(0.3), atol=ROUNDING)
    sign = np.sign(values[1])
    expected = -sign * np.pi / (1 + ms**2) ** 1.5
    np.testing.assert_allclose(slopes, expected, rtol=1e-3)


def test_the_derivative_coupling_is_a_vortex():
    record = oracle("ci-vortex")
    found = compute(MOLECULES, "ci-vortex")
    np.testing.assert_allclose(found, record["value"], atol=record["tolerance"])
    found, expected = compute(MOLECULES, "ci-circulation"), oracle("ci-circulation")
    np.testing.assert_allclose(found, expected["value"], rtol=ROUNDING)


def test_a_vibronic_model_has_its_intersection_elsewhere():
    model = LinearVibronic([0.3, -0.5], 0.2, [0.1, 0.5], [1.0, 2.0])
    meeting = model.intersection()
    np.testing.assert_allclose(meeting, [0.5, 0.0], rtol=ROUNDING)
    np.testing.assert_allclose(model.gap(meeting), 0.0, atol=1e-15)
    energies = model.energies(jnp.asarray([0.7, -0.3]))
    common, half = 0.5 * (0.49 + 2 * 0.09), np.array([[0.31, -0.06], [-0.06, 0.15]])
    np.testing.assert_allclose(energies, common + np.linalg.eigvalsh(half), rtol=1e-12)
    # Past it at b = 0.3 along x: half the slopes' difference is 0.4.
    path = StraightPath([0.7, 0.0], [-1.0, 0.3])
    sweep = model.passage(path)
    np.testing.assert_allclose([sweep.gap, sweep.rate], [0.12, 0.56], rtol=ROUNDING)


def test_what_is_no_loop_is_refused():
    with pytest.raises(RuntimeError, match="turns too far"):
        geometric_phase(CONE.matrix, [[1.0, 0.1], [-1.0, 0.1], [0.0, -1.0]])
    with pytest.raises(ValueError, match="On a line there are no loops"):
        geometric_phase(CONE.matrix, [0.0, 1.0])
    with pytest.raises(ValueError, match="levels 0 to 1, got level 2"):
        geometric_phase(CONE.matrix, circle(0.0, 1.0, 4), level=2)
    with pytest.raises(ValueError, match=r"`x` must have shape \(2,\)"):
        CONE.gap(jnp.zeros(3))


def test_the_seam_jumps_in_the_width_that_the_passages_say():
    cone, speed, direction = LinearVibronic.cone(1.0, 0.4), 0.7, 0.5
    b, step = np.linspace(-8.0, 8.0, 801, retstep=True)
    sweeps = jax.vmap(lambda b: cone.passage(StraightPath.past(b, speed, direction)))(
        jnp.asarray(b)
    )
    jumps = jax.vmap(exact.landau_zener)(sweeps.gap, sweeps.rate)
    # A Gaussian: equal steps integrate it to rounding.
    np.testing.assert_allclose(
        cone.seam_width(speed, direction), np.sum(jumps) * step, rtol=1e-12
    )
