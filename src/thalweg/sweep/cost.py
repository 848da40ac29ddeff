"""Cost: what a sweep spent, and what it saved against training every trial to its end on all data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thalweg.core.run import Outcome, Run
from thalweg.sweep.plan import Plan
from thalweg.sweep.trial import Trial
from thalweg.train.length import Length


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Updates, and the training time they took, without evaluation.

    Attributes:
        steps: Updates.
        seconds: Training time; of what was saved, an estimate by the time that the same trial took an update.
    """

    steps: int
    seconds: float


def spent(trials: Sequence[Trial], screened: Sequence[Trial], finals: Sequence[Run]) -> Cost:
    """Return the updates and time of all runs: trials, screening and final runs."""
    every = (*trials, *screened, *finals)
    return Cost(steps=sum(one.steps for one in every), seconds=sum(one.seconds for one in every))


def saved(trials: Sequence[Trial], plan: Plan) -> Cost:
    """Return what pruned trials left undone, and those that were dropped on a part of the data."""
    steps, seconds = 0, 0.0
    for trial in trials:
        if trial.outcome is not Outcome.PRUNED and trial.fraction == 1:
            continue
        left = max(plan.repeats * Length.of(plan.problem, trial.config).steps - trial.steps, 0)
        steps += left
        seconds += left * trial.seconds / max(trial.steps, 1)
    return Cost(steps=steps, seconds=seconds)
