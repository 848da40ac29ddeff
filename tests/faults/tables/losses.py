"""Losses and outputs that do not go together, with each other or with the target."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, softplus
from torch.optim import SGD, Adam, RMSprop

from tests.faults.case import faulty
from tests.faults.made import Parts, absolute_error, made, share_right
from tests.faults.tables.data import abalone, cancer, diabetes, retargeted, scaled, target_scaled, unit, wine
from tests.faults.tables.nets import mlp
from thalweg.check.setup import Setup

Both = tuple[Setup, Setup]


@faulty("wrong_loss", data="cancer", half="tuning", also=("output_activation",))
def likelihood_of_raw_scores() -> Both:
    """The negative log-likelihood takes log-probabilities; of raw scores it falls without end."""
    good = made(scaled(cancer()), partial(mlp, 30, 16, 2), nn.CrossEntropyLoss(), partial(SGD, lr=0.05), epochs=20)
    return good.with_problem(loss=nn.NLLLoss()), good


def _likelihood(output: Tensor, target: Tensor) -> Tensor:
    return log_softmax(output, 1)[torch.arange(len(target)), target].mean()


@faulty("loss_sign", data="wine", half="tuning", also=("wrong_loss",))
def likelihood_of_rows_without_its_minus() -> Both:
    """The log-likelihood is to be maximized; the minus that makes a loss of it is missing."""

    def fit(sign: float) -> Setup:
        return made(
            scaled(wine()),
            partial(mlp, 13, 24, 3),
            lambda output, target: sign * _likelihood(output, target),
            partial(Adam, lr=3e-3),
            epochs=20,
            batch_size=16,
        )

    return fit(1.0), fit(-1.0)


@faulty("output_activation", data="diabetes", half="tuning", also=("target_range",))
def progression_behind_a_relu() -> Both:
    """Half of the standardized targets are negative, and the last layer is a ReLU."""
    parts = target_scaled(scaled(diabetes()))

    def fit(*last: nn.Module) -> Setup:
        worth = absolute_error(unit(diabetes()))
        optimizer = partial(SGD, lr=0.01, momentum=0.5)
        return made(
            parts,
            lambda: nn.Sequential(mlp(10, 32, 1), *last),
            nn.MSELoss(),
            optimizer,
            epochs=20,
            batch_size=16,
            metric=worth,
        )

    return fit(nn.ReLU()), fit()


class _OneProbability(nn.Module):
    def __init__(self, last: nn.Module) -> None:
        super().__init__()
        self.fc1 = nn.Linear(30, 32)
        self.fc2 = nn.Linear(32, 1)
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.fc2(self.fc1(x).relu()))


@faulty("output_activation", data="cancer", half="held out", also=("output_size",))
def softmax_over_one_output() -> Both:
    """A softmax over a single score is 1, whatever the score; a sigmoid was meant."""
    labels = retargeted(scaled(cancer()), lambda y: y.float()[:, None])
    good = made(
        labels,
        lambda: _OneProbability(nn.Sigmoid()),
        nn.BCELoss(),
        partial(RMSprop, lr=1e-3),
        epochs=10,
        metric=share_right(lambda output: output > 0.5),
    )
    return good.with_problem(model=lambda: _OneProbability(nn.Softmax(dim=1))), good


@faulty("output_size", data="wine", half="held out")
def head_of_a_thousand_classes() -> Both:
    """The last layer still has the 1,000 outputs of another task; there are three growers."""

    def fit(outputs: int) -> Setup:
        optimizer = partial(SGD, lr=0.02, momentum=0.9)
        net = partial(mlp, 13, 16, outputs, between=nn.Tanh)
        loss = nn.CrossEntropyLoss()
        return made(scaled(wine()), net, loss, optimizer, epochs=5, batch_size=16, objective="loss")

    return fit(1000), fit(3)


def _square(output: Tensor, target: Tensor) -> Tensor:
    return ((output - target) ** 2).mean()


@faulty("output_size", data="regression", half="tuning", also=("tensor_shape",))
def rings_and_weight_from_one_output() -> Both:
    """Rings and weight are asked for, the net has one output, and the difference broadcasts it over both."""
    parts = scaled(abalone())
    others = [0, 1, 2, 3, 4, 5]
    two = Parts(*((x[:, others], torch.cat([x[:, 6:7], y], 1)) for x, y in parts))
    mean, spread = two.train[1].mean(0), two.train[1].std(0)
    both = retargeted(two, lambda y: (y - mean) / spread)

    def fit(outputs: int) -> Setup:
        net = partial(mlp, 6, 32, outputs)
        return made(both, net, _square, partial(Adam, lr=3e-3), epochs=10, batch_size=64)

    return fit(1), fit(2)


@faulty("tensor_shape", data="regression", half="tuning")
def column_against_row() -> Both:
    """Outputs are (n, 1), targets (n,): their difference is every output against every target."""
    parts = target_scaled(scaled(abalone()))
    flat = retargeted(parts, Tensor.flatten)

    def fit(parts: Parts) -> Setup:
        net = partial(mlp, 10, 64, 32, 1)
        worth = absolute_error(unit(abalone()))
        return made(parts, net, _square, partial(Adam, lr=1e-3), epochs=10, batch_size=64, metric=worth)

    return fit(flat), fit(parts)


class _Summed(nn.Module):
    """Two branches, for the body and for the blood, whose answers add up."""

    def __init__(self, flat: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
        self.blood = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
        self.flat = flat

    def forward(self, x: Tensor) -> Tensor:
        total = self.body(x[:, :4]) + self.blood(x[:, 4:])
        return total.squeeze(1) if self.flat else total


def _absolute(output: Tensor, target: Tensor) -> Tensor:
    return torch.abs(output - target).mean()


@faulty("tensor_shape", data="diabetes", half="held out")
def absolute_errors_of_all_pairs() -> Both:
    """The net's (n, 1) was not squeezed, so that the mean goes over n x n differences and the median is learnt."""
    flat = retargeted(target_scaled(scaled(diabetes())), Tensor.flatten)
    worth = absolute_error(unit(diabetes()))
    good = made(
        flat, lambda: _Summed(True), _absolute, partial(SGD, lr=0.05, momentum=0.9), epochs=20, metric=worth
    )
    return good.with_problem(model=lambda: _Summed(False)), good


