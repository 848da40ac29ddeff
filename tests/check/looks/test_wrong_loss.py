"""Losses that ask for something else than the targets are."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional


def squeezed(output, y):
    return functional.mse_loss(output.squeeze(1), y.float())


def test_classes_as_amounts_are_found(small_digits, setup_of, mlp, see):
    for data, loss in (
        (small_digits, squeezed),
        ((small_digits[0], small_digits[1][:, None].float()), nn.MSELoss()),
    ):
        seen = see(setup_of(data, mlp(64, 32, 1), loss, metrics=[]), "fitting loss")
        assert seen.faults == ["wrong_loss"]
        assert "as amounts" in seen.suspicions[0].finding.evidence


def test_marks_are_amounts(data_root, setup_of, mlp, see):
    from thalweg.data.measured import wine_quality

    x, y = (torch.as_tensor(part).float() for part in wine_quality(data_root))
    for target in (y, y - y.min()):
        given = setup_of(((x - x.mean(0)) / x.std(0), target.reshape(-1, 1)), mlp(x.shape[1], 32, 1), nn.MSELoss())
        assert not see(given, "fitting loss").suspicions


def test_counts_are_amounts(setup_of, mlp, see):
    drawn = torch.Generator().manual_seed(0)
    x = torch.randn(900, 6, generator=drawn)
    counts = torch.poisson((1 + x[:, 0]).clamp(0.1, 4), generator=drawn)
    assert not see(setup_of((x, counts[:, None]), mlp(6, 32, 1), nn.MSELoss()), "fitting loss").suspicions


@pytest.mark.parametrize("end", [None, lambda: nn.Softmax(1)])
def test_squared_errors_of_classes_are_found_and_replaced(end, small_digits, setup_of, mlp, see):
    x, y = small_digits

    def of_labels(output, y):
        return functional.mse_loss(output, functional.one_hot(y, 10).float())

    one_hot = x, functional.one_hot(y, 10).float()
    for data, loss in ((small_digits, of_labels), (one_hot, nn.MSELoss())):
        seen = see(setup_of(data, mlp(64, 32, 10, end=end), loss), "fitting loss")
        assert seen.faults == ["wrong_loss"]
        assert seen.suspicions[0].weight < 0.5  # it trains, if not as well
        assert not seen.mended().suspicions


def test_squared_errors_of_yes_and_no_are_found_and_replaced(raw_cancer, setup_of, mlp, see):
    x, y = raw_cancer
    data = (x - x.mean(0)) / x.std(0), y[:, None].float()
    for end, name in ((None, "BCEWithLogitsLoss"), (nn.Sigmoid, "BCELoss")):
        seen = see(setup_of(data, mlp(30, 16, 1, end=end), nn.MSELoss()), "fitting loss")
        assert seen.suspicions[0].change.words == name
        assert not seen.mended().suspicions


def test_numbers_as_shares_of_classes_are_found_and_replaced(raw_diabetes, small_digits, setup_of, mlp, see):
    x, y = raw_diabetes
    two = (y - y.mean()) / y.std() * torch.tensor([1.0, -1.0])
    seen = see(setup_of((x, two), mlp(10, 16, 2), metrics=[]), "fitting loss")
    assert seen.faults == ["wrong_loss"]
    assert seen.suspicions[0].change.words == "MSELoss"
    assert not seen.mended().suspicions
    images, labels = small_digits
    several = functional.one_hot(labels, 10) + functional.one_hot((labels + 1) % 10, 10)
    seen = see(setup_of((images, several.float()), mlp(64, 16, 10), metrics=[]), "fitting loss")
    assert seen.suspicions[0].change.words == "BCEWithLogitsLoss"
    assert not seen.mended().suspicions


def test_shares_of_classes_are_right(small_digits, setup_of, mlp, see):
    x, y = small_digits
    smooth = 0.9 * functional.one_hot(y, 10) + 0.01
    assert not see(setup_of((x, smooth), mlp(64, 32, 10), metrics=[]), "fitting loss").suspicions


def test_a_loss_that_ignores_outputs_is_found(raw_cancer, setup_of, mlp, see):
    x, y = raw_cancer
    data = (x - x.mean(0)) / x.std(0), y[:, None].float()
    seen = see(setup_of(data, mlp(30, 16, 1), nn.CrossEntropyLoss()), "fitting loss")
    assert seen.faults == ["wrong_loss"]
    assert "whatever the outputs" in seen.suspicions[0].finding.evidence
    assert not seen.mended().suspicions


def test_usual_losses_fit(small_digits, raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    several = (torch.rand(442, 3, generator=torch.Generator().manual_seed(0)) < 0.3).float()
    for given in (
        setup_of(small_digits, mlp(64, 32, 10)),
        setup_of((x, y), mlp(10, 8, 1), nn.MSELoss()),
        setup_of((x, y), mlp(10, 8, 1), nn.L1Loss()),
        setup_of((x, several), mlp(10, 8, 3), nn.BCEWithLogitsLoss()),
    ):
        seen = see(given, "fitting loss")
        assert not seen.suspicions
        assert seen.passed


def test_a_sum_over_the_batch_is_worth_a_note(small_digits, setup_of, mlp, see):
    seen = see(setup_of(small_digits, mlp(64, 32, 10), nn.CrossEntropyLoss(reduction="sum")), "mean loss")
    assert seen.notes == ["wrong_loss"]
    assert not seen.mended().suspicions
    assert not see(setup_of(small_digits, mlp(64, 32, 10)), "mean loss").suspicions
