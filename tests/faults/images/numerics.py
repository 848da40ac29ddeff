"""Faults of arithmetic: quotients of nothing, roots at zero, half precision."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from tests.faults.case import faulty
from tests.faults.images.data import images
from tests.faults.images.nets import adam, mlp, sgd
from thalweg.check.setup import Setup

Pair = tuple[Setup, Setup]


class Prototypes(nn.Module):
    """An embedding, and a point in it for each class: outputs are minus the squared distances."""

    def __init__(self, inputs: int, size: int) -> None:
        super().__init__()
        self.embed = mlp(inputs, 64, size)()
        self.points = nn.Parameter(torch.randn(10, size))

    def forward(self, x: Tensor) -> Tensor:
        return -(self.embed(x)[:, None] - self.points).square().sum(-1)


@faulty("numerical_instability", data="mnist", half="tuning")
def softmax_by_hand() -> Pair:
    """exp(x) / sum(exp(x)) by hand, of squared distances over a hundred: zero over zero."""

    def by_hand(output: Tensor, y: Tensor) -> Tensor:
        p = torch.exp(output) / torch.exp(output).sum(1, keepdim=True)
        return -torch.log(p.gather(1, y[:, None])).mean()

    data = images("mnist", 3000)
    wrong, right = (
        data.problem(lambda: Prototypes(784, 128), loss=loss, epochs=3) for loss in (by_hand, F.cross_entropy)
    )
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


class EnergyPool(nn.Module):
    """The root of the mean square of each 4 x 4 window."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return torch.sqrt(F.avg_pool2d(x.square(), 4) + self.eps)


@faulty("numerical_instability", data="mnist", half="held out", also=("exploding_gradient",))
def root_of_zero() -> Pair:
    """The root of a filter's energy: where the image is blank that is zero, and a root has no slope there."""

    def energetic(eps: float) -> Callable[[], nn.Module]:
        return lambda: nn.Sequential(
            *(nn.Conv2d(1, 8, 3, padding=1, bias=False), EnergyPool(eps)),
            *(nn.Flatten(), nn.Linear(392, 32), nn.ReLU(), nn.Linear(32, 10)),
        )

    data = images("mnist", 2000)
    wrong, right = (data.problem(energetic(eps), batch_size=32, epochs=3) for eps in (0, 1e-6))
    return Setup.of(wrong, adam(3e-3)), Setup.of(right, adam(3e-3))


class Half(nn.Module):
    """A net with weights and inputs of half precision."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net.half()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.half()).float()


@faulty("numerical_instability", data="fashion-mnist", half="held out", also=("optimizer_setting",))
def adam_in_half_precision() -> Pair:
    """model.half() and Adam: squares of small gradients are zero in half precision, and so is eps."""
    data = images("fashion-mnist", 2000)
    wrong = data.problem(lambda: Half(mlp(784, 64, 10)()), epochs=4)
    return Setup.of(wrong, adam(1e-3)), Setup.of(data.problem(mlp(784, 64, 10), epochs=4), adam(1e-3))


class Contrast(nn.Module):
    """Every image less its mean, over its spread."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        return (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + self.eps)


@faulty("numerical_instability", data="fashion-mnist", half="tuning", also=("nan_in_data",))
def contrast_of_an_empty_image() -> Pair:
    """Every image is divided by its spread in the model, and a few images are blank: zero over zero."""
    data = images("fashion-mnist", 3000)
    x = data.x.clone()
    x[[700, 1900, 2500]] = 0  # what a scanner gives at times
    data = data._replace(x=x)
    wrong, right = (
        data.problem(lambda eps=eps: nn.Sequential(Contrast(eps), mlp(784, 64, 10)()), epochs=3)
        for eps in (0.0, 1e-5)
    )
    return Setup.of(wrong, sgd(0.05)), Setup.of(right, sgd(0.05))
