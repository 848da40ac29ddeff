"""Classes: is a small class neglected for a large one?"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from thalweg.check.experiments.course import APART, TRAIN, VALID, Course, own_course, run
from thalweg.check.experiments.runs import sound
from thalweg.check.experiments.skill import guesses
from thalweg.check.look import Seen, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.problems.labels import are_labels

UNEVEN = 8.0
"""Samples of the largest class a sample of a small one."""

MANY = 20
"""Classes from which on they come unequally often by nature, as letters and words do."""

GAINED = 0.2
"""The share of a small class that is told right beyond before, where classes are drawn equally often."""

NEGLECTED, FAVOURED = 0.5, 0.85
"""Shares told right: of a small class below which it is neglected, while the largest is above the other."""

COUNTED = 10
"""Samples of a class from which on its share is taken from data kept apart and validation, else from training."""


@look("Are small classes learned too?", "class_imbalance", trains=True)
def small_classes(subject: Subject) -> Iterator[Seen]:
    """Yield a small class that is hardly ever told, while the largest nearly always is."""
    found = own_course(subject) if sound(subject) else None
    told = shares(found) if found else {}
    if not found or len(told) < 2:
        return
    counts = _counts(found, TRAIN)
    largest = max(told, key=lambda label: counts.get(label, 0))
    small = [label for label in told if counts.get(label, 0) * UNEVEN <= counts[largest]]
    if not small:
        return
    worst = min(small, key=lambda label: told[label])
    times = counts[largest] / counts[worst]
    evidence = (
        f"{told[worst]:.0%} of class {worst} are told right and {told[largest]:.0%} of class {largest}, which "
    )
    evidence += f"has {times:.0f} times as many samples"
    neglected = told[worst] < NEGLECTED and told[largest] > FAVOURED
    if not neglected or not _gains(subject, found, worst, told[worst]):
        yield Passed(name="small classes", evidence=evidence)
        return
    yield suspect(
        "class_imbalance",
        Severity.WARNING,
        f"class {worst}",
        evidence,
        "weigh the classes in the loss, or draw them equally often",
        weight=0.75,
        numbers={
            "told right": told[worst],
            "of the largest": told[largest],
            "times": times,
            "threshold": NEGLECTED,
        },
        change=("classes drawn equally often", _balanced) if _can_balance(subject) else None,
        explains=("capacity_too_small", "lr_too_low"),
    )


def shares(found: Course) -> dict[int, float]:
    """Return the share of every class that is told right at the end of a course; none where there are none."""
    pairs = {part: guesses(judged.output, judged.target) for part, judged in found.last.items()}
    known = {
        part: (told, right) for part, (told, right) in pairs.items() if told is not None and right is not None
    }
    if len(known) < len(pairs) or not 2 <= len(_counts(found, TRAIN)) <= MANY:
        return {}
    fresh = [torch.cat([known[part][place] for part in (APART, VALID)]) for place in (0, 1)]
    result: dict[int, float] = {}
    for label in sorted(_counts(found, TRAIN)):
        enough = int((fresh[1] == label).sum()) >= COUNTED
        told, right = fresh if enough else known[TRAIN]
        of_class = right == label
        if of_class.any():
            result[label] = float((told[of_class] == label).float().mean())
    return result


def _counts(found: Course, part: str) -> dict[int, int]:
    _, right = guesses(found.last[part].output, found.last[part].target)
    if right is None:
        return {}
    labels, counts = right.unique(return_counts=True)
    return dict(zip(labels.tolist(), counts.tolist(), strict=True))


def _can_balance(subject: Subject) -> bool:
    return subject.setup.shuffle and are_labels(subject.splits["train"].labels)


def _gains(subject: Subject, found: Course, label: int, before: float) -> bool:
    """Whether a class is told far better where classes are drawn equally often; else it is hard by itself."""
    if not _can_balance(subject):
        return True
    other = run(subject, _balanced(subject.setup), found.end.step)
    return other is not None and shares(other).get(label, 0.0) > before + GAINED


def _balanced(setup: Setup) -> Setup:
    return setup.replace(config=setup.config.replace(sampling="class-balanced"))
