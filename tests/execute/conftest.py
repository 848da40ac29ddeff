"""Nets of every kind that a cohort must take, in float64, on a few samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from thalweg.problems import Problem


class Conv(nn.Module):
    """Convolution, batch norm, pooling and both kinds of dropout.

    A bias before a batch norm has no gradient but rounding errors, which LAMB and LARS would blow up.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.drop, self.out = nn.Dropout2d(0.2), nn.Linear(4 * 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.norm(self.conv(x.unflatten(1, (1, 4, 4)))))
        return self.out(
            nn.functional.dropout(self.drop(nn.functional.max_pool2d(h, 2)).flatten(1), 0.3, self.training)
        )


class Recurrent(nn.Module):
    """An LSTM over the four rows of a sample."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.out = nn.LSTM(4, 5, batch_first=True), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(x.unflatten(1, (4, 4)))[0][:, -1])


class Attention(nn.Module):
    """A transformer's encoder layer over embedded tokens; dropout around the attention, none inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(6, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.layer.self_attn.dropout = 0.0
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = (x[:, :6] > 0).long() + 2 * torch.arange(6) % 5
        return self.out(self.layer(self.embed(tokens)).mean(1))


NETS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: nn.Sequential(nn.Linear(16, 6), nn.Tanh(), nn.Linear(6, 3)),
    "conv": Conv,
    "recurrent": Recurrent,
    "attention": Attention,
}


def clouds(n: int, seed: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 3
    return torch.randn(n, 16, generator=random, dtype=torch.float64) + 1.5 * torch.eye(3, 16, dtype=torch.float64)[
        y
    ], y


@pytest.fixture(scope="session")
def make_problem() -> Callable[..., Problem]:
    """A function that builds a problem of 314 samples in batches of 16, in float64, with what is given changed."""

    def make(net: str = "mlp", **changed: Any) -> Problem:
        given = {
            "name": net,
            "model": lambda: NETS[net]().double(),
            "loss": nn.CrossEntropyLoss(),
            "batch_size": 16,
        }
        splits = {"train": clouds(314, 0), "valid": clouds(20, 1), "test": clouds(20, 2)}
        return Problem(**{**given, **splits, "epochs": 4, **changed})

    return make
