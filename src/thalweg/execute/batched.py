"""Batched: the jobs of one problem trained in cohorts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from thalweg.core.events import Notice, Sink, silent
from thalweg.core.run import Run
from thalweg.execute.crew import Crew
from thalweg.execute.gate import Gate
from thalweg.execute.job import Job
from thalweg.execute.memory import Memory
from thalweg.execute.obstacles import of_problem, unseen_draws
from thalweg.execute.sequential import Alone
from thalweg.execute.team import Team, drive
from thalweg.optim import optimizers

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
    with control flow that depends on data, an optimizer that evaluates the loss as often as it likes) is done
    alone, and a `Notice` says so.

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
        obstacle = of_problem(crowd[0].problem)
        if obstacle:
            text = f"{crowd[0].problem.name} is trained run by run: {obstacle}"
        else:
            unseen = unseen_draws(crowd[0].problem)
            text = f"{', '.join(unseen)} of {crowd[0].problem.name} draw other numbers in a cohort than alone"
            text = text if unseen else ""
        if text:
            sink(Notice(run_id=crowd[0].run_id, text=text))
        fit = [job for job in crowd if not (obstacle or evaluates_at_will(job))]
        teams += [Crew(fit[at : at + chunk], sink, known, folder) for at in range(0, len(fit), chunk)]
        teams += [Alone(job, sink, folder) for job in crowd if job not in fit and job.run_id not in known]
    return drive(teams, [job.run_id for job in jobs], gate, known)


def crowds(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield the jobs that could be trained together, those of one problem and batch size."""
    found: dict[tuple[int, int], list[Job]] = {}
    for job in jobs:
        key = id(job.problem), job.config.batch_size or job.problem.batch_size
        found.setdefault(key, []).append(job)
    yield from found.values()


def evaluates_at_will(job: Job) -> bool:
    """Whether the optimizer of a job evaluates the loss as often as it likes: no neighbour could wait for it."""
    return getattr(optimizers[job.config.optimizer].kind, "full_batch", False)
