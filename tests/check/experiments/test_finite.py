"""Where NaN comes from: a function, or a rate."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.optim import SGD, Adam
from torch.utils.data import Dataset


class Logarithms(nn.Module):
    """Takes the logarithm of what may be zero."""

    def __init__(self, least):
        super().__init__()
        self.first, self.last, self.least = nn.Linear(64, 32), nn.Linear(32, 10), least

    def forward(self, x):
        return self.last((self.first(x).relu() + self.least).log())


def test_a_logarithm_of_zero(digits_with, see):
    seen = see(digits_with(model=partial(Logarithms, 0.0)), "finite")
    assert seen.faults == ["numerical_instability"]
    assert seen.suspicions[0].finding.where == "last"
    assert seen.suspicions[0].weight == 0.9
    assert not see(digits_with(model=partial(Logarithms, 1e-3)), "finite").suspicions


class Root(torch.nn.Module):
    """Has the square root of a distance that becomes zero in it."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, x):
        z = self.layer(x)
        return z + (z - z.detach()).square().sum(1, keepdim=True).sqrt()


def test_a_gradient_that_is_not_finite(digits_with, see):
    seen = see(digits_with(model=Root), "finite")
    assert seen.faults == ["numerical_instability"]
    assert "the gradient of layer" in seen.suspicions[0].finding.evidence


def net():
    return nn.Sequential(nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10))


def test_what_a_rate_drives_out_of_bounds(digits_with, see):
    fast = partial(SGD, lr=1e4)
    seen = see(
        digits_with(model=net, optimizer=fast, loss=lambda o, y: (o - y[:, None]).square().mean()), "finite"
    )
    for suspicion in seen.suspicions:  # it may leave its bounds before it overflows
        assert suspicion.weight < 0.5
        assert suspicion.change
    assert not see(digits_with(model=net, optimizer=partial(Adam, lr=1e-3)), "finite").suspicions


def test_a_loss_of_probabilities_of_zero(digits_with, see):
    """It falls until a probability is too small for float32."""

    def naive(output, y):
        return -(output.softmax(1)[torch.arange(len(y)), y]).log().mean()

    seen = see(digits_with(loss=naive, optimizer=partial(SGD, lr=30.0)), "finite")
    assert seen.faults == ["numerical_instability"]
    assert seen.suspicions[0].finding.where == "loss"


def test_nan_in_the_data_is_another_looks_affair(digits_with, small_digits, see):
    x, y = small_digits
    broken = x.clone()
    broken[5, 5] = float("nan")

    class Given(Dataset):
        def __len__(self):
            return len(y)

        def __getitem__(self, place):
            return broken[place], y[place]

    assert not see(digits_with(data=Given(), valid=(x, y)), "finite").suspicions
