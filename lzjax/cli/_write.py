"""Files that are complete or not there at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ._errors import FAILURE, USAGE, CommandError


@contextlib.contextmanager
def written(path: Path) -> Iterator[Path]:
    """A file to write to, which becomes `path` when the block ends without an error.

    It lies beside `path`, so that the last step is one rename.

    **Raises:** `CommandError` if the system refuses (a full disk, no permission).
    """
    temporary = None
    try:
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        # `mkstemp` lets nobody else read the file; give it the usual permissions.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"cannot write {path}: {reason}.", FAILURE) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with written(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def prepare_folder(folder: Path) -> None:
    """Make the folder if needed and see that files can be made in it.

    Asked before the computation, so that no result is lost for want of a place.

    **Raises:** `CommandError` if not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"cannot write into {folder}: {reason}.", USAGE) from None
