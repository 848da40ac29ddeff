"""The net over bags of words."""

from __future__ import annotations

from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn

from thalweg.init.he import he_


@final
class BagOfWords(nn.Module):
    """A fully connected net on which words a text holds: with one width, logistic regression.

    The first layer has a column of weights for each word. It sums those of the words that are there, which is the
    product with a vector of zeros and ones, without the zeros: only these words have a gradient. Its weights
    are normal with standard deviation 0.05, biases 0; later layers have ReLU before them and He initialization.

    Args:
        words: Size of the vocabulary; the number 0 stands for no word.
        widths: Units of each layer, from the first to the classes.

    Example:
        >>> BagOfWords(100, 16, 2)(torch.tensor([[3, 7, 0], [5, 0, 0]])).shape
        torch.Size([2, 2])
    """

    def __init__(self, words: int, *widths: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, widths[0], padding_idx=0)
        self.bias = nn.Parameter(torch.zeros(widths[0]))
        nn.init.normal_(self.words.weight, std=0.05)
        with torch.no_grad():
            self.words.weight[0] = 0
        later = [layer for a, b in pairwise(widths) for layer in (nn.ReLU(), nn.Linear(a, b))]
        self.later = he_(nn.Sequential(*later))

    def forward(self, x: Tensor) -> Tensor:
        """Map numbers of words, int64 of shape ``(b, longest)``, to scores ``(b, classes)``."""
        return self.later(self.words(x).sum(1) + self.bias)
