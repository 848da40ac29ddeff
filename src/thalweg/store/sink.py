"""From events to rows: every event, or several told at once, is a transaction, on disk when the sink returns."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from thalweg.core.events import EpochEnded, Event, Found, Measured, RunEnded, RunStarted, single

_START = """
INSERT INTO run (id, study, problem, config, total_epochs) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  problem = excluded.problem, config = excluded.config, total_epochs = excluded.total_epochs,
  started = excluded.started, outcome = NULL, result = NULL
"""
_EPOCH = "INSERT OR REPLACE INTO epoch (run, number, measured) VALUES (?, ?, ?)"
_FORGET = "DELETE FROM epoch WHERE run = ? AND number > ?"
_NAMES = "INSERT OR IGNORE INTO quantities (run, names) VALUES (?, ?)"
_NUMBER = "SELECT id FROM quantities WHERE run = ? AND names = ?"
_POINT = "INSERT OR REPLACE INTO point (run, step, quantities, numbers) VALUES (?, ?, ?, ?)"
_FINDING = "INSERT OR REPLACE INTO finding (run, number, found) VALUES (?, ?, ?)"
_END = "UPDATE run SET outcome = ?, result = ? WHERE id = ?"

Kept = RunStarted | EpochEnded | Measured | Found | RunEnded
"""What is written; other events are for those who look on."""


class StoreSink:
    """Hears the events of one study and writes each before it returns.

    Args:
        writing: Gives a connection for one transaction, as `Database.writing` does.
        study: The study's id; the run ``"a"`` is stored as ``"<study>/a"``.
    """

    def __init__(self, writing: Callable[[], AbstractContextManager[sqlite3.Connection]], study: str) -> None:
        self._writing, self._study = writing, study
        self._known: dict[tuple[str, ...], int] = {}

    def __call__(self, event: Event) -> None:
        """Write an event, or several in one transaction; when this returns, they survive a kill and a power cut.

        Raises:
            StoreError: The store is locked, full or read-only.
        """
        told = [one for one in single(event) if isinstance(one, Kept)]
        if not told:
            return
        try:
            with self._writing() as connection:
                for one in told:
                    self._write(connection, one)
        except BaseException:
            self._known.clear()  # what was entered is rolled back
            raise

    def _write(self, connection: sqlite3.Connection, event: Kept) -> None:
        run_id = f"{self._study}/{event.run_id}"
        match event:
            case RunStarted():
                config = json.dumps(event.config.to_json())
                connection.execute(_START, (run_id, self._study, event.problem, config, event.total_epochs))
                connection.execute(_FORGET, (run_id, event.resumed_at))  # those that it will do again
            case EpochEnded(epoch=epoch):
                connection.execute(_EPOCH, (run_id, epoch.number, json.dumps(epoch.to_json())))
            case Measured(step=step, numbers=numbers):
                values = struct.pack(f"<{len(numbers)}d", *numbers.values())
                connection.execute(_POINT, (run_id, step, self._quantities(connection, run_id, numbers), values))
            case Found(number=number, finding=finding):
                connection.execute(_FINDING, (run_id, number, json.dumps(finding.to_json())))
            case RunEnded(run=run):
                ended = connection.execute(_END, (run.outcome, json.dumps(run.to_json()), run_id))
                assert ended.rowcount == 1, f"the run {run_id} ended but never started"

    def _quantities(self, connection: sqlite3.Connection, run_id: str, names: Iterable[str]) -> int:
        """Return the number under which these names stand."""
        key = run_id, *names
        if key not in self._known:
            row = run_id, json.dumps(key[1:])
            connection.execute(_NAMES, row)
            (self._known[key],) = connection.execute(_NUMBER, row).fetchone()
        return self._known[key]
