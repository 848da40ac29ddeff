"""The recurrent net of the catalog."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn


@final
class CharacterLSTM(nn.Module):
    """An LSTM that gives, at every place of a text, a score for each character that may come next.

    Args:
        symbols: Size of the alphabet, >= 1.
        units: Units of the LSTM, and the width of a character's embedding, >= 1.

    Example:
        >>> import torch
        >>> CharacterLSTM(65, 32)(torch.zeros(2, 7, dtype=torch.int64)).shape
        torch.Size([2, 65, 7])

    Reference:
        S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", 1997; the forget gate: F. Gers et al., 2000.
    """

    def __init__(self, symbols: int, units: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, units)
        self.lstm = nn.LSTM(units, units, batch_first=True)
        self.head = nn.Linear(units, symbols)

    def forward(self, x: Tensor) -> Tensor:
        """Map symbols, int64, shape ``(b, time)``, to scores ``(b, symbols, time)``, in cross-entropy's layout."""
        states, _ = self.lstm(self.embedding(x))
        return self.head(states).transpose(1, 2)
