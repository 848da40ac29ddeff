"""Where a page goes: asked before the work is done, and written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from thalweg.core.errors import OutputError


def require_writable(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path if a page can be written there; so that hours of runs do not end in an error.

    Raises:
        OutputError: The folder is missing or cannot be written, or the path is a folder.

    Example:
        >>> require_writable("/no/such/folder/report.html")
        Traceback (most recent call last):
        thalweg.core.errors.OutputError: The report cannot be written to /no/such/folder/report.html...
    """
    place = Path(path).absolute()
    try:
        if place.exists() and not place.is_file():
            raise OSError(0, "something is there that is no file")
        with tempfile.TemporaryFile(dir=place.parent):
            return place
    except OSError as error:
        raise _unwritable(place, error) from error


def save(text: str, place: Path) -> Path:
    """Write `text` beside `place`, then move it there.

    Raises:
        OutputError: As `require_writable`, or the disk is full.
    """
    require_writable(place)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(place)
    except OSError as error:
        raise _unwritable(place, error) from error
    finally:
        with suppress(OSError):  # a folder that let nothing be written has nothing to be cleared away
            draft.unlink(missing_ok=True)
    return place


def _unwritable(place: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The report cannot be written to {place}.",
        got=error.strerror or type(error).__name__,
        remedy=_remedy(place),
    )


def _remedy(place: Path) -> str:
    if place.is_dir():
        return f"that is a folder: name a file, such as {place / 'report.html'}"
    if not place.parent.is_dir():
        return f"make the folder {place.parent} first, or name another"
    return "name a file in a folder that you may write to, on a disk with space left"
