"""Narrow layers that are made wide."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.check.experiments.wider import widened


class Recurrent(nn.Module):
    """Letters of a text through a state of few numbers."""

    def __init__(self, kind):
        super().__init__()
        self.embed, self.rnn = nn.Embedding(20, 16, padding_idx=0), kind(16, 2, batch_first=True)
        self.head = nn.Linear(2, 20)

    def forward(self, x):
        return self.head(self.rnn(self.embed(x))[0])


def test_the_narrowest_inner_layer_is_widened_with_what_it_meets(small_digits, setup_of):
    def net():
        return nn.Sequential(
            nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 2), nn.BatchNorm1d(2), nn.ReLU(), nn.Linear(2, 10)
        )

    model = widened(setup_of(small_digits, net)).problem.model()
    assert [one.weight.shape for one in model if isinstance(one, nn.Linear)] == [(32, 64), (64, 32), (10, 64)]
    assert model(torch.randn(4, 64)).shape == (4, 10)


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_recurrent_layers(kind, setup_of):
    x = torch.randint(0, 20, (30, 6), generator=torch.Generator().manual_seed(0))
    model = widened(setup_of((x, x[:, 0]), lambda: Recurrent(kind))).problem.model()
    assert (model.rnn.input_size, model.rnn.hidden_size, model.rnn.batch_first) == (16, 64, True)
    assert model.embed.padding_idx == 0
    assert model(x).shape == (30, 6, 20)


def test_a_net_without_an_inner_layer_cannot_be_widened(small_digits, setup_of, mlp):
    with pytest.raises(LookupError):
        widened(setup_of(small_digits, mlp(64, 10))).problem.model()
