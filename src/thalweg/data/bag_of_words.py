"""Bags of words: which words a text holds, whatever their order, as short rows of numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from thalweg.core.errors import InputError
from thalweg.data.vocabulary import Vocabulary

_TOKEN = re.compile(r"\w+|[^\w\s]")


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case, each mark of punctuation as one of its own.

    Example:
        >>> tokens("Ok lar... Joking")
        ['ok', 'lar', '.', '.', '.', 'joking']
    """
    return _TOKEN.findall(text.lower())


def bags(texts: Sequence[Sequence[str]], vocabulary: Vocabulary) -> NDArray[np.int64]:
    """Return the words that each text holds, each once and in ascending order, filled up with 0.

    The number 0 is the vocabulary's symbol for the unknown: words that it lacks are left out. A table of one
    column a word would be thousands of columns of zeros; a row here is as long as the largest bag.

    Args:
        texts: The tokens of each text.
        vocabulary: One whose symbol for the unknown is its first.

    Returns:
        Numbers of words, shape ``(len(texts), size of the largest bag)``.

    Raises:
        InputError: A vocabulary without a symbol for the unknown at its beginning.

    Example:
        >>> words = Vocabulary(["", "bad", "good", "very"], unknown="")
        >>> bags([["very", "very", "good"], ["dull"]], words).tolist()
        [[2, 3], [0, 0]]
    """
    if vocabulary.unknown is None or vocabulary.symbols[0] != vocabulary.unknown:
        raise InputError(
            "Bags of words need a vocabulary that begins with its symbol for the unknown.",
            got=repr(vocabulary.symbols[0]),
            remedy="build it with Vocabulary.of(..., unknown='')",
        )
    held = [np.unique(vocabulary.encode(text)) for text in texts]
    known = [numbers[numbers > 0] for numbers in held]
    result = np.zeros((len(texts), max(map(len, known), default=0)), np.int64)
    for row, numbers in zip(result, known, strict=True):
        row[: len(numbers)] = numbers
    return result
