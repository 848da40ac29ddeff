"""Values: are all numbers finite, and does every input tell something of its own?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import uses_inputs
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import is_sparse, matrix, read, whole
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.data.batches import Split

MOST = 0.5
"""The share of a table's columns that are constant from which on the reading of it is in doubt. Less is usual: the
border of images, a column for a category that came to nothing."""

COPY = 0.9999
"""Correlation of two columns from which on one is the other in other units. Measures of one thing, such as radius
and perimeter of a tumour, come to 0.998."""

COLUMNS = 300
"""Columns up to which each pair is compared: a table, not an image."""


class Gap(NamedTuple):
    """Numbers that are none.

    Attributes:
        where: Such as ``"inputs of train"``.
        nan: How many are NaN.
        infinite: How many are infinite.
        samples: Samples with one at least.
        read: Samples that were read.
    """

    where: str
    nan: int
    infinite: int
    samples: int
    read: int


@look("Are all numbers of the data finite?", "nan_in_data", trains=False)
def finite_values(subject: Subject) -> Iterator[Seen]:
    """Yield inputs and targets with NaN or infinities."""
    found, count = list[Gap](), 0
    for name in subject.splits:
        x, y, _ = whole(subject, name)
        parts = {"inputs": x, "targets": y}
        found += [gap for word, part in parts.items() if (gap := _gap(part, f"{word} of {name}"))]
        count += len(x)
    if found:
        yield from map(_not_finite, found)
    else:
        yield Passed(name="finite values", evidence=f"inputs and targets of {count:,} samples are finite")


def _gap(values: Tensor, where: str) -> Gap | None:
    if not (values.is_floating_point() or values.is_complex()) or values.sum().isfinite():
        return None  # a sum is finite only if all are, and quicker than a look at each
    bad = ~values.isfinite()
    nan = int(values.isnan().sum())
    gap = Gap(where, nan, int(bad.sum()) - nan, int(matrix(bad).any(1).sum()), len(values))
    return gap if gap.samples else None


def _not_finite(gap: Gap) -> Suspicion:
    counts = {"NaN": gap.nan, "infinite": gap.infinite}
    told = " and ".join(f"{count:,} values are {word}" for word, count in counts.items() if count)
    return suspect(
        "nan_in_data",
        Severity.ERROR,
        gap.where,
        f"{told}, in {gap.samples:,} of {gap.read:,} samples",
        "drop these samples, or fill in the values: one of them makes every weight NaN",
        weight=1.0,
        numbers={"nan": gap.nan, "infinite": gap.infinite, "samples": gap.samples},
        change=("samples with NaN or infinities dropped", _dropped),
        explains=("numerical_instability", "lr_too_high", "exploding_gradient"),
    )


def _dropped(setup: Setup) -> Setup:
    parts = {name: _finite(split) for name, split in setup.problem.splits.items()}
    return setup.with_problem(**parts)


def _finite(split: Split) -> Split:
    good = [matrix(part).isfinite().all(1) for part in read(split)]
    return split.select((good[0] & good[1]).nonzero().flatten())


@look("Does every input tell something of its own?", "input_scaling", trains=False)
def varied_inputs(subject: Subject) -> Iterator[Seen]:
    """Yield inputs that are the same for all samples, and columns of a table that are copies of each other."""
    x, _ = subject.samples["train"]
    rows = matrix(x)
    if rows.is_complex() or len(rows) < 2:
        return
    constant = rows.amax(0) == rows.amin(0)
    share = constant.float().mean().item()
    told = f"{int(constant.sum()):,} of {rows.shape[1]:,} inputs are the same for all {len(rows):,} samples"
    copies = _copies(rows[:, ~constant]) if share < 1 and _is_table(x) else 0
    if share == 1 and not uses_inputs(subject):
        return
    if share == 1:
        yield _all_the_same(told)
    elif share > MOST and _is_table(x):
        yield _note("inputs", told, "look whether the columns were read right, and leave out what never changes")
    elif copies:
        told = f"{copies} pairs of inputs are correlated by more than {COPY:g}: one is the other in other units"
        yield _note("inputs", told, 'leave out one of each pair, or decorrelate: preprocess="pca"')
    else:
        yield Passed(name="varied inputs", evidence=told)


def _is_table(x: Tensor) -> bool:
    return x.is_floating_point() and x.ndim == 2 and x.shape[1] <= COLUMNS and not is_sparse(x)


def _copies(rows: Tensor) -> int:
    """Return the pairs of columns that are the same but for offset and scale."""
    if rows.shape[1] < 2 or not rows.isfinite().all():
        return 0
    spread = rows.double() - rows.double().mean(0)
    spread = spread / spread.norm(dim=0)
    return int(((spread.T @ spread).abs().triu(1) > COPY).sum())


def _all_the_same(told: str) -> Suspicion:
    return suspect(
        "input_scaling",
        Severity.ERROR,
        "inputs",
        f"{told}: nothing can be learned from them",
        "look at how they were scaled and rounded: a division by 255 of whole numbers gives zeros",
        weight=1.0,
        explains=("capacity_too_small", "labels_wrong", "lr_too_low"),
    )


def _note(where: str, told: str, remedy: str) -> Suspicion:
    return suspect("input_scaling", Severity.NOTE, where, told, remedy, weight=0.1)
