"""Longer: what two set-ups come to in longer runs, where short ones made one of them suspect."""

from __future__ import annotations

import math

from thalweg.check.experiments.ladder import Ladder
from thalweg.check.experiments.runs import updates
from thalweg.check.experiments.skill import judge
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee

LOST = 0.04
"""Skill on the training split that the worse one costs, from either of two seeds: more than seeds differ by."""

SECONDS, MOST = 2.0, 400
"""What a run may take, and its updates at most."""


def worse(subject: Subject, found: Ladder, setup: Setup, other: Setup) -> bool:
    """Tell whether a set-up comes to less than another from both of two seeds.

    Args:
        subject: What is examined.
        found: Its ladder, which says how far down a loss is where no skill can be told.
        setup: The one.
        other: The other.
    """
    steps = updates(subject, seconds=SECONDS, least=found.steps, most=MOST)
    return all(
        score(other, found, steps, seed) - score(setup, found, steps, seed) > LOST
        for seed in (subject.seed, subject.seed + 1)
    )


def score(setup: Setup, found: Ladder, steps: int, seed: int) -> float:
    """Return the skill on the training split after a run, in evaluation mode; 0 if it diverged."""
    trainee = Trainee(setup, seed=seed)
    trace = trainee.train(steps, judge=False)
    if trace.diverged or trace.error:
        return 0.0
    judged = judge(trainee, trainee.learner.splits["train"])
    return judged.skill if math.isfinite(judged.skill) else found.way(judged.loss)
