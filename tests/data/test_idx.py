from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from thalweg.core.errors import CorruptFileError, MissingDataError
from thalweg.data.idx import IDX_TYPES, read_idx

LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1])


def idx_bytes(array: NDArray[Any]) -> bytes:
    code = next(code for code, name in IDX_TYPES.items() if np.dtype(name) == array.dtype)
    shape = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, code, array.ndim]) + shape + array.astype(array.dtype.newbyteorder(">")).tobytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    array=st.sampled_from(sorted(IDX_TYPES.values())).flatmap(
        lambda name: arrays.arrays(name, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    ),
    packed=st.booleans(),
)
def test_round_trip(tmp_path: Path, array: NDArray[Any], packed: bool) -> None:
    content = idx_bytes(array)
    path = tmp_path / "array"
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    read = read_idx(path)
    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    assert read.dtype.isnative
    assert read.flags.writeable
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "begins with nothing"),
        (b"PK\x03\x04 a zip", "begins with 50 4b 03 04"),
        (bytes([0, 0, 0x0A, 1]) + LABELS[4:], "begins with 00 00 0a 01"),
        (LABELS[:6], "a header of 8 bytes"),
        (LABELS[:-1], "got:      2 bytes of values"),
        (LABELS + b"\0", "got:      4 bytes of values"),
        (gzip.compress(LABELS, mtime=0)[:-6], "do not unpack"),
        (gzip.compress(LABELS, mtime=0) + b"more", "do not unpack"),
        (gzip.compress(LABELS, mtime=0)[:-8] + bytes(8), "CRC check failed"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\xff" * 20, "do not unpack"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "train-labels"
    path.write_bytes(content)
    with pytest.raises(CorruptFileError) as caught:
        read_idx(path)
    text = str(caught.value)
    assert str(path) in text
    assert words in text
    assert "expected:" in text


@given(cut=st.integers(1, len(gzip.compress(LABELS, mtime=0)) - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_truncation_of_a_packed_file_is_found(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(LABELS, mtime=0)[:-cut])
    with pytest.raises(CorruptFileError):
        read_idx(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"none\.gz cannot be read"):
        read_idx(tmp_path / "none.gz")
    with pytest.raises(MissingDataError, match="directory"):
        read_idx(tmp_path)
