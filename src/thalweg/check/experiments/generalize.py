"""Generalize: what the curves of training, of training data kept apart, and of validation say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.check.experiments.course import APART, TRAIN, VALID, Course, course
from thalweg.check.experiments.runs import sound
from thalweg.check.experiments.start import outset
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.splits import anew
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

GAP = 0.1
"""Skill on training data beyond that on data kept apart, from which on a net has learned much by heart."""

RISEN = 1.25
"""Times its lowest point to which the loss on validation has risen again."""

KNEW = 0.95
"""Times the loss of chance that validation was below where something was known; above it, all is lost again."""

FALLEN = 0.02
"""Skill on validation lost since its best point."""

ERRORS = 3.0
"""Standard errors of a skill that are beyond noise."""

UNLIKE = 0.15
"""Skill on validation below that on training data kept apart, or above it, that is more than luck of the draw."""


@look(
    "Does validation go with training?",
    "overfitting",
    "train_val_mismatch",
    "labels_wrong",
    "data_leakage",
    trains=True,
)
def curves(subject: Subject) -> Iterator[Seen]:
    """Yield what sets training, data kept apart from it, and validation apart from each other."""
    found = course(subject) if sound(subject) else None
    if found is None:
        return
    skills = found.end.skill
    told = (
        f"after {found.end.step} updates skill is {skills[TRAIN]:.2f} on training data, {skills[APART]:.2f} on a "
        f"part of it kept apart and {skills[VALID]:.2f} on validation"
    )
    margin = max(UNLIKE, ERRORS * math.hypot(found.last[APART].error, found.last[VALID].error))
    unlike = skills[APART] - skills[VALID]
    overfits = _overfits(subject, found)
    if unlike > margin:
        yield _mismatch(told, unlike, found, margin)
    elif unlike < -margin:
        yield _too_easy(told, found, -unlike, margin)
    if overfits and not unlike > margin:
        yield _overfitting(found, told)
    elif abs(unlike) <= margin:
        yield Passed(name="curves", evidence=told)


def _overfits(subject: Subject, found: Course) -> bool:
    """Whether validation was clearly better before the end, and training is not.

    Where skill counts and not the loss, it has to be lost too: a net that is sure of its mistakes may tell as many
    right.
    """
    losses = [point.loss[VALID] for point in found.points]
    skills = [point.skill[VALID] for point in found.points]
    gap = found.end.skill[TRAIN] - found.end.skill[APART]
    margin = max(GAP, ERRORS * found.last[APART].error)
    by_chance = _by_chance(subject)
    forgot = losses[-1] > by_chance and min(losses) < KNEW * by_chance
    risen = losses[-1] > RISEN * min(losses) or forgot
    counts = subject.setup.problem.objective == "loss" or max(skills) - skills[-1] > FALLEN
    return gap > margin and risen and counts


def _by_chance(subject: Subject) -> float:
    """Return the loss of the best constant outputs; infinity where nobody knows."""
    known = outset(subject)
    return known.chance if known and known.chance > 0 else math.inf


def _numbers(found: Course, threshold: float) -> dict[str, float]:
    skills = {f"skill on {part}": value for part, value in found.end.skill.items()}
    curves = {
        f"{part} loss at {point.step}": point.loss[part] for point in found.points for part in (TRAIN, VALID)
    }
    return {"threshold": threshold} | skills | curves


def _mismatch(told: str, unlike: float, found: Course, margin: float) -> Suspicion:
    return suspect(
        "train_val_mismatch",
        Severity.ERROR,
        "validation split",
        told,
        "prepare both splits alike, and draw them from the same data",
        weight=min(0.9, 0.6 + unlike / 2),
        numbers=_numbers(found, margin),
        change=anew(VALID),
        explains=("overfitting", "batchnorm_small_batch", "train_eval_mode"),
    )


def _too_easy(told: str, found: Course, above: float, margin: float) -> Suspicion:
    skills = found.end.skill
    learned = skills[TRAIN] - skills[APART] > above / 2
    return suspect(
        "data_leakage" if learned else "labels_wrong",
        Severity.WARNING,
        "validation split" if learned else "training targets",
        told,
        "look for samples of training among those of validation"
        if learned
        else "look at the training targets: those of validation are told far better",
        weight=0.6 if learned else 0.5,
        numbers=_numbers(found, margin),
        explains=("overfitting",),
    )


def _overfitting(found: Course, told: str) -> Suspicion:
    best = min(found.points, key=lambda point: point.loss[VALID])
    return suspect(
        "overfitting",
        Severity.WARNING,
        "model",
        f"{told}; the loss on validation was {best.loss[VALID]:.3g} after {best.step} and is "
        f"{found.end.loss[VALID]:.3g}",
        f"stop after about {best.step} updates, regularize, or train on more data",
        weight=0.65,
        numbers=_numbers(found, GAP),
        change=(f"training stopped after {best.step} updates", partial(stopped, after=best.step)),
        explains=("batchnorm_small_batch",),
    )


def stopped(setup: Setup, after: int) -> Setup:
    """Return the set-up whose weights stay as they are after some updates."""

    def mend(model: nn.Module, optimizer: Optimizer) -> None:
        kept, count = list[Tensor](), 0

        def hold(*_: Any) -> None:
            nonlocal kept, count
            count += 1
            parameters = list(model.parameters())
            if count == after:
                kept = [p.detach().clone() for p in parameters]
            for p, value in zip(parameters, kept, strict=False):
                p.data.copy_(value)

        optimizer.register_step_post_hook(hold)

    return setup.replace(mended=(*setup.mended, mend))
