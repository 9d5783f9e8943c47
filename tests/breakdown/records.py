"""Reference values of magnetic breakdown, computed without lzjax."""

import json
from functools import cache
from pathlib import Path

import numpy as np

EV = 1.602176634e-19


@cache
def _records():
    path = Path(__file__).parents[1] / "data" / "magnetic_breakdown.json"
    return {case["id"]: case for case in json.loads(path.read_text("utf-8"))["cases"]}


def record(number: int) -> dict:
    """The case MBO-`number`: "parameters", "value", "tolerance", ..."""
    return _records()[f"MBO-{number:02d}"]


def numbers() -> set[int]:
    """The numbers of all cases."""
    return {int(name.removeprefix("MBO-")) for name in _records()}


def check(got, case) -> None:
    """`got` agrees with the case's value to the case's tolerance."""
    tolerance = {"rtol": 0, "atol": 0} | case["tolerance"]
    want = np.ravel(case["value"])
    np.testing.assert_allclose(np.ravel(got), want, **tolerance)
