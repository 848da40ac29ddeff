"""Job: one run to be done, and what an executor is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from thalweg.core.config import Config
from thalweg.core.events import Sink, silent
from thalweg.core.run import Run
from thalweg.execute.gate import Gate
from thalweg.execute.memory import Memory
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


class Executor(Protocol):
    """Does jobs. All executors give the same Runs."""

    def __call__(
        self, jobs: Sequence[Job], sink: Sink = silent, *, gate: Gate | None = None, memory: Memory | None = None
    ) -> list[Run]:
        """Do the jobs.

        Args:
            jobs: What to do, on problems that were tried out (`thalweg.problems.probe`).
            sink: Hears every event.
            gate: Where the runs wait for each other, and who goes on.
            memory: What a killed process had done of the same jobs, and where to write down what is done now.

        Returns:
            One Run a job, in order; an interruption gives those that ended before it, in order.
        """
        ...
