"""Generalize: what the curves of training, of training data kept apart, and of validation say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

from torch import nn
from torch.optim import Optimizer

from thalweg.check.experiments.course import APART, TRAIN, VALID, Course, course, run
from thalweg.check.experiments.ladder import good
from thalweg.check.experiments.runs import sound
from thalweg.check.experiments.units import swapped
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

Named = tuple[str, Callable[[Setup], Setup]]

GAP = 0.1
"""Skill on training data beyond that on data kept apart, from which on a net has learned much by heart."""

RISEN = 1.25
"""Times its lowest point to which the loss on validation has risen again."""

FALLEN = 0.02
"""Skill on validation lost since its best point."""

ERRORS = 3.0
"""Standard errors of a skill that are beyond noise."""

UNLIKE = 0.15
"""Skill on validation below that on training data kept apart, or above it, that is more than luck of the draw."""

DECAYS_TRIED, DROPPED = (1e-2, 1e-1, 1.0), 0.5
"""Weight decays and a rate of dropout, of which the best is proposed."""


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
    overfits = _overfits(found)
    if unlike > margin:
        yield _mismatch(told, unlike, found, margin)
    elif unlike < -margin:
        yield _too_easy(told, found, -unlike, margin)
    if overfits and not unlike > margin:
        yield _overfitting(subject, found, told)
    elif abs(unlike) <= margin:
        yield Passed(name="curves", evidence=told)


def _overfits(found: Course) -> bool:
    """Whether validation was clearly better before the end, and training is not."""
    losses = [point.loss[VALID] for point in found.points]
    skills = [point.skill[VALID] for point in found.points]
    gap = found.end.skill[TRAIN] - found.end.skill[APART]
    margin = max(GAP, ERRORS * found.last[APART].error)
    return gap > margin and losses[-1] > RISEN * min(losses) and max(skills) - skills[-1] > FALLEN


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


def _overfitting(subject: Subject, found: Course, told: str) -> Suspicion:
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
        change=_regularizing(subject, found),
        explains=("batchnorm_small_batch",),
    )


def _regularizing(subject: Subject, found: Course) -> Named | None:
    """Return what regularizes best, by the loss on validation at the end; None if none of some changes helps."""
    changes: list[Named] = [
        (f"weight_decay={decay:g}", partial(with_decay, decay=decay)) for decay in DECAYS_TRIED
    ]
    changes.append((f"dropout={DROPPED:g} after every ReLU", with_dropout))
    courses = [run(subject, apply(good(subject)), found.end.step) for _, apply in changes]
    losses = [one.end.loss[VALID] if one else math.inf for one in courses]
    best = losses.index(min(losses))
    return changes[best] if losses[best] < found.end.loss[VALID] else None


def with_decay(setup: Setup, decay: float) -> Setup:
    """Return the set-up with a weight decay in all groups that can have one."""

    def mend(model: nn.Module, optimizer: Optimizer) -> None:
        del model
        for group in optimizer.param_groups:
            if "weight_decay" in group:
                group["weight_decay"] = decay

    return setup.replace(mended=(*setup.mended, mend))


def with_dropout(setup: Setup) -> Setup:
    """Return the set-up with dropout after every ReLU."""
    return setup.with_problem(model=partial(swapped, setup.problem.model, (nn.ReLU,), _dropping))


def _dropping() -> nn.Module:
    return nn.Sequential(nn.ReLU(), nn.Dropout(DROPPED))
