"""The transformer of the catalog."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn


@final
class CausalTransformer(nn.Module):
    """A transformer that gives, at every place of a text, a score for each symbol that may come next.

    Pre-norm layers of torch with GELU and without dropout; a place attends to itself and to what comes before.
    Weights of embeddings and of the last layer are normal with standard deviation 0.02, so that a fresh net finds
    all symbols about equally likely; the others are torch's.

    Args:
        symbols: Size of the alphabet, >= 1.
        length: The longest text, >= 1.
        width: Width of a place's representation, a multiple of `heads`.
        heads: Attention heads a layer, >= 1.
        layers: Layers, >= 1.

    Example:
        >>> CausalTransformer(65, 16, 32, 4, 2)(torch.zeros(2, 7, dtype=torch.int64)).shape
        torch.Size([2, 65, 7])

    Reference:
        A. Vaswani et al., "Attention Is All You Need", 2017; A. Radford et al., "Language Models are Unsupervised
        Multitask Learners", 2019, section 2.3, for the norm before each part and the small weights.
    """

    mask: Tensor

    def __init__(self, symbols: int, length: int, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.symbol, self.place = nn.Embedding(symbols, width), nn.Embedding(length, width)
        self.layers = nn.ModuleList(_layer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, symbols, bias=False)
        for module in (self.symbol, self.place, self.head):
            nn.init.normal_(module.weight, std=0.02)
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        self.register_buffer("mask", later, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map symbols, int64, shape ``(b, time)``, to scores ``(b, symbols, time)``, in cross-entropy's layout."""
        time = x.shape[1]
        h = self.symbol(x) + self.place.weight[:time]
        for layer in self.layers:
            h = layer(h, src_mask=self.mask[:time, :time], is_causal=True)
        return self.head(self.norm(h)).transpose(1, 2)


def _layer(width: int, heads: int) -> nn.Module:
    return nn.TransformerEncoderLayer(
        width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
