"""MNIST and what shares its form: four IDX files, images and labels of training and test."""

from __future__ import annotations

from pathlib import Path

from thalweg.core.errors import DataError, UnknownNameError
from thalweg.data.idx import read_idx
from thalweg.data.labelled import Labelled
from thalweg.data.sources import locate, sources

_NAMES = ("mnist", "fashion-mnist")


def read_images(name: str, *, root: str | Path | None = None) -> tuple[Labelled, Labelled]:
    """Read a data set of gray images with its official test split.

    Args:
        name: ``"mnist"`` or ``"fashion-mnist"``.
        root: Where to look first; see `locate`.

    Returns:
        Training and test; images as flat rows, shape ``(n, height * width)``, uint8 in 0 to 255.

    Raises:
        UnknownNameError: Another name.
        MissingDataError: The files are not there and cannot be downloaded.
        CorruptFileError: A file is truncated or damaged.
        DataError: The files are no images with a label each.

    Example:
        >>> read_images("mnist", root="no-such-folder")
        Traceback (most recent call last):
        thalweg.core.errors.MissingDataError: Files of the data set mnist are missing.
        ...
    """
    if name not in _NAMES:
        raise UnknownNameError("data set of gray images", name, _NAMES)
    files = locate(name, root=root)

    def part(prefix: str) -> Labelled:
        path = files[f"{prefix}-images-idx3-ubyte.gz"]
        images = read_idx(path)
        if images.ndim != 3:
            raise DataError(
                f"{path} holds no images.", got=f"an array of shape {images.shape}", expected="n x height x width"
            )
        labels = read_idx(files[f"{prefix}-labels-idx1-ubyte.gz"])
        return Labelled(images.reshape(len(images), -1), labels, sources[name].classes, f"{name} ({prefix})")

    return part("train"), part("t10k")
