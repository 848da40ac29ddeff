"""Healthy set-ups whose models look suspicious: linear, small, frozen, detached, sparse, saturated or deep."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from tests.faults.case import healthy
from tests.faults.images.data import images, standardized
from tests.faults.images.nets import adam, cnn, mlp, resnet, sgd
from thalweg.check.setup import Setup


@healthy(look_alike_of="missing_nonlinearity", data="mnist", half="tuning", reaches=0.82)
def softmax_regression() -> Setup:
    """A linear model, on purpose: one layer, no activation."""
    return Setup.of(images("mnist", 4000).problem(mlp(784, 10)), sgd(0.05))


@healthy(look_alike_of="missing_nonlinearity", data="fashion-mnist", half="held out", reaches=0.78)
def a_factored_layer() -> Setup:
    """Two linear layers in a row through 24 numbers: a matrix of low rank, which saves weights."""

    def net() -> nn.Module:
        return nn.Sequential(
            *(nn.Flatten(), nn.Linear(784, 24, bias=False), nn.Linear(24, 256), nn.ReLU()),
            *(nn.Linear(256, 24, bias=False), nn.Linear(24, 10)),
        )

    return Setup.of(images("fashion-mnist", 5000).problem(net), adam(1e-3))


@healthy(look_alike_of="capacity_too_small", data="digits", half="held out", reaches=0.9)
def twelve_units_that_suffice() -> Setup:
    """Twelve hidden units: few, and enough for these digits."""
    return Setup.of(images("digits", 1200, 500).problem(mlp(64, 12, 10), batch_size=32, epochs=15), adam(5e-3))


@cache
def pretrained() -> dict[str, Tensor]:
    """The weights of a small convolutional net that has learnt other digits of MNIST."""
    data = images("mnist", 6000, seed=1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = cnn(28)()
        optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
        for _ in range(3):
            for place in torch.randperm(6000).split(64):
                optimizer.zero_grad()
                F.cross_entropy(net(data.x[place]), data.y[place]).backward()
                optimizer.step()
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def transferred(freeze: bool) -> nn.Module:
    """The pre-trained net with a fresh head."""
    net = cnn(28)()
    net.load_state_dict(pretrained())
    assert isinstance(net, nn.Sequential)
    if freeze:
        for layer in net[:-1]:
            layer.requires_grad_(False)
    net[-1] = nn.Linear(784, 10)
    return net


@healthy(look_alike_of="frozen_layer", data="mnist", half="tuning", reaches=0.9)
def frozen_after_pretraining() -> Setup:
    """The convolutions are pre-trained and frozen, and the head alone learns from 500 samples."""
    data = images("mnist", 500)
    return Setup.of(data.problem(lambda: transferred(freeze=True), batch_size=32, epochs=10), adam(3e-3))


@healthy(look_alike_of="frozen_layer", data="digits", half="held out", reaches=0.9)
def principal_components_first() -> Setup:
    """The first layer holds the principal components of the data, and is no parameter at all."""
    data = images("digits", 1200, 500)
    _, _, directions = torch.pca_lowrank(data.x.flatten(1), q=20, niter=4)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("directions", directions)
            self.net = mlp(20, 32, 10)()

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x.flatten(1) @ self.directions)

    return Setup.of(data.problem(Net, batch_size=32, epochs=12), adam(3e-3))


@healthy(look_alike_of="lr_too_low", data="mnist", half="held out", reaches=0.93)
def fine_tuning_at_a_small_rate() -> Setup:
    """All layers of a pre-trained net are tuned at 1e-4, so as not to lose what they know."""

    def net() -> nn.Module:
        model = cnn(28)()
        model.load_state_dict(pretrained())
        return model

    return Setup.of(images("mnist", 2000).problem(net, epochs=3), adam(1e-4))


class Probed(nn.Module):
    """A net with a second head that watches its features and must not shape them."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())
        self.head, self.probe = nn.Linear(64, 10), nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        features = self.features(x)
        return torch.stack([self.head(features), self.probe(features.detach())], dim=2)


