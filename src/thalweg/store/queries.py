"""What the store knows: studies, their runs, and the results as they were handed in."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from thalweg.core.config import Config
from thalweg.core.errors import StoreError, UnknownNameError
from thalweg.core.finding import Finding
from thalweg.core.run import Epoch, Outcome, Run

if TYPE_CHECKING:
    from thalweg.store.database import Database


@dataclass(frozen=True, kw_only=True)
class StudyRow:
    """One line of `thalweg runs`.

    Attributes:
        id: Kind and number, such as ``"compare-0001"``.
        kind: The verb that made it.
        problem: The problem's name.
        command: The exact command.
        started: UTC, ``YYYY-MM-DD HH:MM:SS``.
        finished: The same, ``None`` until the study has ended.
        status: ``"running"``, ``"finished"`` or ``"interrupted"``. One that was killed is interrupted.
        runs: How many runs were started.
        ended: How many of them have ended.
    """

    id: str
    kind: str
    problem: str
    command: str
    started: str
    finished: str | None
    status: str
    runs: int
    ended: int


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run of a study.

    Attributes:
        id: Study and run, such as ``"compare-0001/adam-3"``.
        study: The study's id.
        problem: The problem's name.
        config: The complete setting.
        started: UTC, ``YYYY-MM-DD HH:MM:SS``.
        outcome: How it ended; ``None`` while it runs, or if it was killed.
        epochs: The last epoch that was measured.
    """

    id: str
    study: str
    problem: str
    config: Config
    started: str
    outcome: Outcome | None
    epochs: int


def studies(database: Database) -> list[StudyRow]:
    """Return all studies, oldest first."""
    found = database.rows(
        "SELECT study.id, kind, study.problem, command, study.started, finished, status,"
        " count(run.id) AS runs, count(run.outcome) AS ended"
        " FROM study LEFT JOIN run ON run.study = study.id GROUP BY study.number ORDER BY study.number"
    )
    killed = _killed(database)
    return [StudyRow(**{**row, **({"status": "interrupted"} if row["id"] in killed else {})}) for row in found]


def runs(database: Database, study: str) -> list[RunRow]:
    """Return the runs of one study, in the order they were started.

    Raises:
        UnknownNameError: There is no such study.
    """
    _require_study(database, study)
    found = database.rows(
        "SELECT id, study, problem, config, started, outcome,"
        " (SELECT coalesce(max(epoch.number), 0) FROM epoch WHERE epoch.run = run.id) AS epochs"
        " FROM run WHERE study = ? ORDER BY rowid",
        study,
    )
    return [
        RunRow(
            **{
                **dict(row),
                "config": Config.from_json(json.loads(row["config"])),
                "outcome": row["outcome"] and Outcome(row["outcome"]),
            }
        )
        for row in found
    ]


def load_result(database: Database, study: str) -> tuple[str, dict[str, Any]]:
    """Return a study's kind and what it found, as it was handed to `Database.finish` or `interrupt`.

    Raises:
        UnknownNameError: There is no such study.
        StoreError: It has not ended, or was interrupted before it found anything.
    """
    _require_study(database, study)
    (row,) = database.rows("SELECT kind, status, result FROM study WHERE id = ?", study)
    if row["result"] is None:
        raise StoreError(
            f"The study {study} has no result.",
            got=f"status {row['status']}",
            expected="a study that has ended",
            remedy="look at its single runs, or run its command again",
        )
    return row["kind"], json.loads(row["result"])


def load_run(database: Database, run: str) -> Run:
    """Return one run; of one that never ended, what was measured, with the outcome ``interrupted``.

    Raises:
        UnknownNameError: There is no such run.
    """
    found = database.rows("SELECT problem, config, total_epochs, result FROM run WHERE id = ?", run)
    if not found:
        raise _unknown("run", run, [row["id"] for row in database.rows("SELECT id FROM run ORDER BY rowid")])
    (row,) = found
    if row["result"] is not None:
        return Run.from_json(json.loads(row["result"]))
    measured = database.rows("SELECT measured FROM epoch WHERE run = ? ORDER BY number", run)
    epochs = [Epoch.from_json(json.loads(epoch["measured"])) for epoch in measured]
    return Run.of_curve(
        epochs,
        problem=row["problem"],
        config=Config.from_json(json.loads(row["config"])),
        outcome=Outcome.INTERRUPTED,
        message=f"measured up to epoch {len(epochs)} of {row['total_epochs']}",
    )


