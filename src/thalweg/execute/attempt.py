"""Attempt: jobs on one of several ways, with what is kept of it should another have to go on."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from thalweg.core.errors import ThalwegError, WorkerError
from thalweg.core.events import Event, RunEnded, Sink, single
from thalweg.core.run import Outcome, Run
from thalweg.execute.memory import Memory
from thalweg.execute.way import Way


class Attempt:
    """Hears what is told on one way, and writes down, before the first of it, which way it is.

    Args:
        way: The way.
        sink: Hears every event.
        file: Where the way is written down, for a process that goes on after a kill; None for nowhere.

    Attributes:
        heard: Whether anything was told.
        ended: The runs that have ended, by run_id.
    """

    def __init__(self, way: Way, sink: Sink, file: Path | None) -> None:
        self.way, self._sink, self._file = way, sink, file
        self.heard = False
        self.ended: dict[str, Run] = {}

    def hear(self, event: Event) -> None:
        """Take note of an event, and hand it on."""
        if self._file and not self.heard:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps(self.way.to_json()))
        self.heard = True
        for one in single(event):
            if isinstance(one, RunEnded) and one.run.outcome is not Outcome.INTERRUPTED:
                self.ended[one.run_id] = one.run
        self._sink(event)

    def gives_way_to(self, error: ThalwegError) -> bool:
        """Whether it failed because worker processes do not serve here: no worker lives, or none can be told."""
        return self.way.name == "processes" and (isinstance(error, WorkerError) or not self.heard)

    def remembered(self, memory: Memory | None) -> Memory | None:
        """Return the memory with what has ended since."""
        if not self.ended:
            return memory
        return Memory(memory.folder if memory else None, {**(memory.runs if memory else {}), **self.ended})


def kept_in(file: Path | None) -> Way | None:
    """Return the way that was taken before a kill, if that is known."""
    with suppress(OSError, ValueError, TypeError):
        return Way(**json.loads(file.read_text())) if file else None
    return None


def in_passing(error: ThalwegError) -> str:
    """Return an error as a part of a sentence.

    Example:
        >>> in_passing(WorkerError("A worker process died before it began a run.", got="it ended by itself"))
        'a worker process died before it began a run (it ended by itself)'
    """
    got = f" ({error.got})" if error.got is not None else ""
    return f"{error.what[0].lower()}{error.what[1:].rstrip('.')}{got}"
