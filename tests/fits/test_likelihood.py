"""The binomial deviance residual and its derivative."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax.fits._likelihood import guarded, signed_root_deviance


@pytest.mark.parametrize("y", [0.0, 0.01, 0.3, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("p", [1e-6, 0.02, 0.3001, 0.5, 0.9])
def test_its_square_is_the_textbook_deviance(y, p):
    n = 50.0
    terms = [a * np.log(a / b) for a, b in ((y, p), (1 - y, 1 - p)) if a > 0]
    want = 2 * n * np.sum(terms)
    r = float(signed_root_deviance(y, n, p))
    # The textbook's sum cancels: it is good to n times rounding, ours is better.
    np.testing.assert_allclose(r**2, want, rtol=1e-12, atol=1e-13 * n)
    assert r == 0 or np.sign(r) == np.sign(y - p)


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9, 1e-13])
def test_close_to_agreement_it_is_pearsons_residual(distance):
    y, n = 0.3, 100.0
    p = y + distance
    want = (y - p) * np.sqrt(n / (p * (1 - p)))
    # The next term is smaller by (1 - 2p) / (6 p (1 - p)) · distance.
    r = float(signed_root_deviance(y, n, p))
    np.testing.assert_allclose(r, want, rtol=0.4 * distance + 1e-14)


@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("p", [0.1, 0.299, 0.3, 0.301, 0.8])
def test_its_derivative_is_smooth_through_agreement(y, p):
    n, h = 40.0, 1e-5
    slope = jax.grad(signed_root_deviance, argnums=2)(y, n, p)
    ends = [signed_root_deviance(y, n, p + s * h) for s in (1, -1)]
    # Central differences: h² from the third derivative, rounding / h from the ends.
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * h), rtol=1e-7)


def test_the_guard_forgives_rounding_and_shows_failures():
    p = jnp.array([-1e-9, 0.0, 0.5, 1.0, 1 + 1e-9])
    kept = np.asarray(guarded(p))
    assert np.all((kept > 0) & (kept < 1))
    np.testing.assert_allclose(kept, np.clip(p, 0, 1), atol=1.1e-12)  # its own width
    assert np.all(np.isnan(guarded(jnp.array([-0.01, 1.01, jnp.nan]))))
