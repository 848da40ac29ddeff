from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thalweg.core.errors import CorruptFileError, MissingDataError
from thalweg.data.cifar import cifar_subset, read_cifar

RECORD = bytes([3]) + bytes(range(256)) * 12


def test_pixels_are_where_the_format_says(tmp_path: Path) -> None:
    planes = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32), np.uint8)
    content = b"".join(bytes([label]) + image.tobytes() for label, image in zip((9, 0), planes, strict=True))
    for name, written in (("plain", content), ("packed", gzip.compress(content))):
        (tmp_path / name).write_bytes(written)
        images, labels = read_cifar(tmp_path / name)
        np.testing.assert_array_equal(images, planes)
        assert labels.tolist() == [9, 0]
        assert images.flags.writeable


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "0 bytes"),
        (RECORD[:-1], "3072 bytes"),
        (RECORD + b"\0", "3074 bytes"),
        (RECORD + bytes([10]) + RECORD[1:], "the label 10 in record 1"),
        (gzip.compress(RECORD, mtime=0)[:-5], "do not unpack"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "batch.bin"
    path.write_bytes(content)
    with pytest.raises(CorruptFileError) as caught:
        read_cifar(path)
    text = str(caught.value)
    assert f"{path} is damaged, or is no CIFAR-10 file" in text
    assert words in text
    assert "expected:" in text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(1, 2 * len(RECORD)))
def test_every_truncation_is_found_but_at_the_end_of_a_record(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "batch.bin"
    path.write_bytes((RECORD * 2)[:-cut])
    if cut == len(RECORD):
        assert len(read_cifar(path)[1]) == 1
    else:
        with pytest.raises(CorruptFileError):
            read_cifar(path)


def test_the_subset(data_root: Path) -> None:
    train, test = cifar_subset(data_root)
    assert train.x.shape == (7292, 3, 32, 32)
    assert np.bincount(train.y).tolist() == [732, 699, 737, 708, 778, 706, 723, 724, 755, 730]
    assert np.bincount(test.y).tolist() == [74, 62, 77, 75, 67, 73, 88, 72, 83, 90]
    assert train.classes[:3] == ("airplane", "automobile", "bird")


def test_the_subset_is_not_downloaded(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"cut them from[\s\S]*--data DIR") as caught:
        cifar_subset(tmp_path)
    assert "downloaded" not in str(caught.value)
