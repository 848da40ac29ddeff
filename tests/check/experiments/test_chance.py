"""The loss of chance, the least of all, and the least of outputs of a kind."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from thalweg.check.experiments.chance import attainable, chance, floor, link_of

LABELS = torch.tensor([0] * 60 + [1] * 30 + [2] * 10)
ENTROPY = -sum(p * math.log(p) for p in (0.6, 0.3, 0.1))


def outputs(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_chance_of_labels_is_their_entropy_whatever_form_probabilities_have():
    logits = outputs(100, 3)
    assert chance(nn.CrossEntropyLoss(), logits, LABELS) == pytest.approx(ENTROPY, rel=1e-4)
    assert chance(nn.NLLLoss(), logits.log_softmax(1), LABELS) == pytest.approx(ENTROPY, rel=1e-4)
    binary = (LABELS > 0).float()
    entropy = -0.6 * math.log(0.6) - 0.4 * math.log(0.4)
    assert chance(nn.BCEWithLogitsLoss(), logits[:, 0], binary) == pytest.approx(entropy, rel=1e-4)
    assert chance(nn.BCELoss(), logits[:, 0].sigmoid(), binary) == pytest.approx(entropy, rel=1e-4)


def test_chance_of_numbers_is_their_spread():
    y = outputs(200, 2) * torch.tensor([1.0, 3.0]) + 5
    assert chance(nn.MSELoss(), outputs(200, 2), y) == pytest.approx(
        y.var(0, correction=0).mean().item(), rel=1e-4
    )
    spread = (y - y.median(0).values).abs().mean().item()
    assert chance(nn.L1Loss(), outputs(200, 2), y) == pytest.approx(spread, rel=0.05)


def test_chance_of_letters_is_the_same_at_every_place():
    y = LABELS.view(10, 10)
    assert chance(nn.CrossEntropyLoss(), outputs(10, 3, 10), y) == pytest.approx(ENTROPY, rel=1e-4)
    strange = outputs(10, 10, 3).transpose(1, 2)
    assert floor(nn.CrossEntropyLoss(), strange, y) < 0.01


def test_a_loss_without_a_least_has_no_chance():
    assert math.isnan(chance(lambda output, y: -functional.mse_loss(output, y), outputs(9, 1), outputs(9, 1)))
    assert math.isnan(chance(nn.BCEWithLogitsLoss(), outputs(9), torch.full((9,), -1.0)))


def test_a_loss_that_takes_no_such_outputs_has_no_chance():
    assert math.isnan(chance(nn.CrossEntropyLoss(), outputs(9, 3), torch.full((9,), 7)))


def test_what_outputs_of_a_kind_can_reach():
    y = torch.tensor([[3.0], [5.0], [9.0]])
    loss = nn.MSELoss()
    inside, above = outputs(3, 1).sigmoid(), outputs(3, 1).relu() + 1
    assert attainable(loss, inside, y) == pytest.approx((4 + 16 + 64) / 3, rel=1e-2)
    assert attainable(loss, above, y) < 1e-4
    assert attainable(loss, above, -y) == pytest.approx((9 + 25 + 81) / 3, rel=1e-2)
    assert floor(loss, inside, y) < 1e-4


@pytest.mark.parametrize("kind", [torch.sigmoid, lambda z: z.softmax(1), lambda z: z.log_softmax(1), lambda z: z])
def test_links_give_outputs_of_the_kind(kind):
    link = link_of(kind(outputs(20, 4)))
    z = outputs(20, 4) + 0.5
    torch.testing.assert_close(link(z), kind(z))
