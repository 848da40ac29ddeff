"""Used: are the gradients that the optimizer is stepped with those of the batch, and of nothing else?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from thalweg.check.experiments.observed import Observed, Used, observed
from thalweg.check.experiments.runs import sound
from thalweg.check.experiments.step import OF_STEP, SAME, usual_step
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.core.wording import listed

LEFT_OVER = 0.5
"""Weight of the gradient before, in the one that is used, from which on it was not cleared. It is 0 or 1, but for
clipping, which scales both parts alike."""

FITS = 0.05
"""Relative error up to which the gradient that is used is made of those of the batches."""

APART = 0.2
"""Cosine of the gradient that is used and the batch's below which it is of something else. Clipping leaves it 1,
penalties and mixed samples above 0.5."""

TINY, HUGE = 1e-3, 1e3
"""Factors on the gradient that are no usual clipping, and no sum in place of a mean."""


@look(
    "Are gradients cleared, and those of the batch?", "zero_grad", "wrong_loss", "optimizer_setting", trains=True
)
def gradients_used(subject: Subject) -> Iterator[Seen]:
    """Yield what is wrong with the gradients that the optimizer is stepped with."""
    found = observed(subject) if sound(subject) else None
    cosines = [used.cosine for used in found.used if math.isfinite(used.cosine)] if found else []
    scales = [used.scale for used in found.used if math.isfinite(used.scale)] if found else []
    if not found or not scales:
        return
    left = left_over(found.used)
    if max(scales) == 0:
        yield _uncleared(
            subject, "the optimizer steps with gradients of zero, though those of the batches are not", 0
        )
    elif left > LEFT_OVER:
        yield _uncleared(subject, f"the gradient of an update holds {left:.2g} times that of the one before", left)
    elif held := {name: left for name, used in found.used_of.items() if (left := left_over(used)) > LEFT_OVER}:
        told = (
            f"of {len(held)} of {len(found.used_of)} parameters, such as {listed(list(held)[:3])}, the gradient "
        )
        yield _uncleared(subject, f"{told}of an update holds that of the one before", max(held.values()))
    elif cosines and abs(fmean(cosines)) < APART:
        yield _of_another(fmean(cosines))
    elif not TINY < fmean(scales) < HUGE:
        yield _scaled(fmean(scales))
    elif _stale(found):
        yield _of_batch_before()
    else:
        evidence = f"in {len(found.used)} steps they are {fmean(scales):.3g} times the batch's, none is left over"
        yield Passed(name="gradients used", evidence=evidence)


def left_over(used: list[Used]) -> float:
    """Return how much of the gradient of the step before is in that of a step, where it is made of the two."""
    later = [one for one in used if math.isfinite(one.before)]
    fit = [one.before / one.fresh for one in later if one.error < FITS and one.fresh]
    return fmean(fit) if len(fit) > len(later) / 2 else 0.0


def _uncleared(subject: Subject, told: str, left: float) -> Suspicion:
    return suspect(
        "zero_grad",
        Severity.ERROR,
        "train_step",
        told,
        "call optimizer.zero_grad() once an update, before its backward pass",
        weight=0.95,
        numbers={"left over": left, "threshold": LEFT_OVER},
        change=usual_step(subject),
        explains=OF_STEP,
    )


def _of_another(cosine: float) -> Suspicion:
    return suspect(
        "wrong_loss",
        Severity.ERROR,
        "train_step",
        f"the gradient that is used has nothing to do with that of the batch's loss (cosine {cosine:.2f})",
        "compute the loss of this batch with the problem's loss, and call backward() on it alone",
        weight=0.4,
        numbers={"cosine": cosine, "threshold": APART},
        explains=OF_STEP,
    )


def _scaled(scale: float) -> Suspicion:
    return suspect(
        "optimizer_setting",
        Severity.WARNING,
        "train_step",
        f"the gradient that is used is {scale:.2g} times that of the batch",
        "take a limit near the gradient's own norm" if scale < 1 else "take the mean over the batch, not a sum",
        weight=0.4,
        numbers={"factor": scale, "threshold": TINY if scale < 1 else HUGE},
        explains=OF_STEP,
    )


def _of_batch_before() -> Suspicion:
    return suspect(
        "wrong_loss",
        Severity.WARNING,
        "train_step",
        "the loss that the step returns is that of the batch before",
        "return the loss that this call computed",
        weight=0.9,
    )


def _stale(found: Observed) -> bool:
    """Whether every loss returned is that of the batch before, and they are not their own."""
    own = all(map(_near, found.losses, found.own))
    return len(found.losses) > 1 and not own and all(map(_near, found.losses[1:], found.own[:-1]))


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * max(abs(one), abs(other))
