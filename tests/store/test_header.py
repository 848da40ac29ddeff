"""Files that are no store, or not whole: said in plain words, and never altered."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import StoreError
from thalweg.store import Database, studies
from thalweg.store.header import VERSION, is_store


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a closed store with two studies."""
    path = tmp_path_factory.mktemp("sound") / "runs.db"
    with Database.open(path) as database:
        for _ in range(2):
            database.start_study("fit", "digits/mlp-1", "thalweg fit digits/mlp-1")
    return path.read_bytes()


def refused(path: Path, message: str) -> None:
    """Assert that no way of opening takes the file, and that it and its folder stay as they are."""
    before = path.read_bytes()
    for opening in (Database.open, Database.open_readonly):
        with pytest.raises(StoreError, match=message) as caught:
            opening(path)
        assert caught.value.remedy
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_sound_file_is_a_store(path: Path, sound: bytes) -> None:
    path.write_bytes(sound)
    assert is_store(path)
    with Database.open(path) as database:
        assert len(studies(database)) == 2


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    assert not is_store(path)
    with Database.open(path) as database:
        assert studies(database) == []


def test_a_foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE study (id TEXT)")
    refused(path, "no run store of thalweg")


@given(content=st.binary(min_size=16, max_size=300).filter(lambda text: not text.startswith(b"SQLite format")))
def test_any_other_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("foreign") / "runs.db"
    path.write_bytes(content)
    refused(path, "no run store of thalweg")


def test_a_newer_store(path: Path, sound: bytes) -> None:
    path.write_bytes(sound[:60] + (VERSION + 1).to_bytes(4, "big") + sound[64:])
    refused(path, "newer thalweg")


@pytest.mark.parametrize("share", [0.0005, 0.002, 0.3, 0.7, 0.9999])
def test_a_truncated_store(path: Path, sound: bytes, share: float) -> None:
    path.write_bytes(sound[: max(1, int(share * len(sound)))])
    refused(path, "truncated")


def test_a_store_emptied_under_its_log(path: Path, database: Database) -> None:
    database.start_study("fit", "p", "c")
    log = Path(f"{path}-wal").read_bytes()
    database.close()
    path.write_bytes(b"")
    Path(f"{path}-wal").write_bytes(log)
    with pytest.raises(StoreError, match="truncated"):
        Database.open(path)
    assert Path(f"{path}-wal").read_bytes() == log


def test_a_store_damaged_inside(path: Path, sound: bytes) -> None:
    page = int.from_bytes(sound[16:18], "big")
    broken = sound[:page] + b"\xff" * (len(sound) - page)
    path.write_bytes(broken)
    with pytest.raises(StoreError, match="damaged") as caught, Database.open_readonly(path) as database:
        studies(database)
    assert "move the file away" in str(caught.value)
    assert path.read_bytes() == broken


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        Database.open(tmp_path)
    assert list(tmp_path.iterdir()) == []
