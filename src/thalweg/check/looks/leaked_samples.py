"""Leaked samples: does validation or test hold samples that training has seen?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import matrix, read, whole
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

FEW, MANY = 0.01, 0.1
"""Shares of a split that training holds too: from the first on it is worth knowing, from the second on what is
measured on the split is part memory. Sets that were gathered with care have less than the first (CIFAR-100: 10 %,
see Barz & Denzler 2020, "Do we train on test data?", where accuracy fell by up to 14 % without them)."""

CHANCE = 0.5
"""What part of the repeats may come about by chance, if columns are drawn each by itself, before they are taken
for what coarse inputs do."""

GLIMPSED = 64
"""Numbers of a sample that are compared before all are."""

CHUNK = 4096
"""Rows that are hashed at a time."""

PRIME = 0x9E3779B97F4A7C15 - 2**64
"""An odd number of 64 bits without pattern (2^64 over the golden ratio, Knuth 1998, section 6.4)."""


@dataclass(frozen=True)
class Repeats:
    """Samples of a split that training has too.

    Attributes:
        split: Its name.
        count: How many.
        share: Of those that were looked at.
        by_chance: The share that would be if every input were drawn by itself.
    """

    split: str
    count: int
    share: float
    by_chance: float


@look("Are samples of validation or test in training too?", "data_leakage", trains=False)
def leaked_samples(subject: Subject) -> Iterator[Seen]:
    """Yield splits that share samples with training."""
    found = [repeats(subject, name) for name in subject.splits if name != "train"]
    leaks = [one for one in found if one.share >= FEW and one.by_chance < CHANCE * one.share]
    yield from map(_leak, leaks)
    if not leaks:
        told = ", ".join(f"{one.share:.1%} of {one.split}" for one in found)
        yield Passed(name="leaked samples", evidence=f"training holds {told} too")


def repeats(subject: Subject, name: str) -> Repeats:
    """Return how many samples of a split are in training too."""
    known, asked = (whole(subject, part).x for part in ("train", name))
    held = are_in(asked, known)
    share = held.double().mean().item()
    by_chance = are_in(_shuffled(asked), matrix(known)).double().mean().item() if share >= FEW else 0.0
    return Repeats(name, int(held.sum()), share, by_chance)


def are_in(asked: Tensor, known: Tensor) -> Tensor:
    """Return which samples are among others, shape ``(n,)``: a few of their numbers first, the rest if need be.

    Example:
        >>> are_in(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[3.0, 4.0], [2.0, 1.0]])).tolist()
        [False, True]
    """
    few, theirs = (fingerprints(glimpse(x)) for x in (asked, known))
    held = torch.isin(few, theirs)
    if held.any():
        held[held.clone()] = torch.isin(
            fingerprints(asked[held]), fingerprints(known[torch.isin(theirs, few[held])])
        )
    return held


def glimpse(x: Tensor) -> Tensor:
    """Return a few numbers of every sample, evenly spread."""
    rows = matrix(x)
    return rows[:, torch.linspace(0, rows.shape[1] - 1, min(rows.shape[1], GLIMPSED)).long()]


def fingerprints(x: Tensor) -> Tensor:
    """Return a number for every sample, int64, shape ``(n,)``: the same for the same values.

    Whole numbers are added and multiplied, which does not depend on order as rounded sums do.

    Example:
        >>> a, b, c = fingerprints(torch.tensor([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]])).tolist()
        >>> a == c, a == b
        (True, False)
    """
    rows = matrix(torch.view_as_real(x) if x.is_complex() else x)
    columns = torch.arange(1, rows.shape[1] + 1, dtype=torch.int64)
    keys = _mixed(columns * PRIME) | 1
    return torch.cat([(_mixed(_bits(part)) * keys).sum(1) for part in rows.split(CHUNK)])


def _bits(rows: Tensor) -> Tensor:
    """Return numbers as whole ones, each by its bits; -0 as 0."""
    if rows.dtype == torch.float64:
        return (rows + 0.0).contiguous().view(torch.int64)
    if rows.is_floating_point():
        return (rows.float() + 0.0).contiguous().view(torch.int32).long()
    return rows.long()


def _mixed(numbers: Tensor) -> Tensor:
    """Spread the bits of numbers, so that sums of them seldom meet."""
    spread = numbers * PRIME
    return spread ^ (spread >> 29)


def _shuffled(x: Tensor) -> Tensor:
    """Return samples whose inputs are drawn each by itself from those of all."""
    rows = matrix(x)
    generator = torch.Generator().manual_seed(0)
    few = rows[torch.randperm(len(rows), generator=generator)[:CHUNK]]
    order = torch.rand(few.shape, generator=generator).argsort(0)
    return few.gather(0, order)


def _leak(found: Repeats) -> Suspicion:
    much = found.share >= MANY
    return suspect(
        "data_leakage",
        (Severity.ERROR if found.share > 0.5 else Severity.WARNING) if much else Severity.NOTE,
        found.split,
        f"{found.share:.1%} of {found.split} ({found.count:,} samples) are in the training split too",
        f"split before samples are repeated or augmented, and keep what is the same on one side: {found.split} "
        "measures memory",
        weight=0.95 if much else 0.3,
        numbers={"share": found.share, "by chance": found.by_chance, "threshold": FEW},
        change=_apart(found.split) if much else None,
        explains=("overfitting",),
    )


def _apart(name: str) -> tuple[str, Callable[[Setup], Setup]] | None:
    def apply(setup: Setup) -> Setup:
        train, other = setup.problem.train, setup.problem.splits[name]
        held = are_in(read(train)[0], read(other)[0])
        return setup.with_problem(train=train.select((~held).nonzero().flatten()))

    return f"training without the samples of {name}", apply
