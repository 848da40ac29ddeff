"""Faults of initial weights and of depth: what dies, saturates, vanishes or explodes."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from tests.faults.case import faulty
from tests.faults.images.data import images, standardized
from tests.faults.images.nets import Model, adam, mlp, sgd
from thalweg.check.setup import Setup

Pair = tuple[Setup, Setup]


def initialized(model: Model, draw: Callable[[Tensor], object], bias: float = 0) -> Model:
    """The model with weights drawn so, and constant biases."""

    def make() -> nn.Module:
        net = model()
        for layer in net.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d):
                draw(layer.weight)
                nn.init.constant_(layer.bias, bias)
        return net

    return make


@faulty("weight_init", data="digits", half="tuning", also=("vanishing_gradient",))
def all_weights_alike() -> Pair:
    """Every weight starts at 0.01: all units of a layer compute the same, for ever."""
    data = images("digits", 1200, 500)
    net = mlp(64, 64, 64, 10)
    alike = initialized(net, lambda weight: nn.init.constant_(weight, 0.01))
    wrong, right = (data.problem(model, batch_size=32, epochs=8) for model in (alike, net))
    return Setup.of(wrong, adam(2e-3)), Setup.of(right, adam(2e-3))


@faulty("weight_init", data="fashion-mnist", half="held out", also=("exploding_gradient",))
def standard_normal_weights() -> Pair:
    """torch.randn for every weight: the outputs are in the thousands, and so is the first loss."""
    data = images("fashion-mnist", 4000)
    net = mlp(784, 128, 64, 10)
    wrong, right = (data.problem(model) for model in (initialized(net, nn.init.normal_), net))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("weight_init", data="cifar10-subset", half="tuning", also=("vanishing_gradient",))
def weights_near_zero() -> Pair:
    """A normal distribution of spread 0.001 in a net of five layers: nothing comes out, nothing comes back."""

    def net() -> nn.Module:
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise((3, 16, 16, 32, 32)):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.ReLU()]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128, 10))

    data = standardized(images("cifar10-subset", 3000))
    small = initialized(net, lambda weight: nn.init.normal_(weight, std=1e-3))
    wrong, right = (data.problem(model) for model in (small, initialized(net, nn.init.kaiming_normal_)))
    return Setup.of(wrong, sgd(0.02)), Setup.of(right, sgd(0.02))


@faulty("dead_relu", data="fashion-mnist", half="tuning", also=("lr_too_high",))
def killed_by_large_steps() -> Pair:
    """The first steps are so long that most ReLUs are never active again."""
    data = images("fashion-mnist", 4000)
    problem = data.problem(mlp(784, 128, 128, 10))
    return Setup.of(problem, sgd(0.5)), Setup.of(problem, sgd(0.02))


@faulty("dead_relu", data="mnist", half="held out", also=("weight_init",))
def drawn_from_below_zero() -> Pair:
    """The first layer is drawn from [-0.1, 0), a sign too many: with inputs >= 0 no unit is ever active."""

    def net(low: float, high: float) -> Model:
        def make() -> nn.Module:
            model = mlp(784, 128, 10)()
            assert isinstance(model, nn.Sequential)
            nn.init.uniform_(model[1].weight, low, high)
            return model

        return make

    data = images("mnist", 3000)
    wrong, right = (data.problem(net(-0.1, high)) for high in (0.0, 0.1))
    return Setup.of(wrong, sgd(0.05)), Setup.of(right, sgd(0.05))


@faulty("dead_relu", data="digits", half="held out", also=("weight_init",))
def biases_of_minus_two() -> Pair:
    """Biases start at -2, to make units sparse, and most of the second layer is never active."""
    data = images("digits", 1200, 500)
    net = mlp(64, 64, 64, 10)
    low = initialized(net, nn.init.kaiming_uniform_, bias=-2.0)
    right = initialized(net, nn.init.kaiming_uniform_)
    wrong, right = (data.problem(model, batch_size=32, epochs=8) for model in (low, right))
    return Setup.of(wrong, sgd(0.02)), Setup.of(right, sgd(0.02))


@faulty("saturation", data="mnist", half="tuning", also=("input_scaling",))
def sigmoids_of_raw_bytes() -> Pair:
    """Sigmoids get sums of pixels of 0 to 255: nearly all are at 0 or 1."""
    data = images("mnist", 4000)
    net = mlp(784, 128, 10, act=nn.Sigmoid)
    raw, scaled = (part.problem(net) for part in (data.of_inputs(lambda x: x * 255), data))
    return Setup.of(raw, sgd(0.1)), Setup.of(scaled, sgd(0.1))


@faulty("saturation", data="digits", half="held out", also=("weight_init",))
def tanh_with_standard_normal_weights() -> Pair:
    """Weights of spread 1 before tanh: nearly all units are at -1 or 1, where they have no slope."""
    data = standardized(images("digits", 1200, 500))
    net = mlp(64, 128, 128, 10, act=nn.Tanh)
    wrong, right = (
        data.problem(model, batch_size=32, epochs=8)
        for model in (initialized(net, nn.init.normal_), initialized(net, nn.init.xavier_normal_))
    )
    return Setup.of(wrong, sgd(0.02)), Setup.of(right, sgd(0.02))


@faulty("vanishing_gradient", data="fashion-mnist", half="tuning", also=("saturation",))
def eight_layers_of_sigmoids() -> Pair:
    """Every sigmoid takes three quarters of the gradient or more; eight leave nothing to the first layer."""
    data = standardized(images("fashion-mnist", 3000))
    wrong, right = (
        data.problem(initialized(mlp(784, *[64] * 8, 10, act=act), nn.init.kaiming_normal_), epochs=8)
        for act in (nn.Sigmoid, nn.ReLU)
    )
    return Setup.of(wrong, sgd(0.02)), Setup.of(right, sgd(0.02))


@faulty("vanishing_gradient", data="mnist", half="held out", also=("weight_init",))
def twenty_layers_without_shortcuts() -> Pair:
    """Twenty layers with torch's own initial weights, each of which passes on less than half of the spread."""

    class Block(nn.Module):
        def __init__(self, shortcut: bool) -> None:
            super().__init__()
            self.layer = nn.Linear(64, 64)
            self.shortcut = shortcut

        def forward(self, x: Tensor) -> Tensor:
            new = torch.relu(self.layer(x))
            return x + new if self.shortcut else new

    def net(shortcut: bool) -> Model:
        return lambda: nn.Sequential(
            *(nn.Flatten(), nn.Linear(784, 64), nn.ReLU()),
            *(Block(shortcut) for _ in range(20)),
            nn.Linear(64, 10),
        )

    data = images("mnist", 3000)
    wrong, right = (data.problem(net(shortcut)) for shortcut in (False, True))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("exploding_gradient", data="digits", half="tuning", also=("weight_init",))
