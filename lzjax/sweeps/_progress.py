"""A progress bar on stderr, where there is someone to see it."""

import contextlib
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress_bar(total: int, label: str, show: bool) -> Iterator[Callable[[int], None]]:
    """A function to call with the number of points just finished.

    A bar is drawn if `show`, rich is installed, and stderr is a terminal or a
    notebook; otherwise nothing is written.
    """
    bar = _rich_bar() if show else None
    if bar is None:
        yield lambda done: None
        return
    with bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, advance=done)


def _rich_bar():
    try:
        from rich.console import Console
        from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
    except ImportError:
        return None
    console = Console(stderr=True)
    if not (console.is_terminal or console.is_jupyter):
        return None
    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
