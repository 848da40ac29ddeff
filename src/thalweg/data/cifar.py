"""The binary version of CIFAR-10: records of one label byte and 3072 bytes of pixels, one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thalweg.data.files import corrupt, read_bytes
from thalweg.data.labelled import Labelled
from thalweg.data.sources import locate, sources

_FORM = "CIFAR-10 file"
_SHAPE = (3, 32, 32)
_RECORD = 1 + 3 * 32 * 32
_CLASSES = 10


def read_cifar(path: str | Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read images and labels from one file, gzipped or not.

    A record is the label, then 1024 bytes each of red, green and blue, row by row.

    Args:
        path: The file.

    Returns:
        Images, shape ``(n, 3, 32, 32)``, and labels in 0 to 9, shape ``(n,)``; both writable.

    Raises:
        MissingDataError: There is no such file, or it cannot be opened.
        CorruptFileError: It is empty or truncated, or a label is none.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "batch.bin")
        >>> _ = file.write_bytes(bytes([7] + [255] * 3072))
        >>> images, labels = read_cifar(file)
        >>> images.shape, labels
        ((1, 3, 32, 32), array([7], dtype=uint8))

    Reference:
        A. Krizhevsky, "The CIFAR-10 dataset", binary version.
    """
    content = read_bytes(path, _FORM)
    records, rest = divmod(len(content), _RECORD)
    if rest or not records:
        raise corrupt(path, _FORM, got=f"{len(content)} bytes", expected=f"whole records of {_RECORD} bytes")
    table = np.frombuffer(content, np.uint8).reshape(records, _RECORD)
    wrong = np.flatnonzero(table[:, 0] >= _CLASSES)
    if len(wrong):
        raise corrupt(
            path,
            _FORM,
            got=f"the label {table[wrong[0], 0]} in record {wrong[0]}, the first of {len(wrong)}",
            expected=f"labels of 0 to {_CLASSES - 1}",
        )
    return table[:, 1:].reshape(-1, *_SHAPE).copy(), table[:, 0].copy()


def cifar_subset(root: str | Path | None = None) -> tuple[Labelled, Labelled]:
    """Return a part of CIFAR-10: 7292 of its 50,000 training images and 761 of its 10,000 test images.

    Args:
        root: Where to look first; see `locate`.

    Returns:
        Training and test; images of shape ``(n, 3, 32, 32)``, uint8.

    Raises:
        MissingDataError: The files are not there; they cannot be downloaded.
        CorruptFileError: A file is truncated or damaged.
    """
    name = "cifar10-subset"
    files = locate(name, root=root)
    parts = {part: read_cifar(files[f"{part}.bin.gz"]) for part in ("train", "test")}
    train, test = (Labelled(x, y, sources[name].classes, f"{name} ({part})") for part, (x, y) in parts.items())
    return train, test
