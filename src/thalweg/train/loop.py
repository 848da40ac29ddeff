"""Fit: the loop over epochs. Every run ends as data, whatever happens in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.core.events import EpochEnded, RunEnded, RunStarted, Sink, silent
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.problems import Problem
from thalweg.problems.probe import probe
from thalweg.train import checkpoint as checkpoints
from thalweg.train.learner import Learner, OptimizerFactory
from thalweg.train.stopping import EarlyStopping


def fit(
    problem: Problem,
    config: Config | None = None,
    *,
    optimizer: str | OptimizerFactory | None = None,
    device: torch.device | str = "cpu",
    sink: Sink = silent,
    run_id: str = "run",
    checkpoint: str | Path | None = None,
    resume: bool = False,
    test: bool = False,
    **settings: Any,
) -> Run:
    """Train one Config on one Problem.

    Args:
        problem: What to train on.
        config: The setting; ``None`` takes all defaults.
        optimizer: A name, or a factory ``parameters -> torch optimizer``, that replaces the Config's.
        device: Where to train.
        sink: Hears the events.
        run_id: What the events call this run.
        checkpoint: A folder to write a checkpoint to at the end of every epoch.
        resume: Go on from the checkpoint in that folder, if there is one, to the same final bits (same
            machine, build and thread count).
        test: Judge the final model on the test split too.
        settings: Fields of Config to change, such as ``epochs=3``.

    Returns:
        The Run. Divergence and Ctrl-C are outcomes of it, not exceptions.

    Raises:
        InputError: A setting or model that cannot be used; it is found before training starts.
        CheckpointError: What is in the folder cannot be resumed.
        OutputError: The folder cannot be written to.

    Example:
        >>> from thalweg.problems import load
        >>> run = fit(load("digits/logistic"), optimizer="adam", epochs=2)
        >>> str(run.outcome), len(run.epochs), run.steps
        ('completed', 2, 38)
    """
    if isinstance(optimizer, str):
        settings["optimizer"], optimizer = optimizer, None
    probe(problem)
    learner = Learner(problem, (config or Config()).replace(**settings), optimizer=optimizer, device=device)
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
    if test and "test" not in learner.splits:
        raise InputError(f"The problem {learner.problem.name} has no test split.", remedy="leave test=False")
    if resume and not checkpoint:
        raise InputError("There is nothing to resume from.", remedy="name the checkpoint's folder")
    if checkpoint:
        checkpoints.require_writable(checkpoint)
    curve: list[Epoch] = []
    stopping = EarlyStopping(learner.problem.objective_metric, learner.config.patience)
    if checkpoint and resume:
        curve = checkpoints.load(checkpoint, learner, stopping)
    sink(
        RunStarted(
            run_id=run_id,
            problem=learner.problem.name,
            config=learner.config,
            total_epochs=learner.epochs,
            resumed_at=learner.epoch,
        )
    )
    try:
        outcome, message = _train(learner, curve, stopping, sink, run_id, checkpoint)
    except KeyboardInterrupt:
        outcome, message = Outcome.INTERRUPTED, f"interrupted after {len(curve)} of {learner.epochs} epochs"
    run = _conclude(learner, curve, stopping, outcome, test and outcome is not Outcome.INTERRUPTED)
    run = replace(run, message=message, checkpoint=str(checkpoint) if checkpoint else None)
    sink(RunEnded(run_id=run_id, run=run))
    return run


def _train(
    learner: Learner,
    curve: list[Epoch],
    stopping: EarlyStopping,
    sink: Sink,
    run_id: str,
    checkpoint: str | Path | None,
) -> tuple[Outcome, str]:
    """Train the epochs that are left; says how it ended and why."""
    ended = _ended(learner, curve, stopping)
    while not ended:
        epoch = learner.train_epoch()
        curve.append(epoch)
        with learner.at_theta():
            stopping.see(epoch, learner.model)
        if checkpoint:
            checkpoints.save(checkpoint, learner, stopping, curve)
        sink(EpochEnded(run_id=run_id, epoch=epoch))
        ended = _ended(learner, curve, stopping)
    return ended


def _ended(learner: Learner, curve: list[Epoch], stopping: EarlyStopping) -> tuple[Outcome, str] | None:
    if not curve:
        return None
    last = curve[-1]
    if left_bounds := learner.divergence(last):
        return Outcome.DIVERGED, left_bounds
    if stopping.is_due(last):
        return Outcome.STOPPED_EARLY, f"no better {stopping.metric.name} since epoch {stopping.best_epoch}"
    return (Outcome.COMPLETED, "") if learner.epoch >= learner.epochs else None


def _conclude(learner: Learner, curve: list[Epoch], stopping: EarlyStopping, outcome: Outcome, test: bool) -> Run:
    """Put the final weights in place, judge them, and write the Run."""
    learner.settle()
    stopping.restore(learner.model)
    tested = learner.judge("test") if test else None
    best_epoch = stopping.best_epoch or len(curve)
    return Run(
        problem=learner.problem.name,
        config=learner.config,
        outcome=outcome,
        epochs=tuple(curve),
        valid=dict(curve[best_epoch - 1].valid) if curve else {},
        test=tested,
        steps=learner.step,
        seconds=learner.seconds,
        best_epoch=best_epoch,
    )
