"""Journal: writes what is measured and found to the store, in blocks, while training goes on."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from thalweg.core.config import Config
from thalweg.core.events import Event, Found, Measured, RunEnded, RunStarted, Several
from thalweg.core.finding import Finding
from thalweg.core.run import Outcome, Run

if TYPE_CHECKING:
    from thalweg.watch.watched import Point, Watched

BLOCK = 1.0
"""Seconds that are written together: what a killed process can lose."""

RUN = "loop"
"""Name of the one run of such a study."""


class Journal:
    """One study in a store.

    Args:
        place: The file.
        name: Of the model.
        config: The optimizer's class and numbers.
        command: What was typed.

    Attributes:
        study: Its id, such as ``"watch-0001"``.
    """

    def __init__(self, place: Path, name: str, config: Config, command: str) -> None:
        from thalweg.store import Database

        self._database = Database.open(place)
        self._study = self._database.start_study("watch", name, command)
        self._sink = self._database.sink(self._study)
        self._name, self._config = name, config
        self._sink(RunStarted(run_id=RUN, problem=name, config=config, total_epochs=0))
        self._process, self._lock = os.getpid(), Lock()
        self._waiting: list[Event] = []
        self._written = time.monotonic()
        self.study = self._study.id

    @property
    def is_own(self) -> bool:
        """Whether this is the process that began it; a file must not be written through a fork."""
        return os.getpid() == self._process

    def measured(self, point: Point) -> None:
        """Take a point down; those of a second are written at once."""
        self._waiting.append(Measured(run_id=RUN, step=point.step, numbers=point.numbers))
        if time.monotonic() - self._written > BLOCK:
            self._write()

    def found(self, finding: Finding, number: int) -> None:
        """Write a finding, and what waits."""
        self._waiting.append(Found(run_id=RUN, number=number, finding=finding))
        self._write()

    def close(self, watched: Watched, outcome: Outcome) -> None:
        """Write all that is known, and close the file.

        Args:
            watched: What was seen.
            outcome: How the training ended.
        """
        self._write()
        run = Run(
            problem=self._name,
            config=self._config,
            outcome=outcome,
            epochs=(),
            valid={},
            steps=watched.updates,
            seconds=watched.seconds,
        )
        self._sink(RunEnded(run_id=RUN, run=run))
        whole = outcome is Outcome.COMPLETED
        (self._database.finish if whole else self._database.interrupt)(self._study, watched.to_json())
        self._database.close()

    def leave(self) -> None:
        """Close the file as it is, where nothing can be written any more."""
        with suppress(Exception):
            self._database.close()

    def abandon(self) -> None:
        """Write what waits, and end: of a monitor that nobody has closed."""
        if self.is_own:
            with suppress(Exception):
                self._write()
                self._database.interrupt(self._study)
                self._database.close()

    def _write(self) -> None:
        with self._lock:
            if self._waiting:
                self._sink(Several(run_id=RUN, events=tuple(self._waiting)))
                self._waiting = []
        self._written = time.monotonic()
