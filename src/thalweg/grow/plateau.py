"""Plateau: start small, and add layers whenever validation stops improving, as long as that helps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from thalweg.core.errors import InputError, ModelError
from thalweg.core.events import Sink, silent
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.grow.change import Change, write_changes
from thalweg.grow.resume import count, regrow
from thalweg.problems import Metric
from thalweg.train import Learner, run_learner


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One net of a run that grows.

    Attributes:
        said: What grew before it; empty for the first.
        parameters: How many its net has.
        start: Loss and metrics on validation as it began; empty for the first.
        run: How it was trained.
    """

    said: str
    parameters: int
    start: dict[str, float]
    run: Run


def fit_growing(
    learner: Learner,
    *,
    sink: Sink = silent,
    run_id: str = "run",
    checkpoint: str | Path,
    test: bool = False,
    noise: float = 0.01,
) -> list[Stage]:
    """Train a `Learner`; where validation stops improving put a new layer into its net and go on.

    A plateau is what the Config's patience says. Each stage is a run of its own with the epochs that are left, at
    whose end the weights of its best epoch are put back; the next grows from these by one layer (`deeper`), and
    begins with a fresh optimizer and with its schedule from the start. It ends when the epochs are spent, when a
    stage was no better than the one before it, or when no layer can be added.

    Args:
        learner: Fresh; its Config has a patience.
        sink: Hears the events of every stage.
        run_id: What the events call the first stage; the others are ``run_id-grown-1`` and so on.
        checkpoint: The folder of the first stage's checkpoint; the others lie in folders of these names inside.
        test: Judge the net of every stage on the test split too; it has no say in what is done.
        noise: As `deeper` takes it.

    Returns:
        The stages, in order.

    Raises:
        InputError: A Config without patience.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from thalweg.core.config import Config
        >>> from thalweg.problems import load
        >>> setting = Config(optimizer="adam", hyper={"lr": 0.01}, patience=1, epochs=4)
        >>> with TemporaryDirectory() as folder:
        ...     stages = fit_growing(Learner(load("digits/mlp-1"), setting), checkpoint=folder)
        >>> sum(len(stage.run.epochs) for stage in stages) <= 4
        True

    Reference:
        Chen, Goodfellow & Shlens 2016. To start small and add layers is greedy supervised pretraining: Goodfellow,
        Bengio & Courville 2016, section 8.7.4.
    """
    if learner.config.patience is None:
        raise InputError("Nothing says what a plateau is.", expected="a patience", remedy="pass --patience 3")
    problem, left = learner.problem, learner.epochs
    metric = problem.objective_metric
    changes: Sequence[Change] = ()
    run = run_learner(learner, sink=sink, run_id=run_id, checkpoint=checkpoint, test=test)
    stages = [Stage(said="", parameters=count(learner), start={}, run=run)]
    while run.outcome is Outcome.STOPPED_EARLY and (left := left - len(run.epochs)) > 0:
        if len(stages) > 1 and not _score(stages[-1], metric) > _score(stages[-2], metric):
            break
        config = learner.config.replace(epochs=left)
        number = len(stages)
        try:
            grown = regrow(
                learner, run, problem, earlier=changes, config=config, deeper=1, noise=noise, seed=number
            )
        except ModelError:  # no layer can be added
            break
        learner, changes = grown.learner, grown.changes
        folder = Path(checkpoint, f"grown-{number}")
        write_changes(folder, changes)
        run = run_learner(learner, sink=sink, run_id=f"{run_id}-grown-{number}", checkpoint=folder, test=test)
        stages.append(Stage(said=grown.growth.said, parameters=count(learner), start=grown.after, run=run))
    return stages


def run_growing(learner: Learner, **how: Any) -> Run:
    """Do what `fit_growing` does, and return its stages as one run.

    Args:
        learner: See `fit_growing`.
        how: Its keywords.
    """
    return joined(fit_growing(learner, **how), learner.problem.objective_metric)


def best_stage(stages: Sequence[Stage], metric: Metric) -> Stage:
    """Return the stage whose weights are the best by validation; among equals the smaller net."""
    sound = [stage for stage in stages if not stage.run.outcome.broken] or stages[:1]
    return max(sound, key=lambda stage: _score(stage, metric))  # the first, of equals


def _score(stage: Stage, metric: Metric) -> tuple[float, float]:
    """What is the greater the better: the metric, and among equals the lower loss, as in early stopping."""
    valid = stage.run.valid
    value = valid.get(metric.name, math.nan)
    return (value if metric.higher_is_better else -value), -valid.get("loss", math.nan)


def joined(stages: Sequence[Stage], metric: Metric) -> Run:
    """Return all stages as one run: their curves one after another; setting, weights and scores of the best."""
    epochs, steps, seconds = list[Epoch](), 0, 0.0
    best, place = best_stage(stages, metric), 0
    for stage in stages:
        if stage is best:
            place = len(epochs) + stage.run.best_epoch
        epochs += [
            replace(epoch, number=len(epochs) + at, step=steps + epoch.step, seconds=seconds + epoch.seconds)
            for at, epoch in enumerate(stage.run.epochs, start=1)
        ]
        steps, seconds = steps + stage.run.steps, seconds + stage.run.seconds
    last = stages[-1].run
    return replace(
        best.run,
        outcome=last.outcome,
        epochs=tuple(epochs),
        steps=steps,
        seconds=seconds,
        best_epoch=place,
        message=words(stages, metric.name),
    )


def words(stages: Sequence[Stage], metric: str) -> str:
    """Say what growing did, in a sentence."""
    if len(stages) == 1:
        return f"never grew: {stages[0].run.message or 'its epochs were spent before a plateau'}"
    scores = [f"{stage.run.valid.get(metric, math.nan):.4f}" for stage in stages]
    times = "once" if len(stages) == 2 else f"{len(stages) - 1} times"
    return f"grew {times} at a plateau; best {metric} {' -> '.join(scores)}"
