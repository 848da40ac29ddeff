"""Labels: do the targets have anything to do with the inputs, and can the net express it?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import torch

from thalweg.check.experiments.course import APART, TRAIN, VALID, Course, course
from thalweg.check.experiments.ladder import Ladder, good, ladder
from thalweg.check.experiments.neighbours import told_by_neighbours
from thalweg.check.experiments.runs import end, sound
from thalweg.check.experiments.skill import guesses
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.core.finding import Finding, Passed, Severity
from thalweg.data.batches import InMemory, Split
from thalweg.train.prepared import prepared

NOTHING = 0.08
"""Skill up to which nothing is known of samples that were not trained on; real data of any use give more."""

RULES = 0.9
"""The share of one class from which on skill beyond it says little."""

ALIKE = 1.2
"""Times the progress on shuffled targets up to which the real ones are learned no better."""

MORE = 0.15
"""Skill of the nearest neighbours beyond that of the net on its own training data."""

FLAT = 0.05
"""The share of the whole fall of the loss that its last quarter still makes, where a net has come to its end."""

SHOWN = 4096
"""Samples whose targets are shuffled."""


@look("Are the real targets learned better than shuffled ones?", "labels_wrong", trains=True)
def shuffled_targets(subject: Subject) -> Iterator[Seen]:
    """Yield targets that have nothing to do with their inputs."""
    found, rates = (course(subject), ladder(subject)) if sound(subject) else (None, None)
    if found is None or rates is None or not rates.learns:
        return
    best = max(found.end.skill[APART], found.end.skill[VALID])
    if not math.isfinite(best) or _one_rules(found):
        return
    real, shuffled = _real(subject, rates), _shuffled(subject, rates)
    told = (
        f"after {rates.steps} updates the loss is {real:.3g} on the real targets and {shuffled:.3g} on shuffled ones; "
        f"skill on data kept apart is {best:.2f} after {found.end.step}"
    )
    neighbours = told_by_neighbours(subject)
    alike = rates.start - real <= ALIKE * max(rates.start - shuffled, 0.0)
    if best < NOTHING and alike and not neighbours > NOTHING:
        yield _unrelated(told, real, shuffled, best, neighbours)
    elif best >= NOTHING or not alike:
        yield Passed(name="shuffled targets", evidence=told)


def _one_rules(found: Course) -> bool:
    _, right = guesses(found.last[TRAIN].output, found.last[TRAIN].target)
    return right is not None and right.numel() > 0 and int(right.bincount().max()) > RULES * right.numel()


def _real(subject: Subject, rates: Ladder) -> float:
    return end(Trainee(good(subject), seed=subject.seed).train(rates.steps, judge=False))


def _shuffled(subject: Subject, rates: Ladder) -> float:
    """Return the loss at the end of the same run on targets that were dealt out at random."""
    setup = good(subject)
    problem = prepared(setup.problem, setup.config)
    mixed = setup.replace(
        problem=replace(problem, train=dealt(problem.train, subject.seed)),
        config=setup.config.replace(preprocess=None),
    )
    return end(Trainee(mixed, seed=subject.seed).train(rates.steps, judge=False))


def dealt(split: Split, seed: int) -> InMemory:
    """Return samples of a split, `SHOWN` at most, whose targets are another's."""
    drawn = torch.Generator().manual_seed(seed)
    x, y = split.take(torch.randperm(len(split), generator=drawn)[:SHOWN].sort().values)
    return InMemory(x, y[torch.randperm(len(y), generator=drawn)])


def _unrelated(told: str, real: float, shuffled: float, best: float, neighbours: float) -> Suspicion:
    known = math.isfinite(neighbours)
    return Suspicion(
        finding=Finding(
            fault="labels_wrong",
            severity=Severity.ERROR if known else Severity.NOTE,
            where="targets",
            evidence=told + (f", that of the nearest neighbours {neighbours:.2f}" if known else ""),
            remedy="look at some samples with their targets: rows may have been sorted, dropped or shuffled apart",
            numbers={"loss": real, "loss on shuffled targets": shuffled, "skill": best, "threshold": NOTHING}
            | ({"skill of neighbours": neighbours} if known else {}),
        ),
        weight=0.9 if known else 0.3,
        explains=("overfitting", "lr_too_high", "lr_too_low", "capacity_too_small", "train_val_mismatch"),
    )


@look("Is the net large enough?", "capacity_too_small", trains=True)
def capacity(subject: Subject) -> Iterator[Seen]:
    """Yield a net that has come to its end, and knows less of its own training data than neighbours of new ones."""
    found, rates = (course(subject), ladder(subject)) if sound(subject) else (None, None)
    if found is None or rates is None or not rates.learns:
        return
    neighbours, own = told_by_neighbours(subject), found.end.skill[TRAIN]
    told = f"skill on training data is {own:.2f} after {found.end.step} updates"
    if not math.isfinite(neighbours) or not math.isfinite(own):
        return
    told += f", that of the nearest neighbours on data kept apart {neighbours:.2f}"
    if neighbours - own > MORE and at_its_end(found):
        yield Suspicion(
            finding=Finding(
                fault="capacity_too_small",
                severity=Severity.WARNING,
                where="model",
                evidence=f"{told}, and the loss no longer falls",
                remedy="make the narrowest layers wider, or add a layer with a non-linearity",
                numbers={"skill": own, "skill of neighbours": neighbours, "threshold": MORE},
            ),
            weight=0.55,
            explains=("class_imbalance",),
        )
    else:
        yield Passed(name="capacity", evidence=told)


def at_its_end(found: Course) -> bool:
    """Whether the loss on training data no longer falls."""
    losses = [point.loss[TRAIN] for point in found.points]
    before = losses[-1 - len(losses) // 4]
    return before - losses[-1] <= FLAT * max(found.losses[0] - losses[-1], 0.0)
