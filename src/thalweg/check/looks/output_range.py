"""Output range: can the last activation give what the targets are?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import answer
from thalweg.check.looks.ending import Ending, ending, without
from thalweg.check.looks.reading import Reading, reading
from thalweg.check.looks.rescaled import in_units
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import rewritten, whole
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

OUTSIDE = 0.01
"""The share of targets beyond the range of outputs from which on they count."""

NEAR = 10.0
"""Size of targets up to which the activation is what does not belong; beyond, the targets' scale is."""


@look("Are targets in the range that outputs can have?", "target_range", "output_activation", trains=False)
def output_range(subject: Subject) -> Iterator[Seen]:
    """Yield targets that the last activation cannot reach, or no probabilities where the loss asks for them."""
    found, last = answer(subject), ending(subject)
    if found is None or not found.y.is_floating_point():
        return
    read_as = reading(subject.setup.problem.loss, found.output, found.y)
    targets = whole(subject, "train").y
    low, high = targets.min().item(), targets.max().item()
    told = f"targets range from {low:.3g} to {high:.3g}"
    if read_as in (Reading.BINARY_LOGITS, Reading.BINARY_PROBABILITIES):
        wrong = low < 0 or high > 1
        yield _no_probabilities(told, low, high) if wrong else Passed(name="output range", evidence=told)
    elif read_as is Reading.VALUES and last is not None:
        outside = ((targets < last.low) | (targets > last.high)).double().mean().item()
        told += f", {outside:.0%} of them outside what {last.shown} can give, {last.low:g} to {last.high:g}"
        if outside > OUTSIDE:
            yield _unreachable(subject, last, told, outside, (low, high))
        else:
            yield Passed(name="output range", evidence=told)


def _no_probabilities(told: str, low: float, high: float) -> Suspicion:
    return suspect(
        "target_range",
        Severity.ERROR,
        "targets",
        f"{told}, and the loss compares probabilities: beyond 0 and 1 it has no minimum",
        "bring the targets to 0 and 1",
        weight=1.0,
        numbers={"lowest": low, "highest": high},
        change=(
            f"targets from {low:g} to {high:g} brought to 0 to 1",
            rewritten(lambda x, y: (x, (y - low) / (high - low))),
        )
        if high > low
        else None,
        explains=("wrong_loss", "numerical_instability", "lr_too_high", "labels_wrong", "target_scaling"),
    )


def _unreachable(
    subject: Subject, last: Ending, told: str, outside: float, range_: tuple[float, float]
) -> Suspicion:
    low, high = range_
    bounded = math.isfinite(last.low) and math.isfinite(last.high)
    if bounded and max(abs(low), abs(high)) > NEAR:
        spread = (high - low) / (last.high - last.low)
        fault, other = "target_range", "output_activation"
        remedy = "bring the targets to the range of the last activation, or leave that out and standardize them"
        words = f"targets brought to {last.low:g} to {last.high:g}"
        change = in_units(subject.setup.problem.loss, low - spread * last.low, spread, words)
    else:
        fault, other = "output_activation", "target_range"
        remedy = f"leave out {last.shown}: let the last layer give any number"
        change = (f"without {last.shown}", without(subject, last))
    return suspect(
        fault,
        Severity.ERROR,
        last.shown,
        told,
        remedy,
        weight=0.9,
        numbers={"outside": outside, "lowest": low, "highest": high, "threshold": OUTSIDE},
        change=change,
        explains=(other, "saturation", "dead_relu", "target_scaling", "capacity_too_small", "gradient_blocked"),
    )
