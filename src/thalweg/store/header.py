"""Is this file a run store? Read from its first bytes, so that a foreign file is never touched."""

from __future__ import annotations

from pathlib import Path

from thalweg.core.errors import StoreError

APPLICATION_ID = int.from_bytes(b"thlw", "big")
"""Marks a SQLite file as a run store."""

VERSION = 3
"""Version of the layout in ``schema.sql``; `layout` brings older ones up to it."""

_MAGIC = b"SQLite format 3\0"
_SIZE = 100


def is_store(path: Path) -> bool:
    """Tell whether there is a run store at `path`, without opening it as a database.

    Args:
        path: Any path.

    Returns:
        ``True`` for a run store of this version or an older one; ``False`` where nothing, or nothing yet, was
        written.

    Raises:
        StoreError: Anything else: a folder, a foreign or truncated file, a store of a newer version.

    Example:
        >>> is_store(Path("no/such/file.db"))
        False

    Reference:
        SQLite, "Database File Format", section 1.3, the database header.
    """
    if path.is_dir():
        raise StoreError("The run store is a folder.", got=path, remedy="name a file in that folder")
    if not path.exists():
        return False
    logged = _log_size(path, "wal")  # before the file is read: others may be making the store right now
    with path.open("rb") as file:
        head = file.read(_SIZE)
    if not head and not logged:
        return False
    if not head or _MAGIC.startswith(head) or (head.startswith(_MAGIC) and len(head) < _SIZE):
        raise _truncated(path)
    if not head.startswith(_MAGIC) or _number(head, 68) != APPLICATION_ID:
        raise StoreError(
            "This file is no run store of thalweg; it was left as it is.",
            got=path,
            expected="a file that thalweg made, or none yet",
            remedy="choose another file",
        )
    if _number(head, 60) > VERSION:
        raise StoreError(
            "This run store was written by a newer thalweg; it was left as it is.",
            got=f"{path}, layout {_number(head, 60)}",
            expected=f"layout {VERSION}",
            remedy="upgrade thalweg, or choose another file",
        )
    mended = _log_size(path, "wal") or _log_size(path, "journal")  # SQLite completes the file from its log
    if not mended and path.stat().st_size < _number(head, 28) * _page_size(head):
        raise _truncated(path)
    return True


def _number(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 4], "big")


def _page_size(head: bytes) -> int:
    """Return the bytes of a page; 65536 does not fit two bytes and is written as 1."""
    size = int.from_bytes(head[16:18], "big")
    return 65536 if size == 1 else size


def _log_size(path: Path, kind: str) -> int:
    """Return the bytes of SQLite's log beside the file; 0 where there is none."""
    try:
        return Path(f"{path}-{kind}").stat().st_size
    except FileNotFoundError:
        return 0


def _truncated(path: Path) -> StoreError:
    return StoreError(
        "The run store is truncated; it was left as it is.",
        got=f"{path}, {path.stat().st_size} bytes",
        remedy="put back a copy, or move the file away to begin a new one",
    )
