"""Layout: lays the tables in a new file, and brings those of an older thalweg up to date."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from time import monotonic, sleep

from thalweg.store.failures import primary_code
from thalweg.store.header import APPLICATION_ID, VERSION

_CHANGES = {1: ["ALTER TABLE study ADD COLUMN spec TEXT"], 2: []}
"""What each older version lacks, beside tables of its own, which ``schema.sql`` makes where they are missing."""


def prepare(connection: sqlite3.Connection, patience: float) -> None:
    """Lay the tables in a new file or bring an old one up to date, and make sure that this connection may write.

    The layout and its marks are one transaction. In a new file it is one of the rollback journal, before the
    switch to WAL: so the header in the file itself says what the file is, even after a kill.

    Args:
        connection: To a file that is a store, or is to become one.
        patience: Seconds to wait for another writer, >= 0.
    """
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if _version(connection) < VERSION:
        _lay(connection)
    _switch_to_wal(connection, patience)
    connection.execute("BEGIN IMMEDIATE")
    connection.rollback()


def _lay(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _version(connection)  # others may have laid it meanwhile
        for version in range(found or VERSION, VERSION):
            for change in _CHANGES[version]:
                connection.execute(change)
        for statement in _statements():
            connection.execute(statement)
        if found < VERSION:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _statements() -> list[str]:
    schema = files("thalweg.store").joinpath("schema.sql").read_text("utf-8")
    return schema.split(";\n")


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _switch_to_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Set the journal mode, which is the file's and stays; SQLite itself does not wait for others here."""
    deadline = monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(0.01)
        else:
            return
