"""Holding: one sweep at a time on one store. Who else comes is told who is there, or waits."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from thalweg.core.errors import StoreError

if TYPE_CHECKING:
    from filelock import BaseFileLock

Writing = Callable[[], AbstractContextManager[sqlite3.Connection]]

ASKED = 0.2
"""Seconds to try: who asks whether it is held holds it for an instant."""

_ENTER = "INSERT OR REPLACE INTO holder (one, process, since) VALUES (1, ?, datetime('now'))"
_WHO = "SELECT coalesce(study, 'a study about to begin') AS study, process, since FROM holder"


class Holding:
    """The right to be the one who sweeps on a store; the operating system takes it back from a dead process.

    It is a lock on a file beside the store. Readers, and the writers of single runs, do not ask for it.

    Args:
        path: The store's file.
        writing: Gives a connection for one transaction, as `Database.writing` does.
    """

    def __init__(self, path: Path, writing: Writing) -> None:
        self._path, self._writing = path, writing
        self._lock: BaseFileLock | None = None

    @contextmanager
    def hold(self, *, wait: bool) -> Iterator[None]:
        """Hold it inside; within itself it is free.

        Args:
            wait: Wait until it is free.

        Raises:
            StoreError: Another holds it, and `wait` is false.
        """
        if self._lock:
            yield
            return
        self._lock = self._acquired(wait)
        try:
            with self._writing() as connection:
                connection.execute(_ENTER, (os.getpid(),))
            yield
        finally:
            lock, self._lock = self._lock, None
            lock.release()

    def is_held(self) -> bool:
        """Return whether anyone holds it: a process that was killed does not."""
        return self._lock is not None or is_taken(Path(f"{self._path}.lock"))

    def name(self, connection: sqlite3.Connection, study: str) -> None:
        """Say for which study it is held, if it is."""
        if self._lock:
            connection.execute("UPDATE holder SET study = ?", (study,))

    def _acquired(self, wait: bool) -> BaseFileLock:
        from filelock import FileLock, Timeout

        lock = FileLock(f"{self._path}.lock")
        try:
            lock.acquire(timeout=-1 if wait else ASKED)
        except Timeout:
            raise self._taken() from None
        return lock

    def _taken(self) -> StoreError:
        with self._writing() as connection:
            row = connection.execute(_WHO).fetchone()
        return StoreError(
            "Another sweep is under way on this run store.",
            got=f"{row['study']}, process {row['process']}, since {row['since']} UTC" if row else self._path,
            expected="one at a time, so that they do not take each other's time",
            remedy="wait for it, end it, or choose another store",
        )


def is_taken(place: Path) -> bool:
    """Return whether a process that lives has locked this file.

    Who may not ask, as on a read-only disk, has to take it that one has.
    """
    from filelock import FileLock

    if not place.exists():
        return False
    try:
        with FileLock(place, timeout=0):
            return False
    except (OSError, NotImplementedError):  # a Timeout is an OSError
        return True
