"""Capacity: is the net large enough for what the inputs tell?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from thalweg.check.experiments.course import TRAIN, Course, course
from thalweg.check.experiments.ladder import ladder
from thalweg.check.experiments.neighbours import told_by_neighbours
from thalweg.check.experiments.runs import planned, sound
from thalweg.check.look import Seen, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

MORE, PART = 0.15, 0.5
"""Skill of the nearest neighbours on new samples beyond that of the net on those that it is trained on; and the
part of theirs that the net's is at most, where theirs is small but sure."""

SURE = 0.1
"""Skill of the neighbours from which on a part of it counts."""

FLAT = 0.05
"""The share of the whole fall of the loss that its last quarter still makes, where a net has come to its end."""


@look("Is the net large enough?", "capacity_too_small", trains=True)
def capacity(subject: Subject) -> Iterator[Seen]:
    """Yield a net that has come to its end, and knows less of its training data than neighbours of new ones."""
    found, rates = (course(subject), ladder(subject)) if sound(subject) else (None, None)
    if found is None or rates is None or not rates.learns:
        return
    neighbours, own = told_by_neighbours(subject), found.end.skill[TRAIN]
    if not math.isfinite(neighbours - own):
        return
    told = (
        f"skill on training data is {own:.2f} after {found.end.step} updates, that of the nearest neighbours on "
    )
    told += f"data kept apart {neighbours:.2f}"
    behind = neighbours - own > MORE or (neighbours > SURE and own < PART * neighbours)
    if not behind or not _at_its_end(found, planned(subject)):
        yield Passed(name="capacity", evidence=told)
        return
    yield suspect(
        "capacity_too_small",
        Severity.WARNING,
        "model",
        f"{told}, and the loss no longer falls",
        "make the narrowest layers wider, or add a layer with a non-linearity",
        weight=0.55,
        numbers={"skill": own, "skill of neighbours": neighbours, "threshold": MORE},
        explains=("class_imbalance",),
    )


def _at_its_end(found: Course, planned: int) -> bool:
    """Whether all updates that are planned were made, or the loss on training data no longer falls."""
    losses = [point.loss[TRAIN] for point in found.points]
    before = losses[-1 - len(losses) // 4]
    return found.end.step >= planned or before - losses[-1] <= FLAT * max(found.losses[0] - losses[-1], 0.0)
