"""Trial: what one setting of a sweep gave, over its seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from thalweg.core.config import Config
from thalweg.core.run import Outcome, Run
from thalweg.problems import Metric
from thalweg.sweep.dimensions import Value
from thalweg.sweep.score import judged_by, score


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One setting, as it was tried.

    Attributes:
        name: Such as ``"trial-007"``; the run ids of its seeds begin with it.
        round: Which generation of settings it belongs to, 0 for the first.
        config: The complete setting, with the seed of the search.
        values: The searched settings among it, by name.
        point: Where it lies in the unit cube of the space.
        metric: The objective on validation, the mean over its seeds; NaN if one of them broke down.
        loss: The loss on validation, likewise.
        outcome: How it ended: the first outcome of its seeds that is not ``completed``.
        epochs: Epochs trained, the most of its seeds.
        steps: Updates of all its seeds.
        seconds: Training time of all its seeds.
        curve: For each epoch the objective that it would be judged by had it ended there, the mean over its seeds:
            the best so far where the best weights are kept, else the epoch's own.
        fraction: The part of the training split that it was tried on: below 1 it was dropped after the screening.
        message: A sentence about the outcome.
    """

    name: str
    round: int
    config: Config
    values: Mapping[str, Value]
    point: tuple[float, ...]
    metric: float
    loss: float
    outcome: Outcome
    epochs: int
    steps: int
    seconds: float
    curve: tuple[float, ...]
    fraction: float = 1.0
    message: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it trained to its end on all data, so that its metric counts."""
        return self.fraction == 1 and self.outcome in (Outcome.COMPLETED, Outcome.STOPPED_EARLY)

    def at(self, epoch: int) -> float:
        """Return the objective that it would be judged by, had it ended after `epoch` epochs."""
        return self.curve[min(epoch, len(self.curve)) - 1] if self.curve else math.nan

    def standing(self, metric: Metric) -> tuple[float, float, float]:
        """Return what orders all trials, higher is better: how far it came, then the `score`."""
        if self.outcome.broken or math.isnan(self.metric):
            return (-1.0, -math.inf, -math.inf)
        far = math.inf if self.is_whole else self.epochs if self.fraction == 1 else 0.0
        return (far, *score(metric, self.metric, self.loss))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {
            "config": self.config.to_json(),
            "values": dict(self.values),
            "point": list(self.point),
            "curve": list(self.curve),
            "outcome": str(self.outcome),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Trial:
        """Rebuild what `to_json` gave; null, which a file has in place of NaN, is NaN again."""
        parts = dict(data)
        parts["config"], parts["outcome"] = Config.from_json(data["config"]), Outcome(data["outcome"])
        parts["point"] = tuple(data["point"])
        parts["curve"] = tuple(map(_number, data["curve"]))
        parts["metric"], parts["loss"] = _number(data["metric"]), _number(data["loss"])
        return cls(**parts)


def from_runs(runs: Sequence[Run], metric: Metric, **known: Any) -> Trial:
    """Return the trial that these runs, one a seed, were made for.

    Args:
        runs: At least one.
        metric: The objective.
        known: The other fields of the trial: name, round, values, point, fraction.
    """
    worst = next((run for run in runs if run.outcome is not Outcome.COMPLETED), runs[0])
    broken = any(run.outcome.broken for run in runs)
    value, loss = (_mean([run.valid.get(name, math.nan) for run in runs]) for name in (metric.name, "loss"))
    curves = [judged(run, metric) for run in runs]
    length = max(map(len, curves))
    return Trial(
        config=runs[0].config,
        metric=math.nan if broken else value,
        loss=math.nan if broken else loss,
        outcome=next((run.outcome for run in runs if run.outcome.broken), worst.outcome),
        epochs=length,
        steps=sum(run.steps for run in runs),
        seconds=sum(run.seconds for run in runs),
        curve=tuple(_mean([curve[min(i, len(curve) - 1)] for curve in curves if curve]) for i in range(length)),
        message=worst.message,
        **known,
    )


def judged(run: Run, metric: Metric) -> list[float]:
    """Return, for each epoch, the objective that the run would be judged by had it ended there."""
    epochs = judged_by(metric, run.epochs, keeps_best=run.config.keeps_best)
    return [epoch.valid.get(metric.name, math.nan) for epoch in epochs]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
