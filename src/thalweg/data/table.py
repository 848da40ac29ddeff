"""Delimited tables: numbers and categories, a sample a line."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thalweg.core.errors import CorruptFileError, InputError
from thalweg.data.files import corrupt
from thalweg.data.text import read_text

_FORM = "table"
_SEPARATORS = ",;\t"
_BETWEEN = "with commas, semicolons or tabs between"

Categories = Mapping[int, Sequence[str]]


def read_table(
    path: str | Path, *, columns: int, categories: Categories | None = None, encoding: str = "utf-8"
) -> NDArray[np.float64]:
    r"""Read a table of numbers, gzipped or not.

    The separator is a comma, a semicolon or a tab, whichever the first line has most of; fields may stand in
    double quotes. A first line without any number is a header. Empty lines are passed over.

    Args:
        path: The file.
        columns: Fields a line, >= 1.
        categories: The columns that hold words, counted from 0, and their words. Such a column becomes one
            column a word: 1 where the field is that word, else 0.
        encoding: How its characters are written.

    Returns:
        The numbers, a line a row.

    Raises:
        MissingDataError: There is no such file, or it cannot be opened.
        CorruptFileError: No rows, a line of another length, or a field that is no finite number or no word of its
            column; the line is named.
        InputError: No such number of columns, or categories of a column that is not there.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "shells.csv")
        >>> _ = file.write_text("sex;rings\nM;15\nI;7\n")
        >>> read_table(file, columns=2, categories={0: ("M", "F", "I")})
        array([[ 1.,  0.,  0., 15.],
               [ 0.,  0.,  1.,  7.]])
    """
    categories = categories or {}
    beyond = [column for column in categories if not 0 <= column < columns]
    if columns < 1 or beyond:
        raise InputError(
            "A table is described that cannot be.",
            got=f"columns={columns}" + "".join(f", categories of column {column}" for column in beyond),
            expected="one column or more, counted from 0",
        )
    text = read_text(path, encoding=encoding)
    rows = [_numbers(path, line, row, columns, categories) for line, row in _rows(path, text)]
    if not rows:
        raise corrupt(path, _FORM, got="no rows", expected=f"rows of {columns} fields")
    return np.array(rows)


def _rows(path: str | Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are neither empty nor the header, with the number of their line."""
    lines = text.split("\n")
    reader = csv.reader(lines, delimiter=max(_SEPARATORS, key=lines[0].count), strict=True)
    try:
        for row in reader:
            fields = [field.strip() for field in row]
            if any(fields) and not (reader.line_num == 1 and not any(map(_is_number, fields))):
                yield reader.line_num, fields
    except csv.Error as error:
        raise _wrong(path, reader.line_num, got=str(error), expected=f"fields, {_BETWEEN}") from error


def _numbers(path: str | Path, line: int, row: list[str], columns: int, categories: Categories) -> list[float]:
    if len(row) != columns:
        raise _wrong(path, line, got=f"{len(row)} fields", expected=f"{columns}, {_BETWEEN}")
    numbers: list[float] = []
    for column, field in enumerate(row):
        words = categories.get(column)
        if words is not None and field not in words:
            raise _wrong(path, line, got=f"{field!r} in field {column + 1}", expected=f"one of {', '.join(words)}")
        if words is None and not _is_number(field):
            raise _wrong(path, line, got=f"{field!r} in field {column + 1}", expected="a finite number")
        numbers += [float(field)] if words is None else [float(field == word) for word in words]
    return numbers


def _is_number(field: str) -> bool:
    try:
        return math.isfinite(float(field))
    except ValueError:
        return False


def _wrong(path: str | Path, line: int, *, got: str, expected: str) -> CorruptFileError:
    remedy = "mend or drop that line; if the file was downloaded, fetch it again"
    return corrupt(path, _FORM, got=f"in line {line}: {got}", expected=expected, remedy=remedy)
