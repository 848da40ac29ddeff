"""Faults of the model's build: what is missing, frozen, hidden from the optimizer or cut off from the loss."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from tests.faults.case import faulty
from tests.faults.images.data import images, standardized
from tests.faults.images.nets import Model, adam, cnn, mlp, sgd
from thalweg.check.setup import Setup

Pair = tuple[Setup, Setup]


@faulty("missing_nonlinearity", data="mnist", half="tuning")
def three_linear_layers_in_a_row() -> Pair:
    """Three linear layers and nothing between them: together they are one."""
    data = images("mnist", 6000)
    wrong, right = (data.problem(mlp(784, 128, 64, 10, act=act)) for act in (nn.Identity, nn.ReLU))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("missing_nonlinearity", data="cifar10-subset", half="held out")
def convolutions_without_activation() -> Pair:
    """Convolutions with BatchNorm, and the calls of F.relu are missing: all of it is linear."""

    class Net(nn.Module):
        def __init__(self, active: bool) -> None:
            super().__init__()
            self.conv1, self.norm1 = nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.BatchNorm2d(16)
            self.conv2, self.norm2 = nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32)
            self.fc1, self.fc2 = nn.Linear(32 * 8 * 8, 64), nn.Linear(64, 10)
            self.active = active

        def forward(self, x: Tensor) -> Tensor:
            act = F.relu if self.active else lambda x: x
            x = act(self.norm1(self.conv1(x)))
            x = act(self.norm2(self.conv2(x)))
            return self.fc2(act(self.fc1(x.flatten(1))))

    data = images("cifar10-subset", 4000)
    wrong, right = (data.problem(lambda active=active: Net(active)) for active in (False, True))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("capacity_too_small", data="mnist", half="tuning")
def all_through_two_units() -> Pair:
    """A hidden layer of two units, as in the picture of the tutorial."""
    data = images("mnist", 4000)
    wrong, right = (data.problem(mlp(784, width, 64, 10), epochs=8) for width in (2, 128))
    return Setup.of(wrong, adam(2e-3)), Setup.of(right, adam(2e-3))


@faulty("capacity_too_small", data="fashion-mnist", half="held out")
def two_channels_and_a_mean() -> Pair:
    """Convolutions of two channels, of which one mean each reaches the output."""

    def net(channels: int) -> Model:
        return lambda: nn.Sequential(
            *(nn.Conv2d(1, channels, 3, stride=2, padding=1), nn.BatchNorm2d(channels), nn.ReLU()),
            *(nn.Conv2d(channels, channels, 3, stride=2, padding=1), nn.BatchNorm2d(channels), nn.ReLU()),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)),
        )

    data = images("fashion-mnist", 3000)
    wrong, right = (data.problem(net(channels), epochs=6) for channels in (2, 32))
    return Setup.of(wrong, adam(5e-3)), Setup.of(right, adam(5e-3))


def frozen(model: Model, *names: str) -> Model:
    """The model with these parts not trained."""

    def make() -> nn.Module:
        net = model()
        for name in names:
            net.get_submodule(name).requires_grad_(False)
        return net

    return make


@faulty("frozen_layer", data="fashion-mnist", half="tuning")
def frozen_but_never_trained() -> Pair:
    """The convolutions are frozen, from a recipe for transfer, but nobody loaded their weights."""
    data = standardized(images("fashion-mnist", 3000))
    net = cnn(28, widths=(4, 8))
    wrong, right = (data.problem(model, epochs=6) for model in (frozen(net, "0", "3"), net))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("frozen_layer", data="mnist", half="held out")
def first_layer_left_frozen() -> Pair:
    """A line of an experiment was left behind: the first layer of four is frozen, at random weights."""
    data = images("mnist", 4000)
    net = mlp(784, 24, 64, 64, 10)
    wrong, right = (data.problem(model, epochs=6) for model in (frozen(net, "1"), net))
    return Setup.of(wrong, sgd(0.05)), Setup.of(right, sgd(0.05))


class Listed(nn.Module):
    """Hidden layers in a list: Python's own, which torch does not look into, or torch's."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.hidden = kind([nn.Linear(784, 32), nn.Linear(32, 32), nn.Linear(32, 32)])
        self.out = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.out(x)


