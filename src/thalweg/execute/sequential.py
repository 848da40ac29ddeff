"""Sequential: one run after the other, in this process."""

from __future__ import annotations

from collections.abc import Sequence

from thalweg.core.events import Sink, silent
from thalweg.core.run import Outcome, Run
from thalweg.execute.job import Job
from thalweg.train import Learner, run_learner


def sequential(jobs: Sequence[Job], sink: Sink = silent) -> list[Run]:
    """Do the jobs in order.

    Args:
        jobs: What to do, on problems that were tried out (`thalweg.problems.probe`).
        sink: Hears every event.

    Returns:
        One Run a job, in order. Ctrl-C ends the list before the run that it interrupted.

    Example:
        >>> from thalweg.core.config import Config
        >>> from thalweg.problems import load
        >>> jobs = [Job("a", load("digits/logistic"), Config(epochs=1, hyper={"lr": 0.01}))]
        >>> [str(run.outcome) for run in sequential(jobs)]
        ['completed']
    """
    runs: list[Run] = []
    for job in jobs:
        try:
            run = run_learner(Learner(job.problem, job.config), sink=sink, run_id=job.run_id, test=job.test)
        except KeyboardInterrupt:  # between two runs; inside one it is an outcome
            break
        if run.outcome is Outcome.INTERRUPTED:
            break
        runs.append(run)
    return runs
