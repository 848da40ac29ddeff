"""Yardstick: by what a set-up without a remedy and one with it are compared, even if they have different losses.

A loss cannot tell whether another loss is better, nor whether other targets are. What outputs tell of the targets
of validation can: the share of labels told right, or of the variance explained, whatever the scale of the targets.
Of some faults it is not what suffers; they have yardsticks of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from thalweg.check.experiments.skill import Judged, guesses, judge
from thalweg.check.trainee import Trainee

LEAST = 0.02
"""What a remedy has to gain at least, of skill or of the loss: less helps nobody."""

LOSS = "validation loss"
"""The measure where nothing better is known."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """What a run comes to.

    Attributes:
        measure: What is shown, such as ``"validation accuracy"``.
        value: Its value.
        higher_is_better: Its direction.
        worth: What is compared, higher is better: 1 is all there is to gain, 0 is a net that knows nothing; of a
            loss it is its negative.
        error: Standard error of the worth.
    """

    measure: str
    value: float
    worth: float
    error: float = 0.0
    higher_is_better: bool = True


def score(fault: str, trainee: Trainee) -> Score:
    """Return what a trained model comes to on its own validation split, by the yardstick of a fault."""
    try:
        judged = judge(trainee, trainee.learner.splits["valid"])
    except Exception:  # outputs of another form than one tensor, or a loss that takes only whole batches
        return _loss(trainee.judge()["valid"]["loss"])
    return OWN.get(fault, _skill)(judged)


def gained(before: Sequence[Score | None], after: Sequence[Score | None]) -> bool:
    """Tell whether a remedy helps: in every pair of runs, and on the mean by more than noise.

    Noise is the standard error of the worth, or the range of the worths over the seeds on the steadier side,
    whichever is greater.

    Args:
        before: Scores without the remedy, by seed; ``None`` is a run that failed or diverged.
        after: The same with it.

    Example:
        >>> low, high = (Score(measure="accuracy", value=v, worth=v) for v in (0.3, 0.9))
        >>> gained([low, None], [high, high]), gained([high, high], [high, high])
        (True, False)
    """
    ran = [one for one in after if one is not None]
    if len(ran) < len(after) or not ran:
        return False
    gains = [b.worth - (a.worth if a else nothing(b)) for a, b in zip(before, ran, strict=True)]
    scale = _scale([one for one in before if one])
    steady = min(_range([a.worth if a else nothing(b) for a, b in zip(before, ran, strict=True)]), _range_of(ran))
    margin = max(LEAST * scale, steady, fmean(one.error for one in ran))
    return all(gain > 0 for gain in gains) and fmean(gains) > margin


def nothing(like: Score) -> float:
    """Return the worth of a run that failed."""
    return 0.0 if like.worth >= 0 else -math.inf


def _range_of(scores: Sequence[Score]) -> float:
    return _range([one.worth for one in scores])


def _range(worths: Sequence[float]) -> float:
    return max(worths) - min(worths) if all(map(math.isfinite, worths)) else math.inf


def _scale(before: Sequence[Score]) -> float:
    """What a gain is held against: 1 for skill, the loss for a loss."""
    losses = [-one.worth for one in before if one.measure == LOSS]
    return fmean(map(abs, losses)) if losses else 1.0


def _skill(judged: Judged) -> Score:
    told, right = guesses(judged.output, judged.target)
    if not math.isfinite(judged.skill):
        return _loss(judged.loss)
    if told is None or right is None:
        measure, value = "share of variance explained on validation", judged.skill
    else:
        measure, value = "validation accuracy", (told == right).double().mean().item()
    return Score(measure=measure, value=value, worth=judged.skill, error=judged.error)


def _of_classes(judged: Judged) -> Score:
    """Every class counts alike: drawing them equally often may well cost accuracy."""
    told, right = guesses(judged.output, judged.target)
    if told is None or right is None:
        return _skill(judged)
    shares = [(told[right == label] == label).double().mean().item() for label in right.unique()]
    chance = 1 / len(shares)
    worth = (fmean(shares) - chance) / (1 - chance) if chance < 1 else 0.0
    measure = "validation accuracy, mean over the classes"
    return Score(measure=measure, value=fmean(shares), worth=worth, error=judged.error)


def _flattered(judged: Judged) -> Score:
    """What leaks makes validation promise more than there is: the remedy takes that away."""
    found = _skill(judged)
    return Score(
        measure=f"{found.measure}, which what leaked flatters",
        value=found.value,
        worth=-found.worth,
        error=found.error,
        higher_is_better=not found.higher_is_better,
    )


def _of_loss(judged: Judged) -> Score:
    """A net that knows its training split by heart may tell as many right, but is sure of the wrong ones too."""
    return _loss(judged.loss)


def _loss(loss: float) -> Score:
    return Score(measure=LOSS, value=loss, worth=-loss, higher_is_better=False)


OWN: dict[str, Callable[[Judged], Score]] = {
    "class_imbalance": _of_classes,
    "data_leakage": _flattered,
    "overfitting": _of_loss,
}
"""Yardsticks of their own."""
