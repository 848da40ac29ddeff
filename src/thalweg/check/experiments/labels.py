"""Labels: do the targets have anything to do with the inputs?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import torch

from thalweg.check.experiments.baseline import Baseline, baseline
from thalweg.check.experiments.course import APART, TRAIN, VALID, Course, course
from thalweg.check.experiments.ladder import LEARNS, end_of, good, ladder
from thalweg.check.experiments.overfit import HALF, memory
from thalweg.check.experiments.runs import sound
from thalweg.check.experiments.skill import guesses
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.data.batches import InMemory, Split
from thalweg.train.prepared import prepared

NOTHING = 0.08
"""Skill up to which nothing is known of samples that were not trained on; real data of any use give more."""

OUTLIERS = 0.5
"""Skill of the baseline below zero from which on a few numbers far from all others decide what is told."""

RULES = 0.9
"""The share of one class from which on skill beyond it says little."""

ALIKE = 1.2
"""Times the progress on shuffled targets up to which the real ones are learned no better."""

SHOWN = 4096
"""Samples whose targets are shuffled."""


@look("Are the real targets learned better than shuffled ones?", "labels_wrong", trains=True)
def shuffled_targets(subject: Subject) -> Iterator[Seen]:
    """Yield targets that have nothing to do with their inputs."""
    found, rates = (course(subject), ladder(subject)) if sound(subject) else (None, None)
    if found is None or rates is None or not (rates.learns or _by_heart(subject)):
        return
    best = max(found.end.skill[APART], found.end.skill[VALID])
    if not math.isfinite(best) or _one_rules(found):
        return
    setup = good(subject)
    real, shuffled = (end_of(subject, one, rates.steps) for one in (setup, _shuffled(setup, subject.seed)))
    told = (
        f"after {rates.steps} updates the loss is {real:.3g} on real targets and {shuffled:.3g} on shuffled "
        f"ones; skill on data kept apart is {best:.2f} after {found.end.step}"
    )
    known = baseline(subject)
    alike = rates.start - real <= ALIKE * max(rates.start - shuffled, LEARNS * abs(rates.start))
    if best < NOTHING and alike and not (known and known.skill > NOTHING):
        yield _unrelated(subject, told, best, known)
    elif best >= NOTHING or not alike:
        yield Passed(name="shuffled targets", evidence=told)


def _by_heart(subject: Subject) -> bool:
    """Whether the net learns a few samples by heart: then it is not for its sake that it learns nothing else."""
    known = memory(subject)
    return known is not None and known.left < HALF


def _one_rules(found: Course) -> bool:
    _, right = guesses(found.last[TRAIN].output, found.last[TRAIN].target)
    return right is not None and right.numel() > 0 and int(right.bincount().max()) > RULES * right.numel()


def _shuffled(setup: Setup, seed: int) -> Setup:
    """Return the set-up with targets that were dealt out at random."""
    problem = prepared(setup.problem, setup.config)
    return setup.replace(
        problem=replace(problem, train=dealt(problem.train, seed)), config=setup.config.replace(preprocess=None)
    )


def dealt(split: Split, seed: int) -> InMemory:
    """Return samples of a split, `SHOWN` at most, whose targets are another's."""
    drawn = torch.Generator().manual_seed(seed)
    x, y = split.take(torch.randperm(len(split), generator=drawn)[:SHOWN].sort().values)
    return InMemory(x, y[torch.randperm(len(y), generator=drawn)])


def _unrelated(subject: Subject, told: str, best: float, known: Baseline | None) -> Suspicion:
    outliers = subject.batch[1].is_floating_point() and known is not None and known.skill < -OUTLIERS
    sure = known is not None and not outliers
    return suspect(
        "labels_wrong",
        Severity.ERROR if sure else Severity.NOTE,
        "targets",
        told + (f", that of {known.method} {known.skill:.2f}" if known else ""),
        "look at some samples with their targets: rows may have been sorted, dropped or shuffled apart",
        weight=0.9 if sure else 0.3,
        numbers={"skill": best, "threshold": NOTHING} | ({"skill of the baseline": known.skill} if known else {}),
        explains=("overfitting", "lr_too_high", "lr_too_low", "capacity_too_small", "train_val_mismatch"),
    )
