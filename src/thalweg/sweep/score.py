"""Score: what ranks runs. The validation objective, then the validation loss; higher is better."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import accumulate

from thalweg.core.run import Epoch
from thalweg.problems import Metric

Score = tuple[float, float]

LAST: Score = (-math.inf, -math.inf)
"""The score of what cannot be scored: a run that broke down, or NaN."""

DIGITS = 6
"""Significant digits that count: executors agree to rounding, and the same seed has to give the same ranking."""


def score(metric: Metric, value: float, loss: float) -> Score:
    """Return what ranks a run by its objective and its loss.

    Args:
        metric: The objective.
        value: Its value.
        loss: The loss, which decides among equals: accuracy comes in steps.

    Example:
        >>> from thalweg.problems import accuracy
        >>> score(accuracy, 0.9, 0.3) > score(accuracy, 0.9, 0.4), score(accuracy, 0.9, math.nan)
        (True, (-inf, -inf))
    """
    if math.isnan(value) or math.isnan(loss):
        return LAST
    return _rounded(value if metric.higher_is_better else -value), _rounded(-loss)


def of_measures(metric: Metric, valid: Mapping[str, float], *, broken: bool = False) -> Score:
    """Return the score of what was measured on validation; that of a broken run is `LAST`."""
    if broken:
        return LAST
    return score(metric, valid.get(metric.name, math.nan), valid.get("loss", math.nan))


def judged_by(metric: Metric, curve: Sequence[Epoch], *, keeps_best: bool) -> list[Epoch]:
    """Return, for each epoch, the one that a run is judged by had it ended there: its best so far, or its last."""
    if not keeps_best:
        return list(curve)
    return list(accumulate(curve, partial(max, key=lambda epoch: of_measures(metric, epoch.valid))))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
