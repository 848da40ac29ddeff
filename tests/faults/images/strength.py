"""Faults of measure: too little or too much regularization, batches too small, classes too rare."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from tests.faults.case import faulty
from tests.faults.images.data import Images, images, standardized
from tests.faults.images.nets import Model, adam, cnn, mlp, sgd
from thalweg.check.setup import Setup
from thalweg.core.config import Config
from thalweg.problems import Metric

Pair = tuple[Setup, Setup]


@faulty("overfitting", data="fashion-mnist", half="tuning")
def a_large_net_for_five_hundred_images() -> Pair:
    """Five hundred images, a million weights, forty epochs: the loss of validation has long been rising."""
    data = images("fashion-mnist", 500)
    wrong = data.problem(mlp(784, 512, 512, 512, 10), batch_size=50, epochs=40, objective="loss")
    right = data.problem(mlp(784, 64, 10, drop=0.5), batch_size=50, epochs=40, objective="loss")
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3, weight_decay=1e-3))


@faulty("overfitting", data="cifar10-subset", half="held out")
def thirty_epochs_of_a_thousand_pictures() -> Pair:
    """A net of half a million weights learns 1000 pictures by heart; nothing holds it back."""

    def net(drop: float) -> Model:
        return lambda: nn.Sequential(
            *(nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten()),
            *(nn.Dropout(drop), nn.Linear(32 * 64, 256), nn.ReLU(), nn.Dropout(drop), nn.Linear(256, 10)),
        )

    data = standardized(images("cifar10-subset", 1000))
    wrong = data.problem(net(0), epochs=30, objective="loss")
    right = data.problem(net(0.6), epochs=30, objective="loss", augment=["flip", "crop"])
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("dropout_too_high", data="digits", half="tuning")
def the_share_to_keep_as_the_share_to_drop() -> Pair:
    """Dropout(0.9), from a program whose number is the share that is kept."""
    data = images("digits", 1200, 500)
    wrong, right = (data.problem(mlp(64, 64, 64, 10, drop=rate), batch_size=32, epochs=8) for rate in (0.9, 0.1))
    return Setup.of(wrong, adam(2e-3)), Setup.of(right, adam(2e-3))


@faulty("dropout_too_high", data="fashion-mnist", half="held out")
def dropout_behind_everything() -> Pair:
    """Seven channels of ten and seven units of ten are dropped behind every layer of a small net."""

    def net(rate: float) -> Model:
        return lambda: nn.Sequential(
            *(nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Dropout2d(rate)),
            *(nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Dropout2d(rate)),
            *(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Dropout(rate), nn.Linear(64, 10)),
        )

    data = images("fashion-mnist", 4000)
    wrong, right = (data.problem(net(rate)) for rate in (0.7, 0.1))
    return Setup.of(wrong, adam(2e-3)), Setup.of(right, adam(2e-3))


@faulty("weight_decay_too_strong", data="mnist", half="tuning")
def decay_of_a_tenth() -> Pair:
    """SGD with weight_decay=0.1, which pulls the weights in more than the loss draws them out."""
    problem = images("mnist", 4000).problem(mlp(784, 128, 64, 10))
    return Setup.of(problem, sgd(0.05, weight_decay=0.1)), Setup.of(problem, sgd(0.05, weight_decay=1e-4))


@faulty("weight_decay_too_strong", data="cifar10-subset", half="held out", also=("optimizer_setting",))
def decay_of_adamw_in_adam() -> Pair:
    """The weight_decay=0.1 of AdamW was kept when it was replaced by Adam, where it is L2."""
    problem = standardized(images("cifar10-subset", 3000)).problem(cnn(32, 3))
    return Setup.of(problem, adam(2e-3, weight_decay=0.1)), Setup.of(problem, adam(2e-3))


@faulty("batchnorm_small_batch", data="fashion-mnist", half="tuning")
def batches_of_two_with_batchnorm() -> Pair:
    """Batches of two, and BatchNorm behind dense layers: of two numbers it leaves which is larger."""

    def net(norm: Callable[[int], nn.Module]) -> Model:
        return lambda: nn.Sequential(
            *(nn.Flatten(), nn.Linear(784, 64), norm(64), nn.ReLU()),
            *(nn.Linear(64, 64), norm(64), nn.ReLU(), nn.Linear(64, 10)),
        )

    data = images("fashion-mnist", 1500)
    wrong, right = (data.problem(net(norm), batch_size=2, epochs=3) for norm in (nn.BatchNorm1d, nn.LayerNorm))
    return Setup.of(wrong, adam(5e-4)), Setup.of(right, adam(5e-4))


@faulty("batchnorm_small_batch", data="cifar10-subset", half="held out")
def batches_of_two_and_small_maps() -> Pair:
    """Batches of two, for want of memory, in a net whose last maps are of 2 x 2: BatchNorm has eight numbers."""

    def net(norm: Callable[[int], nn.Module]) -> Model:
        def make() -> nn.Module:
            layers: list[nn.Module] = []
            for inputs, outputs in pairwise((3, 16, 32, 32, 32)):
                layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), norm(outputs), nn.ReLU()]
            return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128, 10))

        return make

    data = standardized(images("cifar10-subset", 2000))
    group = lambda channels: nn.GroupNorm(4, channels)  # noqa: E731
    wrong, right = (data.problem(net(norm), batch_size=2, epochs=3) for norm in (nn.BatchNorm2d, group))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


def _balanced(output: Tensor, y: Tensor) -> Tensor:
    """The mean over classes of the share of their samples that is right."""
    right = output.argmax(1) == y
    return torch.stack([right[y == label].double().mean() for label in y.unique()]).mean()


balanced_accuracy = Metric("balanced accuracy", _balanced)


def rarer(data: Images, share: dict[int, float]) -> Images:
    """Keep only a share of some classes, in both splits."""

    def kept(y: Tensor) -> Tensor:
        mask = torch.ones(len(y), dtype=torch.bool)
        for label, part in share.items():
            places = (y == label).nonzero().flatten()
            mask[places[int(part * len(places)) :]] = False
        return mask

    train, valid = kept(data.y), kept(data.yv)
    return Images(data.x[train], data.y[train], data.xv[valid], data.yv[valid])


@faulty("class_imbalance", data="mnist", half="tuning")
def nines_are_rare() -> Pair:
    """One sample of a hundred is a nine, which all the others outvote."""
    whole = images("mnist", 6000, 3000)
    nines = whole._replace(y=(whole.y == 9).long(), yv=(whole.yv == 9).long())
    data = rarer(nines, {1: 0.1})
    weights = torch.tensor([1.0, float((data.y == 0).sum() / (data.y == 1).sum())])
    plain, weighted = (
        data.problem(mlp(784, 32, 2), loss=loss, metrics=[balanced_accuracy], epochs=3)
        for loss in (nn.CrossEntropyLoss(), nn.CrossEntropyLoss(weight=weights))
    )
    return Setup.of(plain, sgd(0.02)), Setup.of(weighted, sgd(0.02))


@faulty("class_imbalance", data="fashion-mnist", half="held out")
def three_rare_kinds_of_clothes() -> Pair:
    """Three classes of ten have a fortieth of the samples of the others, and nobody weighs them."""
    data = rarer(images("fashion-mnist", 8000, 4000), {2: 0.025, 4: 0.025, 6: 0.025})
    problem = data.problem(mlp(784, 64, 10), metrics=[balanced_accuracy], batch_size=128, epochs=4)
    config = Config(optimizer="momentum", hyper={"lr": 0.02})
    return Setup.of(problem, config), Setup.of(problem, config.replace(sampling="class-balanced"))
