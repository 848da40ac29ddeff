"""Losses that training makes worse outputs of."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional


def shares(output, y):
    return functional.nll_loss(output.log(), y)


CASES = [
    (nn.CrossEntropyLoss(), None),
    (nn.CrossEntropyLoss(label_smoothing=0.1), None),
    (nn.NLLLoss(), lambda: nn.LogSoftmax(1)),
    (shares, lambda: nn.Softmax(1)),
    (nn.MultiMarginLoss(), None),
]


@pytest.mark.parametrize(("loss", "end"), CASES)
def test_a_loss_turned_round_is_found_and_turned_back(loss, end, small_digits, setup_of, mlp, see):
    model = mlp(64, 32, 10, end=end)
    seen = see(setup_of(small_digits, model, lambda output, y: -loss(output, y)), "training direction")
    assert seen.faults == ["loss_sign"]
    assert seen.suspicions[0].weight == 1
    assert not seen.mended().suspicions
    assert not see(setup_of(small_digits, model, loss), "training direction").suspicions


@pytest.mark.parametrize("loss", [nn.MSELoss(), nn.L1Loss(), nn.HuberLoss()])
def test_losses_of_numbers(loss, raw_diabetes, setup_of, mlp, see):
    assert not see(setup_of(raw_diabetes, mlp(10, 8, 1), loss), "training direction").suspicions
    turned = setup_of(raw_diabetes, mlp(10, 8, 1), lambda output, y: -loss(output, y))
    assert see(turned, "training direction").faults == ["loss_sign"]


@pytest.mark.parametrize("loss", [nn.BCELoss(), nn.BCEWithLogitsLoss()])
def test_losses_of_yes_and_no(loss, raw_cancer, setup_of, mlp, see):
    x, y = raw_cancer
    data = (x - x.mean(0)) / x.std(0), y[:, None].float()
    model = mlp(30, 8, 1, end=nn.Sigmoid if isinstance(loss, nn.BCELoss) else None)
    assert not see(setup_of(data, model, loss), "training direction").suspicions
    turned = setup_of(data, model, lambda output, y: -loss(output, y))
    assert see(turned, "training direction").faults == ["loss_sign"]


def test_an_optimizer_that_climbs_is_found_unless_it_is_meant(small_digits, setup_of, mlp, see):
    def climbing(parameters):
        return torch.optim.SGD(parameters, lr=0.1, maximize=True)

    seen = see(setup_of(small_digits, mlp(64, 32, 10), optimizer=climbing), "training direction")
    assert seen.faults == ["loss_sign"]
    assert seen.suspicions[0].finding.where == "optimizer"
    assert not seen.mended().suspicions

    def likelihood(output, y):
        return -functional.cross_entropy(output, y)

    meant = setup_of(small_digits, mlp(64, 32, 10), likelihood, climbing)
    assert not see(meant, "training direction").suspicions


def test_a_loss_that_knows_no_right_outputs_is_left_alone(small_digits, setup_of, mlp, see):
    seen = see(
        setup_of(small_digits, mlp(64, 32, 10), lambda output, y: output.square().mean()), "training direction"
    )
    assert not seen.suspicions
    assert not seen.passed


@pytest.mark.parametrize("by", [1, 3])
def test_a_loss_that_asks_for_other_labels_is_a_wrong_loss(by, small_digits, setup_of, mlp, see):
    def moved(output, y):
        return functional.cross_entropy(output, (y + by) % 10)

    seen = see(setup_of(small_digits, mlp(64, 32, 10), moved), "training direction")
    assert seen.faults == ["wrong_loss"]
    assert seen.suspicions[0].finding.numbers["moved by"] == by
