"""Basin: the learning rates that do as well as the best, within the noise of the seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thalweg.core.run import Outcome, Run
from thalweg.problems import Metric
from thalweg.sweep.band import LEVEL
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial, judged

EARLY = 0.3
"""A trial that was dropped before this part of its epochs tells nothing of how it would have ended,"""

FEW = 3
"""and neither does one that was dropped before so many."""


@dataclass(frozen=True, kw_only=True)
class Basin:
    """An interval of learning rates.

    Attributes:
        low: The lowest rate tried that is as good as the best.
        high: The highest.
        open_low: Whether no lower rate was tried, so that the basin may go on.
        open_high: Whether no higher rate was tried.
        rates: How many rates were tried inside.
    """

    low: float
    high: float
    open_low: bool
    open_high: bool
    rates: int


def within_noise(trial: Trial, finals: Sequence[Run], metric: Metric) -> bool:
    """Return whether one more seed of the best setting could look like this trial.

    Both are taken at the trial's last epoch, so that one which was dropped is held against the best as it was
    then; one that was dropped too early to tell (`is_early`) is not within noise. With the mean m and the spread
    s of the n final runs, a trial is within noise if it is no worse than
    ``m - t s sqrt(1 + 1/n)``, t being Student's quantile of 97.5 % with n - 1 degrees of freedom.

    Args:
        trial: What is asked about.
        finals: The runs of the best setting on fresh seeds, two at least; their curves tell the noise.
        metric: The objective.
    """
    from scipy import stats

    curves = [judged(run, metric) for run in finals]
    if trial.outcome.broken or not trial.curve or is_early(trial, finals):
        return False
    sign = 1 if metric.higher_is_better else -1
    then = sign * np.array([curve[min(trial.epochs, len(curve)) - 1] for curve in curves])
    n = len(then)
    spread = float(stats.t.ppf(1 - LEVEL / 2, n - 1)) * float(then.std(ddof=1)) * math.sqrt(1 + 1 / n)
    slack = 1e-6 * abs(float(then.mean()))  # executors agree to rounding
    return sign * trial.at(trial.epochs) >= float(then.mean()) - spread - slack


def is_early(trial: Trial, finals: Sequence[Run]) -> bool:
    """Return whether a trial was dropped too early to tell how it would have ended.

    That is before ``max(3, 0.3 length)`` epochs, of as many as the final runs have, or on a part of the data.

    Args:
        trial: What is asked about.
        finals: The runs of the best setting on fresh seeds, one at least.
    """
    length = max(len(run.epochs) for run in finals)
    return trial.fraction < 1 or (trial.outcome is Outcome.PRUNED and trial.epochs < max(FEW, EARLY * length))


def basin(
    best: Trial, trials: Sequence[Trial], finals: Sequence[Run], metric: Metric, space: Space
) -> Basin | None:
    """Return the basin of the best trial's learning rate.

    Where the rate alone is searched, it is the rates around the best up to the first that is worse beyond
    noise. Where other settings vary too, a rate may be bad for their sake: then it spans all trials of the same
    optimizer that are within noise.

    Args:
        best: The best trial.
        trials: All trials.
        finals: The best setting on fresh seeds.
        metric: The objective.
        space: What was searched.

    Returns:
        ``None`` if no learning rate was searched, or fewer than two seeds tell of no noise.
    """
    name = best.config.optimizer
    if "lr" not in space.ranges[name] or len(finals) < 2 or any(run.outcome.broken for run in finals):
        return None
    own = sorted((t for t in trials if t.config.optimizer == name and t.fraction == 1), key=_rate)
    tried = [_rate(trial) for trial in trials if trial.config.optimizer == name]
    good = [trial is best or within_noise(trial, finals, metric) for trial in own]
    at = next(i for i, trial in enumerate(own) if trial.name == best.name)
    inside = [i for i, fine in enumerate(good) if fine]
    low, high = inside[0], inside[-1]
    if len(space.ranges[name]) == 1:
        low = next((i + 1 for i in range(at, -1, -1) if not good[i]), 0)
        high = next((i - 1 for i in range(at, len(own)) if not good[i]), len(own) - 1)
    return Basin(
        low=_rate(own[low]),
        high=_rate(own[high]),
        open_low=_rate(own[low]) == min(tried),
        open_high=_rate(own[high]) == max(tried),
        rates=len({rate for rate in map(_rate, own) if _rate(own[low]) <= rate <= _rate(own[high])}),
    )


def _rate(trial: Trial) -> float:
    return float(trial.config.hyper["lr"])
