"""Targets that meet the outputs of others, and losses that only look like it."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from thalweg.problems.metrics import accuracy


def test_a_column_against_a_row_is_found_and_mended(raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    y = (y - y.mean()).flatten() / y.std()

    def by_hand(output, y):
        return (output - y).square().mean()

    for loss in (nn.MSELoss(), nn.L1Loss(), by_hand):
        seen = see(setup_of((x, y), mlp(10, 16, 1), loss), "targets apart")
        assert seen.faults == ["tensor_shape"]
        assert seen.suspicions[0].weight == 1
        assert not seen.mended().suspicions


def test_a_loss_that_brings_both_to_one_shape_is_right(raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes

    def squeezed(output, y):
        return functional.mse_loss(output.squeeze(1), y)

    assert not see(setup_of((x, y.flatten()), mlp(10, 16, 1), squeezed), "targets apart").suspicions
    assert not see(setup_of((x, y), mlp(10, 16, 1), nn.MSELoss()), "targets apart").suspicions


class Tagger(nn.Module):
    """A net that scores four classes at each of six places, in either layout."""

    def __init__(self, classes_first):
        super().__init__()
        self.classes_first = classes_first
        self.embed, self.head = nn.Embedding(30, 8), nn.Linear(8, 4)

    def forward(self, x):
        scores = self.head(self.embed(x))
        return scores.transpose(1, 2) if self.classes_first else scores


def flat(output, y):
    return functional.cross_entropy(output.reshape(-1, 4), y.reshape(-1))


@pytest.fixture(scope="module")
def tags():
    x = torch.randint(0, 30, (60, 6), generator=torch.Generator().manual_seed(0))
    return x, x % 4


def test_outputs_flattened_across_their_axes_are_found(tags, setup_of, see):
    seen = see(setup_of(tags, lambda: Tagger(True), flat, metrics=[]), "targets apart")
    assert seen.faults == ["tensor_shape"]


def test_outputs_that_keep_beside_their_targets_are_right(tags, setup_of, see):
    assert not see(setup_of(tags, lambda: Tagger(False), flat, metrics=[]), "targets apart").suspicions
    plain = setup_of(tags, lambda: Tagger(True), metrics=[accuracy])
    assert not see(plain, "targets apart").suspicions


def test_samples_flattened_in_another_order_than_targets_are_found(tags, setup_of, see):
    def crossed(output, y):
        return functional.cross_entropy(output.transpose(0, 1).reshape(-1, 4), y.reshape(-1))

    assert see(setup_of(tags, lambda: Tagger(False), crossed, metrics=[]), "targets apart").faults == [
        "tensor_shape"
    ]


def test_weights_of_classes_change_all_alike(small_digits, setup_of, mlp, see):
    def weighed(output, y):
        weight = torch.arange(1.0, 11.0).to(output.dtype)
        return functional.cross_entropy(output, y, weight=weight)

    for loss in (weighed, nn.CrossEntropyLoss(weight=torch.arange(1.0, 11.0)), nn.CrossEntropyLoss()):
        assert not see(setup_of(small_digits, mlp(64, 32, 10), loss), "targets apart").suspicions
