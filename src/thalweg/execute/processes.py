"""Processes: runs side by side, each in a worker process on one thread."""

from __future__ import annotations

import os
from collections.abc import Sequence

from thalweg.core.errors import InputError
from thalweg.core.events import Sink, silent
from thalweg.core.run import Run
from thalweg.execute.gate import Gate
from thalweg.execute.job import Job
from thalweg.execute.memory import Memory
from thalweg.execute.staff import Staff
from thalweg.execute.team import drive


def processes(
    jobs: Sequence[Job],
    sink: Sink = silent,
    *,
    gate: Gate | None = None,
    memory: Memory | None = None,
    workers: int | None = None,
) -> list[Run]:
    """Do the jobs in worker processes, as `Executor` describes.

    Jobs are dealt out in turn. Problems are sent by value: a script needs no main guard, for the workers do not
    run it. The runs are those of `sequential` on one thread, bit for bit; only the order in which the
    events of different runs are told is up to the machine. If a worker dies, the runs that it had in memory end
    as ``failed``, and the others go on.

    Args:
        jobs: What to do.
        sink: Hears every event, in this process.
        gate: Where the runs wait for each other, and who goes on.
        memory: What had been done before, and where to write down what is done now.
        workers: How many, >= 1; ``None`` takes as many as there are processor cores to use.

    Raises:
        InputError: A problem that cannot be sent to another process, or no worker.
        WorkerError: A worker that died before it began any run, such as one whose imports fail.

    Example:
        >>> from thalweg.core.config import Config
        >>> from thalweg.problems import load
        >>> jobs = [Job("a", load("digits/logistic"), Config(epochs=1, hyper={"lr": 0.01}))]
        >>> [str(run.outcome) for run in processes(jobs)]
        ['completed']
    """
    if workers is not None and workers < 1:
        raise InputError("The number of workers is not positive.", got=workers, expected="an integer >= 1")
    known = memory.runs if memory else {}
    left = [job for job in jobs if job.run_id not in known]
    count = min(workers or cores(), len(left))
    with Staff(left, count, sink, memory.folder if memory else None) as staff:
        return drive(staff.shares, [job.run_id for job in jobs], gate, known, advance=staff.advance)


def cores() -> int:
    """Return how many processor cores this process may use.

    Example:
        >>> cores() >= 1
        True
    """
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
