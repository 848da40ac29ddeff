"""Wiring: parts of a net that are not trained, start alike, or are in the wrong mode."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer, RMSprop

from tests.faults.case import faulty
from tests.faults.made import absolute_error, made
from tests.faults.tables.data import abalone, cancer, diabetes, quality, scaled, target_scaled, unit, wine
from tests.faults.tables.nets import mlp
from thalweg.check.setup import Setup

Both = tuple[Setup, Setup]
Loss = Callable[[Tensor, Tensor], Tensor]


class _Deep(nn.Module):
    """Four narrow layers, in a list of Python's or of torch's."""

    def __init__(self, listed: Callable[[list[nn.Module]], object]) -> None:
        super().__init__()
        self.layers = listed([nn.Linear(inputs, 8) for inputs in (12, 8, 8, 8)])
        self.head = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:  # type: ignore[attr-defined]
            x = torch.tanh(layer(x))
        return self.head(x)


@faulty("params_not_optimised", data="regression", half="tuning")
def layers_in_a_python_list() -> Both:
    """A plain list hides its layers from `parameters()`, and only the head is trained."""
    parts = target_scaled(scaled(quality()))
    worth = absolute_error(unit(quality()))
    optimizer = partial(Adam, lr=5e-3)
    good = made(
        parts, partial(_Deep, nn.ModuleList), nn.MSELoss(), optimizer, epochs=10, batch_size=64, metric=worth
    )
    return good.with_problem(model=partial(_Deep, list)), good


class _TwoTowers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(10, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU())
        self.head = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


@faulty("params_not_optimised", data="diabetes", half="tuning")
def optimizer_of_the_head_alone_on_a_table() -> Both:
    """The optimizer was given the last layer only; the body stays as it was drawn."""
    parts = target_scaled(scaled(diabetes()))
    worth = absolute_error(unit(diabetes()))
    good = made(parts, _TwoTowers, nn.MSELoss(), partial(Adam, lr=0.01), epochs=30, metric=worth)
    return good.replace(factory=lambda parameters: Adam(parameters[-2:], lr=0.01)), good


def _constant() -> nn.Module:
    net = mlp(13, 32, 32, 3)
    for parameter in net.parameters():
        nn.init.constant_(parameter, 0.05)
    return net


@faulty("weight_init", data="wine", half="held out")
def all_weights_alike_on_a_table() -> Both:
    """All weights are 0.05: the units of a layer are one unit, and stay it."""
    good = made(
        scaled(wine()), partial(mlp, 13, 32, 32, 3), nn.CrossEntropyLoss(), partial(SGD, lr=0.05), epochs=30
    )
    return good.with_problem(model=_constant), good


class _Asleep(nn.Module):
    """Biases below zero are to keep units quiet until something strong comes."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(10, 32)
        self.second = nn.Linear(32, 32)
        self.out = nn.Linear(32, 1)
        for layer in (self.hidden, self.second):
            nn.init.constant_(layer.bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.second(self.hidden(x).relu()).relu())


@faulty("dead_relu", data="regression", half="held out", also=("weight_init",))
def units_that_never_wake() -> Both:
    """Biases of -2 keep nearly all units at zero for every shell, where no gradient reaches them."""
    parts = target_scaled(scaled(abalone()))
    worth = absolute_error(unit(abalone()))
    optimizer = partial(SGD, lr=0.02, momentum=0.9)
    good = made(parts, partial(_Asleep, 0.0), nn.MSELoss(), optimizer, epochs=8, batch_size=64, metric=worth)
    return good.with_problem(model=partial(_Asleep, -2.0)), good


def _small() -> nn.Module:
    net = mlp(30, 64, 64, 64, 2, between=nn.Tanh)
    for module in net:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
    return net


@faulty("weight_init", data="cancer", half="tuning", also=("vanishing_gradient",))
def weights_of_a_hundredth() -> Both:
    """With a standard deviation of 0.01 each layer shrinks its input ten times, and the gradient with it."""
    net = partial(mlp, 30, 64, 64, 64, 2, between=nn.Tanh)
    good = made(scaled(cancer()), net, nn.CrossEntropyLoss(), partial(SGD, lr=0.02, momentum=0.5), epochs=15)
    return good.with_problem(model=_small), good


def _frozen(freeze: bool) -> nn.Module:
    net = nn.Sequential(nn.Linear(12, 6), nn.ReLU(), nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
    for parameter in net[0].parameters():
        parameter.requires_grad = not freeze
    return net


@faulty("frozen_layer", data="regression", half="held out")
def frozen_before_anything_was_learnt() -> Both:
    """The first layer is frozen, as one does to a pre-trained one; this one is random."""
    parts = target_scaled(scaled(quality()))
    worth = absolute_error(unit(quality()))
    optimizer = partial(RMSprop, lr=2e-3)
    good = made(parts, partial(_frozen, False), nn.MSELoss(), optimizer, epochs=10, batch_size=64, metric=worth)
    return good.with_problem(model=partial(_frozen, True)), good


def _normalized() -> nn.Module:
    return nn.Sequential(nn.BatchNorm1d(13), nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 3))


def _step(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def _left_in_evaluation(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
    model.eval()
    return _step(model, optimizer, loss, x, y)


@faulty("train_eval_mode", data="wine", half="tuning")
def evaluation_mode_while_training() -> Both:
    """The validation code calls eval() and nobody train(): BatchNorm never learns what the inputs are like."""
    good = made(
        wine(),
        _normalized,
        nn.CrossEntropyLoss(),
        partial(SGD, lr=0.05, momentum=0.9),
        epochs=15,
        batch_size=16,
        train_step=_step,
    )
    return good.replace(train_step=_left_in_evaluation), good


class _Coded(nn.Module):
    """A code of a few numbers, and what is told from it."""

    def __init__(self, rounded: bool) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(12, 32), nn.Tanh(), nn.Linear(32, 4))
        self.decoder = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1))
        self.rounded = rounded

    def forward(self, x: Tensor) -> Tensor:
        code = 4 * self.encoder(x)
        return self.decoder(code.round() if self.rounded else code)


@faulty("gradient_blocked", data="regression", half="held out")
def code_rounded_on_its_way() -> Both:
    """The code is rounded to whole numbers, and the gradient of rounding is zero: the encoder stays random."""
    parts = target_scaled(scaled(quality()))
    worth = absolute_error(unit(quality()))
    good = made(
        parts, lambda: _Coded(False), nn.MSELoss(), partial(Adam, lr=3e-3), epochs=10, batch_size=64, metric=worth
    )
    return good.with_problem(model=lambda: _Coded(True)), good
