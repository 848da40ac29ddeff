"""Longer: what set-ups come to in longer runs, where short ones made one of them suspect."""

from __future__ import annotations

import math
from dataclasses import dataclass

from thalweg.check.experiments.runs import end, updates
from thalweg.check.experiments.skill import Judged, judge
from thalweg.check.experiments.start import outset
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee

LOST = 0.04
"""Skill that the worse one costs, on training data and on validation, from either of two seeds: seeds differ by
less, and what is lost on one of the two alone is a matter of regularization or of the splits."""

SECONDS, LEAST, MOST = 2.0, 40, 400
"""What a run may take, and its updates."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """What a run comes to.

    Attributes:
        loss: Of its last updates; infinity if it diverged.
        train: Skill on training data, in evaluation mode.
        valid: Skill on validation.
        errors: Standard errors of both.
    """

    loss: float
    train: float
    valid: float
    errors: tuple[float, float] = (0.0, 0.0)

    def worse_than(self, other: Score, by: float = LOST) -> bool:
        """Whether it is worse than another, by so much and by more than samples explain."""
        margins = [max(by, math.hypot(*pair)) for pair in zip(self.errors, other.errors, strict=True)]
        return other.train - self.train > margins[0] and other.valid - self.valid > margins[1]


def length(subject: Subject) -> int:
    """Return the updates of a longer run."""
    return updates(subject, seconds=SECONDS, least=LEAST, most=MOST)


def scores(subject: Subject, setup: Setup, steps: int | None = None) -> tuple[Score, Score]:
    """Return what a set-up comes to, from either of two seeds."""
    first, second = (_score(subject, setup, steps or length(subject), subject.seed + k) for k in (0, 1))
    return first, second


def worse(subject: Subject, setup: Setup, other: Setup, by: float = LOST) -> bool:
    """Tell whether a set-up comes to less than another, by so much skill, from both of two seeds."""
    steps = length(subject)
    return all(
        _score(subject, setup, steps, seed).worse_than(_score(subject, other, steps, seed), by)
        for seed in (subject.seed, subject.seed + 1)
    )


def _score(subject: Subject, setup: Setup, steps: int, seed: int) -> Score:
    trainee = Trainee(setup, seed=seed)
    trace = trainee.train(steps, judge=False)
    if trace.diverged or trace.error:
        return Score(loss=math.inf, train=0.0, valid=0.0)
    train, valid = (judge(trainee, trainee.learner.splits[part]) for part in ("train", "valid"))
    return Score(
        loss=end(trace),
        train=_skill(subject, train),
        valid=_skill(subject, valid),
        errors=(train.error, valid.error) if math.isfinite(train.error + valid.error) else (0.0, 0.0),
    )


def _skill(subject: Subject, judged: Judged) -> float:
    """Return the skill, or where outputs do not tell it, how far the loss is below that of chance."""
    if math.isfinite(judged.skill):
        return judged.skill
    known = outset(subject)
    return 1 - judged.loss / known.chance if known and known.chance > 0 else math.nan
