"""Polynomials of steps, and exponentials as they act on states."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax.propagate._actions import (
    chebyshev,
    chebyshev_pulled,
    polynomials,
    taylor,
)
from lzjax.propagate._cos_sinc import short
from lzjax.propagate._unitary import GeneralLinear, Unitary


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_short_polynomials_to_the_end_of_their_reach(kind):
    way = short(kind)
    a = np.linspace(0.0, way.reach, 400).astype(kind)
    cos, sinc = jax.jit(way.half)(a)
    exact = np.asarray(a, float)
    r = 0.5 * np.sqrt(exact)
    allowed = 4e-16 if kind is np.float64 else 1.5e-7
    np.testing.assert_allclose(cos, np.cos(r), atol=allowed)
    np.testing.assert_allclose(sinc, 0.5 * np.sinc(r / np.pi), atol=allowed)
    *_, slope = jax.jit(way.with_slope)(0.25 * a)
    # Closed form away from zero, where it cancels.
    far = exact > 2.0
    closed = (np.cos(r) - np.sinc(r / np.pi))[far] / (0.5 * exact[far])
    np.testing.assert_allclose(slope[far], closed, atol=2 * allowed)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("apply", "group"), [(chebyshev, Unitary), (taylor, GeneralLinear)]
)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_actions_are_the_exponential_at_the_largest_norm(apply, group, which, dtype):
    """To rounding, and the polynomials themselves to less than that."""
    linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(2)
    a = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    a = a - a.conj().T if group is Unitary else a
    way = polynomials(group, np.dtype(dtype))[which]
    # In the spectral norm, for which the reach is meant: that of the kernels is larger.
    a *= way.norm / np.linalg.norm(a, 2)
    ket = np.array([0.5, 0.5j, -0.5, 0.5])
    wanted, degree = linalg.expm(a) @ ket, way.degree
    allowed = 2e-15 if dtype is np.float64 else 3e-7
    kind = np.result_type(dtype, np.complex64)
    call = jax.jit(apply, static_argnums=(2, 3))
    found = call(a.astype(kind), ket.astype(kind), way.norm, degree)
    np.testing.assert_allclose(found, wanted, atol=allowed)
    # The same degree in float64.
    exact = call(a, ket, way.norm, degree)
    allowed = 0.5 * float(np.finfo(dtype).eps) + 2e-15
    assert np.linalg.norm(exact - wanted) < allowed


@pytest.mark.parametrize("which", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_cotangents_of_actions(which):
    """By the transpose of the recurrence as by JAX's."""
    rng = np.random.default_rng(5)
    a = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    a = a - a.conj().T
    ket, other = (rng.normal(size=2) + 1j * rng.normal(size=2) for _ in range(2))
    way = polynomials(Unitary, np.dtype(float))[which]
    a *= way.norm / np.linalg.norm(a, 2)

    def action(a, ket):
        return chebyshev(a, ket, way.norm, way.degree)

    after, later, part = jax.jit(chebyshev_pulled, static_argnums=(3, 4))(
        a, ket, other, way.norm, way.degree
    )

    @jax.jit
    def by_jax(a):
        after, pull = jax.vjp(lambda a: action(a, ket), a)
        later = action(a, other)
        # JAX takes no complex conjugate.
        return after, later, jnp.conj(pull(jnp.conj(later))[0])

    for found, wanted in zip((after, later, part), by_jax(a), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-13)
