"""The Stokes phase and its derivatives, against mpmath's Γ, ψ and ψ′."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import lzjax.exact as exact
from tests.oracles import oracle, oracles

# From almost sudden to almost adiabatic, and both sides of the change of series at 8.
GRID = np.concatenate(
    [np.logspace(-7, 4, 111), np.linspace(7.99, 8.01, 5), [1e-300, 1e-30, 1e8]]
)


def _reference(function):
    with mpmath.workdps(50):
        return np.array([float(function(mpmath.mpf(float(d)))) for d in GRID])


def _phase(d):
    gamma = mpmath.loggamma(1 - 1j * d)
    return mpmath.pi / 4 + d * (mpmath.log(d) - 1) + mpmath.im(gamma)


def _slope(d):
    return mpmath.log(d) - mpmath.re(mpmath.digamma(1 - 1j * d))


def _curvature(d):
    return 1 / d - mpmath.im(mpmath.psi(1, 1 - 1j * d))


@pytest.mark.parametrize("name", oracles("stokes-d") + oracles("stokes-D"))
def test_the_phase_is_that_of_the_oracle(name):
    got = exact.stokes_phase(oracle(name)["parameters"]["delta"])
    np.testing.assert_allclose(got, oracle(name)["value"], rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("derivative", "reference"), [(0, _phase), (1, _slope), (2, _curvature)]
)
def test_the_phase_and_its_derivatives_over_many_decades(derivative, reference):
    function = exact.stokes_phase
    for transform in (jax.grad, jax.jacfwd)[:derivative]:
        function = transform(function)
    got = jax.jit(jax.vmap(function))(GRID)
    # Below δ = 8 terms of size N² = 64 cancel to 1/(12 δ): 64 · 96 · 1e-16 < 1e-12.
    np.testing.assert_allclose(got, _reference(reference), rtol=1e-12, atol=0)


def test_reverse_mode_equals_forward_mode():
    for delta in (0.01, 1.0, 20.0):
        forward = jax.jacfwd(exact.stokes_phase)(delta)
        reverse = jax.jacrev(exact.stokes_phase)(delta)
        np.testing.assert_allclose(forward, reverse, rtol=1e-15)


def test_the_slope_is_that_of_the_phase():
    h = 1e-4
    for delta in (0.3, 3.0, 30.0):
        up, down = exact.stokes_phase(delta + h), exact.stokes_phase(delta - h)
        # The central difference: φ''' h²/6 <= 2e-8 here, and 1e-15 / h.
        np.testing.assert_allclose(
            jax.grad(exact.stokes_phase)(delta), (up - down) / (2 * h), atol=3e-8
        )


def test_a_closed_gap_has_the_phase_of_a_sudden_passage():
    np.testing.assert_allclose(exact.stokes_phase(0.0), np.pi / 4, rtol=1e-14)
    assert jnp.isfinite(jax.grad(exact.stokes_phase)(0.0))

    def by_gap(gap):
        return exact.stokes_phase(exact.adiabaticity(gap, 1.0))

    # dφ/dgap ~ gap ln gap, which vanishes with the gap.
    assert jax.grad(by_gap)(0.0) == 0.0


def test_a_negative_adiabaticity_is_refused_and_nan_stays_nan():
    with pytest.raises(ValueError, match="`delta` must not be negative"):
        exact.stokes_phase(-1.0)
    traced = jax.jit(exact.stokes_phase)
    assert jnp.isnan(traced(-1.0)) and jnp.isnan(traced(jnp.nan))
    assert jnp.isnan(jax.jit(jax.grad(exact.stokes_phase))(jnp.nan))
