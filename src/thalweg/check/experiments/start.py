"""Start: is the first loss that of chance, as it is for a net that knows nothing yet?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from thalweg.check.experiments.chance import chance
from thalweg.check.experiments.runs import sound
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.reading import Loss
from thalweg.check.looks.rescaled import in_units
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import matrix
from thalweg.check.once import once
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.core.finding import Passed, Severity
from thalweg.init.rehearsal import rehearsal

SAMPLES = 512
"""Of the training split."""

FAR = 4.0
"""Times chance from which on a first loss is far above it. He initialization up to the outputs gives variance 2 to
these, which costs cross-entropy of ten classes a factor of 1.4 and a squared error one of 3."""

GRAVE = 20.0
"""Times chance from which on it costs the run more than its first updates."""

OF_FAR = ("lr_too_high", "lr_too_low", "exploding_gradient", "saturation", "dead_relu", "numerical_instability")
"""What comes of a scale that is wrong from the start."""

KNOWS = 0.8
"""Times chance below which a fresh net seems to know something."""


_EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)


@dataclass(frozen=True)
class Outset:
    """Losses of fresh weights.

    Attributes:
        fresh: In training mode, without dropout.
        chance: Of the best constant output; NaN if there is none.
        nothing: Of outputs that are all zero.
        scaled: Like `fresh`, of standardized inputs; NaN if they are no numbers.
        anew: Like `fresh`, after every layer drew its weights again by its own default.
    """

    fresh: float
    chance: float
    nothing: float
    scaled: float
    anew: float


@once
def outset(subject: Subject) -> Outset | None:
    """Return the losses of fresh weights; None where outputs are no tensor of one row a sample."""
    x, y = (part[:SAMPLES] for part in subject.samples["train"])
    loss, model = subject.setup.problem.loss, Trainee(subject.setup, seed=subject.seed).model

    def of(x: Tensor) -> float:
        with torch.no_grad(), rehearsal(model):
            return float(loss(model(x), y))

    with torch.no_grad(), rehearsal(model):
        output = model(x)
    if not isinstance(output, Tensor) or len(output) != len(y):
        return None
    fresh, scaled = of(x), of(_standardized(x)) if x.is_floating_point() else math.nan
    with torch.no_grad():
        nothing = float(loss(torch.zeros_like(output), y))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(subject.seed)
        anew = of(x) if _reset(model) else math.nan
    return Outset(fresh, chance(loss, output, y), nothing, scaled, anew)


@look(
    "Is the loss at the start that of chance?",
    "weight_init",
    "input_scaling",
    "target_scaling",
    "token_encoding",
    "data_leakage",
    trains=True,
)
def loss_at_start(subject: Subject) -> Iterator[Seen]:
    """Yield what puts the first loss far from chance."""
    found = outset(subject) if sound(subject) else None
    if found is None or not (found.chance > 0 and math.isfinite(found.fresh)):
        return
    if found.fresh > FAR * found.chance:
        yield _above(subject, found)
    elif found.fresh < KNOWS * found.chance and found.anew < KNOWS * found.chance:
        yield _below(found)
    else:
        yield Passed(name="loss at start", evidence=f"it is {found.fresh:.3g}, chance {found.chance:.3g}")


def _above(subject: Subject, found: Outset) -> Suspicion:
    fault, where, shown, remedy, change = _cause(subject, found)
    times = found.fresh / found.chance
    return suspect(
        fault,
        Severity.WARNING if times > GRAVE else Severity.NOTE,
        where,
        f"the first loss is {found.fresh:.3g}, {times:.0f} times that of chance ({found.chance:.3g}){shown}",
        remedy,
        weight=0.7 if times > GRAVE else 0.4,
        numbers={"first loss": found.fresh, "chance": found.chance, "times": times, "threshold": FAR},
        change=change,
        explains=OF_FAR,
    )


Cause = tuple[str, str, str, str, tuple[str, Callable[[Setup], Setup]] | None]
"""Fault, place, what shows it, remedy and change."""


def _cause(subject: Subject, found: Outset) -> Cause:
    """Return what puts the first loss far above chance."""
    if found.scaled < FAR * found.chance and found.fresh > 2 * found.scaled:
        shown = f"; with standardized inputs it is {found.scaled:.3g}"
        remedy = "standardize the inputs by the training split"
        return "input_scaling", "inputs", shown, remedy, ("standardized inputs", standardize)
    x, y = subject.samples["train"]
    if (
        x.dtype == torch.int64
        and x.ndim < 3
        and not any(isinstance(m, _EMBEDDINGS) for m in subject.model.modules())
    ):
        shown = f"; the inputs are whole numbers up to {int(x.max())}, taken as quantities"
        return "token_encoding", "inputs", shown, "embed the ids of tokens, with nn.Embedding", None
    remedy = "standardize the targets by the training split"
    loss = subject.setup.problem.loss
    if y.is_floating_point() and found.nothing > FAR * found.chance:
        shown = f"; outputs of zero have {found.nothing:.3g}: the targets are far from zero for their spread"
        return "target_scaling", "targets", shown, remedy, _standardized_targets(loss, y)
    if y.is_floating_point() and found.chance < 1 / FAR**2:
        return (
            "target_scaling",
            "targets",
            f"; the targets vary by {math.sqrt(found.chance):.2g} only",
            remedy,
            _standardized_targets(loss, y),
        )
    remedy = "draw smaller initial weights, above all those of the outputs"
    return "weight_init", "initial weights", "", remedy, ('init="auto"', _initialized)


def _standardized_targets(loss: Loss, y: Tensor) -> tuple[str, Callable[[Setup], Setup]] | None:
    mean, spread = y.double().mean().item(), matrix(y.double()).std(0).mean().item()
    return in_units(loss, mean, spread, "targets standardized") if spread > 0 else None


def _initialized(setup: Setup) -> Setup:
    return setup.replace(config=setup.config.replace(init="auto"))


def _below(found: Outset) -> Suspicion:
    return suspect(
        "data_leakage",
        Severity.NOTE,
        "inputs",
        f"the first loss is {found.fresh:.3g}, that of chance {found.chance:.3g}, whatever the initial weights",
        "look whether the inputs hold the target, and whether padding counts in the loss",
        weight=0.3,
        numbers={"first loss": found.fresh, "chance": found.chance, "threshold": KNOWS},
    )


def standardize(setup: Setup) -> Setup:
    """Return the set-up with standardized inputs: each measure of a table, all numbers of an image together."""
    x, _ = setup.problem.train.take(torch.arange(1))
    per = "feature" if x.ndim == 2 else "global"
    return setup.with_problem(preprocess=("standardize", {"per": per}))


def _standardized(x: Tensor) -> Tensor:
    over = (0,) if x.ndim == 2 else tuple(range(x.ndim))
    return (x - x.mean(over)) / x.std(over).clamp(min=1e-8 * float(x.abs().max()) + 1e-30)


def _reset(model: nn.Module) -> bool:
    """Draw all weights anew by the layers' own defaults; says whether any layer could."""
    resets = [getattr(module, "reset_parameters", None) for module in model.modules()]
    for reset in resets:
        if callable(reset):
            reset()
    return any(map(callable, resets))
