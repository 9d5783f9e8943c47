"""Parameters, their coordinates, and the starts drawn from them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax.fits import Parameter
from lzjax.fits._parameters import Coordinates, as_parameters, draw_starts

KINDS = (
    Parameter("free", -2.0),
    Parameter("above", 3.0, lower=1.0),
    Parameter("below", 0.5, upper=2.0),
    Parameter("between", 0.25, lower=0.0, upper=1.0),
)


def test_coordinates_and_values_are_inverse():
    c = Coordinates(KINDS)
    u = jnp.array([0.3, -1.2, 2.0, 0.7])
    np.testing.assert_allclose(c.unbounded(c.natural(u)), u, rtol=1e-13)


def test_no_coordinate_leaves_the_bounds():
    c = Coordinates(KINDS)
    for u in (-1e3, -30.0, 30.0, 1e3):
        x = np.asarray(c.natural(jnp.full(4, u)))
        assert np.all(np.isfinite(x))
        assert x[1] >= 1 and x[2] <= 2 and 0 <= x[3] <= 1


def test_a_value_on_a_bound_is_moved_inside():
    c = Coordinates(KINDS)
    x = c.natural(c.unbounded(jnp.array([0.0, 1.0, 2.0, 1.0])))
    # By a thousandth of the scales 2, 1.5 and 1.
    np.testing.assert_allclose(x, [0.0, 1.002, 1.9985, 0.999], rtol=1e-12)


def test_the_transform_is_differentiable_everywhere():
    slopes = jax.jacfwd(Coordinates(KINDS).natural)(jnp.array([0.0, -40.0, 40.0, 0.0]))
    assert np.all(np.isfinite(slopes))


def test_the_first_start_is_the_users_and_all_are_inside():
    x = draw_starts(KINDS, 200, spread=2.0, seed=3)
    np.testing.assert_array_equal(x[0], [-2.0, 3.0, 0.5, 0.25])
    assert np.all(x[:, 1] > 1) and np.all(x[:, 2] < 2)
    assert np.all((x[:, 3] > 0) & (x[:, 3] < 1))


def test_positive_parameters_are_spread_over_a_factor():
    gap = (Parameter("gap", 5.0, lower=0.0),)
    x = draw_starts(gap, 400, spread=3.0, seed=0)[1:, 0]
    assert np.all((x >= 5 / 3) & (x <= 15))
    # Stratified: one draw in each of 400 slices, so the median is off by one slice.
    assert abs(np.median(np.log(x / 5))) < 2 * np.log(3) * 2 / 400


def test_draws_depend_on_the_seed_alone():
    one, two, other = (draw_starts(KINDS, 8, 2.0, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.any(one[1:] == other[1:])


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (
            dict(value=3.0, upper=2.0),
            r"'gap' starts at 3.0, outside its bounds \[-inf,",
        ),
        (dict(value=1.0, lower=2.0, upper=1.0), "'gap' needs lower < upper"),
        (dict(value=float("nan")), "the value of parameter 'gap' must be finite"),
        (dict(value=1.0, upper=float("inf")), "Leave a bound out to have none"),
        (dict(value=1.0, scale=0.0), "the scale of 'gap' must be positive"),
    ],
)
def test_impossible_parameters_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        Parameter("gap", **arguments)


def test_the_short_form_is_a_dict():
    gap = Parameter("gap", 1.0, lower=0.0)
    assert as_parameters({"gap": gap, "rate": 2}) == (gap, Parameter("rate", 2.0))
    with pytest.raises(
        ValueError, match="the key 'rate' holds a Parameter named 'gap'"
    ):
        as_parameters({"rate": gap})
    with pytest.raises(ValueError, match="given more than once: gap"):
        as_parameters([gap, gap])
    with pytest.raises(TypeError, match="must hold lz.Parameter objects, got 1.0"):
        as_parameters([1.0])
    with pytest.raises(TypeError, match="plain number"):
        as_parameters({"gap": "wide"})
