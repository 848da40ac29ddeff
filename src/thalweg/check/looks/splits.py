"""Splits: are validation and test drawn from what training is drawn from?"""

from __future__ import annotations

import math
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
from thalweg.data.batches import InMemory
from thalweg.data.splits import holdout
from thalweg.problems.labels import are_labels

EFFECT = 0.5
"""Difference of two means in standard deviations that is a shift: a medium effect (Cohen 1988, section 2.2). With
many samples the smallest difference is significant, and harmless."""

RATIO = 2.0
"""Ratio of two standard deviations that is a change of scale."""

SURE = 1e-4
"""Chance, over all inputs together (Bonferroni), that a difference as large comes about in splits drawn alike."""

SHARE = 0.02
"""The share of inputs that have to differ, at least one: a single pixel of hundreds tells little."""

APART = 0.2
"""Total variation distance of the shares of classes, or of tokens, that is a mismatch: so many samples would have
to change their class."""

TOKENS = 1_000_000
"""Numbers of tokens that are counted."""

COLUMNS, SAMPLES = 256, 1000
"""Inputs and samples that are compared; of more, as many evenly spread."""

LEAST = 10
"""Samples of a split from which on it can be compared."""


@dataclass(frozen=True)
class Shift:
    """How inputs of two splits differ.

    Attributes:
        moved: Inputs whose mean or spread differs, surely and by much.
        count: Inputs that were compared.
        effect: The largest difference of means, in standard deviations.
        ratio: The largest ratio of standard deviations, >= 1.
    """

    moved: int
    count: int
    effect: float
    ratio: float


@look("Are inputs of all splits alike?", "train_val_mismatch", trains=False)
def split_inputs(subject: Subject) -> Iterator[Seen]:
    """Yield splits whose inputs have another mean or spread, or other tokens, than those of training."""
    told = list[str]()
    for name in subject.splits:
        if name == "train":
            continue
        one, other = subject.samples["train"][0], subject.samples[name][0]
        if one.shape[1:] != other.shape[1:] or one.is_complex() or min(len(one), len(other)) < LEAST:
            continue
        if one.is_floating_point():
            found = shift(matrix(one), matrix(other))
            told.append(f"{found.moved} of {found.count} inputs of {name} differ from training")
            if found.moved >= max(1, SHARE * found.count):
                yield _shifted(name, found, told.pop())
        else:
            distance = token_distance(one, other)
            told.append(f"tokens of {name} have a total variation distance of {distance:.2f} from training")
            if distance > APART:
                yield _other_tokens(name, distance, told.pop())
    if told:
        yield Passed(name="split inputs", evidence="; ".join(told))


def shift(one: Tensor, other: Tensor) -> Shift:
    """Return how the columns of two samples differ, in mean and in spread.

    Whether a difference is sure is told by ranks, whatever the tails of the distribution: those of the numbers for
    the mean (Mann & Whitney 1947), their distances from the middle for the spread (Ansari & Bradley 1960).

    Args:
        one: Shape ``(n, d)``.
        other: Shape ``(m, d)``.

    Example:
        >>> drawn = torch.randn(500, 8, generator=torch.Generator().manual_seed(0))
        >>> shift(drawn[:250], drawn[250:]).moved, shift(drawn[:250], drawn[250:] + 1).moved
        (0, 8)
    """
    place = torch.linspace(0, one.shape[1] - 1, min(COLUMNS, one.shape[1])).long()
    a, b = (part[_spread_over(len(part))][:, place].double() for part in (one, other))
    limit = float(torch.special.ndtri(torch.tensor(1 - SURE / len(place) / 4, dtype=torch.float64)))
    ranks = _ranks(torch.cat([a, b]))
    va, vb = a.var(0), b.var(0)
    effect = torch.nan_to_num((a.mean(0) - b.mean(0)).abs() / ((va + vb) / 2).sqrt())
    ratio = torch.nan_to_num((va / vb).sqrt().log().abs(), posinf=0.0)
    usual = _often_other(a) & _often_other(b)
    farther = (effect > EFFECT) & (_differ(ranks, len(a)) > limit)
    wider = (ratio > math.log(RATIO)) & (_differ((ranks - 0.5).abs(), len(a)) > limit) & usual
    moved = farther | wider
    return Shift(
        moved=int(moved.sum()),
        count=len(place),
        effect=(effect[moved] if moved.any() else effect).max().item(),
        ratio=ratio[wider].max().exp().item() if wider.any() else 1.0,
    )


def _spread_over(n: int) -> Tensor:
    return torch.linspace(0, n - 1, min(n, SAMPLES)).long()


def _ranks(x: Tensor) -> Tensor:
    """Return the rank of every number in its column, from 0 to 1; those that are the same share one."""
    columns = x.T.contiguous()
    ascending = columns.sort(1).values
    ends = [torch.searchsorted(ascending, columns, right=right) for right in (False, True)]
    return (ends[0] + ends[1]).T / (2 * len(x))


def _differ(x: Tensor, n: int) -> Tensor:
    """Return the difference of means of the first `n` rows and of the others, in standard errors by chance."""
    m = len(x) - n
    error = (x.var(0) * (1 / n + 1 / m)).sqrt()
    return torch.nan_to_num((x[:n].mean(0) - x[n:].mean(0)).abs() / error)


def _often_other(x: Tensor) -> Tensor:
    """Return which columns are not mostly one number: the spread of a pixel that is seldom lit tells nothing."""
    return (x != x.median(0).values).double().mean(0) > 0.2


