"""Language: after every character of a text, which comes next? Cross-entropy and accuracy, a character each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from thalweg.data import Vocabulary, locate, read_text
from thalweg.problems.metrics import accuracy
from thalweg.problems.problem import Problem
from thalweg.problems.row import Row

LENGTH = 64
"""Characters of a sample."""


def continue_text(row: Row, root: Path | str | None) -> Problem:
    """Build the problem of a row whose data are one text.

    A sample is a piece of 64 characters; its target is the same piece one character on. Pieces do not overlap.
    The last tenth of the text is the test split, the tenth before it validation: neighbours in a text are
    alike, so splits are whole stretches. The model gives scores of shape ``(b, symbols, 64)`` for targets of
    shape ``(b, 64)``; loss and accuracy are means over all characters.

    Args:
        row: The row.
        root: The folder that holds the text's folder.
    """
    (path,) = locate(row.data, root=root).values()
    text = read_text(path)
    alphabet = Vocabulary.of(text)
    numbers = alphabet.encode(text)
    train, valid, test = np.split(numbers, [len(numbers) * 8 // 10, len(numbers) * 9 // 10])
    return Problem(
        loss=nn.CrossEntropyLoss(),
        train=pieces(train),
        valid=pieces(valid),
        test=pieces(test),
        metrics=[accuracy],
        **row.settings(len(alphabet)),
    )


def pieces(numbers: NDArray[np.int64], length: int = LENGTH) -> tuple[Tensor, Tensor]:
    """Cut a text into samples and targets that are one symbol on; what is left over at the end is dropped.

    Args:
        numbers: The text, shape ``(n,)``, ``n > length``.
        length: Symbols a sample, >= 1.

    Returns:
        Samples and targets, int64, shape ``((n - 1) // length, length)``.

    Example:
        >>> x, y = pieces(np.arange(8), 3)
        >>> x.tolist(), y.tolist()
        ([[0, 1, 2], [3, 4, 5]], [[1, 2, 3], [4, 5, 6]])
    """
    count = (len(numbers) - 1) // length
    x, y = (torch.from_numpy(numbers[k : k + count * length]).view(count, length) for k in (0, 1))
    return x.clone(), y.clone()
