"""The bytes of a data file, packed or not, and what is said of one that is damaged."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from thalweg.core.errors import CorruptFileError, MissingDataError

_GZIP_MAGIC = b"\x1f\x8b"


def read_bytes(path: str | Path, form: str) -> bytes:
    """Read a whole file, gzipped or not: its first bytes tell, not its name.

    Args:
        path: The file.
        form: What it should be, such as ``"IDX file"``, for an error.

    Raises:
        MissingDataError: There is no such file, or it cannot be opened.
        CorruptFileError: It is gzipped, and truncated or damaged.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "labels.gz")
        >>> _ = file.write_bytes(gzip.compress(b"7 2 1"))
        >>> read_bytes(file, "text")
        b'7 2 1'
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise MissingDataError(f"The data file {path} cannot be read.", got=error.strerror) from error
    if not raw.startswith(_GZIP_MAGIC):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise corrupt(
            path, form, got=f"{len(raw)} bytes that do not unpack: {error}", expected="a whole gzip file"
        ) from error


def corrupt(
    path: str | Path,
    form: str,
    *,
    got: str,
    expected: str,
    remedy: str = "if it was downloaded, delete it and fetch it again",
) -> CorruptFileError:
    """Return the error that `path` is no good file of this form."""
    return CorruptFileError(
        f"The data file {path} is damaged, or is no {form}.",
        got=got,
        expected=expected,
        remedy=remedy,
    )
