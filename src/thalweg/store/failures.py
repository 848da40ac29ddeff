"""SQLite's troubles in plain words: what happened and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from thalweg.core.errors import StoreError

_DAMAGED = (
    "The run store is damaged.",
    "move the file away to begin a new one; `sqlite3 FILE .recover` may save what it holds",
)
_UNWRITABLE = (
    "The run store cannot be opened or written here.",
    "choose a folder and a file that you may write to",
)
_ADVICE = {
    sqlite3.SQLITE_BUSY: (
        "Another process is writing to the run store and has not finished.",
        "wait for it or end it, then try again; or choose another file",
    ),
    sqlite3.SQLITE_FULL: (
        "The disk is full: the run store could not be written.",
        "free some space and try again; everything stored so far is kept",
    ),
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: _UNWRITABLE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
_OTHER = ("The run store failed.", "check the disk; if it is sound, report this as a bug")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise about the store at `path` into a `StoreError`.

    Args:
        path: The store's file, for the message.

    Raises:
        StoreError: In place of `sqlite3.Error` and `OSError`.

    Example:
        >>> with explained(Path("runs.db")):
        ...     raise PermissionError("Permission denied")
        Traceback (most recent call last):
        ...
        thalweg.core.errors.StoreError: The run store cannot be opened or written here.
          got:      runs.db: Permission denied
          do this:  choose a folder and a file that you may write to
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        what, remedy = _UNWRITABLE if isinstance(error, OSError) else _ADVICE.get(primary_code(error), _OTHER)
        raise StoreError(what, got=f"{path}: {error}", remedy=remedy) from error


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code, without its extension; errors of Python's own wrapper have none."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
