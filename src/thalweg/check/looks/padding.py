"""Padding: is what is none of a text left out, and is enough of a text known?"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from thalweg.check.look import Seen, look
from thalweg.check.looks.answer import ask
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.token_ids import lookup, run_at_end
from thalweg.check.looks.whole import rewritten, whole
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

MOSTLY = 0.5
"""The share of all places that is padding, from which on it outvotes the text where it is read."""

MOVED = 0.1
"""Change of outputs where half of the padding is cut off, relative to their spread, from which on it is read."""

SAMPLES = 64
"""Samples that go through the model with their padding and with less."""

LONG = 0.99
"""The share of texts that fit into the length that is proposed."""

FEW, RULES = 5, 0.4
"""Ids from which on they are words or letters, and the share of one of them from which on most is unknown: the
commonest word of a language is one of fifteen, a space one of six letters."""


@look("Is padding left out of what is read?", "token_encoding", trains=False)
def read_padding(subject: Subject) -> Iterator[Seen]:
    """Yield models of padded texts whose outputs depend on how much padding there is, where it is most of all."""
    x, end = whole(subject, "train").x, _end(subject)
    if end is None:
        return
    lengths = lengths_of(x, end)
    share = 1 - lengths.double().mean().item() / x.shape[1]
    moved = _moved(subject, x, lengths)
    told = f"{share:.0%} of all places are padding (id {end})"
    if moved is None or share < MOSTLY or moved < MOVED:
        yield Passed(name="read padding", evidence=f"{told}" + ("" if moved is None else ", which is left out"))
        return
    fits = max(1, int(lengths.double().quantile(LONG)))
    yield suspect(
        "token_encoding",
        Severity.WARNING,
        "inputs",
        f"{told}, and without half of it outputs change by {moved:.2g} of their spread: it is read as text",
        "leave padding out: by a mask in means and attention, by packing in recurrent layers; or pad by batch",
        weight=0.6,
        numbers={"padding": share, "moved": moved, "threshold": MOVED},
        change=(f"inputs cut to {fits} places", rewritten(lambda x, y: (x[:, :fits], y)))
        if fits < x.shape[1]
        else None,
        explains=("capacity_too_small", "lr_too_low", "vanishing_gradient", "labels_wrong"),
    )


def _end(subject: Subject) -> int | None:
    """Return the id that texts end in a run of; None where inputs are no padded texts."""
    found, x = lookup(subject), whole(subject, "train").x
    if found is None or x.is_floating_point() or x.ndim != 2:
        return None
    end = run_at_end(x)
    return end[0] if end else None


def lengths_of(x: Tensor, end: int) -> Tensor:
    """Return how many places of each row come before its last run of an id, shape ``(n,)``.

    Example:
        >>> lengths_of(torch.tensor([[5, 0, 6, 0], [0, 0, 0, 0]]), 0)
        tensor([3, 0])
    """
    places = torch.arange(1, x.shape[1] + 1) * (x != end)
    return places.amax(1)


def _moved(subject: Subject, x: Tensor, lengths: Tensor) -> float | None:
    """Return how far outputs move, relative to their spread, when half of the padding is cut off; None if nobody
    can say.
    """
    short = (lengths <= x.shape[1] // 2).nonzero().flatten()[:SAMPLES]
    if len(short) < 2:
        return None
    most = int(lengths[short].max())
    given, cut = ask(subject.model, x[short]), ask(subject.model, x[short][:, : (most + x.shape[1]) // 2])
    if given is None or cut is None or given.shape != cut.shape or not given.is_floating_point():
        return None
    return (given - cut).abs().mean().item() / max(given.std(0, correction=0).mean().item(), 1e-12)


@look("Are most tokens known?", "token_encoding", trains=False)
def known_tokens(subject: Subject) -> Iterator[Seen]:
    """Yield texts of which one id takes the place of most tokens."""
    found, x = lookup(subject), whole(subject, "train").x
    if found is None or x.is_floating_point() or x.ndim != 2:
        return
    end, padding = run_at_end(x) or run_at_end(x.flip(1)), found.embedding.padding_idx
    left_out = end[0] if padding is None and end else padding
    ids, counts = x.unique(return_counts=True)
    text = ids != (-1 if left_out is None else left_out)
    if int(text.sum()) < FEW:
        return
    most = int(counts[text].max())
    share, one = most / int(counts[text].sum()), int(ids[text][counts[text].argmax()])
    told = f"{share:.0%} of all tokens have the id {one}"
    if share < RULES:
        yield Passed(name="known tokens", evidence=f"at most {told}")
        return
    yield suspect(
        "token_encoding",
        Severity.WARNING,
        "inputs",
        f"{told}: as many are unknown, or were lost when they were numbered",
        "take the vocabulary from the training texts, prepared as they are, and look at how tokens are numbered",
        weight=0.7,
        numbers={"share": share, "threshold": RULES},
        explains=("labels_wrong", "capacity_too_small", "overfitting", "train_val_mismatch"),
    )
