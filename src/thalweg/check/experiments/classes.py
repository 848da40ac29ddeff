"""Classes: is a small class neglected for a large one?"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from thalweg.check.experiments.course import APART, TRAIN, VALID, Course, course, run
from thalweg.check.experiments.ladder import good
from thalweg.check.experiments.runs import sound
from thalweg.check.experiments.skill import guesses
from thalweg.check.look import Change, Seen, Suspicion, look
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Finding, Passed, Severity
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
    """Yield small classes that are hardly ever told, while the largest nearly always is."""
    found = course(subject) if sound(subject) else None
    told = shares(found) if found else {}
    if len(told) < 2:
        return
    counts = _counts(found, TRAIN) if found else {}
    largest = max(told, key=lambda label: counts.get(label, 0))
    small = {label: share for label, share in told.items() if counts.get(label, 0) * UNEVEN <= counts[largest]}
    missed = [label for label, share in small.items() if share < NEGLECTED]
    worst = min(missed, key=lambda label: told[label], default=None)
    if worst is not None and told[largest] > FAVOURED and _is_gained(subject, found, worst, told[worst]):
        yield _neglected(subject, worst, largest, told, counts)
    elif small:
        worst = min(small, key=lambda label: small[label])
        evidence = f"of class {worst}, {counts[worst]} samples, {small[worst]:.0%} are told right"
        yield Passed(name="small classes", evidence=evidence)


def shares(found: Course) -> dict[int, float]:
    """Return the share of every class that is told right at the end of a course; none where there are no classes."""
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


def _neglected(
    subject: Subject, worst: int, largest: int, told: dict[int, float], counts: dict[int, int]
) -> Suspicion:
    change = Change(words="classes drawn equally often", apply=_balanced) if _can_balance(subject) else None
    return Suspicion(
        finding=Finding(
            fault="class_imbalance",
            severity=Severity.WARNING,
            where=f"class {worst}",
            evidence=f"{told[worst]:.0%} of class {worst} are told right and {told[largest]:.0%} of class {largest}, "
            f"which has {counts[largest] / counts[worst]:.0f} times as many samples",
            remedy="weigh the classes in the loss, or draw them equally often",
            numbers={
                "told right": told[worst],
                "of the largest": told[largest],
                "times as many": counts[largest] / counts[worst],
                "threshold": NEGLECTED,
            },
        ),
        weight=0.6,
        change=change,
        explains=("capacity_too_small",),
    )


def _can_balance(subject: Subject) -> bool:
    return subject.setup.shuffle and are_labels(subject.splits["train"].labels)


def _is_gained(subject: Subject, found: Course, label: int, before: float) -> bool:
    """Whether a class is told far better where classes are drawn equally often; so it is not hard by itself."""
    if not _can_balance(subject):
        return True
    other = run(subject, _balanced(good(subject)), found.end.step)
    return other is not None and shares(other).get(label, 0.0) > before + GAINED


def _balanced(setup: Setup) -> Setup:
    return setup.replace(config=setup.config.replace(sampling="class-balanced"))
