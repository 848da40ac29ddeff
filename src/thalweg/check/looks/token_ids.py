"""Token ids: do they fit the embedding, and is padding what the embedding takes for it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import evaluating, examples, flow
from thalweg.check.looks.resized import with_layer
from thalweg.check.looks.scale import first_layer
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import matrix, whole
from thalweg.check.once import once
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

INSIDE = 0.5
"""The share of a padding id's places that have a token after and before them, from which on it is no padding."""

FREQUENT = 1e-3
"""The share of all places that an id has to have to matter."""

ENDS = 0.2
"""The share of samples that end in a run of one id, from which on that id is padding."""

LOST = 0.5
"""The share of distinct numbers that may be lost on the way to an embedding."""

MANY = 20
"""Distinct whole numbers from which on they are taken for ids. Fewer are counts, marks or levels of gray."""

NEIGHBOURS = 0.3
"""Correlation of neighbouring inputs up to which they are ids: pixels of 28 x 28 come to 0.7 and more, ids of
tokens, which have no order, to nothing."""


@dataclass(frozen=True)
class Lookup:
    """An embedding that inputs come to.

    Attributes:
        name: Its name in the model.
        embedding: The module.
        ids: What it was given for the examples.
    """

    name: str
    embedding: nn.Embedding | nn.EmbeddingBag
    ids: Tensor


@once
def lookup(subject: Subject) -> Lookup | None:
    """Return the first embedding that the model looks inputs up in, with what it is given; it may fail at that."""
    found = list[Lookup]()

    def note(name: str, module: Any, args: Any) -> None:
        found.append(Lookup(name, module, args[0]))

    hooks = [
        module.register_forward_pre_hook(partial(note, name))
        for name, module in subject.model.named_modules()
        if isinstance(module, nn.Embedding | nn.EmbeddingBag)
    ]
    try:
        with evaluating(subject.model):
            subject.model(examples(subject)[0])
    except Exception:  # of the user's own code: what came so far is what is asked for
        pass
    finally:
        for hook in hooks:
            hook.remove()
    return next((one for one in found if isinstance(one.ids, Tensor)), None)


@look("Do token ids fit the embedding?", "token_encoding", trains=False)
def token_ids(subject: Subject) -> Iterator[Seen]:
    """Yield ids beyond the embedding, numbers that lose their meaning on the way to it, and wrong padding."""
    found = lookup(subject)
    if found is None:
        return
    x, few = whole(subject, "train").x, examples(subject)[0]
    size, ids = found.embedding.num_embeddings, found.ids
    same = ids.shape == few.shape and bool((ids == few).all())
    every = (
        torch.cat([part.flatten() for part in (whole(subject, name).x for name in subject.splits)])
        if same
        else ids
    )
    low, high = int(every.min()), int(every.max())
    told = f"ids range from {low} to {high}, the embedding {found.name} has 0 to {size - 1}"
    lost = _lost(few, ids)
    if low < 0 or high >= size:
        yield _beyond(found, told, low, high, size)
    elif lost > LOST:
        yield _rounded(found, few, ids, lost)
    elif same and x.ndim == 2 and (seen := _padding(found, x)):
        yield seen
    else:
        yield Passed(name="token ids", evidence=told)


def _lost(x: Tensor, ids: Tensor) -> float:
    """Return the share of distinct numbers that are others, or the same, when they come to the embedding."""
    if ids.shape != x.shape or not x.is_floating_point():
        return 0.0
    before, after = len(x.unique()), len(ids.unique())
    return 1 - after / before if bool((x != x.round()).any()) else 0.0


def _beyond(found: Lookup, told: str, low: int, high: int, size: int) -> Suspicion:
    return suspect(
        "token_encoding",
        Severity.ERROR,
        found.name,
        told,
        f"give the embedding {high + 1} rows, or number the tokens from 0" if low >= 0 else "number tokens from 0",
        weight=1.0,
        numbers={"lowest": low, "highest": high, "rows": size},
        change=(
            f"{high + 1} rows in {found.name}",
            partial(with_layer, name=found.name, layer=partial(_wider, high + 1)),
        )
        if low >= 0 and isinstance(found.embedding, nn.Embedding)
        else None,
    )


def _wider(rows: int, old: Any) -> nn.Module:
    return nn.Embedding(rows, old.embedding_dim, padding_idx=old.padding_idx)


def _rounded(found: Lookup, x: Tensor, ids: Tensor, lost: float) -> Suspicion:
    return suspect(
        "token_encoding",
        Severity.ERROR,
        found.name,
        f"{len(x.unique()):,} distinct numbers become {len(ids.unique())} ids on the way to {found.name}",
        "give the embedding whole ids as they are in the vocabulary, neither scaled nor standardized",
        weight=0.95,
        numbers={"lost": lost, "threshold": LOST},
        explains=("capacity_too_small", "labels_wrong"),
    )


