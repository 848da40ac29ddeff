"""Successive halving: runs stop together now and then, and only the best of them go on."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set

from thalweg.core.errors import InputError
from thalweg.core.run import Epoch
from thalweg.problems import Metric
from thalweg.sweep.score import LAST, Score, judged_by, score


class Halving:
    """A gate for executors (`thalweg.execute.Gate`): of n trials the best ``n / eta`` pass each stop.

    With R epochs in all, stops are at ``R eta^-s, ..., R / eta^2, R / eta``: so that every part of the way between
    two stops costs about as much as another. s is as large as n and `least` allow.

    Trials rank by `score`, equals by their name. What cannot be scored loses. The seeds of one trial, whose run
    ids begin with the trial's and a slash, pass or lose together, by their mean;
    a trial of which one broke down loses, as it could never be recommended.

    Args:
        trials: n, how many begin.
        epochs: R, how long the survivors train.
        metric: The objective.
        keeps_best: Whether runs are judged by their best epoch so far, or by their last.
        eta: What part goes on: one in `eta`, > 1.
        least: Epochs before the first stop, >= 1.

    Raises:
        InputError: An `eta` or `least` that cannot be used.

    Example:
        >>> from thalweg.problems import accuracy
        >>> halving = Halving(27, 27, accuracy, keeps_best=True)
        >>> halving.stops, [halving.places[stop] for stop in halving.stops]
        ((1, 3, 9), [9, 3, 1])

    Reference:
        Jamieson & Talwalkar 2016, Non-stochastic best arm identification and hyperparameter optimization,
        figure 1; Li et al. 2018, Hyperband, algorithm 1, for the spacing of stops by a longest run.
    """

    def __init__(
        self, trials: int, epochs: int, metric: Metric, *, keeps_best: bool, eta: float = 3, least: int = 1
    ) -> None:
        if not 1 < eta < math.inf or least < 1:
            raise InputError(
                "Halving cannot be done so.", got=f"eta={eta:g}, least={least}", expected="eta > 1, least >= 1"
            )
        self.metric, self.keeps_best = metric, keeps_best
        rungs = 0
        while trials >= eta ** (rungs + 1) and epochs >= least * eta ** (rungs + 1):
            rungs += 1
        self.places: dict[int, int] = {}
        for rung in range(rungs):
            stop = max(round(epochs / eta ** (rungs - rung)), least)
            if stop < epochs:
                self.places[stop] = int(trials / eta ** (rung + 1))

    @property
    def stops(self) -> tuple[int, ...]:
        """Numbers of epochs at which all runs wait, ascending."""
        return tuple(self.places)

    def losers(self, stop: int, curves: Mapping[str, Sequence[Epoch]], broken: Set[str] = frozenset()) -> set[str]:
        """Return which runs end at a stop.

        Args:
            stop: One of `stops`.
            curves: The curve of every run that is still training, by its run id.
            broken: The runs that have broken down before.
        """
        members = defaultdict[str, list[str]](list)
        for run in curves:
            members[_trial(run)].append(run)
        scores = {trial: self._score([curves[run] for run in runs]) for trial, runs in members.items()}
        scores |= dict.fromkeys(scores.keys() & set(map(_trial, broken)), LAST)
        ranked = sorted(scores, key=lambda trial: (*(-part for part in scores[trial]), trial))
        passed = [trial for trial in ranked if scores[trial] != LAST][: self.places[stop]]
        return {run for trial, runs in members.items() if trial not in passed for run in runs}

    def _score(self, curves: Sequence[Sequence[Epoch]]) -> Score:
        judged = [judged_by(self.metric, curve, keeps_best=self.keeps_best)[-1].valid for curve in curves]
        value, loss = (
            sum(valid.get(name, math.nan) for valid in judged) / len(judged) for name in (self.metric.name, "loss")
        )
        return score(self.metric, value, loss)


def _trial(run: str) -> str:
    return run.partition("/")[0]
