"""Neighbours: what samples alike tell of a target, which asks nothing of nets, rates or optimizers."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from thalweg.check.experiments.course import PART
from thalweg.check.experiments.runs import shared
from thalweg.check.experiments.skill import skill
from thalweg.check.subject import Subject

ASKED, KNOWN = 500, 3000
"""Samples whose targets are guessed, and samples to guess them from: a matrix of distances in a blink."""

NEAREST = 7
"""Neighbours that are asked."""

TOKENS = 20000
"""Token ids at most of which a table of counts is made."""


@shared
def told_by_neighbours(subject: Subject) -> float:
    """Return the skill of the nearest neighbours on training samples kept apart; NaN where there are none.

    Inputs are compared as they lie, each standardized; texts by how often each token comes in them.
    """
    x, y = subject.samples["train"]
    if y[0].numel() != 1 or len(y) < PART * NEAREST:
        return math.nan
    rows = _rows(x)
    if rows is None:
        return math.nan
    place = torch.arange(len(y))
    held = place % PART == PART - 1
    asked, known = place[held][:ASKED], place[~held][:KNOWN]
    nearest = torch.cdist(rows[asked], rows[known]).topk(NEAREST, largest=False).indices
    answers = y.flatten()[known][nearest]
    if y.is_floating_point():
        return skill(answers.mean(1, keepdim=True), y.flatten()[asked][:, None])
    lowest = int(y.min())
    votes = functional.one_hot(answers.long() - lowest).sum(1).double()
    return skill(votes, y.flatten()[asked].long() - lowest)


def _rows(x: Tensor) -> Tensor | None:
    if x.is_floating_point():
        rows = x.flatten(1) if x.ndim > 1 else x[:, None]
        spread = rows.std(0)
        return (
            torch.where(spread > 0, (rows - rows.mean(0)) / spread, 0.0) if bool(rows.isfinite().all()) else None
        )
    if x.ndim != 2 or x.min() < 0 or x.max() >= TOKENS:
        return None
    counts = torch.zeros(len(x), int(x.max()) + 1)
    counts.scatter_add_(1, x.long(), torch.ones(x.shape))
    return functional.normalize(counts.log1p())
