"""Linear layers in a row, by mistake and by design."""

from __future__ import annotations

import pytest
import torch
from torch import nn


def net(*layers):
    """Return a factory of a net of these factories of layers."""
    return lambda: nn.Sequential(*[make() for make in layers])


def linear(a, b):
    return lambda: nn.Linear(a, b)


def conv(a, b, size=3, **options):
    return lambda: nn.Conv2d(a, b, size, padding="same", **options)


IMAGE = lambda: nn.Unflatten(1, (1, 8, 8))  # noqa: E731
RELU, FLAT = nn.ReLU, nn.Flatten

FAULTY = {
    "hidden layers without any": net(linear(64, 48), linear(48, 32), linear(32, 10)),
    "one forgotten": net(linear(64, 48), RELU, linear(48, 32), linear(32, 10)),
    "dropout between": net(linear(64, 48), nn.Dropout, linear(48, 32), RELU, linear(32, 10)),
    "batch normalization between": net(
        linear(64, 48), lambda: nn.BatchNorm1d(48), linear(48, 32), RELU, linear(32, 10)
    ),
    "layer normalization between": net(
        linear(64, 48), lambda: nn.LayerNorm(48), linear(48, 32), RELU, linear(32, 10)
    ),
    "a leaky one that does not leak": net(linear(64, 48), lambda: nn.LeakyReLU(1.0), linear(48, 10)),
    "convolutions": net(IMAGE, conv(1, 8), conv(8, 16), RELU, FLAT, linear(1024, 10)),
    "mean pooling between": net(
        IMAGE, conv(1, 8), lambda: nn.AvgPool2d(2), conv(8, 16), RELU, FLAT, linear(256, 10)
    ),
    "a convolution and the head": net(IMAGE, conv(1, 8), RELU, conv(8, 8), FLAT, linear(512, 10)),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_missing_nonlinearity_is_found_and_put_in(name, small_digits, setup_of, see):
    seen = see(setup_of(small_digits, FAULTY[name]), "nonlinearities")
    assert seen.faults == ["missing_nonlinearity"]
    assert not seen.mended().suspicions


def test_a_net_that_is_linear_as_a_whole_is_said_to_be(small_digits, setup_of, see):
    whole, part = (
        see(setup_of(small_digits, FAULTY[name]), "nonlinearities").suspicions[0]
        for name in ("hidden layers without any", "one forgotten")
    )
    assert "the whole model is one linear function" in whole.finding.evidence
    assert whole.weight > part.weight
    assert "the whole model" not in part.finding.evidence
    assert part.finding.where == "2 and 3"


class Own(nn.Module):
    """A layer of the user's own."""

    def __init__(self, a, b, bend=False):
        super().__init__()
        self.weight, self.bend = nn.Parameter(torch.randn(b, a) / a**0.5), bend

    def forward(self, x):
        z = x @ self.weight.T
        return torch.relu(z) if self.bend else z


class Residual(nn.Module):
    """A block whose way round is free."""

    def __init__(self, normed):
        super().__init__()
        self.norm = nn.LayerNorm(64) if normed else nn.Identity()
        self.up, self.down = nn.Linear(64, 64), nn.Linear(64, 64)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(self.norm(x))))


class Gated(nn.Module):
    """Units whose gate is the only bend."""

    def __init__(self):
        super().__init__()
        self.value, self.gate, self.out = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)

    def forward(self, x):
        return self.out(self.value(x) * torch.sigmoid(self.gate(x)))


class Attending(nn.Module):
    """Attention, written by hand: values go through two layers that only weights of attention part."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(8, 16)
        self.query, self.key, self.value, self.out = (nn.Linear(16, 16) for _ in range(4))
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        h = self.embed(x.reshape(-1, 8, 8))
        q, k, v = self.query(h), self.key(h), self.value(h)
        h = h + self.out((q @ k.transpose(1, 2) / 4).softmax(2) @ v)
        return self.head(torch.relu(h).mean(1))


HEALTHY = {
    "a plain net": net(linear(64, 48), RELU, linear(48, 10)),
    "a linear model": net(linear(64, 10)),
    "an activation of its own": net(linear(64, 48), lambda: Swish(), linear(48, 10)),
    "a bend inside the layer": net(lambda: Own(64, 48, bend=True), lambda: Own(48, 10)),
    "residual blocks": net(linear(64, 64), lambda: Residual(False), lambda: Residual(False), linear(64, 10)),
    "normed residual blocks": net(
        linear(64, 64), lambda: Residual(True), lambda: nn.LayerNorm(64), linear(64, 10)
    ),
    "gates": Gated,
    "attention by hand": Attending,
    "attention of torch": net(
        lambda: nn.Unflatten(1, (8, 8)),
        linear(8, 16),
        lambda: nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True),
        FLAT,
        linear(128, 10),
    ),
    "maximum pooling": net(IMAGE, conv(1, 8), lambda: nn.MaxPool2d(2), conv(8, 16), RELU, FLAT, linear(256, 10)),
    "normalization before the bend": net(linear(64, 48), lambda: nn.BatchNorm1d(48), RELU, linear(48, 10)),
}

MEANT = {
    "a bottleneck": net(linear(64, 8), linear(8, 64), RELU, linear(64, 10)),
    "by channels, then by places": net(
        IMAGE, conv(1, 8), RELU, conv(8, 8, groups=8), conv(8, 16, 1), RELU, FLAT, linear(1024, 10)
    ),
    "by rows, then by columns": net(IMAGE, conv(1, 8, (1, 3)), conv(8, 8, (3, 1)), RELU, FLAT, linear(512, 10)),
}


class Swish(nn.Module):
    """An activation of the user's own."""

    def forward(self, x):
        return x * torch.sigmoid(x)


@pytest.mark.parametrize("name", HEALTHY)
def test_layers_with_something_between_are_right(name, small_digits, setup_of, see):
    seen = see(setup_of(small_digits, HEALTHY[name]), "nonlinearities")
    assert not seen.suspicions
    assert seen.passed


@pytest.mark.parametrize("name", MEANT)
def test_factors_of_one_layer_are_worth_a_note(name, small_digits, setup_of, see):
    assert see(setup_of(small_digits, MEANT[name]), "nonlinearities").notes == ["missing_nonlinearity"]


def test_layers_of_the_users_own_are_found(small_digits, setup_of, see):
    given = setup_of(small_digits, net(lambda: Own(64, 48), lambda: Own(48, 32), RELU, linear(32, 10)))
    assert see(given, "nonlinearities").faults == ["missing_nonlinearity"]


def test_recurrent_layers_bend_by_themselves(setup_of, see):
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.lift = nn.Embedding(20, 8), nn.Linear(8, 8)
            self.lstm, self.head = nn.LSTM(8, 8, batch_first=True), nn.Linear(8, 2)

        def forward(self, x):
            return self.head(self.lstm(self.lift(self.embed(x)))[0][:, -1])

    x = torch.randint(0, 20, (60, 5), generator=torch.Generator().manual_seed(0))
    assert not see(setup_of((x, torch.arange(60) % 2), Reader), "nonlinearities").suspicions
