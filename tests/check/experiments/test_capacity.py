"""Nets too small for what the inputs tell, and small ones that suffice."""

from __future__ import annotations

from functools import partial

import pytest
from torch import nn
from torch.optim import SGD, Adam


def test_a_bottleneck(digits_with, mlp, see):
    seen = see(digits_with(model=mlp(64, 1, 10), optimizer=partial(Adam, lr=0.01), epochs=20), "capacity")
    assert seen.faults == ["capacity_too_small"]


def test_a_linear_model_of_what_is_not_linear(digits_with, small_digits, halves, mlp, see):
    """Whether a digit is even."""
    (x, y), (xv, yv) = halves(small_digits)

    class Parity(nn.Module):
        def __init__(self, net):
            super().__init__()
            self.net = net()

        def forward(self, x):
            return self.net(x[:, ::4])

    given = partial(digits_with, data=(x, y % 2), valid=(xv, yv % 2), epochs=30)
    assert see(given(model=lambda: Parity(mlp(16, 2))), "capacity").faults == ["capacity_too_small"]
    assert not see(given(model=lambda: Parity(mlp(16, 64, 64, 2))), "capacity").suspicions


@pytest.mark.parametrize("widths", [(64, 32, 10), (64, 10)])
def test_nets_that_suffice(digits_with, mlp, see, widths):
    seen = see(digits_with(model=mlp(*widths)), "capacity")
    assert not seen.suspicions
    assert "nearest neighbours" in seen.passed[0].evidence


def test_a_net_that_is_still_learning_is_not_blamed(digits_with, mlp, see):
    slow = digits_with(optimizer=partial(SGD, lr=0.02), epochs=400, batch_size=400)
    assert not see(slow, "capacity").suspicions


def test_a_linear_model_of_what_is_linear(raw_diabetes, halves, setup_of, mlp, see):
    x, y = raw_diabetes
    train, valid = halves((x, (y - y.mean()) / y.std()))
    given = setup_of(train, mlp(10, 1), nn.MSELoss(), partial(SGD, lr=0.01), valid=valid, batch_size=32, epochs=30)
    assert not see(given, "capacity").suspicions


def test_a_bottleneck_is_widened(digits_with, mlp, see):
    seen = see(digits_with(model=mlp(64, 1, 10), optimizer=partial(Adam, lr=0.01), epochs=20), "capacity")
    assert not seen.mended().suspicions
