"""Reference values that were computed without lzjax (see the "source" of each)."""

import json
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
