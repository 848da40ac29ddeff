"""Near copies: does validation hold samples of training that were moved, turned or blurred a little?"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from thalweg.check.look import Seen, look
from thalweg.check.looks.leaked_samples import CHUNK, MANY, fingerprints, repeats
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import is_sparse, matrix, whole
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

ASKED, KNOWN, INPUTS = 400, 20_000, 256
"""Samples whose neighbours are looked for, samples among which, and inputs that are compared: a second at most."""

NEIGHBOURS = 10
"""The neighbour beside whose distance that of the nearest is held: copies come a few at a time."""

NEAR = 0.25
"""Times that distance below which the nearest is a copy. Where samples fill as few as six dimensions one in 450
has such a neighbour by chance."""

CONSTANT = 0.05
"""Times the median spread of columns below which one is as good as constant, and what varies in it is noise."""

PRECISE = 1e9
"""What numbers are multiplied by before they are rounded to be compared."""

VALUES, TABLE = 12, 8
"""Distinct values that tell an image from others, and columns from which on rows of a table are told apart."""


@look("Does validation hold near copies of training samples?", "data_leakage", trains=False)
def near_copies(subject: Subject) -> Iterator[Seen]:
    """Yield a validation split with samples that are those of training but for a shift, a turn or some noise."""
    (x, _, _), (other, _, _) = whole(subject, "train"), whole(subject, "valid")
    if not x.is_floating_point() or x.shape[1:] != other.shape[1:] or repeats(subject, "valid").share >= MANY:
        return
    if not (x.isfinite().all() and other.isfinite().all()):
        return
    moved, near = are_rearranged(other, x), are_near(other, x)
    share = max(part.double().mean().item() for part in (moved, near))
    shown = "hold the same numbers in other places" if moved.sum() >= near.sum() else "are next to one alone"
    told = f"{share:.1%} of validation {shown} as samples of training"
    if share < MANY:
        yield Passed(name="near copies", evidence=told)
        return
    yield suspect(
        "data_leakage",
        Severity.WARNING,
        "valid",
        f"{told}: shifted, turned or blurred copies",
        "split before samples are augmented, and keep all that is made of one sample on one side",
        weight=1.0 if share > 0.5 else 0.9,
        numbers={"share": share, "threshold": MANY},
        change=("training without copies of validation", _apart),
        explains=("overfitting",),
    )


def are_rearranged(asked: Tensor, known: Tensor) -> Tensor:
    """Return which images have the numbers of another in other places, shape ``(n,)``, as flips and shifts do.

    Example:
        >>> x = torch.rand(5, 1, 4, 4)
        >>> are_rearranged(x.flip(3), x).all(), are_rearranged(torch.rand(5, 1, 4, 4), x).any()
        (tensor(True), tensor(False))
    """
    if asked.ndim < 3:
        return torch.zeros(len(asked), dtype=torch.bool)
    ours, theirs = _sum_of_cubes(asked), _sum_of_cubes(known)
    held = torch.isin(ours, theirs)
    if held.any():
        mine, others = (matrix(x).sort(1).values for x in (asked[held], known[torch.isin(theirs, ours[held])]))
        telling = (mine.diff(dim=1) > 0).sum(1) >= VALUES
        held[held.clone()] = telling & torch.isin(fingerprints(mine), fingerprints(others))
    return held


def _sum_of_cubes(x: Tensor) -> Tensor:
    """Return what is the same in any order of an image's numbers, to the digits that are kept."""
    rows = matrix(x)
    return torch.cat([part.double().pow(3).mean(1).mul(PRECISE).round() for part in rows.split(CHUNK)])


def are_near(asked: Tensor, known: Tensor) -> Tensor:
    """Return which of `ASKED` samples, evenly spread, are far nearer to one of others than to the next ones.

    Example:
        >>> x = torch.randn(500, 20, generator=torch.Generator().manual_seed(0))
        >>> are_near(x[:50] + 0.01, x).all(), are_near(-x[:50], x).any()
        (tensor(True), tensor(False))
    """
    if matrix(known).shape[1] < TABLE or len(known) <= NEIGHBOURS or (known.ndim == 2 and is_sparse(known)):
        return torch.zeros(len(asked), dtype=torch.bool)
    ours, theirs = (_comparable(part, known) for part in (_some(asked, ASKED), _some(known, KNOWN)))
    distance = torch.cdist(ours, theirs).topk(NEIGHBOURS, largest=False).values
    return distance[:, 0] < NEAR * distance[:, -1]


def _some(x: Tensor, count: int) -> Tensor:
    return x if len(x) <= count else x[torch.linspace(0, len(x) - 1, count).long()]


def _comparable(x: Tensor, known: Tensor) -> Tensor:
    """Return some numbers of samples; those of a table standardized, for each has its own unit."""
    rows, all_rows = matrix(x).float(), matrix(known).float()
    place = torch.linspace(0, rows.shape[1] - 1, min(INPUTS, rows.shape[1])).long()
    if x.ndim > 2:
        return rows[:, place]
    spread = all_rows[:, place].std(0)
    spread = spread.clamp(min=max(CONSTANT * spread.median().item(), 1e-30))
    return (rows[:, place] - all_rows[:, place].mean(0)) / spread


def _apart(setup: Setup) -> Setup:
    train, valid = (setup.problem.splits[name] for name in ("train", "valid"))
    (x, _), (other, _) = (split.take(torch.arange(len(split))) for split in (train, valid))
    copies = are_rearranged(x, other)
    for part in torch.arange(len(x)).split(ASKED):
        near = are_near(x[part], other)
        copies[part] |= near
    return setup.with_problem(train=train.select((~copies).nonzero().flatten()))
