"""What losses take outputs for, whatever they are called."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from thalweg.check.looks.reading import Reading, reading

CLASSES = torch.arange(12) % 4
WEIGHTS = torch.tensor([1.0, 2.0, 3.0, 9.0])


def focal(output, y):
    logs = functional.log_softmax(output, 1).gather(1, y[:, None])
    return -((1 - logs.exp()).square() * logs).mean()


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (nn.CrossEntropyLoss(), Reading.LOGITS),
        (nn.CrossEntropyLoss(weight=WEIGHTS, label_smoothing=0.1), Reading.LOGITS),
        (functional.cross_entropy, Reading.LOGITS),
        (focal, Reading.LOGITS),
        (lambda output, y: functional.nll_loss(functional.log_softmax(output, 1), y), Reading.LOGITS),
        (nn.MultiMarginLoss(), Reading.LOGITS),
        (nn.NLLLoss(), Reading.LOG_PROBABILITIES),
        (nn.NLLLoss(weight=WEIGHTS), Reading.LOG_PROBABILITIES),
        (lambda output, y: functional.nll_loss(output.log(), y), Reading.PROBABILITIES),
        (lambda output, y: -output[torch.arange(len(y)), y].log().mean(), Reading.PROBABILITIES),
        (lambda output, y: functional.mse_loss(output, functional.one_hot(y, 4).float()), Reading.VALUES),
        (lambda output, y: (output.softmax(1) - functional.one_hot(y, 4)).square().mean(), Reading.LOGITS),
        (lambda output, y: output.sum() * 0, None),
    ],
)
def test_losses_of_labels(loss, expected):
    output = torch.randn(12, 4, generator=torch.Generator().manual_seed(3))
    assert reading(loss, output, CLASSES) is expected


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (nn.MSELoss(), Reading.VALUES),
        (nn.L1Loss(), Reading.VALUES),
        (nn.HuberLoss(), Reading.VALUES),
        (lambda output, y: (output.squeeze() - y.squeeze()).square().sum(), Reading.VALUES),
        (nn.BCEWithLogitsLoss(), Reading.BINARY_LOGITS),
        (nn.BCEWithLogitsLoss(pos_weight=torch.tensor(7.0)), Reading.BINARY_LOGITS),
        (lambda output, y: functional.binary_cross_entropy_with_logits(output, y), Reading.BINARY_LOGITS),
        (nn.BCELoss(), Reading.BINARY_PROBABILITIES),
        (lambda output, y: functional.binary_cross_entropy(output, y), Reading.BINARY_PROBABILITIES),
    ],
)
@pytest.mark.parametrize("y", [torch.linspace(-2, 5, 12)[:, None], (CLASSES % 2).float()[:, None]])
def test_losses_of_numbers(loss, expected, y):
    assert reading(loss, torch.randn(12, 1, generator=torch.Generator().manual_seed(3)), y) is expected


def test_shares_of_classes_are_scored():
    shares = functional.one_hot(CLASSES).float()
    assert reading(nn.CrossEntropyLoss(), torch.zeros(12, 4), shares) is Reading.LOGITS
    assert reading(nn.MSELoss(), torch.zeros(12, 4), shares) is Reading.VALUES


def test_scores_at_every_place():
    y = torch.randint(0, 5, (6, 7), generator=torch.Generator().manual_seed(0))
    assert reading(nn.CrossEntropyLoss(), torch.zeros(6, 5, 7), y) is Reading.LOGITS
    assert reading(nn.NLLLoss(), torch.zeros(6, 5, 7), y) is Reading.LOG_PROBABILITIES


def test_a_loss_that_fails_is_read_as_nothing():
    def fails(output, y):
        raise RuntimeError

    assert reading(fails, torch.zeros(12, 4), CLASSES) is None
    assert reading(nn.MSELoss(), torch.zeros(12, 3), torch.zeros(12, 2)) is None
