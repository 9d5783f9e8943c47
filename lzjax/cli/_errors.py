"""Errors of the command line: one clear line, and an exit code."""

import difflib
from collections.abc import Iterable

# As for `argparse`: the command, a file or a name in it is wrong.
USAGE = 2
FAILURE = 1


class CommandError(Exception):
    """Something to tell the user in one line; `code` is the exit code."""

    def __init__(self, message: str, code: int = USAGE):
        super().__init__(message)
        self.code = code


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`" Did you mean `x`?"`, or nothing if no known name is close."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean `{close[0]}`?" if close else ""


def listed(names: Iterable[str]) -> str:
    """Names as text: "`a`, `b`", or "none"."""
    return ", ".join(f"`{name}`" for name in names) or "none"
