"""Formulas in configuration files: parsed, checked, and turned into JAX functions.

Only what is listed here is allowed: a formula can compute, and nothing else. It is
never given to `eval`.
"""

import ast
import operator
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp

from ._errors import CommandError, did_you_mean, listed

Evaluate = Callable[[Mapping[str, Any]], Any]

FUNCTIONS: dict[str, tuple[int, Callable]] = {
    "sin": (1, jnp.sin),
    "cos": (1, jnp.cos),
    "tan": (1, jnp.tan),
    "exp": (1, jnp.exp),
    "log": (1, jnp.log),
    "sqrt": (1, jnp.sqrt),
    "tanh": (1, jnp.tanh),
    "cosh": (1, jnp.cosh),
    "sinh": (1, jnp.sinh),
    # Of exp(-|x|), so that it underflows to 0 where cosh would overflow.
    "sech": (1, lambda x: 2 * jnp.exp(-jnp.abs(x)) / (1 + jnp.exp(-2 * jnp.abs(x)))),
    "abs": (1, jnp.abs),
    "sign": (1, jnp.sign),
    "minimum": (2, jnp.minimum),
    "maximum": (2, jnp.maximum),
    "clip": (3, jnp.clip),
    "where": (3, jnp.where),
}
CONSTANTS = {"pi": jnp.pi, "e": jnp.e}
RESERVED = frozenset(FUNCTIONS) | frozenset(CONSTANTS)

_BINARY: dict[type[ast.operator], Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_COMPARE = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
# Longer or deeper formulas are mistakes, and would overflow Python's stack.
_LONGEST = 2000
_DEEPEST = 60


@dataclass(frozen=True)
class Formula:
    """A formula of numbers and names: called with a dict of names, gives a number.

    **Attributes:**

    - `text`: as it was written.
    - `where`: where it was written, for messages.
    - `names`: the names it uses, without constants and functions.
    """

    text: str
    where: str
    names: frozenset[str]
    evaluate: Evaluate = field(repr=False, compare=False)

    def __call__(self, values: Mapping[str, Any]) -> Any:
        return self.evaluate(values)

    def check(self, known: Iterable[str]) -> None:
        """Refuse names that are not `known`.

        **Raises:** `CommandError` naming the formula, the name and the known ones.
        """
        known = sorted(set(known))
        for name in sorted(self.names):
            if name not in known:
                hint = did_you_mean(name, [*known, *RESERVED])
                raise CommandError(
                    f"{self.where}: unknown name `{name}` in the formula "
                    f'"{self.text}"; known: {listed(known)}.{hint}'
                )


def parse_formula(text: Any, where: str) -> Formula:
    """A formula from its text, or from a number.

    **Raises:** `CommandError` if it is not a formula of the allowed kind.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        text = repr(text)
    if not isinstance(text, str):
        raise CommandError(
            f"{where} must be a formula in quotes or a number, got {text!r}."
        )
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        raise CommandError(f"{where}: the formula has over {_LONGEST} characters.")
    try:
        with warnings.catch_warnings():  # of Python code, such as "1if"
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or str(error) or "nested too deep"
        raise CommandError(
            f'{where}: cannot read the formula "{text}": {reason}.'
        ) from None
    names: set[str] = set()
    evaluate = _compile(tree.body, _Context(text, where, names), 0)
    return Formula(text, where, frozenset(names), evaluate)


@dataclass(frozen=True)
class _Context:
    text: str
    where: str
    names: set[str]

    def error(self, problem: str) -> CommandError:
        return CommandError(f'{self.where}: {problem} in the formula "{self.text}".')


def _compile(node: ast.AST, context: _Context, depth: int) -> Evaluate:
    """The node as a function of the dict of names."""
    if depth > _DEEPEST:
        raise context.error("too many nested terms")

    def inner(child: ast.AST) -> Evaluate:
        return _compile(child, context, depth + 1)

    match node:
        case ast.Constant(value=bool()):
            raise context.error("true and false are not numbers")
        case ast.Constant(value=int() | float() as value):
            return _constant(value, context)
        case ast.Name(id=name):
            return _name(name, context)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _apply(_UNARY[type(op)], [inner(operand)])
        case ast.BinOp(left=left, op=ast.Pow(), right=right) if (
            power := _integer(right)
        ) is not None:
            return _integer_power(inner(left), power)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _apply(_BINARY[type(op)], [inner(left), inner(right)])
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _comparison(inner(left), ops, [inner(c) for c in others], context)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            _check_call(name, args, context)
            return _apply(FUNCTIONS[name][1], [inner(arg) for arg in args])
    what = ast.unparse(node)
    raise context.error(
        f"`{what}` is not allowed; use numbers, names, + - * / **, comparisons and "
        f"{', '.join(FUNCTIONS)}"
    )


def _constant(value: int | float, context: _Context) -> Evaluate:
    try:
        number = float(value)
    except OverflowError:
        raise context.error("a number is too large") from None
    return lambda values: jnp.asarray(number)


def _name(name: str, context: _Context) -> Evaluate:
    if name in CONSTANTS:
        return lambda values: jnp.asarray(CONSTANTS[name])
    if name in FUNCTIONS:
        raise context.error(f"`{name}` needs arguments in brackets")
    context.names.add(name)
    return lambda values: values[name]


def _apply(function: Callable, parts: list[Evaluate]) -> Evaluate:
    return lambda values: function(*(part(values) for part in parts))


def _integer(node: ast.AST) -> int | None:
    """The value of a small whole number, perhaps with a sign."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _integer(operand)
            return None if value is None else -value
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return value if value <= 64 else None
    return None


def _integer_power(base: Evaluate, exponent: int) -> Evaluate:
    # By multiplication: also for negative bases, and with derivatives at 0.
    return lambda values: jnp.asarray(base(values)) ** exponent


def _comparison(
    first: Evaluate, ops: list[ast.cmpop], others: list[Evaluate], context: _Context
) -> Evaluate:
    for op in ops:
        if type(op) not in _COMPARE:
            raise context.error("only < <= > >= == != are allowed as comparisons")
    compare = [_COMPARE[type(op)] for op in ops]

    def evaluate(values):
        terms = [part(values) for part in (first, *others)]
        result = compare[0](terms[0], terms[1])
        for k in range(1, len(compare)):  # a < b < c means a < b and b < c
            result = jnp.logical_and(result, compare[k](terms[k], terms[k + 1]))
        return result

    return evaluate


def _check_call(name: str, args: list[ast.expr], context: _Context) -> None:
    if name not in FUNCTIONS:
        raise CommandError(
            f"{context.where}: unknown function `{name}` in the formula "
            f'"{context.text}"; known: {listed(FUNCTIONS)}.'
            f"{did_you_mean(name, FUNCTIONS)}"
        )
    wanted = FUNCTIONS[name][0]
    if len(args) != wanted:
        plural = "s" if wanted > 1 else ""
        raise context.error(
            f"`{name}` takes {wanted} argument{plural}, got {len(args)}"
        )
