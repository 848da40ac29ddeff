"""Course: a longer run with its curves, on training data of which a part is kept apart.

What the net makes of the part kept apart says how well it generalizes; what it makes of the validation split beside
that says whether validation is like training (Ng 2018, "Machine learning yearning", chapters 40 to 42).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from thalweg.check.experiments.ladder import good
from thalweg.check.experiments.runs import shared, updates
from thalweg.check.experiments.skill import Judged, judge
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.data.batches import Split
from thalweg.train.prepared import prepared

PART = 6
"""One sample of so many is kept apart, as validation is where the user brings none."""

POINTS = 10
"""At which the net is judged, evenly over the run."""

SECONDS, LEAST, MOST = 4.0, 60, 1000
"""What the run may take, and its updates."""

TRAIN, APART, VALID = "train", "apart", "valid"
"""The parts that are judged: what is trained on, what was kept apart of it, and validation."""


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
        last: The outputs at the end, by part.
    """

    points: tuple[Point, ...]
    losses: tuple[float, ...]
    last: Mapping[str, Judged]

    @property
    def end(self) -> Point:
        """The last point."""
        return self.points[-1]


@shared
def course(subject: Subject) -> Course | None:
    """Return a longer run, at a rate at which the net learns; None if it fails or diverges."""
    steps = updates(subject, seconds=SECONDS, least=LEAST, most=MOST)
    return run(subject, good(subject), steps)


def run(subject: Subject, setup: Setup, steps: int) -> Course | None:
    """Return a longer run of a set-up; None if it fails or diverges."""
    whole = subject.splits["train"]
    place = torch.arange(len(whole))
    kept, apart = (whole.select(place[(place % PART == PART - 1) == held]) for held in (False, True))
    problem = replace(prepared(setup.problem, setup.config), train=kept)
    trainee = Trainee(
        setup.replace(problem=problem, config=setup.config.replace(preprocess=None)), seed=subject.seed
    )
    splits: dict[str, Split] = {TRAIN: kept, APART: apart, VALID: subject.splits["valid"]}
    points, losses, judged = list[Point](), list[float](), dict[str, Judged]()
    each = max(1, steps // POINTS)
    while len(losses) < steps:
        trace = trainee.train(min(each, steps - len(losses)), judge=False)
        losses += trace.losses
        if trace.error or trace.diverged:
            return None
        judged = {part: judge(trainee, split) for part, split in splits.items()}
        points.append(
            Point(
                step=len(losses),
                loss={part: found.loss for part, found in judged.items()},
                skill={part: found.skill for part, found in judged.items()},
            )
        )
    return Course(points=tuple(points), losses=tuple(losses), last=judged)
