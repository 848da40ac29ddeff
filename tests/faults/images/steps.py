"""Faults of the training step: what is called, in which order, on what."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.optim import Optimizer

from tests.faults.case import faulty
from tests.faults.images.data import images, standardized
from tests.faults.images.nets import adam, cnn, mlp, sgd
from thalweg.check.setup import Setup

Pair = tuple[Setup, Setup]
Loss = Callable[[Tensor, Tensor], Tensor]


def never_zeroed(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


@faulty("zero_grad", data="fashion-mnist", half="tuning")
def gradients_pile_up() -> Pair:
    """optimizer.zero_grad() is missing: every step goes along the sum of all gradients so far."""
    problem = images("fashion-mnist", 3000).problem(mlp(784, 128, 10))
    return Setup.of(problem, sgd(0.05, momentum=0), train_step=never_zeroed), Setup.of(
        problem, sgd(0.05, momentum=0)
    )


@faulty("zero_grad", data="digits", half="tuning")
def gradients_pile_up_under_adam() -> Pair:
    """optimizer.zero_grad() is missing; Adam's steps keep their length, so that nothing blows up."""
    problem = images("digits", 1200, 500).problem(mlp(64, 64, 64, 10), batch_size=32, epochs=8)
    return Setup.of(problem, adam(5e-3), train_step=never_zeroed), Setup.of(problem, adam(5e-3))


@faulty("zero_grad", data="mnist", half="held out", also=("gradient_blocked",))
def zeroed_before_the_step() -> Pair:
    """optimizer.zero_grad() stands between backward and step: every update is by a gradient of nothing."""

    def step(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
        value = loss(model(x), y)
        value.backward()
        optimizer.zero_grad()
        optimizer.step()
        return value

    problem = images("mnist", 3000).problem(cnn(28), epochs=3)
    return Setup.of(problem, adam(1e-3), train_step=step), Setup.of(problem, adam(1e-3))


@faulty("zero_grad", data="cifar10-subset", half="held out")
def zeroed_once_an_epoch() -> Pair:
    """optimizer.zero_grad() is called once an epoch, at its first batch."""
    problem = standardized(images("cifar10-subset", 2000)).problem(cnn(32, 3), epochs=5)
    batches = -(-2000 // 64)
    done: WeakKeyDictionary[Optimizer, int] = WeakKeyDictionary()

    def step(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
        if done.setdefault(optimizer, 0) % batches == 0:
            optimizer.zero_grad()
        done[optimizer] += 1
        return never_zeroed(model, optimizer, loss, x, y)

    return Setup.of(problem, sgd(0.02), train_step=step), Setup.of(problem, sgd(0.02))


@faulty("gradient_blocked", data="mnist", half="held out")
def loss_made_anew() -> Pair:
    """The loss is wrapped in a new tensor that requires a gradient, to silence an error: the model gets none."""

    def step(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
        optimizer.zero_grad()
        value = torch.tensor(loss(model(x), y).item(), requires_grad=True)
        value.backward()
        optimizer.step()
        return value

    problem = images("mnist", 3000).problem(mlp(784, 64, 10), epochs=3)
    return Setup.of(problem, adam(1e-3), train_step=step), Setup.of(problem, adam(1e-3))


def _deep_with_norm() -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs in (3072, *[64] * 7):
        layers += [nn.Linear(inputs, 64), nn.BatchNorm1d(64), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, 10))


@faulty("train_eval_mode", data="cifar10-subset", half="tuning")
def eval_mode_in_training() -> Pair:
    """model.eval() of the first validation is never undone: BatchNorm is idle, and eight layers fade."""

    def step(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
        model.eval()
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value

    problem = standardized(images("cifar10-subset", 2500)).problem(_deep_with_norm)
    return Setup.of(problem, sgd(0.02), train_step=step), Setup.of(problem, sgd(0.02))


@faulty("train_eval_mode", data="mnist", half="held out", also=("dropout_too_high",))
def functional_dropout() -> Pair:
    """F.dropout is called without training=self.training: it drops in evaluation too."""

    class Net(nn.Module):
        def __init__(self, careful: bool) -> None:
            super().__init__()
            self.fc1, self.fc2, self.fc3 = nn.Linear(784, 128), nn.Linear(128, 64), nn.Linear(64, 10)
            self.careful = careful

        def forward(self, x: Tensor) -> Tensor:
            drops = self.training if self.careful else True
            x = F.dropout(F.relu(self.fc1(x.flatten(1))), 0.5, training=drops)
            x = F.dropout(F.relu(self.fc2(x)), 0.5, training=drops)
            return self.fc3(x)

    data = images("mnist", 4000)
    wrong, right = (data.problem(lambda careful=careful: Net(careful), epochs=4) for careful in (False, True))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))
