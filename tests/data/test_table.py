from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thalweg.core.errors import CorruptFileError, InputError, MissingDataError
from thalweg.data.table import read_table

ROWS = st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, separator=st.sampled_from(",;\t"), end=st.sampled_from(["\n", "\r\n"]), headed=st.booleans())
def test_round_trip(tmp_path: Path, rows: list[list[float]], separator: str, end: str, headed: bool) -> None:
    path = tmp_path / "table"
    lines = [separator.join(map(repr, row)) for row in rows]
    header = [f'"a"{separator}"b"{separator}"c"'] * headed
    path.write_bytes(gzip.compress("".join(line + end for line in header + lines).encode(), mtime=0))
    np.testing.assert_array_equal(read_table(path, columns=3), rows)


def test_categories_become_columns(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("M, 1, x\nF, 2, y\n\nM, 3, y")
    read = read_table(path, columns=3, categories={0: ("M", "F"), 2: ("x", "y")})
    assert read.tolist() == [[1, 0, 1, 1, 0], [0, 1, 2, 0, 1], [1, 0, 3, 0, 1]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"a,b\n", "no rows"),
        (b"\n\n", "no rows"),
        (b"1,2\n3\n", "in line 2: 1 fields"),
        (b"1 2\n3 4\n", "with commas, semicolons or tabs between"),
        (b"1,2\n3,\n", "mend or drop that line"),
        (b"a;b\n1;2\n3;4;5\n", "in line 3: 3 fields"),
        (b"1,2\n3,four\n", "in line 2: 'four' in field 2"),
        (b"1,2\n\n3,\n", "in line 3: '' in field 2"),
        (b"1,nan\n", "in line 1: 'nan' in field 2"),
        (b"1,2\n1e999,3\n", "in line 2: '1e999' in field 1"),
        (b"1,2\n3,\xff\n", "byte ff in line 2"),
        (b'1,2\n"3,4\n', "unexpected end of data"),
        (b"a,b\nc,d\n", "in line 2: 'c' in field 1"),
        (gzip.compress(b"1,2\n", mtime=0)[:-6], "do not unpack"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(CorruptFileError) as caught:
        read_table(path, columns=2)
    text = str(caught.value)
    assert str(path) in text
    assert words in text
    assert "expected:" in text


def test_a_word_that_is_no_category(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("M,1\nX,2\n")
    with pytest.raises(CorruptFileError, match=r"line 2: 'X' in field 1[\s\S]*one of M, F"):
        read_table(path, columns=2, categories={0: ("M", "F")})


@pytest.mark.parametrize(("columns", "category"), [(0, None), (2, 2), (2, -1)])
def test_a_description_that_fits_no_table(tmp_path: Path, columns: int, category: int | None) -> None:
    path = tmp_path / "table.csv"
    path.write_text("1,2\n")
    with pytest.raises(InputError, match=rf"columns={columns}") as caught:
        read_table(path, columns=columns, categories={} if category is None else {category: ("a",)})
    assert category is None or f"column {category}" in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"none\.csv cannot be read"):
        read_table(tmp_path / "none.csv", columns=1)
