"""Neighbours: what samples alike tell of a target, which asks nothing of nets, rates or optimizers."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from thalweg.check.experiments.course import PART
from thalweg.check.experiments.runs import shared
from thalweg.check.experiments.skill import measure
from thalweg.check.subject import Subject

ASKED, KNOWN = 500, 3000
"""Samples whose targets are guessed, and samples to guess them from: a matrix of distances in a blink."""

NEAREST = 7
"""Neighbours that are asked."""

TOKENS, MANY = 5000, 20
"""Token ids at most of which a table of counts is made, and classes from which on targets may be tokens too."""


@shared
def told_by_neighbours(subject: Subject) -> float:
    """Return the skill of the nearest neighbours on training samples kept apart; NaN where there are none.

    Inputs are compared as they lie, each standardized; texts by how often each token comes in them. Where every
    token has a target, or texts have tokens as targets, the token before tells it.
    """
    x, y = subject.samples["train"]
    place = torch.arange(len(y))
    held = place % PART == PART - 1
    asked, known = place[held][:ASKED], place[~held][:KNOWN]
    if _are_next(x, y):
        return _by_last_token(x, y, asked, known)
    rows = _rows(x) if y[0].numel() == 1 and len(y) >= PART * NEAREST else None
    if rows is None:
        return math.nan
    nearest = torch.cdist(rows[asked], rows[known]).topk(NEAREST, largest=False).indices
    answers = y.flatten()[known][nearest]
    if y.is_floating_point():
        return measure(answers.mean(1, keepdim=True), y.flatten()[asked][:, None])[0]
    lowest = int(y.min())
    votes = functional.one_hot(answers.long() - lowest).sum(1).double()
    return measure(votes, y.flatten()[asked].long() - lowest)[0]


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


def _are_next(x: Tensor, y: Tensor) -> bool:
    """Whether inputs are texts, and targets the tokens that go on from them."""
    if x.is_floating_point() or y.is_floating_point() or x.ndim != 2 or x.max() >= TOKENS or x.min() < 0:
        return False
    return y.shape == x.shape or (y.ndim == 1 and int(y.max()) > int(x.max()) // 2 and int(y.max()) >= MANY)


def _by_last_token(x: Tensor, y: Tensor, asked: Tensor, known: Tensor) -> float:
    """Return the skill of the most frequent target after each token."""
    before, after = (x, y) if y.shape == x.shape else (x[:, -1], y)
    counts = torch.zeros(int(x.max()) + 1, int(y.max()) + 1)
    inside = after[known].flatten() >= 0
    pairs = before[known].flatten()[inside].long(), after[known].flatten()[inside].long()
    counts.index_put_(pairs, torch.ones(len(pairs[0])), accumulate=True)
    return measure(counts[before[asked].flatten().long()], after[asked].flatten())[0]