@healthy(look_alike_of="gradient_blocked", data="fashion-mnist", half="tuning", reaches=0.78)
def a_probe_on_detached_features() -> Setup:
    """A linear probe learns on detached features beside the head proper."""
    from thalweg.problems import Metric

    def loss(output: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(output, y[:, None].expand(-1, 2))

    head = Metric("accuracy", lambda output, y: (output[..., 0].argmax(1) == y).double().mean())
    return Setup.of(images("fashion-mnist", 4000).problem(Probed, loss=loss, metrics=[head]), adam(1e-3))


class StraightThrough(torch.autograd.Function):
    """The sign, whose backward pass is that of the identity within [-1, 1]: nobody's derivative, and it works."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        return gradient * (x.abs() <= 1)


class Binary(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return StraightThrough.apply(x)  # type: ignore[return-value]


@healthy(look_alike_of="gradient_blocked", data="digits", half="held out", reaches=0.85)
def binary_units_by_straight_through() -> Setup:
    """Binary hidden units with the straight-through estimator, whose backward pass is by design no derivative."""

    def net() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.BatchNorm1d(128), Binary(), nn.Linear(128, 10))

    return Setup.of(images("digits", 1200, 500).problem(net, batch_size=32, epochs=10), adam(3e-3))


@healthy(look_alike_of="dead_relu", data="mnist", half="held out", reaches=0.88)
def half_of_all_units_silent() -> Setup:
    """More than half of all ReLUs are at zero for any one sample, as in every wide net; few are so for all."""
    return Setup.of(images("mnist", 4000).problem(mlp(784, 512, 256, 10)), adam(1e-3))


@healthy(look_alike_of="dead_relu", data="fashion-mnist", half="tuning", reaches=0.75)
def sparse_by_their_thresholds() -> Setup:
    """Biases start a little below zero, so that units are sparse: most are silent for a sample, none for all."""

    def net() -> nn.Module:
        model = mlp(784, 256, 10)()
        assert isinstance(model, nn.Sequential)
        nn.init.kaiming_normal_(model[1].weight)
        nn.init.constant_(model[1].bias, -0.5)
        return model

    return Setup.of(standardized(images("fashion-mnist", 4000)).problem(net), adam(1e-3))


class Highway(nn.Module):
    """A layer behind a gate that is nearly shut at first."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.layer, self.gate = nn.Linear(size, size), nn.Linear(size, size)
        nn.init.constant_(self.gate.bias, -3.0)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(x))
        return gate * torch.relu(self.layer(x)) + (1 - gate) * x


@healthy(look_alike_of="saturation", data="fashion-mnist", half="held out", reaches=0.76)
def gates_nearly_shut() -> Setup:
    """A highway net of ten layers, whose gates start near 0, to let inputs pass."""

    def net() -> nn.Module:
        return nn.Sequential(
            *(nn.Flatten(), nn.Linear(784, 48), nn.ReLU()), *(Highway(48) for _ in range(10)), nn.Linear(48, 10)
        )

    return Setup.of(images("fashion-mnist", 3000).problem(net, epochs=6), adam(2e-3))


@healthy(look_alike_of="vanishing_gradient", data="cifar10-subset", half="tuning", reaches=0.33)
def twelve_residual_blocks() -> Setup:
    """A net of 25 layers, which shortcuts and BatchNorm make easy to train."""
    data = images("cifar10-subset", 3000)
    return Setup.of(data.problem(resnet(8, 12), epochs=4), sgd(0.015))


@healthy(look_alike_of="weight_init", data="cifar10-subset", half="held out", reaches=0.35)
def residual_branches_from_zero() -> Setup:
    """The last BatchNorm of every branch starts with weights of zero: each block is first the identity."""

    def net() -> nn.Module:
        model = resnet(12, 3)()
        for block in model.modules():
            if hasattr(block, "body"):
                nn.init.zeros_(block.body[-1].weight)
        return model

    return Setup.of(images("cifar10-subset", 3000).problem(net, epochs=4), adam(3e-3))
