"""Course: a longer run with its curves, on training data of which a part is kept apart.

What the net makes of the part kept apart says how well it generalizes; what it makes of validation beside that
says whether validation is like training (Ng 2018, "Machine learning yearning", chapters 40 to 42).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from thalweg.check.experiments.ladder import good
from thalweg.check.experiments.runs import pace, updates
from thalweg.check.experiments.skill import JUDGED, Judged, judge
from thalweg.check.once import once
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.data.batches import Split
from thalweg.train.prepared import prepared

PART = 6
"""One sample of so many is kept apart, as validation is where the user brings none."""

POINTS = 8
"""At which the net is judged, evenly over the run."""

SLOW, FEWER = 0.02, 4
"""Seconds of an update from which on so many times fewer samples are judged."""

SECONDS, LEAST, MOST = 4.0, 40, 1000
"""What the run may take, and its updates."""

TRAIN, APART, VALID = "train", "apart", "valid"
"""The parts that are judged: what is trained on, what was kept apart of it, and validation."""

IN_TRAINING = "in training mode"
"""What is trained on, judged in training mode, at the end alone."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """Where the net is at one time.

    Attributes:
        step: Updates done.
        loss: By part.
        skill: By part.
    """

    step: int
    loss: Mapping[str, float]
    skill: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Course:
    """A longer run.

    Attributes:
        points: Its curves.
        losses: Of all updates.
        last: What is judged at the end, by part; ``IN_TRAINING`` is one more.
    """

    points: tuple[Point, ...]
    losses: tuple[float, ...]
    last: Mapping[str, Judged]

    @property
    def end(self) -> Point:
        """The last point."""
        return self.points[-1]


@once
def course(subject: Subject) -> Course | None:
    """Return a longer run, at a rate at which the net learns; None if it fails or diverges."""
    return run(subject, good(subject), length(subject))


@once
def own_course(subject: Subject) -> Course | None:
    """Return the same at the user's own rate."""
    return course(subject) if good(subject) is subject.setup else run(subject, subject.setup, length(subject))


def length(subject: Subject) -> int:
    """Return the updates of a course."""
    return updates(subject, seconds=SECONDS, least=LEAST, most=MOST)


def run(subject: Subject, setup: Setup, steps: int) -> Course | None:
    """Return a longer run of a set-up; None if it fails or diverges."""
    whole = subject.splits["train"]
    place = torch.arange(len(whole))
    kept, apart = (whole.select(place[(place % PART == PART - 1) == held]) for held in (False, True))
    problem = replace(prepared(setup.problem, setup.config), train=kept)
    bare = setup.replace(problem=problem, config=setup.config.replace(preprocess=None))
    trainee = Trainee(bare, seed=subject.seed)
    splits: dict[str, Split] = {TRAIN: kept, APART: apart, VALID: subject.splits["valid"]}
    count = JUDGED // FEWER if pace(subject) > SLOW else JUDGED
    points, losses, judged = list[Point](), list[float](), dict[str, Judged]()
    while len(losses) < steps:
        trace = trainee.train(min(max(1, steps // POINTS), steps - len(losses)), judge=False)
        losses += trace.losses
        if trace.error or trace.diverged:
            return None
        judged = {part: judge(trainee, split, count=count) for part, split in splits.items()}
        loss, skill = ({part: getattr(one, key) for part, one in judged.items()} for key in ("loss", "skill"))
        points.append(Point(step=len(losses), loss=loss, skill=skill))
    judged[IN_TRAINING] = judge(trainee, kept, training=True, count=count)
    return Course(points=tuple(points), losses=tuple(losses), last=judged)
