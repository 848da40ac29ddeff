"""Database: opens the store's file, writes studies, and lends connections to the sink and the queries."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from thalweg.core.errors import StoreError
from thalweg.core.events import Sink
from thalweg.store.alive import Alive
from thalweg.store.failures import explained
from thalweg.store.header import is_store
from thalweg.store.holding import Holding
from thalweg.store.layout import prepare
from thalweg.store.queries import require_resumable
from thalweg.store.sink import StoreSink

PATIENCE = 5.0
"""Seconds to wait for another writer."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """One command that made runs: its `id` is its kind and number, such as ``"compare-0001"``."""

    id: str
    kind: str
    problem: str
    command: str


class Database:
    """One open run store; a context manager. Get one from `open` or `open_readonly`.

    A writer's transactions are one event long, so that several processes can write to one store in turn;
    readers see the last committed state and never wait.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder, Database.open(Path(folder) / "runs.db") as database:
        ...     study = database.start_study("fit", "digits/mlp-1", "thalweg fit digits/mlp-1")
        ...     database.finish(study, {"accuracy": 0.97})
        ...     study.id
        'fit-0001'
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self.path = connection, path
        self._holding, self._alive = Holding(path, self.writing), Alive(path)

    @classmethod
    def open(cls, path: str | Path, *, create: bool = True, patience: float = PATIENCE) -> Database:
        """Open the store at `path` for reading and writing.

        Args:
            path: The file.
            create: Make the file and its folder where there is none.
            patience: Seconds to wait for another writer, here and in every write, >= 0.

        Raises:
            StoreError: A foreign, truncated or newer file (left as it is), a folder or file that may not
                be written, a writer that does not finish, or no file and `create` is false.
        """
        path = Path(path)
        with explained(path):
            if not is_store(path) and not create:
                raise _absent(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = _connect(path, "mode=rwc", patience)
            try:
                prepare(connection, patience)
            except BaseException:
                connection.close()
                raise
        return cls(connection, path)

    @classmethod
    def open_readonly(cls, path: str | Path) -> Database:
        """Open the store at `path` for queries only; it works on a read-only disk too.

        Raises:
            StoreError: No file, or a foreign, truncated, damaged or newer one.
        """
        path = Path(path)
        with explained(path):
            if not is_store(path):
                raise _absent(path)
            return cls(_connect_readonly(path), path)

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was acknowledged is in it."""
        self._alive.close()
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for one transaction: all of it is on disk afterwards, or nothing is.

        Raises:
            StoreError: Another writer does not finish, or the disk is full or read-only.
        """
        with explained(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise

    def rows(self, query: str, *values: str | int) -> list[sqlite3.Row]:
        """Return all rows of a query, columns by name.

        Raises:
            StoreError: The file is damaged.
        """
        with explained(self.path):
            return self._connection.execute(query, values).fetchall()

    def holding(self, *, wait: bool = False) -> AbstractContextManager[None]:
        """Be the only one who sweeps on this store, inside; a process that is killed gives way at once.

        Readers, and those who write other studies, are not held up.

        Args:
            wait: Wait for whoever is there.

        Raises:
            StoreError: Another sweep is under way, and `wait` is false; it names the study, the process and since
                when.
        """
        return self._holding.hold(wait=wait)

    def is_held(self) -> bool:
        """Return whether anyone sweeps on this store now; a process that was killed does not."""
        return self._holding.is_held()

    def is_alive(self, study: str) -> bool:
        """Return whether a process is at this study, which is none that can be gone on with."""
        return self._alive.has(study)

    def start_study(self, kind: str, problem: str, command: str, spec: Mapping[str, Any] | None = None) -> Study:
        """Enter a new study and return it; studies of every kind are numbered together.

        A number whose folder lies beside the store already is left out: it holds weights that a study of another
        store, or of one that was deleted, has written.

        Args:
            kind: The verb: ``"compare"``, ``"fit"`` ...
            problem: The problem's name.
            command: The exact command, to run it again.
            spec: All that it takes to go on with it after a kill, in plain JSON types; ``None`` if it cannot.
        """
        with self.writing() as connection:
            (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM study").fetchone()
            number = next(n for n in count(last + 1) if not self.path.with_name(_name(kind, n)).exists())
            study = Study(id=_name(kind, number), kind=kind, problem=problem, command=command)
            text = None if spec is None else json.dumps(spec)
            connection.execute(
                "INSERT INTO study (number, id, kind, problem, command, spec) VALUES (?, ?, ?, ?, ?, ?)",
                (number, study.id, kind, problem, command, text),
            )
            self._holding.name(connection, study.id)
            if spec is None:
                self._alive.begin(study.id)
        return study

    def resume_study(self, study: str) -> Study:
        """Go on with a study that was killed or interrupted: it is running again.

        Hold the store (`holding`) as long as it goes on.

        Args:
            study: Its id.

        Raises:
            UnknownNameError: There is no such study.
            StoreError: It is finished, keeps no specification, or another process is at it.
        """
        with self.holding():
            row = require_resumable(self, study)
            with self.writing() as connection:
                connection.execute("UPDATE study SET status = 'running', finished = NULL WHERE id = ?", (study,))
                self._holding.name(connection, study)
        return Study(id=study, kind=row.kind, problem=row.problem, command=row.command)

    def finish(self, study: Study, result: Mapping[str, Any]) -> None:
        """Write what a study found: plain JSON types, NaN allowed."""
        self._end(study, "finished", result)

    def interrupt(self, study: Study, result: Mapping[str, Any] | None = None) -> None:
        """Say that a study was cut short, with what it found until then, if anything; its runs are kept."""
        self._end(study, "interrupted", result)

    def sink(self, study: Study) -> Sink:
        """Return the sink that writes the events of this study's runs, each before it returns."""
        return StoreSink(self.writing, study.id)

    def _end(self, study: Study, status: str, result: Mapping[str, Any] | None) -> None:
        text = None if result is None else json.dumps(result)
        with self.writing() as connection:
            ended = connection.execute(
                "UPDATE study SET status = ?, finished = datetime('now'), result = ? WHERE id = ?",
                (status, text, study.id),
            )
            assert ended.rowcount == 1, f"the study {study.id} is in another store"
        self._alive.end(study.id)


def _name(kind: str, number: int) -> str:
    return f"{kind}-{number:04d}"


def _connect(path: Path, access: str, patience: float = PATIENCE) -> sqlite3.Connection:
    """Open the file in SQLite; transactions are begun and ended in our own words only."""
    uri = f"{path.absolute().as_uri()}?{access}"
    connection = sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def _connect_readonly(path: Path) -> sqlite3.Connection:
    """Open for reading; where SQLite may not make its index beside the file, read the file as unchanging."""
    connection = _connect(path, "mode=ro")
    try:
        connection.execute("SELECT id FROM study LIMIT 1")
    except sqlite3.Error as error:
        connection.close()
        if isinstance(error, sqlite3.OperationalError) and not Path(f"{path}-wal").exists():
            return _connect(path, "immutable=1")
        raise
    return connection


def _absent(path: Path) -> StoreError:
    return StoreError(
        "There is no run store here.",
        got=path,
        remedy="run a comparison or a fit first, or name the file that holds your runs",
    )