def token_distance(one: Tensor, other: Tensor) -> float:
    """Return the total variation distance of two samples of whole numbers, beyond what chance gives."""
    a, b = (part.flatten()[:TOKENS].long() for part in (one, other))
    lowest = min(a.min(), b.min())
    size = int(max(a.max(), b.max()) - lowest) + 1
    if size > TOKENS:
        return 0.0
    pa, pb = ((part - lowest).bincount(minlength=size).double() / len(part) for part in (a, b))
    pooled = (pa + pb) / 2
    by_chance = (pooled * (1 / len(a) + 1 / len(b)) * 2 / math.pi).sqrt().clamp(max=pooled * 2).sum() / 2
    return max(0.0, ((pa - pb).abs().sum() / 2 - by_chance).item())


def _shifted(name: str, found: Shift, told: str) -> Suspicion:
    wide = f", spreads by a factor of up to {found.ratio:.3g}" if found.ratio > 1 else ""
    return suspect(
        "train_val_mismatch",
        Severity.WARNING,
        f"inputs of {name}",
        f"{told}: means are apart by up to {found.effect:.3g} standard deviations{wide}",
        "prepare all splits alike, by what was fitted to training, and draw them from the same samples at random",
        weight=0.8 if found.moved > found.count / 4 else 0.6,
        numbers={"inputs": found.moved, "effect": found.effect, "ratio": found.ratio, "threshold": EFFECT},
        change=anew(name),
        explains=("overfitting",),
    )


def _other_tokens(name: str, distance: float, told: str) -> Suspicion:
    return suspect(
        "train_val_mismatch",
        Severity.WARNING,
        f"inputs of {name}",
        told,
        "number tokens by one vocabulary for all splits, and draw splits from the same texts",
        weight=0.6,
        numbers={"distance": distance, "threshold": APART},
        change=anew(name),
        explains=("overfitting",),
    )


@look("Do all splits have the same share of each class?", "train_val_mismatch", trains=False)
def split_targets(subject: Subject) -> Iterator[Seen]:
    """Yield splits whose classes have other shares than in training, or whose targets another mean or spread."""
    one, told = whole(subject, "train").y, list[str]()
    for name in subject.splits:
        if name == "train":
            continue
        other = whole(subject, name).y
        if min(len(one), len(other)) < LEAST:
            continue
        if are_labels(one) and are_labels(other):
            distance, never = token_distance(one, other), _never_seen(one, other)
            told.append(f"classes of {name} have a total variation distance of {distance:.2f} from training")
            if never or distance > APART:
                yield _other_classes(name, distance, never, _is_even(one), told.pop())
        elif one.is_floating_point() and other.is_floating_point() and one.shape[1:] == other.shape[1:]:
            found = shift(matrix(one), matrix(other))
            told.append(f"{found.moved} of {found.count} targets of {name} differ from training")
            if found.moved:
                yield _other_targets(name, found, told.pop())
    if told:
        yield Passed(name="split targets", evidence="; ".join(told))


def _never_seen(one: Tensor, other: Tensor) -> float:
    """Return the share of labels that training does not have."""
    return (~torch.isin(other, one.unique())).double().mean().item()


def _is_even(y: Tensor) -> bool:
    """Whether all classes are alike in number: they may have been drawn so on purpose."""
    counts = y.unique(return_counts=True)[1].double()
    return bool(counts.max() < 1.1 * counts.min())


def _other_classes(name: str, distance: float, never: float, even: bool, told: str) -> Suspicion:
    lacking = f", and training has none of the class of {never:.1%} of its samples" if never else ""
    on_purpose = even and not never
    return suspect(
        "train_val_mismatch",
        Severity.ERROR if never > APART else Severity.NOTE if on_purpose else Severity.WARNING,
        f"targets of {name}",
        f"{told}{lacking}",
        "draw the splits at random, or by class: leave valid out, and it is held out so",
        weight=0.95 if never > APART else 0.2 if on_purpose else 0.7,
        numbers={"distance": distance, "never seen": never, "threshold": APART},
        change=anew(name),
        explains=("overfitting", "class_imbalance"),
    )


def _other_targets(name: str, found: Shift, told: str) -> Suspicion:
    return suspect(
        "train_val_mismatch",
        Severity.WARNING,
        f"targets of {name}",
        f"{told}: means are apart by {found.effect:.3g} standard deviations, spreads by a factor of "
        f"{found.ratio:.3g}",
        "prepare the targets of all splits alike, and draw the splits at random",
        weight=0.7,
        numbers={"effect": found.effect, "ratio": found.ratio, "threshold": EFFECT},
        change=anew(name),
        explains=("overfitting", "target_scaling"),
    )


def anew(name: str) -> tuple[str, Callable[[Setup], Setup]]:
    """Return the change that mixes a split with training and draws both again, of the sizes that they have."""

    def apply(setup: Setup) -> Setup:
        (x, y), (u, v) = read(setup.problem.train), read(setup.problem.splits[name])
        inputs, targets = torch.cat([x, u]), torch.cat([y, v])
        enough = are_labels(targets) and int(targets.unique(return_counts=True)[1].min()) > 1
        parts = holdout(len(inputs), len(u) / len(inputs), 0, targets if enough else None)
        drawn = [InMemory(inputs[part], targets[part]) for part in map(torch.from_numpy, parts)]
        return setup.with_problem(**dict(zip(("train", name), drawn, strict=True)))

    return f"train and {name} drawn anew from both", apply