@faulty("params_not_optimised", data="mnist", half="tuning", also=("frozen_layer",))
def layers_in_a_plain_list() -> Pair:
    """The hidden layers are in a Python list: model.parameters() has the last layer only."""
    data = images("mnist", 4000)
    wrong, right = (data.problem(lambda kind=kind: Listed(kind)) for kind in (list, nn.ModuleList))
    return Setup.of(wrong, adam(2e-3)), Setup.of(right, adam(2e-3))


@faulty("params_not_optimised", data="fashion-mnist", half="held out", also=("frozen_layer",))
def optimizer_of_the_head_alone() -> Pair:
    """The optimizer was given the last layer only, as for a pre-trained net; this one is fresh."""
    problem = images("fashion-mnist", 3000).problem(cnn(28, widths=(4, 8)))
    head = lambda parameters: torch.optim.Adam(parameters[-2:], lr=2e-3)  # noqa: E731
    return Setup.of(problem, head), Setup.of(problem, adam(2e-3))


class Lazy(nn.Module):
    """A dense layer in the middle is made when the size of its input is known."""

    def __init__(self, at_once: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.fc1: nn.Linear | None = nn.Linear(128, 16) if at_once else None
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv(x)), 2).flatten(1)
        if self.fc1 is None:
            self.fc1 = nn.Linear(x.shape[1], 16)
        return self.fc2(F.relu(self.fc1(x)))


@faulty("params_not_optimised", data="digits", half="held out", also=("frozen_layer",))
def layer_made_in_the_forward_pass() -> Pair:
    """A layer is made in the first forward pass, when the optimizer has its list of parameters already."""
    data = images("digits", 1200, 500)
    wrong, right = (data.problem(lambda once=once: Lazy(once), epochs=6) for once in (False, True))
    return Setup.of(wrong, sgd(0.02)), Setup.of(right, sgd(0.02))


class Features(nn.Module):
    """Convolutions and a head, with the features kept for a picture."""

    def __init__(self, detach: bool) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.Conv2d(4, 8, 3, stride=2, padding=1)
        self.fc1, self.fc2 = nn.Linear(8 * 49, 16), nn.Linear(16, 10)
        self.detach = detach

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv2(F.relu(self.conv1(x)))).flatten(1)
        self.features = x.detach()
        return self.fc2(F.relu(self.fc1(self.features if self.detach else x)))


@faulty("gradient_blocked", data="fashion-mnist", half="tuning")
def detached_for_a_picture() -> Pair:
    """The features are detached to be drawn, and the detached ones are used on."""
    data = standardized(images("fashion-mnist", 3000))
    wrong, right = (data.problem(lambda detach=detach: Features(detach), epochs=6) for detach in (True, False))
    return Setup.of(wrong, sgd(0.02)), Setup.of(right, sgd(0.02))


class Swish(torch.autograd.Function):
    """x sigmoid(x), with a backward pass by hand that forgets the chain rule."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return s + x * s * (1 - s)


class OwnSwish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return Swish.apply(x)  # type: ignore[return-value]


@faulty("gradient_blocked", data="digits", half="held out")
def backward_pass_without_the_chain_rule() -> Pair:
    """An activation's own backward pass returns its slope and forgets to multiply by the gradient from above."""
    data = images("digits", 1200, 500)
    wrong, right = (data.problem(mlp(64, 32, 32, 10, act=act), epochs=8) for act in (OwnSwish, nn.SiLU))
    return Setup.of(wrong, sgd(0.1)), Setup.of(right, sgd(0.1))


class Hard(torch.autograd.Function):
    """A step of 0 or 1, with a backward pass of the wrong sign."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(-1, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        return gradient * (x.abs() > 1)


class OwnHardTanh(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return Hard.apply(x)  # type: ignore[return-value]


@faulty("gradient_blocked", data="cifar10-subset", half="tuning")
def backward_pass_of_the_opposite_case() -> Pair:
    """A clamp's own backward pass lets the gradient through where the clamp is at work, and nowhere else."""
    data = standardized(images("cifar10-subset", 3000))
    wrong, right = (data.problem(mlp(3072, 64, 64, 10, act=act), epochs=6) for act in (OwnHardTanh, nn.Hardtanh))
    return Setup.of(wrong, sgd(0.01)), Setup.of(right, sgd(0.01))
