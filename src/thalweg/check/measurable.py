"""Measurable: a set-up without metrics that cannot be measured."""

from __future__ import annotations

import torch

from thalweg.check.setup import Setup
from thalweg.check.trainee import Trainee


def measurable(setup: Setup, seed: int = 0) -> Setup:
    """Return the set-up without its metrics, if these cannot be measured: nothing else depends on them."""
    problem = setup.problem
    try:
        x, y = problem.valid.take(torch.arange(min(len(problem.valid), 2)))
        trainee = Trainee(setup, seed=seed)
        with torch.no_grad(), trainee.learner.own_generators():
            output = trainee.model.eval()(x)
    except Exception:  # the model cannot run: `obstacle` says why
        return setup
    try:
        for metric in problem.metrics:
            float(metric.function(output, y))
    except Exception:  # of a metric that was meant for other outputs
        return setup.with_problem(metrics=(), objective="loss", target=None)
    return setup
