"""Magnetoresistance of the stochastic chain; momentum balance; saturation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb
from lzjax.breakdown._units import FLUX, HBAR2_OVER_MASS
from tests.breakdown.records import check, record

CYCLOTRON = 0.17588200083


@pytest.fixture(scope="module")
def resistivity():
    """(ρ_xx, ρ_yy, ρ_xy)/ρ₀ at G/2k_F = 0.9 with ω_cτ = `turns` and probability P."""

    @jax.jit
    def resistivity(turns, probability):
        field = 10.0
        lifetime = turns / (CYCLOTRON * field)
        b0 = -field * jnp.log(probability)
        sigma = mb.chain_conductivity(0.9, field, b0, lifetime)
        # ρ₀ = m/ne²τ with n = k_F²/2π, in SI.
        rho0 = 9.1093837139e-31 / (1e20 / (2 * np.pi) * 1.602176634e-19**2)
        rho = jnp.linalg.inv(sigma) / (rho0 / (lifetime * 1e-12))
        return jnp.stack([rho[0, 0], rho[1, 1], rho[0, 1]])

    return resistivity


@pytest.mark.parametrize("number", [53, 55, 56])
def test_the_chain_with_stochastic_junctions(resistivity, number):
    p = record(number)["parameters"]
    got = np.array(resistivity(p["omega_c tau"], p["P"]))
    # The sign of ρ_xy is that of the field's direction.
    got[2] = -abs(got[2])
    check(got, record(number))


@pytest.mark.parametrize("probability", [0.0, 0.03, 0.8])
def test_momentum_balance(resistivity, probability):
    """Reflections move momentum along x only: ρ_yy = ρ₀ and |ρ_xy| = ω_cτ ρ₀."""
    _, yy, xy = resistivity(25.0, probability)
    np.testing.assert_allclose([yy, abs(xy)], [1.0, 25.0], rtol=1e-9)


def test_saturation_far_above_the_breakdown_field(resistivity):
    """ω_cτ = 10 at B = 1, B₀ = 10."""
    far = 1e4
    got = resistivity(10.0 * 10.0 * far, np.exp(-1 / far))[0]
    want = mb.saturation_resistance(0.9, 10.0, 10.0 / CYCLOTRON, 1.0)
    np.testing.assert_allclose(want, 207.26481, rtol=1e-7)
    np.testing.assert_allclose(got, 207.27512, rtol=1e-6)


def test_breakdown_destroys_open_orbits(resistivity):
    """ρ_xx grows as B² without breakdown; with B₀ = 10 it has a maximum and falls."""
    fields = np.array([1.0, 2.0, 4.0, 10.0, 100.0])
    got = [resistivity(10.0 * b, np.exp(-10.0 / b))[0] for b in fields]
    np.testing.assert_allclose(got, [1164, 2641, 880, 354, 218], rtol=2e-3)
    np.testing.assert_allclose(resistivity(1000.0, 0.0)[0], 1.2e7, rtol=0.05)


def test_a_ballistic_arc_that_closes_on_itself_is_drudes():
    """One circle as one arc: σ_xx = σ₀/(1 + (ω_cτ)²), any lifetime."""
    field, lifetime = 8.0, 0.7
    omega = CYCLOTRON * field
    duration = 2 * np.pi / omega
    times = mb.gauss_times(duration, 50)
    speed = 1.05457181765e-34 * 1e10 / 9.1093837139e-31
    velocity = speed * jnp.stack([jnp.cos(omega * times), jnp.sin(omega * times)], 1)
    sigma = mb.chambers_conductivity(
        [mb.Stretch(velocity, duration)], [[1.0]], field, lifetime
    )
    sigma0 = 1e20 / (2 * np.pi) * 1.602176634e-19**2 * lifetime * 1e-12
    sigma0 = sigma0 / 9.1093837139e-31
    x = omega * lifetime
    want = sigma0 / (1 + x**2) * np.array([[1, x], [-x, 1]])
    np.testing.assert_allclose(sigma, want, rtol=1e-8)


def test_bad_transport_is_refused():
    with pytest.raises(ValueError, match=r"`chain` must have shape \(1, 1\)"):
        mb.chambers_conductivity([mb.Stretch([[1.0, 0.0]], 1.0)], np.eye(2), 1.0, 1.0)
    with pytest.raises(ValueError, match="`1 - ratio` must be positive"):
        mb.chain_conductivity(1.2, 1.0, 1.0, 1.0)


def test_conductivity_oscillates_as_that_of_a_circle():
    """Isihara and Smrčka: 2g (ω_cτ)²/(1 + (ω_cτ)²)² of σ₀ at P = 1, with the relative
    oscillation 2cos(l²A − π) of the states, damped; σ_yy as σ_xx."""
    energy, field, lifetime = 0.55, 9.0, 0.8
    radius = np.sqrt(2 * energy / HBAR2_OVER_MASS)
    damping = mb.Damping(dingle_temperature=6.0)

    def loop(energy):
        return mb.Network([mb.Arc(2 * jnp.pi * energy / HBAR2_OVER_MASS, 2 * jnp.pi)])

    paths = mb.closed_paths(loop(energy), 1)

    def smooth(lifetime, field=field):
        return mb.chain_conductivity(0.9, field, 0.0, lifetime, radius)

    @jax.jit
    def both():
        more = mb.conductivity_oscillation(
            smooth, lifetime, loop, paths, energy, field, damping
        )
        return more, smooth(lifetime)

    more, sigma = (np.asarray(a) for a in both())
    phase = FLUX / field * np.pi * radius**2 - np.pi
    share = 2 * np.cos(phase) * float(mb.dingle_factor(6.0, 1.0, field))
    assert 1e-8 < abs(share) < 1e-2
    turn = CYCLOTRON * field * lifetime
    still = sigma[0, 0] * (1 + turn**2)
    want = 2 * share * still * turn**2 / (1 + turn**2) ** 2
    np.testing.assert_allclose(np.diag(more), want, rtol=2 * abs(share) + 1e-6)
    np.testing.assert_allclose(more[0, 1], -more[1, 0], rtol=1e-9)
