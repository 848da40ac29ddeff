"""Gradients that fade or explode with depth and time, and those that may."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam


def deep(activation, depth=6, scale=None):
    layers = [layer for _ in range(depth) for layer in (nn.Linear(32, 32), activation())]
    model = nn.Sequential(nn.Linear(64, 32), activation(), *layers, nn.Linear(32, 10))
    for module in model if scale else ():
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight)
            module.weight.data *= scale
    return model


def test_deep_sigmoids_fade_and_rectifiers_mend_it(digits_with, see):
    seen = see(digits_with(model=partial(deep, nn.Sigmoid), optimizer=partial(SGD, lr=0.1)), "gradient by depth")
    assert seen.faults == ["vanishing_gradient"]
    assert not seen.mended().suspicions


@pytest.mark.parametrize("model", [partial(deep, nn.ReLU, scale=1.0), partial(deep, nn.Tanh, depth=3)])
def test_healthy_depth(digits_with, see, model):
    seen = see(digits_with(model=model), "gradient by depth")
    assert not seen.suspicions
    assert seen.passed


def test_large_weights_explode(digits_with, see):
    seen = see(digits_with(model=partial(deep, nn.ReLU, scale=4.0)), "gradient by depth")
    assert seen.faults == ["exploding_gradient"]


def test_words_that_come_seldom_do_not_fade(setup_of, see):
    def net():
        return nn.Sequential(
            nn.EmbeddingBag(2000, 16), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2)
        )

    x = torch.randint(2000, (300, 6), generator=torch.Generator().manual_seed(0))
    assert not see(setup_of((x, x[:, 0] % 2), net, batch_size=16), "gradient by depth").suspicions


class Last(nn.Module):
    """Reads rows of an image one by one, or the same one many times first, and answers from its last state."""

    def __init__(self, kind, repeats=1):
        super().__init__()
        self.rnn, self.head, self.repeats = kind(8, 24, batch_first=True), nn.Linear(24, 10), repeats

    def forward(self, x):
        rows = x.unflatten(1, (8, 8))
        silence = rows.new_zeros(len(rows), 8 * (self.repeats - 1), 8)
        return self.head(self.rnn(torch.cat([rows, silence], 1))[0][:, -1])


def test_rows_are_remembered_for_eight_steps_and_not_for_hundreds(digits_with, see):
    near = see(digits_with(model=partial(Last, nn.LSTM), optimizer=partial(Adam, lr=0.01)), "gradient by time")
    assert not near.suspicions
    assert "8 inputs" in near.passed[0].evidence
    far = see(
        digits_with(model=partial(Last, nn.RNN, repeats=12), optimizer=partial(Adam, lr=1e-3)), "gradient by time"
    )
    assert far.faults == ["vanishing_gradient"]


def test_packed_sequences_are_left_alone(setup_of, see):
    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.rnn, self.head = nn.Embedding(50, 8), nn.GRU(8, 8, batch_first=True), nn.Linear(8, 2)

        def forward(self, x):
            lengths = (x > 0).sum(1).clamp(min=1)
            packed = nn.utils.rnn.pack_padded_sequence(
                self.embed(x), lengths, batch_first=True, enforce_sorted=False
            )
            return self.head(self.rnn(packed)[1][0])

    x = torch.randint(1, 50, (120, 6), generator=torch.Generator().manual_seed(0))
    x[:, 3:] *= torch.arange(120)[:, None] % 2
    seen = see(setup_of((x, x[:, 0] % 2), Packed, batch_size=16), "gradient by time")
    assert not seen.suspicions


def test_update_ratios(digits_with, see):
    assert not see(digits_with(), "update ratio").suspicions
    assert see(digits_with(optimizer=partial(SGD, lr=1e-7)), "update ratio").notes == ["lr_too_low"]
    assert see(digits_with(optimizer=partial(Adam, lr=1.0)), "update ratio").notes == ["lr_too_high"]
