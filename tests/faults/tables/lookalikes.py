"""Healthy set-ups on tables that look faulty."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from tests.faults.case import healthy
from tests.faults.made import absolute_error, made
from tests.faults.tables.data import abalone, cancer, diabetes, quality, scaled, target_scaled, unit, wine
from tests.faults.tables.nets import mlp
from thalweg.check.setup import Setup
from thalweg.core.config import Config

Loss = Callable[[Tensor, Tensor], Tensor]


@healthy(look_alike_of="overfitting", data="wine", half="tuning", reaches=0.9)
def three_dozen_wines() -> Setup:
    """36 samples for a net of 500 weights, which is enough where the growers are far apart."""
    parts = scaled(wine())
    few = parts._replace(train=(parts.train[0][::3], parts.train[1][::3]))
    net, optimizer = partial(mlp, 13, 24, 3, between=nn.Tanh), partial(Adam, lr=0.01)
    return made(few, net, nn.CrossEntropyLoss(), optimizer, epochs=30, batch_size=8)


class _Normalizing(nn.Module):
    """Takes patients as they are and gives their progression: scales are buffers, from the training split."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        super().__init__()
        self.register_buffer("x_mean", x.mean(0))
        self.register_buffer("x_std", x.std(0))
        self.register_buffer("y_mean", y.mean())
        self.register_buffer("y_std", y.std())
        self.net = mlp(10, 32, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.y_mean + self.y_std * self.net((x - self.x_mean) / self.x_std)


@healthy(look_alike_of="target_scaling", data="diabetes", half="held out", reaches=53)
def scales_inside_the_model() -> Setup:
    """Inputs are in mixed units, targets 25 to 346, losses in the thousands, and the model takes care of it."""
    parts = diabetes()
    net, optimizer = partial(_Normalizing, *parts.train), partial(Adam, lr=3e-3)
    return made(parts, net, nn.MSELoss(), optimizer, epochs=20, metric=absolute_error())


@healthy(look_alike_of="labels_wrong", data="cancer", half="tuning", reaches=0.93)
def a_label_of_twenty_wrong() -> Setup:
    """Five labels of a hundred are wrong, as they are anywhere; the others outvote them."""
    parts = scaled(cancer())
    x, y = parts.train
    wrong = torch.rand(len(y), generator=torch.Generator().manual_seed(5)) < 0.05
    noisy = parts._replace(train=(x, torch.where(wrong, 1 - y, y)))
    return made(noisy, partial(mlp, 30, 16, 2), nn.CrossEntropyLoss(), partial(SGD, lr=0.1), epochs=12)


@healthy(look_alike_of="data_not_shuffled", data="regression", half="held out", reaches=1.8)
def in_the_order_of_the_file() -> Setup:
    """Batches come as the rows lie, and these lie in no order."""
    parts = target_scaled(scaled(abalone()))
    worth = absolute_error(unit(abalone()))
    net, optimizer = partial(mlp, 10, 32, 1), partial(SGD, lr=0.02, momentum=0.9)
    return made(parts, net, nn.MSELoss(), optimizer, epochs=8, batch_size=64, metric=worth, shuffle=False)


@healthy(look_alike_of="input_scaling", data="wine", half="tuning", reaches=0.9)
def raw_inputs_into_batchnorm() -> Setup:
    """Proline is 278 to 1680, hue about 1, and the first layer is BatchNorm."""

    def model() -> nn.Module:
        return nn.Sequential(nn.BatchNorm1d(13), nn.Linear(13, 32), nn.Tanh(), nn.Linear(32, 3))

    return made(wine(), model, nn.CrossEntropyLoss(), partial(Adam, lr=0.01), epochs=15, batch_size=16)


@healthy(look_alike_of="missing_nonlinearity", data="cancer", half="held out", reaches=0.95)
def logistic_regression() -> Setup:
    """One linear layer on thirty inputs that are strongly correlated: all that these data need."""
    setting = Config(optimizer="adam", hyper={"lr": 0.01})
    return made(scaled(cancer()), partial(nn.Linear, 30, 2), nn.CrossEntropyLoss(), setting, epochs=15)


def _with_batchnorm() -> nn.Module:
    return nn.Sequential(
        *(nn.Linear(12, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU()),
        *(nn.Linear(64, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU()),
        nn.Linear(64, 1),
    )


@healthy(look_alike_of="lr_too_high", data="regression", half="tuning", reaches=0.63)
def rate_of_a_third_with_batchnorm() -> Setup:
    """Plain gradient descent at 0.3, which BatchNorm makes a good rate."""
    parts = target_scaled(scaled(quality()))
    worth = absolute_error(unit(quality()))
    return made(
        parts, _with_batchnorm, nn.MSELoss(), partial(SGD, lr=0.3), epochs=15, batch_size=128, metric=worth
    )


@healthy(look_alike_of="batch_too_large", data="wine", half="held out", reaches=0.9)
def all_wines_a_step() -> Setup:
    """107 samples are one batch; the steps are a hundred and good ones."""
    net, optimizer = partial(mlp, 13, 16, 3), partial(SGD, lr=0.1, momentum=0.9)
    return made(scaled(wine()), net, nn.CrossEntropyLoss(), optimizer, epochs=100, batch_size=107)


EVERY = 4
"""Batches whose gradients add up to one update."""


def _accumulating(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
    value = loss(model(x), y)
    (value / EVERY).backward()
    model.seen = getattr(model, "seen", 0) + 1  # type: ignore[assignment]
    if model.seen % EVERY == 0:
        optimizer.step()
        optimizer.zero_grad()
    return value


@healthy(look_alike_of="zero_grad", data="regression", half="held out", reaches=1.7)
def gradients_added_up_on_purpose() -> Setup:
    """Four batches of 16 make one update: gradients are cleared after each fourth, as was meant."""
    parts = target_scaled(scaled(abalone()))
    worth = absolute_error(unit(abalone()))
    net, optimizer = partial(mlp, 10, 32, 1), partial(Adam, lr=5e-3)
    return made(
        parts, net, nn.MSELoss(), optimizer, epochs=8, batch_size=16, metric=worth, train_step=_accumulating
    )


@healthy(look_alike_of="optimizer_setting", data="regression", half="tuning", reaches=1.7)
def heavy_momentum_at_a_small_rate() -> Setup:
    """Momentum of 0.99 at a hundredth of the usual rate comes to the usual step."""
    parts = target_scaled(scaled(abalone()))
    worth = absolute_error(unit(abalone()))
    net, optimizer = partial(mlp, 10, 32, 1), partial(SGD, lr=1e-3, momentum=0.99)
    return made(parts, net, nn.MSELoss(), optimizer, epochs=20, batch_size=64, metric=worth)


class _Residual(nn.Module):
    """Blocks that begin as the identity: the last layer of each branch is zero."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(12, 32)
        self.branches = nn.ModuleList(mlp(32, 32, 32) for _ in range(3))
        self.head = nn.Linear(32, 1)
        for branch in self.branches:
            nn.init.zeros_(branch[-1].weight)
            nn.init.zeros_(branch[-1].bias)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for branch in self.branches:
            x = x + branch(x)
        return self.head(x)


@healthy(look_alike_of="weight_init", data="regression", half="held out", reaches=0.6)
def branches_that_start_at_zero() -> Setup:
    """Last layers are zero at the start, on purpose, and so are most gradients of the first step."""
    parts = target_scaled(scaled(quality()))
    worth = absolute_error(unit(quality()))
    return made(parts, _Residual, nn.MSELoss(), partial(Adam, lr=2e-3), epochs=15, batch_size=64, metric=worth)
