"""Crew: the jobs of one cohort, from their start to the end of the last."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from thalweg.core.events import EpochEnded, Event, Notice, RunEnded, RunStarted, Several, Sink
from thalweg.core.run import Run
from thalweg.execute.cohort import Cohort
from thalweg.execute.job import Job
from thalweg.execute.log import Log
from thalweg.execute.passes import in_a_pass
from thalweg.execute.team import Curve
from thalweg.train import Course, Learner


class Crew:
    """Jobs of one problem and batch size that are trained in a cohort.

    What happens to it at once is told at once, after it was written down: a process that is killed in between
    tells it when it goes on. A cohort for which memory runs out is halved; one whose model or loss raises an
    error is disbanded, and its members go on alone, so that the error costs only the run that it belongs to.

    Args:
        jobs: What to do.
        sink: Hears every event.
        known: Runs that had ended before; those of these jobs are left out.
        folder: Where its state is written down as it goes, and looked for; ``None`` for nowhere.
    """

    def __init__(self, jobs: Sequence[Job], sink: Sink, known: Mapping[str, Run], folder: Path | None) -> None:
        self.jobs, self._sink, self._known = jobs, sink, known
        self.runs: dict[str, Run] = {}
        self._log = Log(folder, jobs[0].run_id) if folder else None
        self._told: list[Event] = []
        self._courses: dict[int, Course] = {}
        self._cohorts: list[Cohort] = []
        self._begun = False
        self._written = time.monotonic()

    def advance(self, stop: int | None) -> None:
        """Train every run that goes on until it has `stop` epochs, or to its end."""
        self._begin()
        try:
            for cohort in self._waiting(stop):
                self._train(cohort, stop)
            for course in self._alone():
                while not course.ended and (stop is None or len(course.curve) < stop):
                    course.train_block()
                    self._conclude()
        except KeyboardInterrupt:
            self._interrupt()
            raise

    def curves(self) -> Mapping[str, Curve]:
        """Return the curve of every run that goes on."""
        return {course.run_id: course.curve for course in self._courses.values()}

    def prune(self, run_ids: set[str]) -> None:
        """End those of these runs that are its own."""
        for course in self._courses.values():
            if course.run_id in run_ids:
                course.prune()
        self._conclude()

    def _begin(self) -> None:
        """Begin every run, or go on with what was written down."""
        if self._begun:
            return
        self._begun = True
        written = self._log.read() if self._log else None
        left = [job for job in self.jobs if job.run_id not in self._known]
        if written:
            ended = {run_id: run for run_id, run in written.runs.items() if run_id not in self._known}
            for run_id, run in ended.items():
                self._retell(run_id, run)
            self.runs |= ended
            left = [job for job in left if job.run_id in written.states]
        for job in left:
            course = Course(Learner(job.problem, job.config), sink=self._hear, run_id=job.run_id, test=job.test)
            if written:
                written.restore(course)
            course.begin(retell=written is not None)
            self._courses[id(course.learner)] = course
        self._form(written.cohorts if written else [])
        self._tell()

    def _form(self, written: Sequence[Sequence[str]]) -> None:
        """Make cohorts of the runs: those that were, or one."""
        by_name = {course.run_id: course.learner for course in self._courses.values()}
        names = written or [list(by_name)]
        groups = [[by_name[name] for name in own if name in by_name] for own in names]
        self._cohorts = [Cohort(group) for group in groups if group]

    def _waiting(self, stop: int | None) -> list[Cohort]:
        return [cohort for cohort in list(self._cohorts) if self._goes_on(cohort, stop)]

    def _goes_on(self, cohort: Cohort, stop: int | None) -> bool:
        courses = [self._courses[id(learner)] for learner in cohort.learners]
        return any(not course.ended and (stop is None or len(course.curve) < stop) for course in courses)

    def _train(self, cohort: Cohort, stop: int | None) -> None:
        while cohort in self._cohorts and self._goes_on(cohort, stop):
            try:
                goes_on = cohort.train_block()
                if not goes_on:
                    self._record(cohort)
            except Exception as error:
                self._part(cohort, error)
                for half in self._waiting(stop):
                    self._train(half, stop)
                return
            if goes_on:
                self._drop_broken(cohort)
            self._conclude()

    def _record(self, cohort: Cohort) -> None:
        epochs = cohort.end_epoch()
        with cohort.holding_theta():
            for learner, epoch in zip(cohort.learners, epochs, strict=True):
                self._courses[id(learner)].record(epoch)

    def _drop_broken(self, cohort: Cohort) -> None:
        """End the epoch of members whose loss is no longer finite, while the others train on."""
        broken = [learner for learner in cohort.learners if not learner.goes_on]
        if broken:
            cohort.retain([k for k, learner in enumerate(cohort.learners) if learner.goes_on])
            for learner in broken:
                self._courses[id(learner)].end_epoch()

    def _part(self, cohort: Cohort, error: Exception) -> None:
        """Halve a cohort that has no room; let the members of one that fails go on alone."""
        learners = list(cohort.learners)
        cohort.retain([])
        self._cohorts.remove(cohort)
        if is_out_of_memory(error) and len(learners) > 1:
            half = (len(learners) + 1) // 2
            self._notice(f"{len(learners)} members do not fit in memory: {half} are trained at a time")
            self._cohorts += [Cohort(learners[:half]), Cohort(learners[half:])]
        else:
            self._notice(f"{len(learners)} runs go on one by one, for in their cohort: {in_a_pass(error)}")

    def _alone(self) -> list[Course]:
        together = {id(learner) for cohort in self._cohorts for learner in cohort.learners}
        return [course for key, course in self._courses.items() if key not in together]

    def _conclude(self) -> None:
        """Conclude what has ended, write down where the others are, and tell what happened."""
        over = {key: course for key, course in self._courses.items() if course.ended}
        if over:
            for cohort in list(self._cohorts):
                cohort.retain([k for k, learner in enumerate(cohort.learners) if id(learner) not in over])
                if not cohort.learners:
                    self._cohorts.remove(cohort)
            for key, course in over.items():
                self.runs[course.run_id] = course.conclude()
                del self._courses[key]
        if self._log and (over or time.monotonic() - self._written > self._log.every):
            self._write(self._log)
        self._tell()

    def _write(self, log: Log) -> None:
        for cohort in self._cohorts:
            cohort.leave()
        names = [[self._courses[id(learner)].run_id for learner in c.learners] for c in self._cohorts]
        log.write(self._courses.values(), names, self.runs)
        self._written = time.monotonic()

    def _interrupt(self) -> None:
        for cohort in self._cohorts:
            cohort.retain([])
        self._cohorts = []
        for course in self._courses.values():
            course.interrupt()
            course.conclude()
        self._courses = {}
        self._tell()

    def _hear(self, event: Event) -> None:
        self._told.append(event)

    def _notice(self, text: str) -> None:
        self._hear(Notice(run_id=self.jobs[0].run_id, text=text))

    def _retell(self, run_id: str, run: Run) -> None:
        """Tell of a run that had ended before the kill, but perhaps nobody had heard of it."""
        total = run.config.epochs or len(run.epochs)
        self._hear(RunStarted(run_id=run_id, problem=run.problem, config=run.config, total_epochs=total))
        for epoch in run.epochs:
            self._hear(EpochEnded(run_id=run_id, epoch=epoch))
        self._hear(RunEnded(run_id=run_id, run=run))

    def _tell(self) -> None:
        told, self._told = tuple(self._told), []
        if len(told) == 1:
            self._sink(told[0])
        elif told:
            self._sink(Several(run_id=told[0].run_id, events=told))


def is_out_of_memory(error: Exception) -> bool:
    """Whether a tensor could not be allocated: on the CPU torch has no type of its own for that.

    Example:
        >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ..."))
        True
    """
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error)
