from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from thalweg.core.errors import DataError, UnknownNameError
from thalweg.data.images import read_images

MNIST_TRAIN = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
MNIST_TEST = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize(
    ("name", "train_counts", "test_counts", "mean", "std"),
    [
        ("mnist", MNIST_TRAIN, MNIST_TEST, 0.1307, 0.3081),
        ("fashion-mnist", [6000] * 10, [1000] * 10, 0.2860, 0.3530),
    ],
)
def test_published_facts(
    data_root: Path, name: str, train_counts: list[int], test_counts: list[int], mean: float, std: float
) -> None:
    train, test = read_images(name, root=data_root)
    assert train.x.shape == (60000, 784)
    assert test.x.shape == (10000, 784)
    assert train.x.dtype == np.uint8
    assert np.bincount(train.y).tolist() == train_counts
    assert np.bincount(test.y).tolist() == test_counts
    assert round(train.x.mean() / 255, 4) == mean
    assert round(train.x.std() / 255, 4) == std
    assert len(train.classes) == 10


def write(path: Path, array: np.ndarray) -> None:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def four_files(folder: Path, *, images: tuple[int, ...] = (3, 2, 2), labels: int = 3) -> None:
    for part in ("train", "t10k"):
        write(folder / f"{part}-images-idx3-ubyte", np.arange(np.prod(images)).reshape(images))
        write(folder / f"{part}-labels-idx1-ubyte", np.arange(labels))


def test_unpacked_files_in_the_folder_itself(tmp_path: Path) -> None:
    four_files(tmp_path)
    train, test = read_images("mnist", root=tmp_path)
    assert train.x.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert test.y.tolist() == [0, 1, 2]


def test_a_data_set_of_another_form(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"gray images named 'sms-spam'[\s\S]*fashion-mnist, mnist"):
        read_images("sms-spam", root=tmp_path)


def test_images_without_a_label_each(tmp_path: Path) -> None:
    four_files(tmp_path, labels=2)
    with pytest.raises(DataError, match=r"mnist \(train\) are not of the same length"):
        read_images("mnist", root=tmp_path)


def test_a_file_that_holds_no_images(tmp_path: Path) -> None:
    four_files(tmp_path, images=(3, 4))
    with pytest.raises(DataError, match=r"holds no images[\s\S]*\(3, 4\)"):
        read_images("mnist", root=tmp_path)
