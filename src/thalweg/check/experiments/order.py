"""Order: does the net learn better if samples are shuffled?"""

from __future__ import annotations

from collections.abc import Iterator

from thalweg.check.experiments.longer import length, scores
from thalweg.check.experiments.runs import sound
from thalweg.check.look import Change, Seen, Suspicion, look
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Finding, Passed, Severity


@look("Does the order of the samples matter?", "data_not_shuffled", trains=True)
def sample_order(subject: Subject) -> Iterator[Seen]:
    """Yield an order of samples, the same every epoch, that costs skill."""
    if not sound(subject) or subject.setup.shuffle:
        return
    own, its = scores(subject, subject.setup), scores(subject, _shuffled(subject.setup))
    told = f"after {length(subject)} updates skill is {own[0].valid:.2f} on validation as the samples lie, "
    told += f"{its[0].valid:.2f} shuffled"
    if all(mine.worse_than(theirs) for mine, theirs in zip(own, its, strict=True)):
        yield Suspicion(
            finding=Finding(
                fault="data_not_shuffled",
                severity=Severity.WARNING,
                where="order of samples",
                evidence=told,
                remedy="shuffle the training samples every epoch",
                numbers={"skill": own[0].valid, "skill shuffled": its[0].valid},
            ),
            weight=0.9,
            change=Change(words="shuffled samples", apply=_shuffled),
            explains=("lr_too_high", "capacity_too_small", "class_imbalance", "overfitting", "train_val_mismatch"),
        )
    else:
        yield Passed(name="sample order", evidence=told)


def _shuffled(setup: Setup) -> Setup:
    return setup.replace(shuffle=True)