def points_of(database: Database, run: str) -> list[tuple[int, dict[str, float]]]:
    """Return the updates of a loop that was watched: of each its number and what was measured."""
    rows = database.rows("SELECT id, names FROM quantities WHERE run = ?", run)
    names: dict[int, list[str]] = {row["id"]: json.loads(row["names"]) for row in rows}
    found = database.rows("SELECT step, quantities, numbers FROM point WHERE run = ? ORDER BY step", run)
    return [(row["step"], _named(names[row["quantities"]], row["numbers"])) for row in found]


def _named(names: list[str], numbers: bytes) -> dict[str, float]:
    return dict(zip(names, struct.unpack(f"<{len(names)}d", numbers), strict=True))


def findings_of(database: Database, run: str) -> list[Finding]:
    """Return what was found in a loop that was watched, in the order in which it arose."""
    found = database.rows("SELECT found FROM finding WHERE run = ? ORDER BY number", run)
    return [Finding.from_json(json.loads(row["found"])) for row in found]


def load_spec(database: Database, study: str) -> dict[str, Any]:
    """Return what it takes to go on with a study, as it was handed to `Database.start_study`.

    Raises:
        UnknownNameError: There is no such study.
        StoreError: It keeps none.
    """
    _require_study(database, study)
    kept = _keeps_specs(database)
    spec = database.rows("SELECT spec FROM study WHERE id = ?", study)[0]["spec"] if kept else None
    if spec is None:
        raise StoreError(
            f"The study {study} cannot be resumed.",
            got="a study that keeps no specification",
            expected="a sweep",
            remedy="run its command again",
        )
    return json.loads(spec)


def ended_runs(database: Database, study: str) -> dict[str, Run]:
    """Return the runs of a study that need not be done again, by their ids within it.

    A run that was interrupted is not among them: it has more to give.

    Raises:
        UnknownNameError: There is no such study.
    """
    _require_study(database, study)
    found = database.rows(
        "SELECT id, result FROM run WHERE study = ? AND result IS NOT NULL AND outcome != ? ORDER BY rowid",
        study,
        Outcome.INTERRUPTED,
    )
    return {row["id"].removeprefix(f"{study}/"): Run.from_json(json.loads(row["result"])) for row in found}


def require_resumable(database: Database, study: str) -> StudyRow:
    """Return a study that can be gone on with.

    Raises:
        UnknownNameError: There is no such study.
        StoreError: It is finished, or keeps no specification.
    """
    load_spec(database, study)
    row = next(row for row in studies(database) if row.id == study)
    if row.status == "finished":
        raise StoreError(
            f"The study {study} is finished: there is nothing to resume.",
            got=f"finished {row.finished} UTC, {row.ended} runs",
            remedy=f"look at it with `thalweg report {study}`, or begin a new one",
        )
    return row


def _killed(database: Database) -> set[str]:
    """Return the studies that are said to be running, though no process is at them.

    Of those that can be gone on with, none but the one that holds the store can be running.
    """
    if not _keeps_specs(database):
        return set()
    found = database.rows("SELECT id, spec IS NULL AS single FROM study WHERE status = 'running'")
    dead = {row["id"] for row in found if row["single"] and not database.is_alive(row["id"])}
    left = {row["id"] for row in found if not row["single"]}
    if left and database.is_held():
        left -= {row["study"] for row in database.rows("SELECT study FROM holder")}
    return dead | left


def _keeps_specs(database: Database) -> bool:
    """Whether a study says what it takes to go on with it, and the store who holds it: one of old does not."""
    return bool(database.rows("SELECT 1 FROM pragma_table_info('study') WHERE name = 'spec'"))


def _require_study(database: Database, study: str) -> None:
    known = [row["id"] for row in database.rows("SELECT id FROM study ORDER BY number")]
    if study not in known:
        raise _unknown("study", study, known)


def _unknown(kind: str, name: str, known: Sequence[str]) -> UnknownNameError:
    """Return the error with a handful of ids: the nearest, else the newest. A store may hold thousands."""
    return UnknownNameError(kind, name, get_close_matches(name, known, n=5, cutoff=0.5) or known[-5:])