def _cross_entropy_by_hand(output: Tensor, target: Tensor) -> Tensor:
    p = torch.sigmoid(output.squeeze(1))
    return -(target * torch.log(p) + (1 - target) * torch.log(1 - p)).mean()


@faulty("numerical_instability", data="cancer", half="tuning")
def logarithm_of_a_probability_of_zero() -> Both:
    """Once a sigmoid rounds to 1, the logarithm of 1 - p is minus infinity, and its gradient NaN."""
    labels = retargeted(scaled(cancer()), Tensor.float)
    good = made(
        labels,
        partial(mlp, 30, 64, 1),
        lambda output, target: nn.functional.binary_cross_entropy_with_logits(output.squeeze(1), target),
        partial(SGD, lr=0.1, momentum=0.9),
        epochs=40,
        metric=share_right(lambda output: output > 0),
    )
    return good.with_problem(loss=_cross_entropy_by_hand), good


class _InUnits(nn.Module):
    """Gives the progression itself: the net's answer times the spread, plus the mean."""

    def __init__(self, mean: float, spread: float) -> None:
        super().__init__()
        self.net = mlp(10, 32, 1)
        self.mean, self.spread = mean, spread

    def forward(self, x: Tensor) -> Tensor:
        return self.mean + self.spread * self.net(x)


def _log_cosh(output: Tensor, target: Tensor) -> Tensor:
    return torch.log(torch.cosh(output - target)).mean()


def _stable_log_cosh(output: Tensor, target: Tensor) -> Tensor:
    error = (output - target).abs()
    return (error + softplus(-2 * error) - math.log(2)).mean()


@faulty("numerical_instability", data="diabetes", half="held out")
def cosine_of_a_hundred() -> Both:
    """The hyperbolic cosine of errors beyond 89 is infinite in float32; most patients are off by less at first."""
    parts = scaled(diabetes())
    good = made(
        parts,
        partial(_InUnits, parts.train[1].mean().item(), unit(parts)),
        _stable_log_cosh,
        partial(Adam, lr=3e-3),
        epochs=10,
        metric=absolute_error(),
    )
    return good.with_problem(loss=_log_cosh), good
