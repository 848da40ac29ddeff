"""Leaked targets: do inputs hold what is to be foretold?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import ask, examples
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import matrix, rewritten
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.problems.labels import are_labels

TOLD = 0.99
"""The share of the variance of a single input that lies between the classes, or of a target that goes with a
single input, from which on that input is the target. The best measure of the iris comes to 0.94."""

COLUMNS = 20_000
"""Inputs up to which each is looked at."""

CLASSES = 100
"""Classes up to which labels may be told by a single input."""

MOVED = 1e-4
"""Change of an output, relative to the spread of outputs, beyond rounding."""


@look("Does a single input give the target away?", "data_leakage", trains=False)
def leaked_targets(subject: Subject) -> Iterator[Seen]:
    """Yield an input that is the target, or so near to it that nothing is left to learn."""
    x, y = subject.samples["train"]
    rows = matrix(x)
    if rows.is_complex() or not 2 <= rows.shape[1] <= COLUMNS or len(rows) < 4 or not rows.isfinite().all():
        return
    told = told_by_each(rows.double(), y)
    if told is None:
        return
    best = told.max().item()
    giving = (told > TOLD).nonzero().flatten().tolist()
    if giving:
        yield _given_away(giving, best, are_labels(y))
    else:
        place = int(told.argmax())
        evidence = f"the best single input, number {place}, tells {best:.0%} of the variance"
        yield Passed(name="leaked targets", evidence=evidence)


def told_by_each(rows: Tensor, y: Tensor) -> Tensor | None:
    """Return how much of the target each column tells, in [0, 1]; None where targets are neither labels nor a
    number.

    Of labels it is the share of the column's variance between classes, which is 1 for a column that is one number
    a class; of numbers the squared correlation.

    Args:
        rows: Inputs, float64, shape ``(n, d)``.
        y: Targets.

    Example:
        >>> rows = torch.tensor([[0.0, 5.0], [0.0, 7.0], [1.0, 5.0], [1.0, 7.0]], dtype=torch.float64)
        >>> told_by_each(rows, torch.tensor([2, 2, 0, 0])).tolist()
        [1.0, 0.0]
    """
    if y.is_complex() or y.numel() != len(rows):
        return None
    spread = rows - rows.mean(0)
    total = spread.square().sum(0)
    if are_labels(y):
        _, label, counts = y.unique(return_inverse=True, return_counts=True)
        if not 1 < len(counts) <= min(CLASSES, len(rows) // 2):
            return None
        sums = torch.zeros(len(counts), rows.shape[1], dtype=rows.dtype).index_add_(0, label, spread)
        between = (sums.square() / counts[:, None]).sum(0)
        return torch.where(total > 0, between / total.clamp(min=1e-300), 0.0)
    target = y.double().flatten()
    target = target - target.mean()
    size = target.square().sum() * total
    return torch.where(size > 0, (target @ spread).square() / size.clamp(min=1e-300), 0.0)


def _given_away(columns: list[int], best: float, labels: bool) -> Suspicion:
    what = "of its variance lies between the classes" if labels else "of the target's variance goes with it"
    many = f" (and {len(columns) - 1} more)" if len(columns) > 1 else ""
    return suspect(
        "data_leakage",
        Severity.ERROR,
        f"input {columns[0]}",
        f"input {columns[0]}{many} gives the target away: {best:.1%} {what}",
        "leave this input out, unless it will be known before the target is",
        weight=0.9,
        numbers={"told": best, "inputs": len(columns), "threshold": TOLD},
        change=(f"input {columns[0]}{many} set to zero", _without(columns)),
        explains=("overfitting", "train_val_mismatch"),
    )


def _without(columns: list[int]) -> Callable[[Setup], Setup]:
    def blank(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        rows = matrix(x).clone()
        rows[:, columns] = 0
        return rows.reshape(x.shape), y

    return rewritten(blank)


@look("Does the model see what comes next?", "data_leakage", trains=False)
def seen_future(subject: Subject) -> Iterator[Seen]:
    """Yield a model of sequences whose outputs depend on inputs that are their targets."""
    x, y = examples(subject)
    if x.is_floating_point() or x.ndim != 2 or y.shape != x.shape or x.shape[1] < 4:
        return
    if torch.equal(x, y):
        yield _copied()
        return
    if not torch.equal(x[:, 1:], y[:, :-1]):
        return
    moved = moved_by_later(subject.model, x)
    if moved is None:
        return
    if moved > MOVED:
        yield _sees(moved)
    else:
        yield Passed(
            name="seen future", evidence="outputs of the first half do not depend on inputs of the second"
        )


def moved_by_later(model: nn.Module, x: Tensor) -> float | None:
    """Return how far the first half of outputs moves when the second half of inputs is exchanged.

    Args:
        model: From tokens, shape ``(b, time)``, to outputs with time as one dimension.
        x: Tokens.

    Returns:
        The largest change relative to the spread of outputs; None if the outputs have no dimension of time.
    """
    half, time = x.shape[1] // 2, x.shape[1]
    other = torch.cat([x[:, :half], x.roll(1, 0)[:, half:].flip(1)], 1)
    before, after = ask(model, x), ask(model, other)
    if before is None or after is None or before.shape != after.shape or before.ndim < 2:
        return None
    axes = [axis for axis in range(1, before.ndim) if before.shape[axis] == time]
    if not axes:
        return None
    first = [(after - before).narrow(axis, 0, half).abs().max().item() for axis in axes]
    return min(first) / max(before.std().item(), 1e-12)


def _copied() -> Suspicion:
    return suspect(
        "data_leakage",
        Severity.WARNING,
        "targets",
        "the target of every place is the token at that place, which is an input",
        "shift the targets by one place: y = tokens[1:], x = tokens[:-1]",
        weight=0.6,
        change=("targets one place on", rewritten(lambda x, y: (x[:, :-1].contiguous(), y[:, 1:].contiguous()))),
        explains=("overfitting",),
    )


def _sees(moved: float) -> Suspicion:
    return suspect(
        "data_leakage",
        Severity.ERROR,
        "model",
        f"the target of a place is the next input, and outputs change by {moved:.2g} of their spread with inputs "
        "that come later: the model sees what it is to foretell",
        "mask attention to later places (is_causal=True with its mask), or take recurrent layers of one direction",
        weight=0.95,
        numbers={"change": moved, "threshold": MOVED},
        explains=("overfitting",),
    )
