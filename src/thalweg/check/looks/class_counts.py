"""Class counts: has every class enough samples, or does the loss or the sampling make up for it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from thalweg.check.look import Seen, look
from thalweg.check.looks.answer import answer
from thalweg.check.looks.reading import Loss, labels_of
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import whole
from thalweg.check.pictures import bars
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.choice import read as chosen
from thalweg.core.finding import Passed, Severity
from thalweg.core.picture import Picture
from thalweg.problems.labels import are_labels

UNEVEN = 8.0
"""Samples of the largest class for one of the smallest. Buda et al. 2018, "A systematic study of the class
imbalance problem", figure 3: up to ten, networks on MNIST lose little; texts of seven to one are learned as they
are."""

GRAVE = 30.0
"""The same where the loss of accuracy is plain in all their figures."""

TOKENS = 20
"""Classes from which on targets of texts are taken for tokens, of which most are rare by nature."""

SHOWN = 8
"""Classes that a picture shows from either end, the largest and the smallest."""

BALANCING = ("class-balanced", "class-divergent", "hard")
"""Samplings that give small classes their due."""


@look("Are the classes alike in number, or weighed?", "class_imbalance", trains=False)
def class_counts(subject: Subject) -> Iterator[Seen]:
    """Yield classes of very uneven numbers that neither loss nor sampling makes up for."""
    found = _counts(subject)
    if found is None:
        return
    labels, counts = found
    label, most, least = int(labels[counts.argmin()]), int(counts.max()), int(counts.min())
    ratio = most / least
    told = f"the largest class has {most:,} samples, the smallest {least:,}"
    evened = _evened(subject, counts)
    if ratio < UNEVEN or evened:
        yield Passed(
            name="class counts", evidence=told + (f", but {evened}" if evened and ratio >= UNEVEN else "")
        )
        return
    yield suspect(
        "class_imbalance",
        Severity.WARNING,
        f"class {label}",
        f"{told}, a ratio of {ratio:.0f}, and neither loss nor sampling makes up for it",
        'weigh the classes in the loss, or draw them equally often: sampling="class-balanced"',
        weight=0.8 if ratio >= GRAVE else 0.5,
        numbers={"largest": most, "smallest": least, "ratio": ratio, "threshold": UNEVEN},
        change=_change(subject, counts),
        pictures=(_picture(labels, counts),),
    )


def _picture(labels: Tensor, counts: Tensor) -> Picture:
    """Return the samples of the classes that have most, and least."""
    order = counts.argsort(descending=True)
    kept = order if len(order) <= 2 * SHOWN else torch.cat([order[:SHOWN], order[-SHOWN:]])
    shown = {str(int(labels[k])): float(counts[k]) for k in kept}
    return bars("Samples by class", shown, x="class", y="samples")


def _counts(subject: Subject) -> tuple[Tensor, Tensor] | None:
    """Return the classes, or yes and no, with their samples; None for tokens, or where there are no classes."""
    x, y, _ = whole(subject, "train")
    if not are_labels(y):
        if y.numel() != len(y) or not bool(((y == 0) | (y == 1)).all()):
            return None
        y = y.flatten().long()
    labels, counts = y.unique(return_counts=True)
    tokens = not x.is_floating_point() and len(labels) >= TOKENS
    return None if tokens or len(labels) < 2 or len(labels) > len(y) / 2 else (labels, counts)


def _evened(subject: Subject, counts: Tensor) -> str:
    """Return what makes up for uneven classes, in words; nothing if nothing does."""
    sampling = chosen(subject.setup.config.sampling)[0][0]
    if subject.setup.shuffle and sampling in BALANCING:
        return f"the sampling is {sampling}"
    loss, ratio = subject.setup.problem.loss, (counts.max() / counts.min()).item()
    weighed = weight_ratio(subject, loss)
    return f"the loss weighs classes by up to {weighed:.3g}" if weighed >= min(2.0, ratio**0.5) else ""


def weight_ratio(subject: Subject, loss: Loss) -> float:
    """Return how much more the loss pulls at a sample of the class that it weighs most than at one it weighs
    least.

    It is found from the gradient by outputs of a batch with a sample of each class, all outputs zero.
    """
    positive = getattr(loss, "pos_weight", None)
    if isinstance(positive, Tensor):
        return max(positive.max().item(), 1 / max(positive.min().item(), 1e-12))
    found = answer(subject)
    if found is None or not labels_of(found.output, found.y) or found.y.ndim != 1:
        return 1.0
    classes = found.output.shape[1]
    output = torch.zeros(classes, classes, dtype=found.output.dtype, requires_grad=True)
    try:
        pull = torch.autograd.grad(loss(output, torch.arange(classes)), output)[0].norm(dim=1)
    except Exception:  # of the user's own code
        return 1.0
    return (pull.max() / pull.min()).item() if pull.min() > 0 else 1.0


def _change(subject: Subject, counts: Tensor) -> tuple[str, Callable[[Setup], Setup]] | None:
    loss = subject.setup.problem.loss
    if subject.setup.shuffle and are_labels(subject.splits["train"].labels):
        return (
            'sampling="class-balanced"',
            lambda setup: setup.replace(config=setup.config.replace(sampling="class-balanced")),
        )
    if isinstance(loss, nn.BCEWithLogitsLoss) and len(counts) == 2:
        weighed = nn.BCEWithLogitsLoss(pos_weight=counts[0] / counts[1])
        return f"pos_weight={counts[0] / counts[1]:.3g}", lambda setup: setup.with_problem(loss=weighed)
    return None
