"""The catalog: problems with fixed definitions, so that results of different people can be compared.

Nets have ReLU hidden layers and He initialization where their row says nothing else, inputs are standardized by
the training split. Validation is a stratified 1/6 of training; what has no official test split holds out a
stratified 1/5 first. The module of each task says how it departs from that. Listing the rows loads no data,
and no torch.

A target is meant to be within reach of a good setting in the row's epochs. What runs of seed 0 reached by
validation, at their best epoch: mnist/2c2d 99.04 % (momentum, lr=0.03); cifar-subset/3c3d 60.99 % (momentum,
lr=0.01) and 60.08 % (adam, lr=0.001, in 17 epochs). That of fashion/2c2d is an estimate: no run to its end stands
behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from thalweg.core.registry import Registry
from thalweg.problems.row import (
    CLASSIFY_TEXT,
    CONTINUE,
    DESCEND,
    QUADRATIC,
    REGRESS,
    Net,
    Row,
    dense,
    over_words,
)

if TYPE_CHECKING:
    from thalweg.problems.problem import Problem

_2C2D = Net("conv 32-64, 1024-10", "thalweg.problems.convolutional:net_2c2d", (), (1, 28, 28))
_3C3D = Net("conv 64-96-128, 512-256-10", "thalweg.problems.convolutional:net_3c3d", (), (3, 32, 32))
_LSTM = Net("lstm 64", "thalweg.problems.recurrent:CharacterLSTM", (64,))
_TRANSFORMER = Net("2 layers of 64", "thalweg.problems.transformer:CausalTransformer", (64, 64, 2, 2))
_ONES = Net("100 numbers", "thalweg.problems.networks:Point", ((1.0,) * 100,))
_TWO = Net("2 numbers", "thalweg.problems.networks:Point", ((-1.2, 1.0),))

rows = (
    Row("digits/logistic", "digits", dense(64, 10), 64, 20, 0.94),
    Row("digits/mlp-1", "digits", dense(64, 64, 10), 64, 20, 0.96),
    Row("digits/mlp-2", "digits", dense(64, 64, 64, 10), 64, 20, 0.96),
    Row("digits/mlp-5", "digits", dense(64, *[64] * 5, 10), 64, 20, 0.96),
    Row("cancer/mlp-1", "cancer", dense(30, 32, 2), 32, 30, 0.95),
    Row("wine/mlp-1", "wine", dense(13, 32, 3), 32, 30, 0.95),
    Row("diabetes/linear", "diabetes", dense(10, 1), 32, 30, 38, REGRESS),
    Row("abalone/mlp-1", "abalone", dense(10, 32, 1), 64, 30, 1.5, REGRESS),
    Row("wine-quality/mlp-1", "wine-quality", dense(12, 64, 1), 64, 30, 0.53, REGRESS),
    Row("polarity/logistic", "rt-polarity", over_words(2), 64, 10, 0.76, CLASSIFY_TEXT),
    Row("reviews/logistic", "review-polarity", over_words(2), 32, 10, 0.82, CLASSIFY_TEXT),
    Row("sms/logistic", "sms-spam", over_words(2), 64, 10, 0.99, CLASSIFY_TEXT),
    Row("sms/mlp-1", "sms-spam", over_words(16, 2), 64, 10, 0.99, CLASSIFY_TEXT),
    Row("mnist/logistic", "mnist", dense(784, 10), 128, 5, 0.91),
    Row("mnist/mlp-1", "mnist", dense(784, 100, 10), 128, 5, 0.97),
    Row("mnist/mlp-2", "mnist", dense(784, 256, 256, 10), 128, 5, 0.97),
    Row("mnist/mlp-5", "mnist", dense(784, *[256] * 5, 10), 128, 5, 0.97),
    Row("mnist/2c2d", "mnist", _2C2D, 128, 5, 0.99),
    Row("fashion/mlp-2", "fashion-mnist", dense(784, 256, 256, 10), 128, 10, 0.88),
    Row("fashion/2c2d", "fashion-mnist", _2C2D, 128, 10, 0.91),
    Row("cifar-subset/3c3d", "cifar10-subset", _3C3D, 128, 20, 0.6),
    Row("shakespeare/lstm", "tinyshakespeare", _LSTM, 64, 5, 0.48, CONTINUE),
    Row("shakespeare/transformer", "tinyshakespeare", _TRANSFORMER, 64, 5, 0.45, CONTINUE),
    Row("quadratic/deep", "quadratic", _ONES, 128, 100, 90, QUADRATIC),
    Row("rosenbrock", "rosenbrock", _TWO, 1, 20, 1e-3, DESCEND),
)


def load(name: str, *, data: Path | str | None = None) -> Problem:
    """Build a problem of the catalog.

    Args:
        name: Such as ``"digits/mlp-1"``.
        data: The folder that holds the data sets that come as files; see `thalweg.data.locate`.

    Returns:
        The problem, its data read and prepared.

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


catalog = Registry[Callable[[Path | str | None], "Problem"]]("problem")
for _row in rows:
    catalog.add(_row.name, _row.build)
