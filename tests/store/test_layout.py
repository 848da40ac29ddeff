"""Stores of an older thalweg: read as they are, and brought up to date when they are written."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from thalweg.core.errors import StoreError
from thalweg.core.run import Run
from thalweg.store import Database, ended_runs, load_run, load_spec, runs, studies
from thalweg.store.header import APPLICATION_ID, VERSION, is_store

FIRST = """
CREATE TABLE study (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  problem TEXT NOT NULL,
  command TEXT NOT NULL,
  started TEXT NOT NULL DEFAULT (datetime('now')),
  finished TEXT,
  status TEXT NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'finished', 'interrupted')),
  result TEXT
);
CREATE TABLE run (
  id TEXT PRIMARY KEY,
  study TEXT NOT NULL REFERENCES study (id),
  problem TEXT NOT NULL,
  config TEXT NOT NULL,
  total_epochs INTEGER NOT NULL,
  started TEXT NOT NULL DEFAULT (datetime('now')),
  outcome TEXT,
  result TEXT
);
CREATE INDEX run_of_study ON run (study);
CREATE TABLE epoch (
  run TEXT NOT NULL REFERENCES run (id),
  number INTEGER NOT NULL,
  measured TEXT NOT NULL,
  PRIMARY KEY (run, number)
) WITHOUT ROWID;
"""
OPEN = """
import sys
from thalweg.store import Database

for path in sys.argv[1:]:
    with Database.open(path) as database:
        database.start_study("fit", "p", "c", {"k": 1})
"""


@pytest.fixture
def write_first(make_run: Callable[[int], Run]) -> Callable[[Path], Path]:
    """A function that writes a store of the first layout, with one study of one run."""

    def write(path: Path) -> Path:
        run = make_run(2)
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(FIRST)
            connection.execute(
                "INSERT INTO study (id, kind, problem, command) VALUES ('fit-0001', 'fit', 'p', 'c')"
            )
            values = ("fit-0001/a", "fit-0001", "p", json.dumps(run.config.to_json()), 2, "completed")
            connection.execute(
                "INSERT INTO run (id, study, problem, config, total_epochs, outcome, result)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*values, json.dumps(run.to_json())),
            )
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("PRAGMA user_version = 1")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.commit()
        return path

    return write


def test_the_first_layout_is_read_as_it_is(path: Path, write_first: Callable[[Path], Path]) -> None:
    before = write_first(path).read_bytes()
    assert is_store(path)
    with Database.open_readonly(path) as database:
        assert [row.id for row in studies(database)] == ["fit-0001"]
        assert len(load_run(database, "fit-0001/a").epochs) == 2
        assert list(ended_runs(database, "fit-0001")) == ["a"]
        with pytest.raises(StoreError, match="cannot be resumed"):
            load_spec(database, "fit-0001")
    assert path.read_bytes() == before


def test_the_first_layout_is_read_on_a_read_only_disk(
    folder: Path, write_first: Callable[[Path], Path], locked: Callable[[Path], AbstractContextManager[None]]
) -> None:
    path = write_first(folder / "runs.db")
    with locked(folder), Database.open_readonly(path) as database:
        assert [row.id for row in runs(database, "fit-0001")] == ["fit-0001/a"]


def test_the_first_layout_is_brought_up_to_date(path: Path, write_first: Callable[[Path], Path]) -> None:
    with Database.open(write_first(path)) as database:
        assert database.rows("PRAGMA user_version")[0][0] == VERSION
        assert [(row.id, row.runs, row.ended) for row in studies(database)] == [("fit-0001", 1, 1)]
        study = database.start_study("sweep", "p", "c", {"trials": 3})
        assert (study.id, load_spec(database, study.id)) == ("sweep-0002", {"trials": 3})
        brought = columns(database)
    with Database.open(path.with_name("new.db")) as database:
        assert brought == columns(database)


def test_the_second_layout_is_brought_up_to_date(path: Path, write_first: Callable[[Path], Path]) -> None:
    """It has what a study keeps to be resumed, and nothing of loops that are watched."""
    with closing(sqlite3.connect(write_first(path))) as connection:
        connection.execute("ALTER TABLE study ADD COLUMN spec TEXT")
        connection.execute("PRAGMA user_version = 2")
        connection.commit()
    with Database.open(path) as database, Database.open(path.with_name("new.db")) as new:
        assert columns(database) == columns(new)
        assert [row.id for row in studies(database)] == ["fit-0001"]


def columns(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """The columns of every table, with their types and keys."""
    tables = [row["name"] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: [tuple(row) for row in database.rows(f"PRAGMA table_info({name})")] for name in sorted(tables)}


def test_two_processes_bring_one_store_up_to_date_at_once(
    tmp_path: Path, write_first: Callable[[Path], Path]
) -> None:
    paths = [str(write_first(tmp_path / f"{k}.db")) for k in range(6)]
    openers = [subprocess.Popen([sys.executable, "-W", "error", "-c", OPEN, *paths]) for _ in range(2)]
    assert [opener.wait(timeout=60) for opener in openers] == [0, 0]
    for path in paths:
        with Database.open_readonly(path) as database:
            assert [row.id for row in studies(database)] == ["fit-0001", "fit-0002", "fit-0003"]


def test_a_killed_change_of_layout_leaves_the_old_one(path: Path, write_first: Callable[[Path], Path]) -> None:
    """What a kill leaves is what a transaction that was never committed leaves."""
    write_first(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ALTER TABLE study ADD COLUMN spec TEXT")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    with Database.open(path) as database:
        assert load_spec(database, database.start_study("sweep", "p", "c", {}).id) == {}