def _padding(found: Lookup, x: Tensor) -> Suspicion | None:
    """Return the suspicion of a padding id that is a token, or of padding that is taken for a token."""
    padding = found.embedding.padding_idx
    if padding is None:
        return None
    end = run_at_end(x)
    if end is not None and end[0] != padding:
        told = (
            f"{end[1]:.0%} of samples end in a run of id {end[0]}, and the embedding takes {padding} for padding"
        )
        return _misplaced(found, f"{told}: what is nothing is learned as a token", end[1], ENDS, end[0])
    share, inside = inside_of_text(x, padding)
    if share > FREQUENT and inside > INSIDE:
        told = f"id {padding} stands for padding, and {inside:.0%} of the {share:.1%} of places that have it are "
        return _misplaced(found, f"{told}between tokens: its vector stays zero", inside, INSIDE, None)
    return None


def inside_of_text(x: Tensor, padding: int) -> tuple[float, float]:
    """Return the share of places that have an id, and how many of those lie between two others.

    Example:
        >>> inside_of_text(torch.tensor([[0, 0, 5, 6], [5, 0, 6, 0]]), 0)
        (0.5, 0.25)
    """
    other = x != padding
    before, after = other.cummax(1).values, other.flip(1).cummax(1).values.flip(1)
    places = int((~other).sum())
    between = int((~other & before & after).sum())
    return places / x.numel(), between / places if places else 0.0


def run_at_end(x: Tensor) -> tuple[int, float] | None:
    """Return the id that most samples with a run at their end have there, and their share; None if few have."""
    if x.shape[1] < 3:
        return None
    last = x[:, -1][(x[:, -1] == x[:, -2]) & (x[:, -1] == x[:, -3])]
    if not len(last):
        return None
    common = int(last.mode().values)
    share = (last == common).sum().item() / len(x)
    return (common, share) if share > ENDS else None


def _misplaced(found: Lookup, told: str, number: float, threshold: float, padding: int | None) -> Suspicion:
    def mend(model: nn.Module, optimizer: Optimizer) -> None:
        embedding: Any = model.get_submodule(found.name)
        embedding.padding_idx = padding
        with torch.no_grad():
            if padding is None:
                drawn = torch.randn(embedding.embedding_dim, generator=torch.Generator().manual_seed(0))
                embedding.weight[found.embedding.padding_idx or 0] = embedding.weight.std() * drawn
            else:
                embedding.weight[padding] = 0

    def apply(setup: Setup) -> Setup:
        return setup.replace(mended=(*setup.mended, mend))

    return suspect(
        "token_encoding",
        Severity.WARNING,
        found.name,
        told,
        f"set padding_idx to {padding}" if padding is not None else "keep an id for padding that no token has",
        weight=0.7,
        numbers={"measured": number, "threshold": threshold},
        change=(f"padding_idx={padding}", apply),
    )


@look("Are ids taken for quantities?", "token_encoding", trains=False)
def ids_as_numbers(subject: Subject) -> Iterator[Seen]:
    """Yield whole numbers that look like ids and go into a layer as they are."""
    first, few = first_layer(flow(subject)), examples(subject)[0]
    if first is None or lookup(subject) or few.ndim != 2 or few.dtype == torch.uint8 or few.shape[1] < 3:
        return
    given = next((part for part in first.arguments if isinstance(part, Tensor)), None)
    x = matrix(subject.samples["train"][0])
    if given is None or x.is_complex() or not bool((x == x.round()).all()):
        return
    distinct, alike, correlation = len(x.unique()), _share_a_range(x), neighbours(x)
    told = f"inputs are {distinct} distinct whole numbers, neighbours are correlated by {correlation:.2f}"
    if distinct >= MANY and alike and correlation < NEIGHBOURS:
        yield suspect(
            "token_encoding",
            Severity.WARNING,
            first.name,
            f"{told}, and {first.name} takes them as quantities: they look like ids, which have no order",
            "look ids up in nn.Embedding, or give them as one-hot vectors",
            weight=0.7 if not x.is_floating_point() else 0.5,
            numbers={"distinct": distinct, "correlation": correlation, "threshold": NEIGHBOURS},
            explains=("input_scaling", "capacity_too_small", "weight_init", "lr_too_high"),
        )
    else:
        yield Passed(name="ids as numbers", evidence=told)


def _share_a_range(x: Tensor) -> bool:
    """Whether all columns have numbers of one vocabulary: measures have each their own."""
    highest, lowest = x.double().amax(0), x.double().amin(0)
    return bool(lowest.max() - lowest.min() <= 0.1 * highest.max() and highest.median() > 0.5 * highest.max())


def neighbours(x: Tensor) -> float:
    """Return the mean correlation of columns with the next, absolute.

    Example:
        >>> neighbours(torch.arange(12.0).reshape(4, 3))
        1.0
    """
    z = x.double() - x.double().mean(0)
    z = z / z.norm(dim=0).clamp(min=1e-30)
    return round((z[:, 1:] * z[:, :-1]).sum(0).abs().mean().item(), 6)
