"""Baseline: what a simple method tells of the targets, which asks nothing of nets, rates or optimizers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from thalweg.check.experiments.course import PART
from thalweg.check.experiments.skill import measure
from thalweg.check.once import once
from thalweg.check.subject import Subject

ASKED, KNOWN = 500, 3000
"""Samples whose targets are guessed, and samples to guess them from: a matrix of distances in a blink."""

NEAREST, AVERAGED = 7, 15
"""Neighbours that are asked for a label, and for a number."""

TOKENS, MANY = 5000, 20
"""Token ids at most of which a table of counts is made, and classes from which on targets may be tokens too."""


@dataclass(frozen=True)
class Baseline:
    """What a simple method comes to on training samples kept apart.

    Attributes:
        skill: See `skill.measure`.
        method: Its name.
    """

    skill: float
    method: str


@once
def baseline(subject: Subject) -> Baseline | None:
    """Return what a simple method comes to; None where inputs or targets are of another form.

    Numbers are compared as they lie, each standardized, and the nearest neighbours asked; texts are told by how
    often each token comes in them (naive Bayes), and the token that goes on from a text by the one before it.
    """
    x, y = subject.samples["train"]
    if len(y) < PART * NEAREST or y.is_complex() or x.is_complex():
        return None
    place = torch.arange(len(y))
    held = place % PART == PART - 1
    asked, known = place[held][:ASKED], place[~held][:KNOWN]
    if x.is_floating_point():
        single = y[0].numel() == 1 and bool(x.isfinite().all())
        return Baseline(_by_neighbours(x, y.flatten(), asked, known), "nearest neighbours") if single else None
    if x.ndim != 2 or y.is_floating_point() or x.min() < 0 or x.max() >= TOKENS:
        return None
    if y.shape == x.shape or (y.ndim == 1 and int(y.max()) > max(MANY, int(x.max()) // 2)):
        return Baseline(_by_last_token(x, y, asked, known), "the token before")
    return Baseline(_by_counts(x, y, asked, known), "counts of tokens") if y.ndim == 1 else None


def _by_neighbours(x: Tensor, y: Tensor, asked: Tensor, known: Tensor) -> float:
    rows = x.flatten(1) if x.ndim > 1 else x[:, None]
    spread = rows.std(0)
    rows = torch.where(spread > 0, (rows - rows.mean(0)) / spread, 0.0)
    count = min(AVERAGED if y.is_floating_point() else NEAREST, len(known))
    answers = y[known][torch.cdist(rows[asked], rows[known]).topk(count, largest=False).indices]
    if y.is_floating_point():
        return measure(answers.mean(1, keepdim=True), y[asked][:, None])[0]
    lowest = int(y.min())
    return measure(functional.one_hot(answers.long() - lowest).sum(1).double(), y[asked].long() - lowest)[0]


def _by_counts(x: Tensor, y: Tensor, asked: Tensor, known: Tensor) -> float:
    """Return the skill of naive Bayes; every token counts once more than it comes, in every class."""
    labels, lowest = y.long(), int(y.min())
    counts = torch.zeros(len(x), int(x.max()) + 1).scatter_add_(1, x.long(), torch.ones(x.shape))
    of_class = functional.one_hot(labels[known] - lowest).float()
    likely = (of_class.T @ counts[known] + 1).log()
    likely = likely - likely.logsumexp(1, keepdim=True)
    score = counts[asked] @ likely.T + of_class.mean(0).clamp(min=1e-9).log()
    return measure(score, labels[asked] - lowest)[0]


def _by_last_token(x: Tensor, y: Tensor, asked: Tensor, known: Tensor) -> float:
    """Return the skill of the most frequent target after each token."""
    before, after = (x, y) if y.shape == x.shape else (x[:, -1], y)
    counts = torch.zeros(int(x.max()) + 1, max(2, int(y.max()) + 1))
    inside = after[known].flatten() >= 0
    pairs = before[known].flatten()[inside].long(), after[known].flatten()[inside].long()
    counts.index_put_(pairs, torch.ones(len(pairs[0])), accumulate=True)
    return measure(counts[before[asked].flatten().long()], after[asked].flatten())[0]
