"""Documents: one class a text, judged by the words that it holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from thalweg.data import Vocabulary
from thalweg.data.bag_of_words import bags, tokens
from thalweg.data.documents import messages, reviews, sentences
from thalweg.data.splits import three_parts
from thalweg.problems.classification import TEST_FRACTION
from thalweg.problems.problem import HOLDOUT_SEED, VALID_FRACTION, Problem
from thalweg.problems.row import Row

# Sentences and reviews are published with a space between tokens; messages are as they were written.
_READERS = {
    "rt-polarity": (sentences, str.split),
    "review-polarity": (reviews, str.split),
    "sms-spam": (messages, tokens),
}


def classify_text(row: Row, root: Path | str | None) -> Problem:
    """Build the problem of a row whose data are texts with one class each.

    A sample is the bag of a text's words. All words of the training split count, the rarest too, and no others:
    half of them occur in one text only. Texts of the same words are kept together when the splits are drawn.

    Args:
        row: The row.
        root: The folder that holds the data sets that come as files.
    """
    read, split = _READERS[row.data]
    whole = read(root)
    texts = [split(text) for text in whole.x]
    words_of = [" ".join(sorted(set(text))) for text in texts]
    index = three_parts(
        len(texts),
        test=TEST_FRACTION,
        valid=VALID_FRACTION,
        seed=HOLDOUT_SEED,
        labels=whole.y,
        groups=Vocabulary.of(words_of).encode(words_of),
    )
    words = Vocabulary.of((word for number in index[0] for word in texts[number]), unknown="")
    x, y = torch.from_numpy(bags(texts, words)), torch.from_numpy(whole.y)

    def pair(part: np.ndarray) -> tuple[Tensor, Tensor]:
        return x[part], y[part]

    train, valid, test = map(pair, index)
    return Problem(
        loss=nn.CrossEntropyLoss(),
        train=train,
        valid=valid,
        test=test,
        classes=whole.classes,
        **row.settings(len(words)),
    )
