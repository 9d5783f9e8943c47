"""Columns of numbers from a CSV file, with the line number in every complaint."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ._errors import CommandError, did_you_mean, listed


@dataclass(frozen=True)
class Columns:
    """The rows of a CSV file under their header, as text, with their line numbers."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def check(self, name: str, where: str) -> None:
        """**Raises:** `CommandError` if there is no such column."""
        if name not in self.header:
            raise CommandError(
                f"{where}: {self.path} has no column `{name}`; it has "
                f"{listed(self.header)}.{did_you_mean(name, self.header)}"
            )

    def numbers(self, name: str, where: str) -> np.ndarray:
        """One column as finite numbers.

        **Raises:** `CommandError` with the line of the first cell that is none.
        """
        self.check(name, where)
        index = self.header.index(name)
        return np.asarray(
            [self._number(line, row[index], name) for line, row in self.rows]
        )

    def _number(self, line: int, cell: str, name: str) -> float:
        try:
            value = float(cell)
        except ValueError:
            raise self.error(line, name, f"`{cell}` is not a number") from None
        if not math.isfinite(value):
            raise self.error(line, name, f"`{cell}` is not finite")
        return value

    def error(self, line: int, name: str, problem: str) -> CommandError:
        return CommandError(f"{self.path}, line {line}, column `{name}`: {problem}.")

    def refuse(self, bad: np.ndarray, name: str, problem: str) -> None:
        """**Raises:** `CommandError` for the first row where `bad` is true."""
        if np.any(bad):
            line, row = self.rows[int(np.argmax(bad))]
            cell = row[self.header.index(name)]
            raise self.error(line, name, f"`{cell}` {problem}")


def read_csv(path: Path) -> Columns:
    """A CSV file with a header line; empty lines and lines from # on are skipped.

    **Raises:** `CommandError` if it cannot be read as such.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"cannot read {path}: {reason}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not a CSV file: it is not UTF-8 text.") from None
    return parse_csv(text, path)


def parse_csv(text: str, path: Path) -> Columns:
    """As `read_csv`, from the file's text; `path` is its name in messages."""
    if "\0" in text:
        raise CommandError(f"{path} is not a CSV file: it holds binary data.")
    try:
        lines = _lines(text)
    except csv.Error as error:
        raise CommandError(f"{path} is not a CSV file: {error}.") from None
    if not lines:
        raise CommandError(f"{path} is empty: it needs a header line and rows.")
    (_, header), *rows = lines
    _check_shape(path, header, rows)
    return Columns(path, header, tuple(rows))


def _lines(text: str) -> list[tuple[int, tuple[str, ...]]]:
    reader = csv.reader(io.StringIO(text), skipinitialspace=True)
    lines = []
    for row in reader:
        cells = tuple(cell.strip() for cell in row)
        if any(cells) and not cells[0].startswith("#"):
            lines.append((reader.line_num, cells))
    return lines


def _check_shape(path: Path, header: Sequence[str], rows: Sequence) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise CommandError(f"{path} has the column {listed(twice)} more than once.")
    if not rows:
        raise CommandError(f"{path} has a header line, but no rows.")
    for line, row in rows:
        if len(row) != len(header):
            raise CommandError(
                f"{path}, line {line}: {len(row)} cells under a header of "
                f"{len(header)} columns."
            )
