"""Overfit: can the net learn a few samples by heart? If not, something between weights and loss is broken."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Adam

from thalweg.check.budget import go_on
from thalweg.check.experiments.chance import attainable, chance, floor, link_of
from thalweg.check.experiments.ladder import REFERENCE, good
from thalweg.check.experiments.runs import pace, sound, unregularized, with_optimizer
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.once import once
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.core.finding import Passed, Severity
from thalweg.init.rehearsal import rehearsal

TARGETS = 32
"""Targets to learn: samples of one, or of a few of many (the letters of a text)."""

PAIR = 2
"""Samples that a net of any capacity can tell apart."""

SECONDS, LEAST, MOST = 1.0, 60, 200
"""What one attempt may take, and its updates."""

LEARNED = 0.1
"""What is left of the loss of chance where samples are known by heart."""

HALF = 0.5
"""What is left where they are not even half learned."""

NOTHING = 0.9
"""What is left where nothing is learned: of two samples of many targets, such as the letters of a text, a small
net may well learn less than half."""

BARRED = 0.2
"""What outputs of the net's kind leave of the loss of chance at best, from which on they are the fault."""

SAME = 1e-5
"""Relative spread of the outputs over the samples below which they do not depend on the inputs."""


@dataclass(frozen=True)
class Memory:
    """How well a few samples were learned by heart.

    Attributes:
        samples: How many.
        chance: Their loss by chance.
        floor: The least that any outputs have.
        lowest: The lowest that was reached, of all attempts.
        reach: The least that outputs of the kind that the net gave then can have.
        apart: How far the outputs for different samples were apart then, relative to their size.
        updates: Of one attempt.
    """

    samples: int
    chance: float
    floor: float
    lowest: float
    reach: float
    apart: float
    updates: int

    @property
    def left(self) -> float:
        """What is left of the loss, from 1 at chance to 0 at the floor."""
        return self.of(self.lowest)

    def of(self, loss: float) -> float:
        """Return what a loss leaves of that of chance."""
        return (loss - self.floor) / (self.chance - self.floor)


@once
def memory(subject: Subject) -> Memory | None:
    """Return how well samples of the first batch are learned by heart; None where that has no answer."""
    _, y = subject.batch
    each = 1 if y.is_floating_point() else max(1, y[0].numel())
    return _memorize(subject, max(PAIR, TARGETS // each))


def _single(subject: Subject) -> bool:
    """Whether a sample has one target."""
    y = subject.batch[1]
    return y.is_floating_point() or y[0].numel() == 1


@look(
    "Can a few samples be learned by heart?",
    "gradient_blocked",
    "target_range",
    "output_activation",
    "capacity_too_small",
    trains=True,
)
def one_batch(subject: Subject) -> Iterator[Seen]:
    """Yield what keeps the net from learning a few samples by heart."""
    found = memory(subject) if sound(subject) else None
    if found is None:
        return
    told = (
        f"of {found.samples} samples, after {found.updates} updates without regularization, the loss is "
        f"{found.lowest:.3g}, where chance has {found.chance:.3g}"
    )
    if found.left < HALF and not found.of(found.reach) > BARRED:
        yield Passed(name="one batch", evidence=told)
    elif found.of(found.reach) > BARRED:
        yield _out_of_reach(subject, found, told)
    elif (two := _memorize(subject, PAIR)) and two.left > (HALF if _single(subject) else NOTHING):
        yield _broken(two, told)
    else:
        yield _too_small(found, told)


def _memorize(subject: Subject, count: int) -> Memory | None:
    x, y = _varied(*subject.batch, count)
    loss, steps = subject.setup.problem.loss, max(LEAST, min(MOST, int(SECONDS / pace(subject))))
    trainee = Trainee(subject.setup, seed=subject.seed)
    with torch.no_grad(), rehearsal(trainee.model):
        output = trainee.model(x)
    if not isinstance(output, Tensor) or len(output) != len(y):
        return None
    by_chance, least = chance(loss, output, y), floor(loss, output, y)
    if not by_chance > least:
        return None
    enough = least + LEARNED * (by_chance - least)
    lowest, last, breaks_off = math.inf, output, False
    for setup in (good(subject), *(with_optimizer(subject.setup, Adam, lr=lr) for lr in REFERENCE)):
        trainee = Trainee(unregularized(setup), seed=subject.seed)
        losses = list(_repeat(trainee, x, y, steps, enough))
        reached = min(filter(math.isfinite, losses), default=math.inf)
        breaks_off |= not all(map(math.isfinite, losses))
        if reached < lowest:
            with torch.no_grad(), rehearsal(trainee.model):
                lowest, last = reached, trainee.model(x)
        if lowest <= enough:
            break
    apart = float(last.std(0).mean() / last.abs().mean().clamp(min=1e-30))
    if breaks_off and lowest > enough:
        return None  # it is for NaN that it is not learned
    kind = link_of(torch.cat([output, last]))
    return Memory(len(x), by_chance, least, lowest, attainable(loss, last, y, kind), apart, steps)


def _repeat(trainee: Trainee, x: Tensor, y: Tensor, steps: int, enough: float) -> Iterator[float]:
    """Yield the losses of updates by the same samples, until one is low enough or not finite."""
    for _ in range(steps):
        go_on()
        loss = trainee.update(x, y)
        yield loss
        if not enough < loss < math.inf:
            return


def _varied(x: Tensor, y: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return samples whose inputs differ, those of different targets first."""
    rows = x.flatten(1) if x.ndim > 1 else x[:, None]
    first: dict[tuple[float, ...], int] = {}
    for place, row in enumerate(rows.tolist()):
        first.setdefault(tuple(row), place)
    kinds: dict[str, list[int]] = {}
    for place in first.values():
        kinds.setdefault(str(y[place].tolist()), []).append(place)
    turns = sorted((turn, place) for places in kinds.values() for turn, place in enumerate(places))
    index = torch.tensor([place for _, place in turns[:count]])
    return x[index], y[index]


def _out_of_reach(subject: Subject, found: Memory, told: str) -> Suspicion:
    target = subject.batch[1]
    above = target.is_floating_point() and target.max() > 1 and target.min() >= 0
    return suspect(
        "target_range" if above else "output_activation",
        Severity.ERROR,
        "outputs",
        f"{told}; outputs of this kind cannot have less than {found.reach:.3g}",
        "scale the targets into the range of the outputs, or leave the last non-linearity out",
        weight=0.8,
        numbers=_numbers(found) | {"least of such outputs": found.reach},
        explains=("output_activation", "target_range", "capacity_too_small", "gradient_blocked", "saturation"),
    )


def _broken(two: Memory, told: str) -> Suspicion:
    same = two.apart < SAME
    shown = "the outputs do not depend on the inputs" if same else f"of two the loss is {two.lowest:.3g} at best"
    return suspect(
        "gradient_blocked",
        Severity.ERROR,
        "model",
        f"{told}; {shown}",
        "follow one sample through the model and its loss: what it says is lost, or the gradient is",
        weight=0.5,
        numbers=_numbers(two) | {"apart": two.apart},
        explains=("capacity_too_small", "lr_too_low", "labels_wrong"),
    )


def _too_small(found: Memory, told: str) -> Suspicion:
    return suspect(
        "capacity_too_small",
        Severity.NOTE,
        "model",
        told,
        "make the narrowest layers wider",
        weight=0.3,
        numbers=_numbers(found),
    )


def _numbers(found: Memory) -> dict[str, float]:
    return {
        "samples": found.samples,
        "loss": found.lowest,
        "chance": found.chance,
        "left": found.left,
        "threshold": HALF,
    }
