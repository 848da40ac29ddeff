"""Rates: is the user's learning rate near those that train?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

from thalweg.check.experiments.ladder import Ladder, at_factor, ladder
from thalweg.check.experiments.longer import length, worse
from thalweg.check.experiments.runs import planned, sound
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.pictures import rate_ladder
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.core.picture import Picture
from thalweg.core.wording import rate

BEHIND = 0.85
"""Of the progress of a lower rate, below which one is suspect; longer runs then confirm or clear it. Rates of the
basin, a decade wide or more, make more than this in 100 updates."""

WORSE = 2.0
"""Times the loss of a lower rate above which one is suspect too."""

STALLED = 0.5
"""Progress, of that of the best rate, below which too low a rate would not get halfway in the updates planned."""

MISSED = 0.15
"""Skill that too low a rate costs in all the updates that are planned: more of them would have served as well."""

NEARLY = 0.95
"""Of the progress of the best rate; the lowest that makes it is proposed, for short runs flatter high rates
(Wu et al. 2018, "Understanding short-horizon bias in stochastic meta-optimization")."""

OF_HIGH = (
    *("dead_relu", "exploding_gradient", "saturation", "numerical_instability", "optimizer_setting"),
    *("capacity_too_small", "train_eval_mode", "vanishing_gradient", "class_imbalance", "labels_wrong"),
)
"""What too high a rate looks like: units and numbers leave their range, and no net learns."""

OF_LOW = ("capacity_too_small", "vanishing_gradient", "class_imbalance", "optimizer_setting", "labels_wrong")
"""What too low a rate looks like: a net that does not learn, or only what comes most often."""


@look("Is the learning rate near those that train?", "lr_too_high", "lr_too_low", trains=True)
def learning_rate(subject: Subject) -> Iterator[Seen]:
    """Yield what the ladder of rates says of the user's."""
    found = ladder(subject) if sound(subject) else None
    if found is None or not found.learns:
        return
    own, lower, higher = subject.setup, below(found), above(found, planned(subject))
    ahead = max(1.0, planned(subject) / length(subject))  # as far as the user's updates get, in a shorter run
    if lower < 1 and (math.isinf(found.ends[1.0]) or worse(subject, own, at_factor(own, lower))):
        yield _too_high(subject, found, lower)
    elif higher > ahead and worse(subject, at_factor(own, ahead), at_factor(own, higher), MISSED):
        yield _too_low(found, higher, planned(subject))
    else:
        yield Passed(name="learning rate", evidence=f"{_own(found)}, {_other(found, found.best)}")


def below(found: Ladder) -> float:
    """Return the factor to lower too high a rate by; 1 if nothing speaks against it."""
    factors = [factor for factor in found.ends if factor < 1]
    best = min(factors, key=lambda factor: (found.ends[factor], factor))
    if found.progress(best) < STALLED:
        return 1.0
    lost = found.progress(1.0) < BEHIND * found.progress(best) or found.ends[1.0] > WORSE * abs(found.ends[best])
    return _lowest(found, [factor for factor in factors if factor <= best]) if lost else 1.0


def above(found: Ladder, planned: int) -> float:
    """Return the factor to raise too low a rate by; 1 if the updates that are planned make up for it.

    As long as it is stable, gradient descent gets as far with a rate ``f`` times as high in ``1 / f`` of the
    updates. So a rate is too low only if the one ``planned / steps`` times as high is, in `steps` updates.
    """
    room = max(1.0, planned / found.steps)
    reached = max(found.progress(factor) for factor in found.ends if 1 <= factor <= 1.01 * room)
    if found.best <= 1 or reached >= STALLED * found.progress(found.best):
        return 1.0
    return _lowest(found, [factor for factor in found.ends if 1 < factor <= found.best])


def _lowest(found: Ladder, factors: list[float]) -> float:
    """Return the lowest factor that does nearly as well as the best of these."""
    most = max(map(found.progress, factors))
    return min(factor for factor in factors if found.progress(factor) >= NEARLY * most)


def _too_high(subject: Subject, found: Ladder, factor: float) -> Suspicion:
    diverged = math.isinf(found.ends[1.0])
    losses = [loss for loss in subject.trace.losses if math.isfinite(loss)]
    breaks_off = diverged and bool(losses) and losses[-1] < found.start  # a NaN out of a falling loss
    behind = 1 - min(1.0, found.progress(1.0) / BEHIND)
    return suspect(
        "lr_too_high",
        Severity.ERROR if diverged else Severity.WARNING,
        "learning rate",
        f"{_own(found)}, {_other(found, factor)}",
        f"lower the learning rate to {rate(found.rate * factor)}",
        weight=0.5 if breaks_off else 0.95 if diverged else 0.6 + 0.3 * behind,
        numbers=numbers(found),
        change=_change(found, factor),
        pictures=(picture(found),),
        explains=tuple(set(OF_HIGH) - {"numerical_instability"}) if breaks_off else OF_HIGH,
    )


def _too_low(found: Ladder, factor: float, planned: int) -> Suspicion:
    return suspect(
        "lr_too_low",
        Severity.WARNING,
        "learning rate",
        f"{_own(found)}, {_other(found, factor)}; {planned} updates are planned",
        f"raise the learning rate to {rate(found.rate * factor)}, or train far longer",
        weight=0.6 + 0.3 * (1 - found.progress(1.0) / STALLED),
        numbers=numbers(found),
        change=_change(found, factor),
        pictures=(picture(found),),
        explains=OF_LOW,
    )


def _change(found: Ladder, factor: float) -> tuple[str, Callable[[Setup], Setup]]:
    return f"lr={rate(found.rate * factor)} in place of {rate(found.rate)}", partial(at_factor, factor=factor)


def picture(found: Ladder) -> Picture:
    """Return the ladder as a picture."""
    ends = {found.rate * factor: end for factor, end in found.ends.items()}
    return rate_ladder(ends, found.rate, updates=found.steps, start=found.start)


def numbers(found: Ladder) -> dict[str, float]:
    """Return the ladder as numbers: the loss at the end by rate."""
    losses = {f"loss at lr={rate(found.rate * factor)}": end for factor, end in found.ends.items()}
    return {
        "lr": found.rate,
        "updates": found.steps,
        "threshold": STALLED,
        "loss at the start": found.start,
    } | losses


def _own(found: Ladder) -> str:
    fell = "diverges within" if math.isinf(found.ends[1.0]) else f"ends at {found.ends[1.0]:.3g} after"
    start = f"{found.start:.3g}"
    return f"the loss starts at {start} and {fell} {found.steps} updates at lr={rate(found.rate)}"


def _other(found: Ladder, factor: float) -> str:
    return f"at {found.ends[factor]:.3g} at lr={rate(found.rate * factor)}"
