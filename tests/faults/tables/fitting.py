"""Fitting: nets that cannot learn enough, may not, or learn their training split by heart."""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn
from torch.nn.functional import dropout
from torch.optim import SGD, Adam, AdamW

from tests.faults.case import faulty
from tests.faults.made import absolute_error, made
from tests.faults.tables.data import (
    abalone,
    cancer,
    diabetes,
    quality,
    scaled,
    target_scaled,
    unit,
    wine,
)
from tests.faults.tables.nets import mlp
from thalweg.check.setup import Setup
from thalweg.core.config import Config

Both = tuple[Setup, Setup]


@faulty("capacity_too_small", data="wine", half="held out")
def three_growers_through_one_unit() -> Both:
    """A hidden layer of one sigmoid has to tell three growers apart."""

    def fit(units: int) -> Setup:
        net = partial(mlp, 13, units, 3, between=nn.Sigmoid)
        return made(scaled(wine()), net, nn.CrossEntropyLoss(), partial(Adam, lr=0.02), epochs=30, batch_size=16)

    return fit(1), fit(16)


@faulty("overfitting", data="diabetes", half="tuning")
def patients_by_heart() -> Both:
    """69,000 weights see 265 patients 150 times: the training error goes to zero, that of others only up."""
    parts = target_scaled(scaled(diabetes()))
    worth = absolute_error(unit(diabetes()))

    def fit(*widths: int, decay: float) -> Setup:
        optimizer = partial(AdamW, lr=1e-3, weight_decay=decay)
        return made(parts, partial(mlp, *widths), nn.MSELoss(), optimizer, epochs=150, metric=worth)

    return fit(10, 256, 256, 1, decay=0.0), fit(10, 8, 1, decay=0.1)


def _dropped(p: float) -> nn.Module:
    def block(inputs: int) -> list[nn.Module]:
        return [nn.Linear(inputs, 32), nn.ReLU(), nn.Dropout(p)]

    return nn.Sequential(*block(12), *block(32), nn.Linear(32, 1))


@faulty("dropout_too_high", data="regression", half="held out")
def one_unit_of_ten_left() -> Both:
    """Dropout of 0.9 after either layer of 32 leaves three units to work with."""
    parts = target_scaled(scaled(quality()))
    worth = absolute_error(unit(quality()))
    optimizer = partial(Adam, lr=3e-3)
    good = made(parts, partial(_dropped, 0.1), nn.MSELoss(), optimizer, epochs=15, batch_size=64, metric=worth)
    return good.with_problem(model=partial(_dropped, 0.9)), good


@faulty("weight_decay_too_strong", data="regression", half="held out")
def decay_of_three_tenths() -> Both:
    """L2 of 0.3 keeps the weights near zero, and the rings near their mean."""
    parts = target_scaled(scaled(abalone()))

    def fit(decay: float) -> Setup:
        setting = Config(optimizer="momentum", hyper={"lr": 0.02, "momentum": 0.9, "weight_decay": decay})
        net = partial(mlp, 10, 64, 1)
        worth = absolute_error(unit(abalone()))
        return made(parts, net, nn.MSELoss(), setting, epochs=10, batch_size=64, metric=worth)

    return fit(0.3), fit(1e-4)


@faulty("missing_nonlinearity", data="regression", half="held out")
def linear_after_linear() -> Both:
    """Three linear layers with nothing between are one, and rings level off where shells grow heavy."""
    parts = target_scaled(scaled(abalone()))

    def fit(between: type[nn.Module]) -> Setup:
        net = partial(mlp, 10, 64, 64, 1, between=between)
        worth = absolute_error(unit(abalone()))
        return made(parts, net, nn.L1Loss(), partial(Adam, lr=2e-3), epochs=15, batch_size=64, metric=worth)

    return fit(nn.Identity), fit(nn.ReLU)


class _Regularized(nn.Module):
    def __init__(self, always: bool) -> None:
        super().__init__()
        self.fc1 = nn.Linear(10, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 1)
        self.always = always

    def forward(self, x: Tensor) -> Tensor:
        on = self.always or self.training
        x = dropout(self.fc1(x).relu(), 0.4, on)
        return self.fc3(dropout(self.fc2(x).relu(), 0.4, on))


@faulty("train_eval_mode", data="regression", half="held out")
def dropout_that_never_ends() -> Both:
    """The functional form of dropout drops in evaluation too, unless it is told."""
    parts = target_scaled(scaled(abalone()))
    worth = absolute_error(unit(abalone()))
    optimizer = partial(Adam, lr=2e-3)
    good = made(parts, lambda: _Regularized(False), nn.MSELoss(), optimizer, epochs=8, batch_size=64, metric=worth)
    return good.with_problem(model=lambda: _Regularized(True)), good


def _normalized(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        *(nn.Linear(inputs, 64), nn.BatchNorm1d(64), nn.ReLU()),
        *(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU()),
        nn.Linear(64, outputs),
    )


@faulty("batchnorm_small_batch", data="diabetes", half="held out")
def moments_of_two_patients() -> Both:
    """Batches of two: BatchNorm tells which of them has more, and that is all."""
    parts = target_scaled(scaled(diabetes()))
    parts = parts._replace(train=(parts.train[0][:264], parts.train[1][:264]))

    def fit(batch: int) -> Setup:
        worth = absolute_error(unit(diabetes()))
        net = partial(_normalized, 10, 1)
        optimizer = partial(SGD, lr=0.01, momentum=0.9)
        return made(parts, net, nn.MSELoss(), optimizer, epochs=10, batch_size=batch, metric=worth)

    return fit(2), fit(24)


@faulty("batchnorm_small_batch", data="cancer", half="tuning")
def moments_of_two_tumours() -> Both:
    """Batches of two, as fit the memory: their mean and spread say little of all tumours."""
    parts = scaled(cancer())
    parts = parts._replace(train=(parts.train[0][:340], parts.train[1][:340]))

    def fit(batch: int) -> Setup:
        net = partial(_normalized, 30, 2)
        optimizer = partial(Adam, lr=2e-3)
        return made(parts, net, nn.CrossEntropyLoss(), optimizer, epochs=5, batch_size=batch)

    return fit(2), fit(20)
