"""Record: what a command does is written to the store while it happens."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thalweg.core.events import Sink


def typed() -> str:
    """Return the command as it was typed."""
    return shlex.join(["thalweg", *sys.argv[1:]])


def resumed(checkpoint: str) -> str:
    """Return the command that goes on from `checkpoint` with what was typed.

    Example:
        >>> sys.argv = ["thalweg", "fit", "digits/mlp-1"]
        >>> resumed("thalweg-runs/fit-0001")
        'thalweg fit digits/mlp-1 --checkpoint thalweg-runs/fit-0001 --resume'
    """
    given = sys.argv[1:]
    if not any(word.partition("=")[0] == "--checkpoint" for word in given):
        given = [*given, "--checkpoint", checkpoint]
    return shlex.join(["thalweg", *given, *([] if "--resume" in given else ["--resume"])])


@dataclass
class Record:
    """One study in the store, while it is made.

    Attributes:
        name: Its id, for `thalweg report`.
        sink: Keeps every event.
        result: What to keep as its result; set it before the end.
        complete: False if the result is of an interrupted study.
    """

    name: str
    sink: Sink
    result: Mapping[str, Any] | None = None
    complete: bool = False


@contextmanager
def record(store: Path, kind: str, problem: str) -> Iterator[Record]:
    """Open the store, start a study, and close both however the command ends."""
    from thalweg.store import Database

    with Database.open(store) as database:
        study = database.start_study(kind, problem, typed())
        made = Record(study.id, database.sink(study))
        try:
            yield made
        finally:
            if made.complete and made.result is not None:
                database.finish(study, made.result)
            else:
                database.interrupt(study, made.result)
