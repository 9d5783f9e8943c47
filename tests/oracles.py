"""Reference values that were computed without lzjax (see the "source" of each)."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _records() -> dict[str, dict[str, Any]]:
    path = Path(__file__).parent / "data" / "landau_zener.json"
    return {record["id"]: record for record in json.loads(path.read_text("utf-8"))}


def oracle(identifier: str) -> dict[str, Any]:
    """The record of that name: "parameters", "quantity", "value", "tolerance", ..."""
    return _records()[identifier]


def oracles(prefix: str) -> list[str]:
    """The names of all records that begin with `prefix`."""
    return [name for name in _records() if name.startswith(prefix)]


def tolerance_of(record: dict[str, Any]) -> float:
    """What to ask of a solve for a record.

    |δP| ≤ 2|u||δu|: half the tolerance on U is enough for P. The default serves where
    the record is coarser; 1e-12 is the finest tolerance there is.
    """
    return min(max(0.5 * record["tolerance"], 1e-12), 1e-8)


def compute(table: dict[str, Callable], name: str, rtol: float | None = None) -> Any:
    """A record's value by lzjax, as a table (name -> function of parameters and
    tolerance) has it."""
    record = oracle(name)
    return table[name](record["parameters"], rtol or tolerance_of(record))
