"""A function on lanes is the function."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax.kernels import NotScalarisable, operations, scalarise
from tests.helpers import three_levels, zoo

LANES = 4


def _split(model):
    import equinox as eqx

    arrays, static = eqx.partition(model, eqx.is_array)
    return arrays, lambda arrays: eqx.combine(arrays, static)


def _model_case(model, method):
    arrays, build = _split(model)
    return (lambda t, arrays: method(build(arrays), t)), (0.3, arrays)


def _qutrit(t, p):
    """What a user writes: phases, steps, softened steps, off-diagonals."""
    phase = jnp.exp(1j * p["frequency"] * t)
    strength = jax.nn.softplus(p["slope"] * t) * jnp.where(t > 0.28, 1.0, 0.8)
    up = jnp.diag(jnp.array([1.0, jnp.sqrt(2.0)]), 1) * phase * strength
    levels = jnp.array([0.0, p["energy"] * t, p["energy"] ** 2 * jnp.tanh(t)])
    return up + up.conj().T + jnp.diag(levels)


def _structures(t, v):
    table = jnp.interp(t, jnp.linspace(0.0, 1.0, 6), v)
    matrix = jnp.zeros((3, 3)).at[0, 1].set(v[0]).at[1:, 2].add(v[1:3])
    matrix = matrix + jnp.pad(v[:2], (0, 1))[None]
    either = jax.lax.cond(t > 0.3, lambda v: v[0], lambda v: 2.0 * v[1], v)
    loop = jax.lax.fori_loop(0, 3, lambda i, x: x * v[i] + t, 1.0)
    where = jnp.sum(v < t + 0.7, dtype=jnp.int32)
    picked = v[where]
    return (
        table,
        jnp.linalg.matrix_power(matrix, 3),
        jnp.einsum("ij,kj->ik", matrix, matrix),
        (either, loop, picked, jnp.trace(matrix), jnp.prod(v), jnp.cumsum(v)),
        (jnp.roll(v, 1), jnp.outer(v, v)[1:, ::2], jnp.max(v), jnp.all(v > 0.1) * t),
        jnp.stack([t, 2.0 * t]).reshape(2, 1),
        # At an index that is computed, inside and outside.
        (v.at[where].set(t), v.at[where + 2].add(t), v.at[where + 9].add(t)),
        jax.lax.dynamic_update_slice(v, v[:2] + t, (where + 3,)),
        (jnp.sum(v[:0]), jnp.prod(v[:0]), jnp.all(v[:0] > t), jnp.any(v[:0] > t)),
    )


def _functions(t, v):
    z = jnp.sqrt(v[0] + 1j * t) * jnp.log(v[1] - 2j)
    z = z + jnp.sin(t * v[2] * 1j + v[0]) * jnp.cos(v[1] + 1j) / (1.0 + 1j * v[3])
    real = jnp.mod(5.0 * t, 0.7) + jnp.floor(3.0 * t) + t**2.3 + v[4] ** t
    real = real + jnp.expm1(t) + jnp.log1p(v[1]) + jnp.sinh(t) * jnp.cosh(t)
    real = real + jnp.arctan(v[2]) + jnp.tan(t) + jnp.arcsin(t) + jnp.arcsinh(v[1])
    real = real + jnp.cbrt(v[1]) + jnp.sinc(t) + jnp.sign(t) * jnp.clip(v[3], 0.0, 0.9)
    return z * jnp.conj(z), jnp.abs(z), real / 3.0, z**-2, jnp.real(z) > 0.1


V = jnp.linspace(0.5, 1.5, 6)
CASES = {
    "every two-level model": _model_case(zoo(), lambda model, t: model.field(t)),
    "two levels as a matrix": _model_case(
        lz.LinearSweep(0.3 + 0.2j, 1.0), lambda m, t: m(t)
    ),
    "three levels": _model_case(three_levels(), lambda model, t: model(t)),
    "qutrit": (_qutrit, (0.3, dict(frequency=1.1, slope=0.7, energy=0.4))),
    "structures": (_structures, (0.3, V)),
    "functions": (_functions, (0.3, V)),
}


def _batch(arguments):
    rng = np.random.default_rng(7)

    def spread(x):
        # Together, so that what is sorted stays sorted.
        x = np.asarray(x)
        return jnp.asarray(x * rng.uniform(0.95, 1.05, (LANES,) + (1,) * x.ndim))

    return jax.tree.map(spread, arguments)


def _number(tree):
    """Every number of the result, each with a weight of its own."""
    total, weight = 0.0, 1.0
    for leaf in jax.tree.leaves(tree):
        if jnp.issubdtype(leaf.dtype, jnp.inexact):
            weights = weight + np.arange(leaf.size).reshape(leaf.shape) / leaf.size
            total = total + jnp.sum(weights * (jnp.real(leaf) - 0.7 * jnp.imag(leaf)))
            weight += 0.3
    return total


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives_are_those_of_the_function(name):
    function, arguments = CASES[name]
    batch = _batch(arguments)
    on_lanes = [scalarise(function, *arguments, neutral=n) for n in (False, True)]

    def by_lanes(s):
        return lambda batch: s.outputs.join(s(*s.inputs.split(batch)))

    def plain(batch):
        return jax.vmap(function)(*batch)

    @jax.jit
    def everything(batch):
        runs = [plain, *map(by_lanes, on_lanes)]
        # The derivative in one mode here, in the other below.
        slopes = [jax.grad(lambda b, f=f: _number(f(b)))(batch) for f in runs[:2]]
        return [f(batch) for f in runs], slopes

    (want, *found), slopes = everything(batch)
    for got in found:
        assert jax.tree.structure(got) == jax.tree.structure(want)
        for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
            assert a.dtype == b.dtype and a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=1e-14, atol=2e-15)
    for a, b in zip(*map(jax.tree.leaves, slopes), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_second_derivatives_and_single_precision():
    function, arguments = CASES["qutrit"]
    s = scalarise(function, *arguments)
    row = s.inputs.split(arguments)

    def on_lanes(*row):
        return _number(s.outputs.join(s(*row)))

    def plain(*row):
        return _number(function(*s.inputs.join(row)))

    def hessian(f):
        return jax.jit(jax.jacfwd(jax.grad(f, argnums=(0, 1)), argnums=(0, 2)))(*row)

    for a, b in zip(
        jax.tree.leaves(hessian(on_lanes)), jax.tree.leaves(hessian(plain)), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-12)

    single = [jnp.float32(x) for x in row]
    found = s.plain(*single)
    assert {x.dtype for x in found} == {np.dtype(np.float32)}
    np.testing.assert_allclose(found, s.plain(*row), rtol=2e-6, atol=1e-7)


def test_zeros_constants_and_conjugates_cost_nothing():
    def field(t, gap, rate):
        h = 0.5 * jnp.array([[rate * t, gap], [gap, -rate * t]], dtype=complex)
        return jnp.real(jnp.trace(h @ jnp.array([[1.0, 0.0], [0.0, -1.0]])))

    found = operations(scalarise(field, 0.3, 1.0, 2.0).plain, *[jnp.ones(3)] * 3)
    # rate·t, twice a half of it, and the sum: the second half is an opposite.
    assert found.arithmetic <= 4 and found.functions == 0, found


def test_each_lane_is_on_its_own_with_nested_batches():
    function, arguments = CASES["structures"]
    s = scalarise(function, *arguments)
    row = s.inputs.split(_batch(arguments))
    together = jax.jit(s.plain)(*row)
    apart = jax.jit(jax.vmap(s.plain))(*[x.reshape(2, 2) for x in row])
    for a, b in zip(together, apart, strict=True):
        np.testing.assert_array_equal(a, b.reshape(-1))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda t: jnp.linalg.eigh(t * jnp.eye(3))[0], "eigh"),
        (
            lambda t: jax.lax.while_loop(lambda x: x < 9.0, lambda x: 2.0 * x, t),
            "while",
        ),
        (lambda t: jnp.sum(jnp.linspace(0.0, t, 5000)), "5000 numbers|4999 numbers"),
        (lambda t: jnp.sin(jnp.arange(2000.0))[(100 * t).astype(int)], "numbers"),
        (lambda t: jax.scipy.special.gammaln(t), "lgamma"),
        (lambda t: jnp.tanh(1j * t), "`tanh` of a complex number"),
        (lambda t: jax.lax.fori_loop(0, 1000, lambda i, x: x + t, t), "1000 rounds"),
    ],
)
def test_what_has_no_form_on_lanes_is_named(function, message):
    with pytest.raises(NotScalarisable, match=message):
        scalarise(function, 0.3)(jnp.ones(3))
