"""Directions that the data leave open, in words a physicist reads."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import numpy as np
from jaxtyping import Float

# Exponents in formulas are small fractions; hard directions are accurate to 1e-6.
_LARGEST_DENOMINATOR = 4
_TOLERANCE = 1e-4


def describe_open(
    names: Sequence[str],
    x: Float[np.ndarray, " d"],
    vectors: Float[np.ndarray, "d k"],
    exact: bool,
) -> str:
    """Why the parameters `names` are not identified.

    **Arguments:**

    - `x`: their values.
    - `vectors`: the open directions, as changes of the values.
    - `exact`: whether the direction is wholly undetermined, not merely wide.
    """
    logarithmic = bool(np.all(x != 0))
    if exact and logarithmic:
        powers = _rational_complement(vectors / x[:, None])
        if powers is not None:
            what = [_product(names, row) for row in powers]
            return _sentence(names, what, _ratio(names, vectors / x[:, None], "d ln "))
    if exact:
        sums = _rational_complement(vectors)
        if sums is not None:
            what = [_sum(names, row) for row in sums]
            return _sentence(names, what, _ratio(names, vectors, "d "))
    shown = vectors / x[:, None] if logarithmic else vectors
    ratio = _ratio(names, shown, "d ln " if logarithmic else "d ")
    effect = "without changing any prediction" if exact else "almost unseen by the data"
    return f"{_and(names)} can change together {ratio}{effect}"


def _sentence(names: Sequence[str], what: list[str], ratio: str) -> str:
    only = f"the data determine only {_and(what)}" if what else "nothing is determined"
    change = f"{_and(names)} can change together {ratio}"
    return f"{only}: {change}without changing any prediction"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _rational_complement(vectors: np.ndarray) -> list[list[int]] | None:
    """Small whole numbers e with e · v = 0 for all columns v; None if there are none.

    The complement's basis is brought to reduced row-echelon form; if the exponents of
    a formula are behind it, all entries are then small fractions.
    """
    u, _, _ = np.linalg.svd(vectors / np.linalg.norm(vectors, axis=0))
    rows = u[:, vectors.shape[1] :].T
    whole = []
    for row in _row_echelon(rows):
        fractions = [Fraction(v).limit_denominator(_LARGEST_DENOMINATOR) for v in row]
        wrong = max(abs(float(f) - v) for f, v in zip(fractions, row, strict=True))
        if wrong > _TOLERANCE or max(abs(f) for f in fractions) > _LARGEST_DENOMINATOR:
            return None
        common = lcm(*(f.denominator for f in fractions))
        whole.append([int(f * common) for f in fractions])
    return whole


def _row_echelon(rows: np.ndarray) -> np.ndarray:
    rows = rows.copy()
    for k in range(len(rows)):
        pivot = int(np.argmax(np.max(np.abs(rows[k:]), axis=0) > 1e-3))
        best = k + int(np.argmax(np.abs(rows[k:, pivot])))
        rows[[k, best]] = rows[[best, k]]
        rows[k] /= rows[k, pivot]
        for j in range(len(rows)):
            if j != k:
                rows[j] -= rows[j, pivot] * rows[k]
    return rows


def _power(name: str, exponent: int) -> str:
    return name if exponent == 1 else f"{name}^{exponent}"


def _product(names: Sequence[str], exponents: list[int]) -> str:
    """[2, -1] -> gap^2/rate."""
    if not any(e > 0 for e in exponents):
        exponents = [-e for e in exponents]
    pairs = list(zip(names, exponents, strict=True))
    above = [_power(name, e) for name, e in pairs if e > 0]
    below = [_power(name, -e) for name, e in pairs if e < 0]
    under = below[0] if len(below) == 1 else f"({'*'.join(below)})"
    return "*".join(above) + (f"/{under}" if below else "")


def _sum(names: Sequence[str], factors: list[int]) -> str:
    """[1, -2] -> a - 2*b."""
    text = ""
    for name, factor in zip(names, factors, strict=True):
        if factor:
            sign = (" - " if factor < 0 else " + ") if text else "-" * (factor < 0)
            text += sign + ("" if abs(factor) == 1 else f"{abs(factor)}*") + name
    return text


def _ratio(names: Sequence[str], vectors: np.ndarray, mark: str) -> str:
    """(d ln gap : d ln rate = 1 : 2), for a single direction."""
    if vectors.shape[1] != 1 or len(names) < 2:
        return ""
    v = vectors[:, 0] / vectors[0, 0] if abs(vectors[0, 0]) > 1e-6 else vectors[:, 0]
    fractions = [Fraction(f).limit_denominator(_LARGEST_DENOMINATOR) for f in v]
    wrong = max(abs(float(f) - w) for f, w in zip(fractions, v, strict=True))
    if wrong < _TOLERANCE:
        common = lcm(*(f.denominator for f in fractions))
        numbers = " : ".join(str(int(f * common)) for f in fractions)
    else:
        numbers = " : ".join(f"{w:.3g}" for w in v)
    return f"({' : '.join(mark + name for name in names)} = {numbers}) "
