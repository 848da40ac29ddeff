"""Opening a store, studies, transactions, and two who write at once."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import cast

import pytest

from thalweg.core.errors import StoreError, UnknownNameError
from thalweg.store import Database, load_result, studies
from thalweg.store.layout import _switch_to_wal

Locked = Callable[[Path], AbstractContextManager[None]]


def test_a_new_store_is_durable_and_marked(path: Path) -> None:
    with Database.open(path) as database:
        with database.writing() as connection:
            assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert database.rows("PRAGMA journal_mode")[0][0] == "wal"
        assert database.rows("PRAGMA foreign_keys")[0][0] == 1
    assert path.read_bytes()[68:72] == b"thlw"


def test_the_folder_is_made_when_it_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "a b#c?" / "runs.db"
    Database.open(path).close()
    assert path.is_file()


def test_studies_are_numbered_across_kinds_and_reopening(path: Path) -> None:
    for kind, expected in (("compare", "compare-0001"), ("fit", "fit-0002"), ("compare", "compare-0003")):
        with Database.open(path) as database:
            assert database.start_study(kind, "digits/mlp-1", f"thalweg {kind}").id == expected


def test_a_number_whose_folder_is_there_is_left_out(path: Path) -> None:
    for left_behind in ("fit-0001", "fit-0002", "grow-0004"):
        (path.parent / left_behind).mkdir(parents=True)
    with Database.open(path) as database:
        found = [database.start_study(kind, "p", "c").id for kind in ("fit", "grow", "fit")]
    assert found == ["fit-0003", "grow-0005", "fit-0006"]


def test_a_study_ends_finished_or_interrupted(database: Database) -> None:
    first, second, third = (database.start_study("fit", "p", "c") for _ in range(3))
    database.finish(first, {"loss": math.nan, "best": math.inf})
    database.interrupt(second, {"runs": 3})
    rows = studies(database)
    assert [row.status for row in rows] == ["finished", "interrupted", "running"]
    assert [row.finished is None for row in rows] == [False, False, True]
    kind, result = load_result(database, first.id)
    assert (kind, result["best"], math.isnan(result["loss"])) == ("fit", math.inf, True)
    assert load_result(database, second.id) == ("fit", {"runs": 3})
    with pytest.raises(StoreError, match="has no result"):
        load_result(database, third.id)


def test_a_study_that_was_cut_short_is_resumed(database: Database) -> None:
    killed, cut = (database.start_study("sweep", "p", "thalweg sweep p", {"trials": 2}) for _ in range(2))
    database.interrupt(cut, {"best": None})
    for study in (killed, cut):
        with database.holding():
            assert database.resume_study(study.id) == study
            running = [row for row in studies(database) if row.status == "running"]
        assert [(row.id, row.finished) for row in running] == [(study.id, None)]
    database.finish(cut, {"best": 1})
    with pytest.raises(StoreError, match=f"{cut.id} is finished: there is nothing to resume"):
        database.resume_study(cut.id)
    assert [row.status for row in studies(database)] == ["interrupted", "finished"]


def test_a_study_that_keeps_no_specification_is_not_resumed(database: Database) -> None:
    study = database.start_study("compare", "p", "c")
    with pytest.raises(StoreError, match="compare-0001 cannot be resumed"):
        database.resume_study(study.id)
    with pytest.raises(UnknownNameError, match="sweep-0009"):
        database.resume_study("sweep-0009")


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def interrupted() -> None:
        with database.writing() as connection:
            connection.execute("INSERT INTO study (id, kind, problem, command) VALUES ('x', 'x', 'x', 'x')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert studies(database) == []
    assert database.start_study("fit", "p", "c").id == "fit-0001"


def test_readers_see_the_last_commit_while_another_writes(path: Path, database: Database) -> None:
    database.start_study("fit", "p", "c")
    with database.writing() as connection, Database.open_readonly(path) as reader:
        connection.execute("UPDATE study SET status = 'finished'")
        assert [row.status for row in studies(reader)] == ["running"]
    with Database.open_readonly(path) as reader:
        assert [row.status for row in studies(reader)] == ["finished"]


def test_a_second_writer_waits_and_then_says_what_to_do(path: Path, database: Database) -> None:
    with Database.open(path, patience=0.05) as second:
        with database.writing():
            with pytest.raises(StoreError, match="Another process is writing") as caught:
                second.start_study("fit", "p", "c")
            with pytest.raises(StoreError, match="Another process is writing"):
                Database.open(path, patience=0.05)
        assert caught.value.remedy is not None
        assert second.start_study("fit", "p", "c").id == "fit-0001"


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_BUSY_SNAPSHOT])
def test_the_switch_to_wal_waits_for_every_kind_of_busy(code: int) -> None:
    class Busy:
        calls = 0

        def execute(self, query: str) -> None:
            self.calls += 1
            if self.calls < 3:
                error = sqlite3.OperationalError("database is locked")
                error.sqlite_errorcode = code
                raise error

    connection = Busy()
    _switch_to_wal(cast(sqlite3.Connection, connection), patience=5)
    assert connection.calls == 3


def test_a_reader_cannot_write(path: Path, database: Database) -> None:
    with Database.open_readonly(path) as reader, pytest.raises(StoreError, match="cannot be opened or written"):
        reader.start_study("fit", "p", "c")
    assert studies(database) == []


@pytest.mark.parametrize("opening", [Database.open_readonly, lambda path: Database.open(path, create=False)])
def test_no_store_is_an_error_that_makes_no_file(path: Path, opening: Callable[[Path], Database]) -> None:
    with pytest.raises(StoreError, match="There is no run store here"):
        opening(path)
    assert not path.exists()


def test_a_folder_that_may_not_be_written(folder: Path, locked: Locked) -> None:
    with locked(folder):
        for path in (folder / "runs.db", folder / "deeper" / "runs.db"):
            with pytest.raises(StoreError, match="cannot be opened or written") as caught:
                Database.open(path)
            assert "choose a folder" in str(caught.value)
    assert list(folder.iterdir()) == []


def test_a_store_on_a_read_only_disk_can_be_read(folder: Path, locked: Locked) -> None:
    path = folder / "runs.db"
    with Database.open(path) as database:
        database.start_study("fit", "p", "c")
    before = path.read_bytes()
    with locked(folder):
        with Database.open_readonly(path) as reader:
            assert [row.id for row in studies(reader)] == ["fit-0001"]
        with pytest.raises(StoreError, match="cannot be opened or written"):
            Database.open(path)
    assert path.read_bytes() == before


def test_a_full_disk_is_told_and_loses_nothing(database: Database) -> None:
    study = database.start_study("fit", "p", "c")
    pages = database.rows("PRAGMA page_count")[0][0]
    database.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full"):
        database.finish(study, {"text": "x" * 100_000})
    assert [row.status for row in studies(database)] == ["running"]
    assert database.rows("PRAGMA integrity_check")[0][0] == "ok"


def test_errors_name_the_file_and_keep_their_cause(path: Path, database: Database) -> None:
    with pytest.raises(StoreError, match=r"runs\.db") as caught:
        database.rows("SELECT nothing FROM nowhere")
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
