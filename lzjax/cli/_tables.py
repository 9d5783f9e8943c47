"""TOML files, read strictly: an unknown key is an error that names the known ones."""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._errors import CommandError, did_you_mean, listed
from ._formulas import RESERVED


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    **Raises:** `CommandError` if it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"cannot read {path}: {reason}.") from None
    except UnicodeDecodeError:
        raise CommandError(
            f"cannot read {path}: it is not a UTF-8 text file."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"{path} is not a TOML file: {error}.") from None


class Table:
    """One table of a configuration: every key must be known, and is read once."""

    def __init__(self, values: Any, where: str, known: tuple[str, ...]):
        if not isinstance(values, Mapping):
            raise CommandError(f"[{where}] must be a table, got {values!r}.")
        self.values, self.where = values, where
        for key in values:
            if key not in known:
                place = f"in [{where}]" if where else "at the top"
                raise CommandError(
                    f"unknown key `{key}` {place}; known: {listed(known)}."
                    f"{did_you_mean(key, known)}"
                )

    def path(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def need(self, key: str) -> Any:
        if key not in self.values:
            place = f"[{self.where}]" if self.where else "the file"
            raise CommandError(f"{place} lacks `{key}`.")
        return self.values[key]

    def text(self, key: str, default: str | None = None) -> str:
        value = self.need(key) if default is None else self.get(key, default)
        if not isinstance(value, str):
            raise CommandError(
                f"{self.path(key)} must be text in quotes, got {value!r}."
            )
        return value

    def choice(
        self, key: str, allowed: tuple[str, ...], default: str | None = None
    ) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise CommandError(
                f"{self.path(key)} must be one of {listed(allowed)}, got `{value}`."
                f"{did_you_mean(value, allowed)}"
            )
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self.need(key) if default is None else self.get(key, default)
        return as_number(value, self.path(key))

    def whole(self, key: str, default: int, least: int = 0) -> int:
        value = self.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise CommandError(
                f"{self.path(key)} must be a whole number from {least} on, got "
                f"{value!r}."
            )
        return value


def as_number(value: Any, where: str) -> float:
    """A finite number.

    **Raises:** `CommandError` if it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CommandError(f"{where} must be a number, got {value!r}.")
    if not math.isfinite(value):
        raise CommandError(f"{where} must be finite, got {value}.")
    return float(value)


def check_names(names: Mapping[str, Any], where: str) -> None:
    """Refuse names that a formula could not use.

    **Raises:** `CommandError` naming the first bad one.
    """
    for name in names:
        if not (name.isidentifier() and name.isascii()):
            raise CommandError(
                f"[{where}]: `{name}` cannot be used in formulas; use letters, digits "
                "and _ only, and start with a letter."
            )
        if name == "t" or name in RESERVED:
            meaning = "the time" if name == "t" else "a function or constant"
            raise CommandError(
                f"[{where}]: the name `{name}` is taken by {meaning} in formulas; "
                "choose another."
            )
