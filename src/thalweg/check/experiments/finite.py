"""Finite: where does the first NaN or infinity come from?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from thalweg.check.experiments.ladder import RUNG, at_factor
from thalweg.check.look import Seen, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trace import Moment
from thalweg.check.trainee import Trainee
from thalweg.core.finding import Passed, Severity

LOWER = RUNG**-4
"""Of the rate, two decades: a run that still ends in NaN there does not owe it to the rate."""

RISEN = 1.0
"""Times the first loss; one that was below it when NaN came did not diverge."""


@look("Does everything stay finite?", "numerical_instability", trains=True)
def finite(subject: Subject) -> Iterator[Seen]:
    """Yield the first module, parameter or loss that is not finite."""
    trace = subject.trace
    if not trace.moments or not all(bool(x.isfinite().all()) for x, _ in subject.samples.values()):
        return
    broken = next((moment for moment in trace.moments if not _is_finite(moment)), None)
    if broken is None:
        if not trace.error:
            yield Passed(
                name="finite", evidence=f"loss, outputs, gradients and weights in {len(trace.losses)} updates"
            )
        return
    where, what = _first(broken)
    before = [moment.loss for moment in trace.moments if moment.step < broken.step]
    steady = not before or before[-1] <= RISEN * abs(before[0])
    again = broken.step == 0 or _breaks(at_factor(subject.setup, LOWER), subject.seed, len(trace.losses))
    yield suspect(
        "numerical_instability",
        Severity.ERROR,
        where,
        f"{what} at update {broken.step}"
        + (f", while the loss was {before[-1]:.3g}" if before else "")
        + (", at a hundredth of the learning rate too" if again and broken.step else ""),
        "look for log, division, sqrt and exp there: add an epsilon, or take the function that joins them",
        weight=0.9 if again else 0.85 if steady else 0.4,
        numbers={"update": broken.step} | ({"loss before": before[-1]} if before else {}),
        change=None if again else ("a hundredth of the learning rate", partial(at_factor, factor=LOWER)),
        explains=("lr_too_high", "exploding_gradient") if again or steady else ("exploding_gradient",),
    )


def _breaks(setup: Setup, seed: int, steps: int) -> bool:
    """Whether a run of a set-up comes to a loss that is not finite."""
    return not all(map(math.isfinite, Trainee(setup, seed=seed).train(max(1, steps), judge=False).losses))


def _is_finite(moment: Moment) -> bool:
    parts = [*moment.activations.values(), *moment.weights.values()]
    return math.isfinite(moment.loss) and all(part.finite for part in parts)


def _first(moment: Moment) -> tuple[str, str]:
    """Return what is not finite first, in the order of the computation, and how to say so."""
    for name, one in moment.activations.items():
        if not one.finite:
            return name, f"{name} ({one.kind}) is the first whose outputs are not finite,"
    if not math.isfinite(moment.loss):
        return "loss", "all outputs are finite and the loss is not,"
    name = next(name for name, one in moment.weights.items() if not one.finite)
    return name, f"outputs and loss are finite, and the gradient of {name} is not,"
