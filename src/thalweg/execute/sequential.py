"""Sequential: one run after the other, in this process."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from thalweg.core.events import Sink, silent
from thalweg.core.run import Run
from thalweg.execute.gate import Gate
from thalweg.execute.job import Job
from thalweg.execute.memory import Memory
from thalweg.execute.team import Curve, drive
from thalweg.train import Course, Learner


def sequential(
    jobs: Sequence[Job], sink: Sink = silent, *, gate: Gate | None = None, memory: Memory | None = None
) -> list[Run]:
    """Do the jobs in order, as `Executor` describes; those that a gate keeps waiting stay in memory.

    Example:
        >>> from thalweg.core.config import Config
        >>> from thalweg.problems import load
        >>> jobs = [Job("a", load("digits/logistic"), Config(epochs=1, hyper={"lr": 0.01}))]
        >>> [str(run.outcome) for run in sequential(jobs)]
        ['completed']
    """
    known = memory.runs if memory else {}
    alone = [Alone(job, sink, memory.folder if memory else None) for job in jobs if job.run_id not in known]
    return drive(alone, [job.run_id for job in jobs], gate, known)


class Alone:
    """One job, trained by itself.

    Args:
        job: What to do.
        sink: Hears every event.
        folder: Where its state is written down as it goes, and looked for; ``None`` for nowhere.
    """

    def __init__(self, job: Job, sink: Sink = silent, folder: Path | None = None) -> None:
        self.job, self.sink, self.folder = job, sink, folder
        self.runs: dict[str, Run] = {}
        self._course: Course | None = None

    def advance(self, stop: int | None) -> None:
        """Train until there are `stop` epochs, or to the end."""
        if self.runs:
            return
        course = self._course or self._begin()
        try:
            while not course.ended and (stop is None or len(course.curve) < stop):
                course.train_block()
        except KeyboardInterrupt:
            course.interrupt()
            course.conclude()
            raise
        if course.ended:
            self._end(course)

    def curves(self) -> Mapping[str, Curve]:
        """Return its curve, if it goes on."""
        return {self.job.run_id: self._course.curve} if self._course else {}

    def prune(self, run_ids: set[str]) -> None:
        """End it, if it is meant."""
        if self._course and self.job.run_id in run_ids:
            self._course.prune()
            self._end(self._course)

    def _begin(self) -> Course:
        job = self.job
        place = self.folder / job.run_id if self.folder else None
        self._course = Course(
            Learner(job.problem, job.config),
            sink=self.sink,
            run_id=job.run_id,
            test=job.test,
            checkpoint=place,
            resume=place is not None,
        )
        self._course.begin(retell=place is not None)
        return self._course

    def _end(self, course: Course) -> None:
        """Conclude; nothing of it is kept but the run."""
        folder, course.checkpoint = course.checkpoint, None
        self.runs[self.job.run_id] = course.conclude()
        self._course = None
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
