"""Regression: one measure a sample, squared error, and the mean absolute error in the measure's own units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from thalweg.data import Standardize
from thalweg.data.embedded import diabetes
from thalweg.data.measured import Measured, abalone, wine_quality
from thalweg.data.splits import repeats, three_parts
from thalweg.problems.classification import TEST_FRACTION
from thalweg.problems.metrics import Metric
from thalweg.problems.problem import HOLDOUT_SEED, VALID_FRACTION, Problem
from thalweg.problems.row import Row


@dataclass(frozen=True)
class AbsoluteError:
    """The mean of ``unit |output - target|`` over a batch.

    Attributes:
        unit: What one of the net's units is worth.
    """

    unit: float

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        """Return it as a scalar, float64."""
        return self.unit * (output - target).abs().double().mean()


def regress(row: Row, root: Path | str | None) -> Problem:
    """Build the problem of a row whose data are samples with a measure each.

    Inputs and target are standardized by the training split. So the loss of a model that always says the mean
    is 1, in whatever units, and learning rates of different data sets can be compared. The metric is back in
    units: the mean absolute error, which unlike the root of the mean square does not depend on how samples fall
    into batches. Samples of identical inputs are kept together when the splits are drawn.

    Args:
        row: The row.
        root: The folder that holds the data sets that come as files.
    """
    x, y = _read(row.data, root)
    index = three_parts(len(x), test=TEST_FRACTION, valid=VALID_FRACTION, seed=HOLDOUT_SEED, groups=repeats(x))
    inputs, target = Standardize("feature").fit(x[index[0]]), Standardize("global").fit(y[index[0]])

    def pair(part: np.ndarray) -> tuple[Tensor, Tensor]:
        return inputs.transform(x[part]), target.transform(y[part])[:, None]

    train, valid, test = map(pair, index)
    return Problem(
        loss=nn.MSELoss(),
        train=train,
        valid=valid,
        test=test,
        metrics=[Metric("mae", AbsoluteError(target.spread.item()), higher_is_better=False, bounds=(0, math.inf))],
        **row.settings(),
    )


def _read(name: str, root: Path | str | None) -> Measured:
    return diabetes() if name == "diabetes" else {"abalone": abalone, "wine-quality": wine_quality}[name](root)
