"""Confirm: the best setting again, on fresh seeds. One that breaks down there gives way to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thalweg.core.events import Sink
from thalweg.core.run import Run
from thalweg.execute import Executor
from thalweg.sweep.explore import CutShortError
from thalweg.sweep.plan import Plan
from thalweg.sweep.trial import Trial

TRIES = 3
"""So many settings are confirmed at most: if the best three break down, the space is at fault."""


@dataclass(frozen=True)
class Confirmation:
    """What fresh seeds say.

    Attributes:
        best: The trial that stands; ``None`` if there is none.
        finals: Its runs on the fresh seeds.
        broken: The runs of better trials that broke down there, before them.
    """

    best: Trial | None
    finals: tuple[Run, ...]
    broken: tuple[Run, ...] = ()


def candidates(trials: Sequence[Trial], plan: Plan) -> list[Trial]:
    """Return the trials that came to their end on all data, best first; equals by their name."""
    whole = [trial for trial in trials if trial.is_whole and trial.standing(plan.metric)[0] > 0]
    return sorted(whole, key=lambda trial: (*(-part for part in trial.standing(plan.metric)), trial.name))


def confirm(plan: Plan, trials: Sequence[Trial], executor: Executor, sink: Sink) -> Confirmation:
    """Train the best setting on fresh seeds; where one of them breaks down, the next best, three at most.

    Raises:
        CutShortError: In the middle.
    """
    broken: list[Run] = []
    for trial in candidates(trials, plan)[:TRIES]:
        jobs = plan.confirmation(trial.name, trial.config)
        finals = executor(jobs, sink)
        if len(finals) < len(jobs):
            raise CutShortError
        if not any(run.outcome.broken for run in finals):
            return Confirmation(trial, tuple(finals), tuple(broken))
        broken += finals
    return Confirmation(None, (), tuple(broken))
