"""Capacity: is the net large enough for what the inputs tell?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch.optim import Adam

from thalweg.check.experiments.baseline import baseline
from thalweg.check.experiments.course import TRAIN, Course, course, length, run
from thalweg.check.experiments.ladder import REFERENCE, ladder
from thalweg.check.experiments.runs import planned, sound, unregularized, with_optimizer
from thalweg.check.experiments.start import outset
from thalweg.check.experiments.wider import widened
from thalweg.check.look import Seen, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

MORE, PART = 0.15, 0.5
"""Skill of the baseline on new samples beyond that of the net on those that it is trained on; and the part of the
baseline's that the net's is at most, where that is small but sure."""

SURE = 0.1
"""Skill of the baseline from which on a part of it counts."""

FLAT = 0.05
"""The share of the whole fall of the loss that its last quarter still makes, where a net has come to its end."""


@look("Is the net large enough?", "capacity_too_small", trains=True)
def capacity(subject: Subject) -> Iterator[Seen]:
    """Yield a net that has come to its end, and knows less of its training data than a baseline of new samples."""
    found, rates = (course(subject), ladder(subject)) if sound(subject) else (None, None)
    known, start = (baseline(subject), outset(subject)) if found else (None, None)
    if not found or not known or not rates or not rates.learns or not start or math.isnan(start.chance):
        return  # a loss without a least says nothing of what is learned
    own = found.end.skill[TRAIN]
    if not math.isfinite(known.skill - own):
        return
    told = (
        f"skill on training data is {own:.2f} after {found.end.step} updates, that of {known.method} on data kept "
    )
    told += f"apart {known.skill:.2f}"
    behind = known.skill - own > MORE or (known.skill > SURE and own < PART * known.skill)
    if not behind or not _at_its_end(found, planned(subject)) or _learns_with_adam(subject, known.skill):
        yield Passed(name="capacity", evidence=told)
        return
    yield suspect(
        "capacity_too_small",
        Severity.WARNING,
        "model",
        f"{told}, and the loss no longer falls",
        "make the narrowest layers wider, or add a layer with a non-linearity",
        weight=0.55,
        numbers={"skill": own, "skill of the baseline": known.skill, "threshold": MORE},
        change=("the narrowest layers wider", widened),
        explains=("class_imbalance",),
    )


def _learns_with_adam(subject: Subject, skill: float) -> bool:
    """Whether the net comes near the baseline without regularization, by another optimizer: then it is large."""
    found = ladder(subject)
    lr = (
        min(found.reference, key=lambda rate: found.reference[rate]) if found and found.reference else REFERENCE[1]
    )
    other = run(subject, unregularized(with_optimizer(subject.setup, Adam, lr=lr)), length(subject))
    return other is not None and other.end.skill[TRAIN] > max(skill - MORE, PART * skill)


def _at_its_end(found: Course, planned: int) -> bool:
    """Whether all updates that are planned were made, or the loss on training data no longer falls."""
    losses = [point.loss[TRAIN] for point in found.points]
    before = losses[-1 - len(losses) // 4]
    return found.end.step >= planned or before - losses[-1] <= FLAT * max(found.losses[0] - losses[-1], 0.0)
