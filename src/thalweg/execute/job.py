"""Job: one run to be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thalweg.core.config import Config
from thalweg.core.events import Sink
from thalweg.core.run import Run
from thalweg.problems import Problem


@dataclass(frozen=True)
class Job:
    """One Config on one Problem.

    Attributes:
        run_id: What its events are called; unique among the jobs of one call.
        problem: What to train on.
        config: The setting.
        test: Whether the final model is judged on the test split.
    """

    run_id: str
    problem: Problem
    config: Config
    test: bool = False


Executor = Callable[[Sequence[Job], Sink], list[Run]]
"""Does the jobs and returns their Runs in order; an interruption returns those that ended before it."""
