"""Fit: the loop over epochs. Every run ends as data, whatever happens in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from thalweg.core.config import Config
from thalweg.core.errors import InputError, one_line
from thalweg.core.events import EpochEnded, RunEnded, RunStarted, Sink, silent
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.problems import Problem, resolve
from thalweg.problems.probe import probe
from thalweg.train import checkpoint as checkpoints
from thalweg.train.factory import OptimizerFactory
from thalweg.train.learner import Learner
from thalweg.train.stopping import EarlyStopping
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
        checkpoint: A folder to write a checkpoint to at the end of every epoch.
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
    probe(problem, batch_size=config.batch_size)
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
    if test and "test" not in learner.splits:
        raise InputError(f"The problem {learner.problem.name} has no test split.", remedy="leave test=False")
    if resume and not checkpoint:
        raise InputError("There is nothing to resume from.", remedy="name the checkpoint's folder")
    if checkpoint:
        checkpoints.require_place(checkpoint, resume=resume)
    curve: list[Epoch] = []
    stopping = EarlyStopping(learner.problem.objective_metric, learner.config.patience, learner.config.keeps_best)
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
    run = _conclude(learner, curve, stopping, outcome, message)
    if test and outcome not in (Outcome.INTERRUPTED, Outcome.FAILED):
        run = _tested(learner, run)
    run = replace(run, checkpoint=str(checkpoint) if checkpoint else None)
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
        try:
            epoch = learner.train_epoch()
        except Exception as error:  # of the user's model, loss, data, metrics or optimizer
            return Outcome.FAILED, f"{one_line(error)} (in epoch {len(curve) + 1}, after step {learner.step})"
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


def _conclude(
    learner: Learner, curve: list[Epoch], stopping: EarlyStopping, outcome: Outcome, message: str
) -> Run:
    """Put the final weights in place, and write the Run."""
    learner.settle()
    put_back = not outcome.broken and stopping.put_back(learner.model)
    best_epoch = stopping.best_epoch if put_back else len(curve)
    return Run(
        problem=learner.problem.name,
        config=learner.config,
        outcome=outcome,
        epochs=tuple(curve),
        valid=dict(curve[best_epoch - 1].valid) if curve else {},
        steps=curve[-1].step if curve else 0,
        seconds=curve[-1].seconds if curve else 0.0,
        best_epoch=best_epoch,
        message=message,
    )


def _tested(learner: Learner, run: Run) -> Run:
    """Judge the final weights on the test split."""
    try:
        return replace(run, test=learner.judge("test"))
    except Exception as error:
        why = f"{one_line(error)} (on the test split, after step {run.steps})"
        return replace(run, outcome=Outcome.FAILED, message=f"{run.message}; {why}" if run.message else why)
