"""The catalog: problems with fixed definitions, so that results of different people can be compared.

All are classifiers: ReLU hidden layers, He initialization, cross-entropy, accuracy, inputs standardized by
the training split. Validation is a stratified 1/6 of training; digits and cancer have no official test split
and hold out a stratified 1/5 first. Listing the rows loads no data, and no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from thalweg.core.registry import Registry

if TYPE_CHECKING:
    from thalweg.data.labelled import Labelled
    from thalweg.problems.problem import Problem

TEST_FRACTION = 1 / 5


@dataclass(frozen=True)
class Row:
    """One problem of the catalog.

    Attributes:
        name: Data and net.
        data: The data set.
        widths: Units of each layer, from inputs to classes.
        batch: Samples a step.
        epochs: Passes over the training split.
        target: Validation accuracy that counts as solved.
    """

    name: str
    data: str
    widths: tuple[int, ...]
    batch: int
    epochs: int
    target: float

    @property
    def net(self) -> str:
        """The widths as text; hidden layers of one width are counted.

        Example:
            >>> rows[1].net, rows[3].net
            ('64-64-10', '64-(64)x5-10')
        """
        inputs, *hidden, outputs = self.widths
        runs = [(width, len(list(same))) for width, same in groupby(hidden)]
        inside = [f"({width})x{count}" if count > 1 else str(width) for width, count in runs]
        return "-".join([str(inputs), *inside, str(outputs)])


rows = (
    Row("digits/logistic", "digits", (64, 10), 64, 20, 0.94),
    Row("digits/mlp-1", "digits", (64, 64, 10), 64, 20, 0.96),
    Row("digits/mlp-2", "digits", (64, 64, 64, 10), 64, 20, 0.96),
    Row("digits/mlp-5", "digits", (64, *[64] * 5, 10), 64, 20, 0.96),
    Row("cancer/mlp-1", "cancer", (30, 32, 2), 32, 30, 0.95),
    Row("mnist/logistic", "mnist", (784, 10), 128, 5, 0.91),
    Row("mnist/mlp-1", "mnist", (784, 100, 10), 128, 5, 0.97),
    Row("mnist/mlp-2", "mnist", (784, 256, 256, 10), 128, 5, 0.97),
    Row("mnist/mlp-5", "mnist", (784, *[256] * 5, 10), 128, 5, 0.97),
    Row("fashion/mlp-2", "fashion-mnist", (784, 256, 256, 10), 128, 10, 0.88),
)


def load(name: str, *, data: Path | str | None = None) -> Problem:
    """Build a problem of the catalog.

    Args:
        name: Such as ``"digits/mlp-1"``.
        data: The folder that holds MNIST and Fashion-MNIST; see `thalweg.data.locate`.

    Returns:
        The problem, its data read and standardized.

    Raises:
        UnknownNameError: There is no such problem.
        MissingDataError: Its data is not on this machine and cannot be downloaded.
        CorruptFileError: A data file is damaged.

    Example:
        >>> problem = load("digits/mlp-1")
        >>> {part: len(split) for part, split in problem.splits.items()}
        {'train': 1198, 'valid': 240, 'test': 359}
    """
    return catalog[name](data)


def _build(row: Row, data: Path | str | None = None) -> Problem:
    import torch
    from torch import nn

    from thalweg.data.preprocess import Standardize
    from thalweg.data.splits import holdout
    from thalweg.problems.networks import mlp
    from thalweg.problems.problem import HOLDOUT_SEED, VALID_FRACTION, Problem

    whole, test = _read(row.data, data)
    kept, held = holdout(len(whole), VALID_FRACTION, HOLDOUT_SEED, whole.y)
    train, valid = whole[kept], whole[held]
    # One mean and spread for all pixels of an image; the measures of a tumour have each their own scale.
    scale = Standardize("feature" if row.data == "cancer" else "global").fit(train.x)

    def pair(samples: Labelled) -> tuple[torch.Tensor, torch.Tensor]:
        return scale.transform(samples.x), torch.from_numpy(samples.y)

    return Problem(
        name=row.name,
        model=partial(mlp, row.widths),
        loss=nn.CrossEntropyLoss(),
        train=pair(train),
        valid=pair(valid),
        test=pair(test),
        target=row.target,
        batch_size=row.batch,
        epochs=row.epochs,
        classes=whole.classes,
    )


def _read(name: str, root: Path | str | None) -> tuple[Labelled, Labelled]:
    from thalweg.data import cancer, digits, holdout, read_images

    embedded = {"digits": digits, "cancer": cancer}
    if name not in embedded:
        return read_images(name, root=root)
    whole = embedded[name]()
    kept, held = holdout(len(whole), TEST_FRACTION, 0, whole.y)
    return whole[kept], whole[held]


catalog = Registry[Callable[[Path | str | None], "Problem"]]("problem")
for _row in rows:
    catalog.add(_row.name, partial(_build, _row))
