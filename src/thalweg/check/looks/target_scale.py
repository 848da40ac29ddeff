"""Target scale: can outputs get to the targets, and in how many steps?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import nn

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import Answer, answer, evaluating
from thalweg.check.looks.ending import ending
from thalweg.check.looks.reading import Reading, reading
from thalweg.check.looks.rescaled import in_units
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import matrix, whole
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

FAR = 50.0
"""Distance from outputs to targets, in the outputs' own scale at the start, from which on targets are far.
Standardized targets are 1 to 4 away, years of abalones 35. An update of Adam moves an output by about its rate
times a few: what is 50 away takes thousands."""

VERY_FAR = 300.0
"""The same where there is no doubt."""

SMALL = 100.0
"""The outputs' own scale over the spread of targets from which on targets are so small that they drown in what
fresh outputs vary."""

OWN = 0.3
"""The spread of a fresh net's outputs where it cannot be measured, in units of what its last bias adds: that of a
linear layer of torch's on inputs of size 1 is 1 / sqrt(3) at most."""


@look("Are targets of the scale that outputs start at?", "target_scaling", trains=False)
def target_scale(subject: Subject) -> Iterator[Seen]:
    """Yield numbers as targets that are far from what the fresh net gives, or far smaller."""
    found = answer(subject)
    if found is None or not found.y.is_floating_point() or found.output.numel() != found.y.numel():
        return
    if reading(subject.setup.problem.loss, found.output, found.y) is not Reading.VALUES or ending(subject):
        return  # of an ending `output_range` tells
    targets = whole(subject, "train").y.double()
    mean, spread = targets.mean().item(), matrix(targets).std(0, correction=0).mean().item()
    if not math.isfinite(spread) or spread == 0:
        return
    own = own_scale(subject.model, found)
    away = (found.output.double() - found.y.reshape(found.output.shape).double()).square().mean().sqrt().item()
    told = f"targets have mean {mean:.3g} and standard deviation {spread:.3g}, fresh outputs a scale of {own:.2g}"
    if away / own > FAR:
        shown = f"{told}: they are {away / own:.0f} times that scale away"
        yield _off(subject, shown, mean, spread, away / own, FAR, 0.9 if away / own > VERY_FAR else 0.6)
    elif own / spread > SMALL:
        shown = f"{told}, {own / spread:.0f} times as much"
        yield _off(subject, shown, mean, spread, own / spread, SMALL, 0.6)
    else:
        yield Passed(name="target scale", evidence=told)


def own_scale(model: nn.Module, found: Answer) -> float:
    """Return how far outputs of a fresh net reach by themselves: their spread over samples, or what a bias adds.

    A net that brings its outputs to the scale of targets inside reaches that far.
    """
    spread = matrix(found.output.double()).std(0, correction=0).mean().item()
    biases = [p for p in model.parameters() if p.requires_grad and p.numel() == found.output[0].numel()]
    with evaluating(model, gradients=True):
        output = model(found.x)
        pulls = torch.autograd.grad(output.sum() / len(output), biases, allow_unused=True) if biases else ()
    reaches = [pull.abs().max().item() for pull in pulls if pull is not None]
    return max(spread, OWN * max(reaches, default=1.0))


def _off(
    subject: Subject, told: str, mean: float, spread: float, number: float, threshold: float, weight: float
) -> Suspicion:
    return suspect(
        "target_scaling",
        Severity.WARNING,
        "targets",
        told,
        "standardize the targets by the training split, and take outputs back to units where they are used",
        weight=weight,
        numbers={"mean": mean, "spread": spread, "measured": number, "threshold": threshold},
        change=in_units(subject.setup.problem.loss, mean, spread, "targets standardized"),
        explains=(
            "lr_too_high",
            "lr_too_low",
            "exploding_gradient",
            "capacity_too_small",
            "numerical_instability",
            "optimizer_setting",
            "dead_relu",
            "weight_init",
        ),
    )
