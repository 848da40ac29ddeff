"""Nets over words and characters, as people write them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.faults.texts.data import PAD, SYMBOLS


class Averaged(nn.Module):
    """The mean of the embeddings of a text's words, and a layer or two on it."""

    def __init__(self, words: int, width: int = 32, hidden: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=PAD)
        self.drop = nn.Dropout(dropout)
        self.head = (
            nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, 2))
            if hidden
            else nn.Linear(width, 2)
        )

    def forward(self, x: Tensor) -> Tensor:
        present = (x != PAD).unsqueeze(-1).float()
        total = (self.embedding(x) * present).sum(1)
        return self.head(self.drop(total / present.sum(1).clamp(min=1)))


class CharacterGRU(nn.Module):
    """Scores of the next character at every place, shape ``(b, symbols, time)``."""

    def __init__(self, units: int = 64) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 32)
        self.gru = nn.GRU(32, units, batch_first=True)
        self.head = nn.Linear(units, SYMBOLS)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.gru(self.embedding(x))
        return self.head(states).transpose(1, 2)


class CharacterTransformer(nn.Module):
    """Two layers that look at what came before, and scores of the next character at every place."""

    def __init__(self, width: int = 64, length: int = 32) -> None:
        super().__init__()
        self.symbol = nn.Embedding(SYMBOLS, width)
        self.place = nn.Parameter(0.02 * torch.randn(length, width))
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, SYMBOLS)
        self.register_buffer("later", torch.ones(length, length, dtype=torch.bool).triu(1))

    def forward(self, x: Tensor) -> Tensor:
        h = self.symbol(x) + self.place[: x.shape[1]]
        return self.head(self.layers(h, mask=self.later)).transpose(1, 2)
