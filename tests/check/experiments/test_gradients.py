"""Gradients that are not the slope of the loss, and those that only seem not to be."""

from __future__ import annotations

import torch
from torch import nn


class Doubled(torch.autograd.Function):
    """tanh with a derivative that forgets a factor."""

    @staticmethod
    def forward(ctx, x):
        y = x.tanh()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return gradient * (1 - y)  # 1 - y^2


class Right(Doubled):
    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return gradient * (1 - y * y)


class Rounded(torch.autograd.Function):
    """A straight-through estimate."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class Between(nn.Module):
    """Two layers with a function between."""

    def __init__(self, function):
        super().__init__()
        self.first, self.last, self.function = nn.Linear(64, 32), nn.Linear(32, 10), function

    def forward(self, x):
        return self.last(self.function(self.first(x)))


def found(see, given):
    return [see(given, look) for look in ("gradients", "gradient reach")]


def test_a_custom_backward_that_is_wrong(digits_with, see):
    seen, _ = found(see, digits_with(model=lambda: Between(Doubled.apply)))
    assert seen.faults == ["gradient_blocked"]
    assert seen.suspicions[0].finding.where in ("first.weight and first.bias", "first.bias and first.weight")
    assert not found(see, digits_with(model=lambda: Between(Right.apply)))[0].suspicions


def test_a_detached_layer(digits_with, see):
    seen, reach = found(see, digits_with(model=lambda: Between(lambda x: x.detach().relu())))
    assert seen.faults == ["gradient_blocked"]
    assert reach.faults == ["gradient_blocked"]
    assert "first.weight" in reach.suspicions[0].finding.where


def test_rounding_without_an_estimate_blocks_and_with_one_does_not(digits_with, see):
    _, reach = found(see, digits_with(model=lambda: Between(torch.round)))
    assert reach.faults == ["gradient_blocked"]
    seen, reach = found(see, digits_with(model=lambda: Between(Rounded.apply)))
    assert not seen.suspicions + reach.suspicions
    assert "straight-through" in seen.passed[0].evidence


def test_kinks_dropout_and_normalization_are_no_errors(digits_with, see):
    def net():
        return nn.Sequential(
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 16), nn.ReLU6(),
            nn.LayerNorm(16), nn.MaxPool1d(2), nn.Linear(8, 10),
        )  # fmt: skip

    for seen in found(see, digits_with(model=net)):
        assert not seen.suspicions
        assert seen.passed


def test_a_layer_that_nothing_uses_is_no_fault(digits_with, see):
    class Spare(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.spare = nn.Linear(64, 10), nn.Linear(64, 10)

        def forward(self, x):
            return self.used(x)

    for seen in found(see, digits_with(model=Spare)):
        assert not seen.suspicions
    assert "does not depend" in seen.passed[0].evidence


def test_zero_initial_weights_of_a_last_layer_block_for_one_update_only(digits_with, see):
    def net():
        model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        nn.init.zeros_(model[2].weight)
        return model

    for seen in found(see, digits_with(model=net)):
        assert not seen.suspicions


def test_dead_layers_are_not_blocked(digits_with, see):
    def net():
        model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        nn.init.constant_(model[0].bias, -100.0)
        return model

    for seen in found(see, digits_with(model=net)):
        assert not seen.suspicions


def test_words_that_come_seldom_are_reached(setup_of, see):
    drawn = torch.Generator().manual_seed(0)
    x = torch.randint(500, (200, 5), generator=drawn)
    model = lambda: nn.Sequential(nn.EmbeddingBag(500, 8, sparse=False), nn.Linear(8, 2))  # noqa: E731
    for seen in found(see, setup_of((x, x[:, 0] % 2), model, batch_size=16)):
        assert not seen.suspicions


class Probed(nn.Module):
    """A head that learns, and one that only watches what the layers below give it."""

    def __init__(self):
        super().__init__()
        self.first, self.last, self.probe = nn.Linear(64, 32), nn.Linear(32, 10), nn.Linear(32, 10)

    def forward(self, x):
        h = self.first(x).relu()
        return torch.stack([self.last(h), self.probe(h.detach())], 2)


def test_what_is_detached_beside_the_way_and_costs_nothing_is_worth_a_note(digits_with, see):
    def loss(output, y):
        return nn.functional.cross_entropy(output, y[:, None].expand(-1, 2))

    seen = see(digits_with(model=Probed, loss=loss, metrics=[]), "gradients")
    assert seen.notes == ["gradient_blocked"]
    assert seen.suspicions[0].change


def test_a_layer_that_was_detached_is_given_its_gradient(digits_with, see):
    seen, reach = found(see, digits_with(model=lambda: Between(lambda x: x.detach().relu())))
    assert not seen.mended().suspicions
    assert not reach.mended().suspicions


class Phases(nn.Module):
    """Complex weights; the squared size of what they give goes through a function."""

    def __init__(self, function):
        super().__init__()
        self.first, self.last = nn.Linear(64, 16, dtype=torch.cfloat), nn.Linear(16, 10)
        self.function = function

    def forward(self, x):
        z = self.first(x.to(torch.cfloat))
        return self.last(self.function(z.real) + self.function(z.imag))


def test_complex_weights_are_followed_along_both_parts(digits_with, see):
    seen, _ = found(see, digits_with(model=lambda: Phases(Doubled.apply)))
    assert seen.faults == ["gradient_blocked"]
    assert "first." in seen.suspicions[0].finding.where
    seen, reach = found(see, digits_with(model=lambda: Phases(Right.apply)))
    assert seen.faults == reach.faults == []
    assert "agree along" in seen.passed[0].evidence
