from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thalweg.core.errors import CorruptFileError, InputError, MissingDataError
from thalweg.data.text import read_text

ENCODINGS = ["utf-8", "latin-1", "utf-16"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(max_codepoint=255, exclude_characters="\0"), min_size=1),
    encoding=st.sampled_from(ENCODINGS),
    packed=st.booleans(),
)
def test_round_trip(tmp_path: Path, text: str, encoding: str, packed: bool) -> None:
    path = tmp_path / "text"
    content = text.encode(encoding)
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    if not content.startswith(b"\x1f\x8b") or packed:
        assert read_text(path, encoding=encoding) == text


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        (b"", "utf-8", "an empty file"),
        (b"one\ntwo\ncaf\xe9\n", "utf-8", "byte e9 in line 3"),
        (b"one\ncaf\xc3\xa9", "ascii", "byte c3 in line 2"),
        (b"one\ntwo\0", "utf-8", "a zero byte in line 2"),
        (gzip.compress(b"one", mtime=0)[:-4], "utf-8", "do not unpack"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: bytes, encoding: str, words: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(CorruptFileError) as caught:
        read_text(path, encoding=encoding)
    text = str(caught.value)
    assert str(path) in text
    assert words in text
    assert "expected:" in text


def test_another_encoding_is_what_helps_against_bytes_that_are_no_characters(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(CorruptFileError, match=r"do this: .*encoding="):
        read_text(path)
    assert read_text(path, encoding="latin-1") == "café"
    with pytest.raises(InputError, match=r"no encoding named 'latin1000'[\s\S]*utf-8"):
        read_text(path, encoding="latin1000")


def test_a_mark_of_byte_order_is_no_character(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfone")
    assert read_text(path) == "one"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"none\.txt cannot be read"):
        read_text(tmp_path / "none.txt")
