"""From events to rows: every event is its own transaction, on disk when the sink returns."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager

from thalweg.core.events import EpochEnded, Event, RunEnded, RunStarted

_START = """
INSERT INTO run (id, study, problem, config, total_epochs) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  problem = excluded.problem, config = excluded.config, total_epochs = excluded.total_epochs,
  started = excluded.started, outcome = NULL, result = NULL
"""
_EPOCH = "INSERT OR REPLACE INTO epoch (run, number, measured) VALUES (?, ?, ?)"
_FORGET = "DELETE FROM epoch WHERE run = ? AND number > ?"
_END = "UPDATE run SET outcome = ?, result = ? WHERE id = ?"


class StoreSink:
    """Hears the events of one study and writes each before it returns.

    Args:
        writing: Gives a connection for one transaction, as `Database.writing` does.
        study: The study's id; the run ``"a"`` is stored as ``"<study>/a"``.
    """

    def __init__(self, writing: Callable[[], AbstractContextManager[sqlite3.Connection]], study: str) -> None:
        self._writing, self._study = writing, study

    def __call__(self, event: Event) -> None:
        """Write one event; when this returns, it survives a kill and a power cut.

        Raises:
            StoreError: The store is locked, full or read-only.
        """
        run_id = f"{self._study}/{event.run_id}"
        match event:
            case RunStarted():
                self._start(run_id, event)
            case EpochEnded(epoch=epoch):
                measured = json.dumps(epoch.to_json())
                with self._writing() as connection:
                    connection.execute(_EPOCH, (run_id, epoch.number, measured))
            case RunEnded(run=run):
                with self._writing() as connection:
                    ended = connection.execute(_END, (run.outcome, json.dumps(run.to_json()), run_id))
                    assert ended.rowcount == 1, f"the run {run_id} ended but never started"
            case _:
                pass

    def _start(self, run_id: str, event: RunStarted) -> None:
        """Enter the run; one that starts again loses the epochs that it will do again."""
        config = json.dumps(event.config.to_json())
        with self._writing() as connection:
            connection.execute(_START, (run_id, self._study, event.problem, config, event.total_epochs))
            connection.execute(_FORGET, (run_id, event.resumed_at))
