"""Classification: one class a sample, cross-entropy, accuracy; splits are stratified by class."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from thalweg.data import Labelled, Standardize, cancer, digits, holdout, read_images
from thalweg.data.cifar import cifar_subset
from thalweg.data.embedded import wine
from thalweg.problems.problem import HOLDOUT_SEED, VALID_FRACTION, Problem
from thalweg.problems.row import Row

TEST_FRACTION = 1 / 5


def classify(row: Row, root: Path | str | None) -> Problem:
    """Build the problem of a row whose data are samples with one class each.

    Args:
        row: The row.
        root: The folder that holds the data sets that come as files.
    """
    whole, test = _read(row.data, root)
    kept, held = holdout(len(whole), VALID_FRACTION, HOLDOUT_SEED, whole.y)
    train, valid = whole[kept], whole[held]
    # One mean and spread for all pixels of an image; the measures of a tumour or a wine have each their own scale.
    scale = Standardize("feature" if row.data in ("cancer", "wine") else "global").fit(train.x)

    def pair(samples: Labelled) -> tuple[Tensor, Tensor]:
        x = scale.transform(samples.x)
        return x.reshape(len(x), *(row.net.shape or x.shape[1:])), torch.from_numpy(samples.y)

    return Problem(
        loss=nn.CrossEntropyLoss(),
        train=pair(train),
        valid=pair(valid),
        test=pair(test),
        classes=whole.classes,
        **row.settings(),
    )


def _read(name: str, root: Path | str | None) -> tuple[Labelled, Labelled]:
    if name == "cifar10-subset":
        return cifar_subset(root)
    embedded = {"digits": digits, "cancer": cancer, "wine": wine}
    if name not in embedded:
        return read_images(name, root=root)
    whole = embedded[name]()
    kept, held = holdout(len(whole), TEST_FRACTION, 0, whole.y)
    return whole[kept], whole[held]
