from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch import nn

from thalweg.data.sampling import hard, hardness, sample_losses

NAN = float("nan")


def test_probabilities_follow_the_formula() -> None:
    losses = np.array([0.5, 2.0, 8.0, 100.0, 0.0])
    weights = np.minimum(losses, 8.0) ** 0.7  # 8 is the largest but one: the quantile 0.75 of five
    expected = 0.8 * weights / weights.sum() + 0.2 / 5
    got = hardness(torch.from_numpy(losses), power=0.7, cap=0.75, uniform=0.2)
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-12)


def test_the_cap_bounds_an_outlier() -> None:
    losses = torch.ones(100)
    losses[3] = 1e30
    assert hardness(losses, power=1, cap=0.95, uniform=0).allclose(torch.full((100,), 0.01).double())
    assert hardness(losses, power=1, cap=1, uniform=0)[3] == 1


@pytest.mark.parametrize("losses", [[NAN] * 4, [0.0] * 4, [3.0] * 4, [-1.0] * 4, [0.0, 0.0, NAN, 0.0]])
@pytest.mark.parametrize("power", [0, 0.5, 1])
def test_where_nothing_stands_out_all_are_alike(losses: list[float], power: float) -> None:
    assert hardness(torch.tensor(losses), power=power).allclose(torch.full((4,), 0.25).double())


def test_what_is_not_known_counts_as_hard() -> None:
    p = hardness(torch.tensor([1.0, NAN, 4.0]), cap=1, uniform=0)
    assert p[1] == p[2] > p[0]


def test_a_diverged_loss_does_not_spoil_the_draw() -> None:
    p = hardness(torch.tensor([1.0] * 30 + [math.inf]))
    assert p.isfinite().all()
    assert math.isclose(p.sum(), 1)
    infinite = hardness(torch.tensor([1.0, 4.0, math.inf, math.inf]), cap=1.0, uniform=0.0)
    torch.testing.assert_close(infinite, torch.tensor([1, 2, 2, 2]).double() / 7)
    assert hardness(torch.tensor([math.inf, NAN])).tolist() == [0.5, 0.5]


def test_draws_have_these_probabilities() -> None:
    losses = torch.tensor([0.1, 1.0, 3.0, 9.0])
    index = torch.cat([hard(4, seed=0, epoch=epoch, losses=losses) for epoch in range(3000)])
    expected = hardness(losses).numpy() * len(index)
    assert chisquare(index.bincount().numpy(), expected).pvalue > 1e-3


@pytest.mark.parametrize(
    ("mean", "each", "y"),
    [
        (nn.CrossEntropyLoss(), nn.CrossEntropyLoss(reduction="none"), torch.arange(6) % 3),
        (
            nn.CrossEntropyLoss(label_smoothing=0.1),
            nn.CrossEntropyLoss(reduction="none", label_smoothing=0.1),
            None,
        ),
        (
            nn.BCEWithLogitsLoss(),
            lambda o, y: nn.BCEWithLogitsLoss(reduction="none")(o, y).mean(1),
            torch.ones(6, 3),
        ),
        (nn.MSELoss(), lambda o, y: (o - y).square().mean(1), torch.zeros(6, 3)),
    ],
)
def test_the_loss_of_each_sample(mean: nn.Module, each: nn.Module, y: torch.Tensor | None) -> None:
    output = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    y = torch.arange(6) % 3 if y is None else y
    losses = sample_losses(mean, output, y)
    assert not losses.requires_grad
    torch.testing.assert_close(losses, each(output, y).detach())
