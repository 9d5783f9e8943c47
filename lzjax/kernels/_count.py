"""How many operations a program on lanes takes, once compiled."""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.extend.core import Literal

_SUMS = {"add", "add_any", "sub"}
_ARITHMETIC = {"add", "add_any", "mul", "sub", "max", "min", "round"}
_ROOTS = {"div", "sqrt", "rsqrt"}
_FREE = {
    "abs",
    "broadcast_in_dim",
    "convert_element_type",
    "copy",
    "input",
    "literal",
    "neg",
    "optimization_barrier",
}
_CHOICES = {"select_n", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "xor", "not"}


class Operations(NamedTuple):
    """Operations on each lane.

    - `arithmetic`: floating-point instructions; a product and the sum it goes into are
      one. Signs are free.
    - `divisions`: divisions and roots, about ten instructions each in float64.
    - `choices`: comparisons and selections.
    - `functions`: calls such as `exp` or `sin`, some twenty to forty each.
    """

    arithmetic: int
    divisions: int
    choices: int
    functions: int


def operations(
    function: Callable, *lanes: Any, varying: int | None = None
) -> Operations:
    """What remains of an elementwise function when nothing is computed twice or for
    nothing, and products are contracted with sums.

    `varying`: how many of the first lanes change from call to call, as in a loop; what
    depends on the others alone is computed once and not counted. All, by default.
    """
    program = jax.make_jaxpr(function)(*lanes).jaxpr
    nodes: dict[tuple, int] = {}
    names = {v: _numbered(nodes, ("input", k)) for k, v in enumerate(program.invars)}
    outputs = _values(program, names, nodes)
    makers = {number: key for key, number in nodes.items()}
    live, waiting = set(), list(outputs)
    while waiting:
        number = waiting.pop()
        if number not in live:
            live.add(number)
            waiting += makers[number][2:]
    uses = Counter(outputs)
    for number in live:
        uses.update(makers[number][2:])
    fixed: set[int] = set()
    # Operands have smaller numbers than what is made of them.
    for number in sorted(live):
        name, option, *operands = makers[number]
        if name == "input":
            constant = varying is not None and option >= varying
        else:
            constant = all(o in fixed for o in operands)
        if constant:
            fixed.add(number)

    def contracts(number: int) -> bool:
        """Whether it is a product for this one sum, signs aside."""
        if uses[number] != 1 or number in fixed:
            return False
        name, _, *operands = makers[number]
        return name == "mul" or (name == "neg" and contracts(operands[0]))

    found: Counter[str] = Counter()
    for number in live - fixed:
        name, _, *operands = makers[number]
        found[name] += 1
        if name in _SUMS and any(map(contracts, operands)):
            found["mul"] -= 1
    counted = _ARITHMETIC | _ROOTS | _CHOICES | _FREE
    return Operations(
        sum(found[name] for name in _ARITHMETIC),
        sum(found[name] for name in _ROOTS),
        sum(found[name] for name in _CHOICES),
        sum(n for name, n in found.items() if name not in counted),
    )


def _numbered(nodes: dict[tuple, int], key: tuple) -> int:
    return nodes.setdefault(key, len(nodes))


def _values(program: Any, names: dict, nodes: dict[tuple, int]) -> list[int]:
    """Equal values get equal numbers; a node is its name, its options, its operands."""

    def number(atom) -> int:
        if isinstance(atom, Literal):
            return _numbered(nodes, ("literal", str(atom.val)))
        return names[atom]

    for eqn in program.eqns:
        operands = [number(atom) for atom in eqn.invars]
        inner = eqn.params.get("jaxpr") or eqn.params.get("call_jaxpr")
        if inner is not None:
            opened = getattr(inner, "jaxpr", inner)
            within = dict(zip(opened.invars, operands, strict=True))
            found = _values(opened, within, nodes)
        else:
            options = str(sorted(eqn.params.items(), key=str))
            key = (eqn.primitive.name, options, *operands)
            found = [
                _numbered(nodes, (*key[:1], f"{k}{key[1]}", *key[2:]))
                for k in range(len(eqn.outvars))
            ]
        names.update(zip(eqn.outvars, found, strict=True))
    return [number(atom) for atom in program.outvars]
