"""Texts as tensors of numbers: words of messages and sentences, characters of a play."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.faults.made import Parts
from thalweg.data import Labelled, Vocabulary, locate, read_text
from thalweg.data.bag_of_words import tokens
from thalweg.data.documents import messages, sentences
from thalweg.data.splits import three_parts
from thalweg.problems.language import pieces

PAD, UNKNOWN = 0, 1
"""Numbers of no word."""

LENGTH = 30
"""Words of a text that are kept."""

SYMBOLS = 65
"""Characters of the play's alphabet."""


class Texts(NamedTuple):
    """Tokens of texts with a class each, parted; texts of the same words are kept together."""

    train: tuple[list[list[str]], Tensor]
    valid: tuple[list[list[str]], Tensor]
    test: tuple[list[list[str]], Tensor]


@cache
def sms() -> Texts:
    """1,800 messages to learn from, ham (0) or spam (1), one of seven spam."""
    return _parted(messages(), tokens, 3000)


@cache
def polarity() -> Texts:
    """2,400 sentences from reviews to learn from, negative (0) or positive (1)."""
    return _parted(sentences(), str.split, 4000)


@cache
def play(length: int = 32) -> Parts:
    """Pieces of a play: 60,000 characters to learn from, 10,000 to validate and to test on; targets are one on."""
    return Parts(*(pieces(stretch, length) for stretch in _stretches()))


@cache
def windows(width: int) -> Parts:
    """The characters at `width` places of a play, at every fourth place, and the one character that comes next."""
    cut = [torch.from_numpy(stretch).unfold(0, width + 1, 4) for stretch in _stretches()]
    return Parts(*((part[:, :-1].clone(), part[:, -1].clone()) for part in cut))


def _stretches() -> list[NDArray[np.int64]]:
    (path,) = locate("tinyshakespeare").values()
    text = read_text(path)
    return np.split(Vocabulary.of(text).encode(text)[:80_000], [60_000, 70_000])


def vocabulary(texts: Sequence[Sequence[str]], least: int = 2) -> Vocabulary:
    """Return the words that occur `least` times in these texts, after the numbers for padding and the unknown."""
    known = Vocabulary.of((word for text in texts for word in text), least=least)
    return Vocabulary(["<pad>", "<unk>", *known.symbols], unknown="<unk>")


def numbered(texts: Texts, words: Vocabulary, length: int = LENGTH, *, left: bool = False) -> Parts:
    """Return numbers of words, shape ``(n, length)``, padded at the end, or at the beginning if `left`."""
    return Parts(*((padded(part, words, length, left=left), labels) for part, labels in texts))


def padded(
    texts: Sequence[Sequence[str]], words: Vocabulary, length: int = LENGTH, *, left: bool = False
) -> Tensor:
    """Return the first `length` words of each text as numbers, padded with 0."""
    rows = torch.zeros(len(texts), length, dtype=torch.int64)
    for row, text in zip(rows, texts, strict=True):
        found = torch.from_numpy(words.encode(text[:length]))
        if len(found):
            row[length - len(found) if left else 0 :][: len(found)] = found
    return rows


def spelled(texts: Texts, length: int) -> Parts:
    """Return the codes of the first `length` letters of each text, padded with 0 at the beginning."""

    def codes(words: list[str]) -> list[int]:
        return [min(ord(letter), 127) for letter in " ".join(words)[:length]]

    rows = [torch.tensor([[PAD] * (length - len(row)) + row for row in map(codes, part)]) for part, _ in texts]
    return Parts(*((x, labels) for x, (_, labels) in zip(rows, texts, strict=True)))


def _parted(whole: Labelled, split: Callable[[str], list[str]], count: int) -> Texts:
    some = np.random.default_rng(0).permutation(len(whole))[:count]
    texts, labels = [split(text) for text in whole.x[some]], torch.from_numpy(whole.y[some])
    bags = [" ".join(sorted(set(text))) for text in texts]
    groups = Vocabulary.of(bags).encode(bags)
    index = three_parts(count, test=0.2, valid=0.25, seed=0, labels=labels, groups=groups)
    return Texts(*(([texts[place] for place in part], labels[part]) for part in index))