def a_little_too_much_in_every_layer() -> Pair:
    """Weights of spread 0.2 in ten layers of 128: each layer makes its input 1.6 times as large."""
    data = standardized(images("digits", 1200, 500))
    net = mlp(64, *[128] * 10, 10)
    wide = initialized(net, lambda weight: nn.init.normal_(weight, std=0.2))
    right = initialized(net, lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"))
    wrong, right = (data.problem(model, batch_size=32, epochs=6) for model in (wide, right))
    return Setup.of(wrong, sgd(0.01)), Setup.of(right, sgd(0.01))


class Added(nn.Module):
    """Blocks whose results are added to their input, without any normalization."""

    def __init__(self, blocks: int, scale: float) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(blocks))
        self.last = nn.Linear(8 * 49, 10)
        self.scale = scale
        for block in self.blocks:
            nn.init.kaiming_normal_(block.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = x + self.scale * block(torch.relu(x))
        return self.last(nn.functional.avg_pool2d(x, 2).flatten(1))


@faulty("exploding_gradient", data="fashion-mnist", half="held out", also=("weight_init",))
def sixteen_sums_without_normalization() -> Pair:
    """Sixteen residual blocks without normalization: each doubles the variance."""
    data = standardized(images("fashion-mnist", 2000))
    wrong, right = (data.problem(lambda s=scale: Added(16, s), epochs=3) for scale in (1, 1 / math.sqrt(16)))
    return Setup.of(wrong, sgd(0.01)), Setup.of(right, sgd(0.01))


@faulty("exploding_gradient", data="mnist", half="tuning", also=("weight_init", "lr_too_high"))
def recurrent_weights_beyond_one() -> Pair:
    """A recurrent net of ReLUs reads 28 rows, and its recurrent matrix doubles what it gets."""

    class Rows(nn.Module):
        def __init__(self, gain: float) -> None:
            super().__init__()
            self.rnn = nn.RNN(28, 64, nonlinearity="relu", batch_first=True)
            self.head = nn.Linear(64, 10)
            nn.init.orthogonal_(self.rnn.weight_hh_l0, gain=gain)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.rnn(x.squeeze(1))[0][:, -1])

    data = images("mnist", 3000)
    wrong, right = (data.problem(lambda gain=gain: Rows(gain)) for gain in (2.0, 1.0))
    return Setup.of(wrong, adam(2e-3)), Setup.of(right, adam(2e-3))
