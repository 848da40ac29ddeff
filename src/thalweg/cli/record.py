"""Record: what a command does is written to the store while it happens."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thalweg.core.events import Sink

if TYPE_CHECKING:
    from thalweg.execute import Memory
    from thalweg.store import Database


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


def onward_from(study: str, store: Path) -> str:
    """Return the command that goes on with a study.

    Example:
        >>> onward_from("sweep-0003", Path("runs", "a.db"))
        'thalweg resume sweep-0003 --store runs/a.db'
    """
    from thalweg.cli.arguments import STORE

    return shlex.join(["thalweg", "resume", study, *([] if store == STORE else ["--store", str(store)])])


_again: list[str] = []
"""The study that `thalweg resume` goes on with, if this process does."""


@contextmanager
def going_on(study: str) -> Iterator[None]:
    """Have the next study that is recorded inside be this one, gone on with."""
    _again.append(study)
    try:
        yield
    finally:
        _again.clear()


@dataclass
class Record:
    """One study in the store, while it is made.

    Attributes:
        name: Its id, for `thalweg report`.
        sink: Keeps every event.
        memory: What was done of it before a kill, and where unfinished runs are written down.
        result: What to keep as its result; set it before the end.
        complete: False if the result is of an interrupted study.
    """

    name: str
    sink: Sink
    memory: Memory | None = None
    result: Mapping[str, Any] | None = None
    complete: bool = False


@contextmanager
def record(
    store: Path, kind: str, problem: str, *, resumable: bool = False, wait: bool = False
) -> Iterator[Record]:
    """Open the store, start a study, and close both however the command ends.

    Args:
        store: The file.
        kind: The verb.
        problem: The problem's name.
        resumable: Whether `thalweg resume` can go on with it; then no other such study is under way meanwhile.
        wait: Wait for one that is, in place of an error.
    """
    from thalweg.store import Database

    with Database.open(store) as database, database.holding(wait=wait) if resumable else nullcontext():
        spec = {"typed": sys.argv[1:], "folder": str(Path.cwd())} if resumable else None
        study = database.resume_study(_again[0]) if _again else database.start_study(kind, problem, typed(), spec)
        made = Record(study.id, database.sink(study), _memory(database, study.id) if resumable else None)
        try:
            yield made
        finally:
            if made.complete and made.result is not None:
                database.finish(study, made.result)
                if made.memory and made.memory.folder:
                    shutil.rmtree(made.memory.folder, ignore_errors=True)
            else:
                database.interrupt(study, made.result)


def _memory(database: Database, study: str) -> Memory:
    """Return what was done of a study; a folder that another study of that name left behind is emptied."""
    from thalweg.execute import Memory
    from thalweg.store.queries import ended_runs

    folder = database.path.parent / f"{database.path.stem}-{study}"
    if not _again:
        shutil.rmtree(folder, ignore_errors=True)
    return Memory(folder, ended_runs(database, study))
