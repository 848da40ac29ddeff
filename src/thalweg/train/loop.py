"""Fit: one run from its start to its end. Every run ends as data, whatever happens in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from thalweg.core.config import Config
from thalweg.core.events import Sink, silent
from thalweg.core.run import Run
from thalweg.problems import Problem, resolve
from thalweg.train.beforehand import probe_all
from thalweg.train.course import Course
from thalweg.train.factory import OptimizerFactory
from thalweg.train.learner import Learner
from thalweg.train.threads import choose


def fit(
    problem: Problem | str,
    config: Config | None = None,
    *,
    optimizer: str | OptimizerFactory | None = None,
    device: torch.device | str = "cpu",
    sink: Sink = silent,
    run_id: str = "run",
    checkpoint: str | Path | None = None,
    resume: bool = False,
    test: bool = False,
    threads: int | None = None,
    **settings: Any,
) -> Run:
    """Train one Config on one Problem.

    Args:
        problem: What to train on, or its name in the catalog.
        config: The setting; ``None`` takes all defaults.
        optimizer: A name, or a factory ``parameters -> torch optimizer``, that replaces the Config's; a factory
            sets all hyper-parameters itself.
        device: Where to train.
        sink: Hears the events.
        run_id: What the events call this run.
        checkpoint: A folder to write a checkpoint to at the end of every epoch, and in a long one
            every few seconds.
        resume: Go on from the checkpoint in that folder, if there is one, to the same final bits (same
            machine, build and thread count).
        test: Judge the final model on the test split too.
        threads: Torch threads to train on, >= 1; ``None`` measures, in about half a second, whether all that
            torch may use pay, and takes one if not. Where torch has one thread, or trains on another device
            than the CPU, nothing is measured.
        settings: Fields of Config to change, such as ``epochs=3``.

    Returns:
        The Run. Divergence, Ctrl-C and errors that the model, loss, metrics or optimizer raise in training are
        outcomes of it, not exceptions.

    Raises:
        InputError: A setting or model that cannot be used; it is found before training starts.
        CheckpointError: What is in the folder cannot be resumed.
        OutputError: The folder cannot be written to.

    Example:
        >>> run = fit("digits/logistic", optimizer="adam", epochs=2)
        >>> str(run.outcome), len(run.epochs), run.steps
        ('completed', 2, 38)
    """
    if isinstance(problem, str):
        problem = resolve(problem)
    if isinstance(optimizer, str):
        settings["optimizer"], optimizer = optimizer, None
    config = (config or Config()).replace(**settings)
    probe_all(problem, [config])
    learner = Learner(problem, config, optimizer=optimizer, device=device)
    if threads is None and learner.device.type != "cpu":
        threads = torch.get_num_threads()
    with choose(problem, threads):
        return run_learner(learner, sink=sink, run_id=run_id, checkpoint=checkpoint, resume=resume, test=test)


def run_learner(
    learner: Learner,
    *,
    sink: Sink = silent,
    run_id: str = "run",
    checkpoint: str | Path | None = None,
    resume: bool = False,
    test: bool = False,
) -> Run:
    """Train a `Learner` to its end, as `fit` does; afterwards it holds the final (or restored) weights."""
    course = Course(learner, sink=sink, run_id=run_id, test=test, checkpoint=checkpoint, resume=resume)
    course.begin()
    try:
        while not course.ended:
            course.train_block()
    except KeyboardInterrupt:
        course.interrupt()
    return course.conclude()
