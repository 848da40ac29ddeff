"""Where a page goes: asked before the work is done, so that hours of runs do not end in an unwritable folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from thalweg.core.errors import OutputError


def require_writable(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path if a file can be written there.

    Raises:
        OutputError: The folder is missing or cannot be written, or the path is a folder.

    Example:
        >>> require_writable("/no/such/folder/report.html")
        Traceback (most recent call last):
        thalweg.core.errors.OutputError: The page cannot be written to /no/such/folder/report.html...
    """
    place = Path(path).absolute()
    if place.is_dir():
        raise _unwritable(place, "it is a folder", f"name a file, such as {place / 'report.html'}")
    try:
        with tempfile.TemporaryFile(dir=place.parent):
            return place
    except OSError as error:
        remedy = "choose a folder that exists and that you may write to: --out FILE"
        raise _unwritable(place, error.strerror or type(error).__name__, remedy) from error


def _unwritable(place: Path, why: str, remedy: str) -> OutputError:
    return OutputError(f"The page cannot be written to {place}.", got=why, remedy=remedy)
