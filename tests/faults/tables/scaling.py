"""Scales: targets and inputs in units that the net, its output or its rate is not made for."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam

from tests.faults.case import faulty
from tests.faults.made import Parts, absolute_error, made, share_right
from tests.faults.tables.data import (
    abalone,
    cancer,
    diabetes,
    quality,
    retargeted,
    scaled,
    target_scaled,
    unit,
    wine,
)
from tests.faults.tables.nets import mlp
from thalweg.check.setup import Setup

Both = tuple[Setup, Setup]


@faulty("target_scaling", data="diabetes", half="tuning")
def progression_in_its_own_units() -> Both:
    """Targets are 25 to 346, and Adam climbs there from zero in steps of a thousandth."""

    def fit(parts: Parts, worth: float) -> Setup:
        net = partial(mlp, 10, 64, 32, 1)
        return made(parts, net, nn.MSELoss(), partial(Adam, lr=1e-3), epochs=15, metric=absolute_error(worth))

    raw = scaled(diabetes())
    return fit(raw, 1.0), fit(target_scaled(raw), unit(raw))


@faulty("target_scaling", data="regression", half="held out")
def shells_in_metres() -> Both:
    """A shell's length in metres varies by 0.024: the noise of fresh weights is ten times that."""

    def fit(parts: Parts, worth: float) -> Setup:
        net = partial(mlp, 9, 64, 64, 1, between=nn.Tanh)
        return made(
            parts,
            net,
            nn.MSELoss(),
            partial(SGD, lr=0.01),
            epochs=30,
            batch_size=64,
            metric=absolute_error(1000 * worth),
        )

    others = [0, 1, 2, 4, 5, 6, 7, 8, 9]
    raw = scaled(Parts(*((x[:, others], 0.2 * x[:, 3:4]) for x, _ in abalone())))
    return fit(raw, 1.0), fit(target_scaled(raw), unit(raw))


@faulty("target_range", data="regression", half="tuning", also=("output_activation",))
def marks_behind_a_sigmoid() -> Both:
    """A sigmoid gives 0 to 1, the tasters 3 to 9."""

    def net() -> nn.Module:
        return nn.Sequential(mlp(12, 32, 1), nn.Sigmoid())

    def fit(parts: Parts, worth: float) -> Setup:
        return made(
            parts,
            net,
            nn.MSELoss(),
            partial(Adam, lr=3e-3),
            epochs=15,
            batch_size=64,
            metric=absolute_error(worth),
        )

    raw = scaled(quality())
    return fit(raw, 1.0), fit(retargeted(raw, lambda y: (y - 3) / 6), 6.0)


class _Tumours(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(30, 16)
        self.out = nn.Linear(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.relu(self.hidden(x))).squeeze(1)


@faulty("target_range", data="cancer", half="held out", also=("wrong_loss",))
def labels_of_minus_one_and_one() -> Both:
    """Binary cross-entropy takes 0 and 1; with -1 it has no lower bound."""
    parts = scaled(cancer())
    told = share_right(lambda output: output > 0)
    good = made(
        retargeted(parts, Tensor.float),
        _Tumours,
        nn.BCEWithLogitsLoss(),
        partial(SGD, lr=0.05, momentum=0.9),
        epochs=15,
        metric=told,
    )
    signs = made(
        retargeted(parts, lambda y: 2.0 * y - 1),
        _Tumours,
        nn.BCEWithLogitsLoss(),
        partial(SGD, lr=0.05, momentum=0.9),
        epochs=15,
        metric=share_right(lambda output: output.sign()),
    )
    return signs, good


@faulty("input_scaling", data="wine", half="tuning")
def wine_as_it_was_measured() -> Both:
    """Proline is 278 to 1680, hue about 1; plain gradient descent sees the one and nothing else."""

    def fit(parts: Parts) -> Setup:
        return made(
            parts, partial(mlp, 13, 32, 3), nn.CrossEntropyLoss(), partial(SGD, lr=0.01), epochs=40, batch_size=16
        )

    return fit(wine()), fit(scaled(wine()))


@faulty("input_scaling", data="regression", half="held out")
def sulphur_in_milligrams() -> Both:
    """Sulphur dioxide is in milligrams, about 115, the density about 0.995: some inputs drown others."""

    def fit(parts: Parts) -> Setup:
        return made(
            parts,
            partial(mlp, 12, 64, 64, 1),
            nn.MSELoss(),
            partial(Adam, lr=1e-3),
            epochs=10,
            batch_size=64,
            metric=absolute_error(unit(quality())),
        )

    raw = target_scaled(quality())
    return fit(raw), fit(scaled(raw))


@faulty("saturation", data="cancer", half="tuning", also=("input_scaling",))
def cell_areas_into_sigmoids() -> Both:
    """Areas of cells reach 2500: every sigmoid of the first layer is at one of its ends."""

    def fit(parts: Parts) -> Setup:
        net = partial(mlp, 30, 32, 16, 2, between=nn.Sigmoid)
        return made(parts, net, nn.CrossEntropyLoss(), partial(SGD, lr=0.1, momentum=0.9), epochs=20)

    return fit(cancer()), fit(scaled(cancer()))


def _unit_normal() -> nn.Module:
    net = mlp(10, 100, 100, 1, between=nn.Tanh)
    for module in net:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight)
    return net


@faulty("saturation", data="diabetes", half="held out", also=("weight_init",))
def tanh_with_weights_of_unit_variance() -> Both:
    """Weights drawn from N(0, 1) sum up to pre-activations of 10, where a tanh is flat."""
    parts = scaled(diabetes())
    worth = absolute_error(unit(parts))
    net = partial(mlp, 10, 100, 100, 1, between=nn.Tanh)
    good = made(
        target_scaled(parts), net, nn.MSELoss(), partial(SGD, lr=0.01), epochs=30, batch_size=16, metric=worth
    )
    return good.with_problem(model=_unit_normal), good
