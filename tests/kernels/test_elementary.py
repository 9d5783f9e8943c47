"""Elementary functions from fewer of them, to a few units in the last place."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from lzjax.kernels import _elementary

mpmath.mp.dps = 40
RNG = np.random.default_rng(5)
COUNT = 150


def _wide(low, high):
    """Numbers of both signs over many orders of magnitude."""
    return RNG.choice([-1.0, 1.0], COUNT) * 10.0 ** RNG.uniform(low, high, COUNT)


def _even(reach):
    return RNG.uniform(-reach, reach, COUNT)


def _joined(*parts):
    return np.concatenate(parts)


def _remainder(x, y):
    whole = mpmath.floor(abs(x) / abs(y))
    return mpmath.sign(x) * (abs(x) - abs(y) * whole)


def _cases(most, reach):
    """Function, reference, arguments and the error that is allowed; `most` is the
    largest power of ten, `reach` the largest argument of exp."""
    up = np.abs(_wide(-5, most))
    base = _joined(10.0 ** RNG.uniform(-most, most, COUNT), RNG.uniform(0.5, 2, COUNT))
    power = _joined(_even(0.99), _even(0.99 * reach))
    return {
        "expm1": (mpmath.expm1, [_joined(_even(reach), _even(2), _wide(-12, 0))], 2),
        "log1p": (
            lambda x: mpmath.log(1 + x),
            [_joined(np.abs(_wide(-12, most)), _even(0.999), _wide(-12, -1))],
            2,
        ),
        "sinh": (mpmath.sinh, [_joined(_even(reach), _even(3), _wide(-12, 0))], 4),
        "cosh": (mpmath.cosh, [_joined(_even(reach), _even(3))], 4),
        "tan": (mpmath.tan, [_even(30)], 3),
        "atan": (mpmath.atan, [_joined(_wide(-10, 10), _even(3))], 3),
        "asin": (mpmath.asin, [_joined(_even(1), _wide(-10, 0))], 3),
        "acos": (mpmath.acos, [_even(1)], 3),
        "asinh": (mpmath.asinh, [_joined(_wide(-10, most), _even(3))], 3),
        "acosh": (mpmath.acosh, [_joined(1 + up, 1 + np.abs(_even(3)))], 3),
        "atanh": (mpmath.atanh, [_joined(_even(0.999), _wide(-10, -1))], 3),
        "cbrt": (
            lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
            [_joined(_wide(-most, most), _even(3))],
            2,
        ),
        "floor": (mpmath.floor, [_joined(_even(5), _even(1e6))], 0),
        "ceil": (mpmath.ceil, [_joined(_even(5), _even(1e6))], 0),
        "rem": (
            _remainder,
            [_joined(_even(1e4), _even(5)), _joined(*[_even(9)] * 2)],
            0,
        ),
        "power": (mpmath.power, [base, power], 8),
    }


CASES = {np.float64: _cases(300, 705), np.float32: _cases(37, 86)}
# One program for all functions: compiling each alone would take a minute.
NAMES = sorted(CASES[np.float64])


@jax.jit
def _all(arguments):
    return {name: getattr(_elementary, name)(*x) for name, x in arguments.items()}


@pytest.fixture(scope="module", params=[np.float64, np.float32])
def found(request):
    cases = CASES[request.param]
    arguments = {
        name: [jnp.asarray(x, request.param) for x in cases[name][1]] for name in NAMES
    }
    return request.param, arguments, _all(arguments)


@pytest.mark.parametrize("name", NAMES)
def test_error_in_units_of_the_last_place(found, name):
    dtype, arguments, values = found
    reference, _, allowed = CASES[dtype][name]
    columns = [np.asarray(x, float) for x in arguments[name]]
    got = np.asarray(values[name], float)
    assert got.shape == columns[0].shape
    for place, numbers in enumerate(zip(*columns, strict=True)):
        want = reference(*map(mpmath.mpf, numbers))
        if abs(want) > float(np.finfo(dtype).max):
            assert np.isinf(got[place]), numbers
            continue
        # Below the smallest normal number digits are lost by definition.
        size = max(abs(float(want)), float(np.finfo(dtype).tiny))
        unit = 2.0 ** np.floor(np.log2(size)) * float(np.finfo(dtype).eps)
        assert abs(mpmath.mpf(got[place]) - want) <= allowed * unit, numbers


def test_powers_at_the_ends_of_their_range():
    inf, nan = np.inf, np.nan
    x = np.array([0.0, 0, 0, -8, -8, -2, inf, inf, nan, nan, -1, 1, 1e300, 2, 0.5])
    y = np.array([2.0, 0, -1, 3, 2, 0.5, 2, -2, 0, 1, 1e3, nan, 3, 2000, 2000])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(jax.jit(_elementary.power)(x, y), x**y)


def test_functions_at_the_ends_of_their_range():
    ends = jnp.array([-jnp.inf, jnp.inf])
    np.testing.assert_array_equal(_elementary.expm1(ends), [-1, np.inf])
    np.testing.assert_array_equal(_elementary.sinh(ends), ends)
    np.testing.assert_array_equal(_elementary.cbrt(ends), ends)
    edge = jnp.array([-1.0, jnp.inf, -2.0])
    np.testing.assert_array_equal(_elementary.log1p(edge), [-np.inf, np.inf, np.nan])
