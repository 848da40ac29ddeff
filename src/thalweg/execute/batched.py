"""Batched: the jobs of one problem trained in cohorts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from thalweg.core.choice import read
from thalweg.core.events import Notice, Sink, silent
from thalweg.core.run import Run
from thalweg.data.sampling import bind
from thalweg.execute.crew import Crew
from thalweg.execute.gate import Gate
from thalweg.execute.job import Job
from thalweg.execute.memory import Memory
from thalweg.execute.obstacles import of_problem, unseen_draws
from thalweg.execute.room import members_that_fit
from thalweg.execute.sequential import Alone
from thalweg.execute.team import Team, drive
from thalweg.optim import optimizers
from thalweg.train import Learner
from thalweg.train.full_batch import is_full_batch
from thalweg.train.length import Length
from thalweg.train.prepared import prepared

CHUNK = 64
"""Members of a cohort, unless it is said: with more a small net gains little, and a large one has no room."""


def batched(
    jobs: Sequence[Job],
    sink: Sink = silent,
    *,
    gate: Gate | None = None,
    memory: Memory | None = None,
    chunk: int = CHUNK,
) -> list[Run]:
    """Do the jobs in cohorts, as `Executor` describes.

    Jobs of one problem and batch size are trained together, `chunk` at a time. What cannot be batched (a model
    with control flow that depends on data, an optimizer that evaluates the loss as often as it likes, a sampling
    by the last losses) is done alone, and a `Notice` says so.

    Args:
        jobs: What to do.
        sink: Hears every event.
        gate: Where the runs wait for each other.
        memory: What was done before.
        chunk: Members of a cohort at most, >= 1.

    Example:
        >>> from thalweg.core.config import Config
        >>> from thalweg.problems import load
        >>> problem = load("digits/logistic")
        >>> jobs = [Job(f"{lr}", problem, Config(epochs=1, hyper={"lr": lr})) for lr in (0.01, 0.1)]
        >>> [str(run.outcome) for run in batched(jobs)]
        ['completed', 'completed']
    """
    known = memory.runs if memory else {}
    folder = memory.folder if memory else None
    teams: list[Team] = []
    for crowd in crowds(jobs):
        problem = prepared(crowd[0].problem, crowd[0].config)
        obstacle = of_problem(problem)
        if obstacle:
            text = f"{problem.name} is trained run by run: {obstacle}"
        else:
            unseen = unseen_draws(problem)
            text = f"{', '.join(unseen)} of {problem.name} draw other numbers in a cohort than alone"
            text = text if unseen else ""
        if text:
            sink(Notice(run_id=crowd[0].run_id, text=text))
        fit = [job for job in crowd if not (obstacle or why_alone(job))]
        size = min(chunk, _that_fit(fit, sink)) if len(fit) > 1 else chunk
        teams += [Crew(fit[at : at + size], sink, known, folder) for at in range(0, len(fit), size)]
        teams += [Alone(job, sink, folder) for job in crowd if job not in fit and job.run_id not in known]
    return drive(teams, [job.run_id for job in jobs], gate, known)


def _that_fit(jobs: Sequence[Job], sink: Sink) -> int:
    """Return how many of these to train at a time, and say so if memory sets it."""
    found = members_that_fit(Learner(jobs[0].problem, jobs[0].config), len(jobs))
    if found < len(jobs):
        text = f"{len(jobs)} members do not fit in memory: {found} are trained at a time"
        sink(Notice(run_id=jobs[0].run_id, text=text))
    return found


def crowds(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield the jobs that could be trained together.

    Those are of one problem, its data prepared alike, one batch size, one grouping of parameters, with smoothed
    targets or without, and all of optimizers that are full-batch or of none.
    """
    found: dict[tuple[object, ...], list[Job]] = {}
    for job in jobs:
        problem = prepared(job.problem, job.config)
        key = (
            id(problem),
            Length.of(problem, job.config).batch_size,
            job.config.groups,
            job.config.label_smoothing is None,
            _takes_all(job),
        )
        found.setdefault(key, []).append(job)
    yield from found.values()


def telling(jobs: Sequence[Job], *, together: bool = False) -> list[Job]:
    """Return the crowd that most of the time goes into: a full-batch update outlasts many others.

    Args:
        jobs: All there are, one at least.
        together: Leave full-batch optimizers out if others are there: cohorts are not for them.
    """
    return max(crowds(jobs), key=lambda crowd: (_takes_all(crowd[0]) != together, len(crowd)))


def why_alone(job: Job) -> str:
    """Say why a job has no place in a cohort; empty if it has one.

    No neighbour could wait for an optimizer that evaluates the loss as often as it likes, and a cohort does not
    keep the last loss of each sample.
    """
    name, options = read(job.config.sampling)[0]
    if _takes_all(job):
        return f"{job.config.optimizer} evaluates the loss as often as it likes"
    asks = "losses" in bind(name, options).needs
    return f"the sampling {name} asks for the last loss of each sample" if asks else ""


def _takes_all(job: Job) -> bool:
    return is_full_batch(optimizers[job.config.optimizer].kind)
