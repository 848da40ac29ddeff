from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from thalweg.core.errors import CorruptFileError, MissingDataError
from thalweg.data.files import read_bytes


@pytest.mark.parametrize("content", [b"", b"plain", b"\x1f not packed"])
def test_packed_or_not(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert read_bytes(path, "text") == content
    path.write_bytes(gzip.compress(content))
    assert read_bytes(path, "text") == content


def test_the_error_names_file_and_form(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(b"content")[:-3])
    with pytest.raises(CorruptFileError, match=r"file\.gz is damaged, or is no table\.[\s\S]*do not unpack"):
        read_bytes(path, "table")
    with pytest.raises(MissingDataError, match=r"none cannot be read"):
        read_bytes(tmp_path / "none", "table")
