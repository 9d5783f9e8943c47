"""Formulas against NumPy, and what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax.cli._errors import CommandError
from lzjax.cli._formulas import parse_formula

VALUES = {"t": 0.37, "omega": 2.5, "scale": -1.2}

FORMULAS = {
    "1": lambda t, omega, scale: 1.0,
    "-t": lambda t, omega, scale: -t,
    "2 * 3 + 4 / 8 - 1": lambda t, omega, scale: 5.5,
    "2 ** 3 ** 2": lambda t, omega, scale: 512.0,
    "scale ** 3": lambda t, omega, scale: scale**3,
    "scale ** -2": lambda t, omega, scale: scale**-2,
    "omega ** 0.5": lambda t, omega, scale: np.sqrt(omega),
    "omega ** t": lambda t, omega, scale: omega**t,
    "scale * 15 * sin(omega * t) + 1.5": lambda t, omega, scale: (
        scale * 15 * np.sin(omega * t) + 1.5
    ),
    "clip(minimum(t, 1 - t) / 0.06, 0, 1)": lambda t, omega, scale: 1.0,
    "where(t < 0.5, cos(t), tan(t))": lambda t, omega, scale: np.cos(t),
    "where(0 < t < 0.3, 1, 2)": lambda t, omega, scale: 2.0,
    "exp(-t) * log(omega) + sqrt(omega)": lambda t, omega, scale: (
        np.exp(-t) * np.log(omega) + np.sqrt(omega)
    ),
    "sech(t) + tanh(t) + cosh(t) + sinh(t)": lambda t, omega, scale: (
        1 / np.cosh(t) + np.tanh(t) + np.cosh(t) + np.sinh(t)
    ),
    "sech(1e5)": lambda t, omega, scale: 0.0,
    "abs(scale) + sign(scale) + maximum(t, 1)": lambda t, omega, scale: 1.2,
    "sin(pi / 2) * e": lambda t, omega, scale: np.e,
    "(t > 0.1) * 3": lambda t, omega, scale: 3.0,
}


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_what_numpy_gives(text):
    formula = parse_formula(text, "here")
    got = jax.jit(lambda values: formula(values) * 1.0)(VALUES)
    # A handful of operations, each good to about one unit in the last place.
    np.testing.assert_allclose(got, FORMULAS[text](**VALUES), rtol=1e-14, atol=1e-15)


def test_a_formula_knows_its_names():
    assert parse_formula("a * sin(pi * b) + a", "here").names == {"a", "b"}


def test_a_number_is_a_formula():
    assert float(parse_formula(3, "here")({})) == 3.0
    assert float(parse_formula(-2.5e-3, "here")({})) == -2.5e-3


def test_powers_have_derivatives_at_zero():
    formula = parse_formula("x ** 2 + x ** 3", "here")
    assert float(jax.grad(lambda x: formula({"x": x}))(jnp.asarray(0.0))) == 0.0


def test_huge_powers_overflow_to_infinity_at_once():
    assert np.isinf(parse_formula("9.5 ** 9.5 ** 9.5 ** 9.5", "here")({}))


def test_an_unknown_name_is_named_with_the_known_ones():
    formula = parse_formula("offst + t", "experiment.detuning")
    with pytest.raises(CommandError) as caught:
        formula.check(["offset", "t"])
    message = str(caught.value)
    for part in ("experiment.detuning", "`offst`", "offst + t", "`offset`, `t`"):
        assert part in message
    assert "Did you mean `offset`?" in message


REFUSED = {
    "": "cannot read",
    "1 +": "cannot read",
    "a b": "cannot read",
    "\x00": "cannot read",
    "(" * 500 + "1" + ")" * 500: "cannot read",
    "+".join(["1"] * 200): "nested",
    "1+" * 2000 + "1": "characters",
    "__import__('os')": "unknown function `__import__`",
    "t.real": "not allowed",
    "t[0]": "not allowed",
    "[1, 2]": "not allowed",
    "lambda: 1": "not allowed",
    "'text'": "not allowed",
    "1j": "not allowed",
    "True": "not numbers",
    "a if b else c": "not allowed",
    "a and b": "not allowed",
    "a // b": "not allowed",
    "a % b": "not allowed",
    "a @ b": "not allowed",
    "~a": "not allowed",
    "a in b": "only < <=",
    "sin": "needs arguments",
    "sin()": "takes 1 argument, got 0",
    "clip(1, 2)": "takes 3 arguments, got 2",
    "sin(x=1)": "not allowed",
    "sin(*a)": "not allowed",
    "sine(1)": "Did you mean `sin",
    "1" * 400: "too large",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:20]))
def test_what_is_not_a_formula_is_refused_in_one_line(text):
    with pytest.raises(CommandError) as caught:
        parse_formula(text, "experiment.detuning")
    message = str(caught.value)
    assert REFUSED[text] in message
    assert message.startswith("experiment.detuning")
    assert "\n" not in message.replace(text, "")


@pytest.mark.parametrize("value", [None, True, [1], {"a": 1}])
def test_what_is_no_text_and_no_number_is_refused(value):
    with pytest.raises(CommandError, match="must be a formula"):
        parse_formula(value, "here")
