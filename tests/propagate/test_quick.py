"""Quick sines are sines, in any function, and so are their derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax.propagate._cos_sinc import quick_cos, quick_sin
from lzjax.propagate._quick import quick
from tests.helpers import three_levels, zoo


@pytest.mark.parametrize(("kind", "allowed"), [(np.float64, 4e-16), (np.float32, 2e-7)])
@pytest.mark.parametrize(("found", "exact"), [(quick_cos, np.cos), (quick_sin, np.sin)])
def test_sines(found, exact, kind, allowed):
    near = np.linspace(-20.0, 20.0, 2001)
    # Near odd and even multiples of π/2 too, where signs change.
    turns = np.arange(-12, 13) * np.pi / 2
    x = np.concatenate([near, turns, turns + 1e-6, [0.0]]).astype(kind)
    values = jax.jit(found)(x)
    assert values.dtype == kind
    np.testing.assert_allclose(values, exact(x.astype(float)), atol=allowed)
    far = (1e6 * near).astype(kind)
    # Of the size of what the rounding of x does.
    eps = np.finfo(kind).eps
    error = np.abs(jax.jit(found)(far) - exact(far.astype(float)))
    assert np.all(error <= allowed + eps * np.abs(far))


def test_derivatives_of_sines():
    x = jnp.linspace(-3.0, 9.0, 40)
    slopes = jax.jit(jax.vmap(jax.grad(jax.grad(quick_cos))))(x)
    np.testing.assert_allclose(slopes, -np.cos(x), atol=1e-15)
    slopes = jax.jit(jax.vmap(jax.grad(jax.grad(quick_sin))))(x)
    np.testing.assert_allclose(slopes, -np.sin(x), atol=1e-15)


@jax.custom_jvp
def _odd(x):
    return jnp.sin(x) + 1.0


@_odd.defjvp
def _odd_jvp(primals, tangents):
    # Not the derivative: whoever takes the function apart finds another.
    return _odd(*primals), 7.0 * tangents[0]


def _drive(t, p):
    inner = jax.jit(lambda x: jnp.cos(x) * jnp.sin(2.0 * x))
    many = jnp.sum(jnp.sin(p * t * jnp.arange(1.0, 13.0)))
    either = jax.lax.cond(t > 0.0, jnp.sin, jnp.cos, p * t)
    return {"a": inner(p * t), "b": (either, _odd(p), jnp.exp(1j * p * t), many)}


@pytest.mark.parametrize("t", [0.7, -0.4])
def test_a_function_stays_the_same_with_its_rules(t):
    quicker, costly = quick(_drive, 0.3, 1.2)
    assert costly

    def numbers(function):
        found = jax.tree.leaves(function(t, 1.2)), jax.jacfwd(function, 1)(t, 1.2)
        return jax.tree.leaves(found)

    for a, b in zip(numbers(quicker), numbers(_drive), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-15)


@pytest.mark.parametrize(
    ("function", "costly"),
    [(lambda t: 2.0 * t, False), (zoo().field, True), (three_levels(), True)],
)
def test_what_takes_long_is_known(function, costly):
    assert quick(function, 0.3)[1] == costly


def _sparse(t, p):
    nothing = jnp.zeros_like(t)
    inner = jax.jit(lambda x: nothing * x)
    kept = jax.lax.optimization_barrier((nothing, t))[0]
    across = (t * nothing - inner(p)) + kept * jnp.cos(t)
    return across, nothing - p * t, (p * t + across) - nothing


def test_products_with_known_zeros_vanish():
    quicker, _ = quick(_sparse, 0.3, 1.2)
    for a, b in zip(quicker(0.7, 1.1), _sparse(0.7, 1.1), strict=True):
        np.testing.assert_array_equal(a, b)
    names = [eqn.primitive.name for eqn in jax.make_jaxpr(quicker)(0.7, 1.1).eqns]
    # p·t, twice; what is left of the first output is a plain zero.
    assert names.count("mul") == 2
    assert not {"add", "sub"} & set(names)
