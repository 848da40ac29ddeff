"""Alive: a single run shows that it goes on, by a lock that the system takes back from a dead process."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from thalweg.store.holding import is_taken

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Alive:
    """The studies that this process is at, each with a locked file beside the store.

    Unlike `Holding` it holds nobody up: any number of single runs go on at once.

    Args:
        path: The store's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locks: dict[str, BaseFileLock] = {}

    def begin(self, study: str) -> None:
        """Show that a study goes on, from now until `end`; a disk without locks shows nothing."""
        from filelock import FileLock

        self._locks[study] = FileLock(self._place(study))
        with suppress(OSError, NotImplementedError):
            self._locks[study].acquire(timeout=0)

    def end(self, study: str) -> None:
        """Show it no longer."""
        if lock := self._locks.pop(study, None):
            with suppress(OSError):
                self._place(study).unlink(missing_ok=True)
            lock.release()

    def close(self) -> None:
        """End all, as the end of the process would."""
        for lock in self._locks.values():
            lock.release()
        self._locks.clear()

    def has(self, study: str) -> bool:
        """Return whether a study goes on, in this process or another."""
        return study in self._locks or is_taken(self._place(study))

    def _place(self, study: str) -> Path:
        return Path(f"{self._path}.{study}.lock")
