"""Labels that are wrong by their numbers, and outputs that are too few or too many."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.problems.metrics import accuracy


def test_labels_from_one_are_found_and_mended(small_digits, setup_of, mlp, see):
    x, y = small_digits
    seen = see(setup_of((x, y + 1), mlp(64, 32, 10)), "label range")
    assert seen.faults == ["labels_wrong"]
    assert not seen.mended().suspicions
    assert not see(setup_of((x, y + 1), mlp(64, 32, 11)), "label range").suspicions  # a spare output is harmless


def test_negative_labels_are_found_unless_the_loss_ignores_them(small_digits, setup_of, mlp, see):
    x, y = small_digits
    marked = torch.where(torch.arange(len(y)) % 10 == 0, -1, y)
    assert see(setup_of((x, marked), mlp(64, 32, 10)), "label range").faults == ["labels_wrong"]
    ignoring = setup_of((x, marked), mlp(64, 32, 10), nn.CrossEntropyLoss(ignore_index=-1))
    assert not see(ignoring, "label range").suspicions


def test_labels_that_are_all_the_same_are_found(small_digits, raw_diabetes, setup_of, mlp, see):
    x, y = small_digits
    assert see(setup_of((x, y * 0 + 3), mlp(64, 32, 10)), "label range").faults == ["labels_wrong"]
    x, y = raw_diabetes
    given = setup_of((x, y * 0 + 3), mlp(10, 8, 1), nn.MSELoss())
    assert see(given, "label range").faults == ["labels_wrong"]
    assert not see(setup_of((x, y), mlp(10, 8, 1), nn.MSELoss()), "label range").suspicions


@pytest.mark.parametrize("outputs", [1, 9])
def test_too_few_outputs_are_found(outputs, small_digits, setup_of, mlp, see):
    seen = see(setup_of(small_digits, mlp(64, 32, outputs)), "output size")
    assert seen.faults == ["output_size"]
    assert not see(setup_of(small_digits, mlp(64, 32, 10)), "output size").suspicions


def test_a_class_that_training_lacks_needs_an_output_too(small_digits, setup_of, mlp, see):
    x, y = small_digits
    known = y < 9
    given = setup_of((x[known], y[known]), mlp(64, 32, 9), valid=(x, y))
    assert see(given, "output size").faults == ["output_size"]


def test_spare_outputs_are_worth_a_note(small_digits, setup_of, mlp, see):
    assert see(setup_of(small_digits, mlp(64, 32, 100)), "output size").notes == ["output_size"]


def test_a_single_output_may_be_meant(raw_cancer, setup_of, mlp, see):
    x, y = raw_cancer
    given = setup_of((x, y[:, None].float()), mlp(30, 8, 1), nn.BCEWithLogitsLoss())
    assert not see(given, "output size").suspicions


def test_scores_a_token_are_counted_along_their_dimension(setup_of, see):
    x = torch.randint(0, 30, (60, 5), generator=torch.Generator().manual_seed(0))

    class Tagger(nn.Module):
        def __init__(self, classes):
            super().__init__()
            self.embed, self.head = nn.Embedding(30, 8), nn.Linear(8, classes)

        def forward(self, x):
            return self.head(self.embed(x)).transpose(1, 2)

    assert not see(setup_of((x, x % 4), lambda: Tagger(4), metrics=[accuracy]), "output size").suspicions
    few = setup_of((x, x % 4), lambda: Tagger(3), metrics=[accuracy])
    assert see(few, "output size").faults == ["output_size"]


def test_labels_that_contradict_each_other_are_found(small_digits, setup_of, mlp, see):
    x, y = small_digits
    twice = torch.cat([x, x[:300]])
    turned = torch.cat([y, y[torch.arange(300).roll(1)]])
    assert see(setup_of((twice, turned), mlp(64, 32, 10)), "consistent labels").faults == ["labels_wrong"]
    kept = torch.cat([y, y[:300]])
    assert not see(setup_of((twice, kept), mlp(64, 32, 10)), "consistent labels").suspicions


def test_a_little_noise_in_labels_is_usual(small_digits, setup_of, mlp, see):
    x, y = small_digits
    noisy = torch.where(torch.arange(300) % 20 == 0, (y[:300] + 1) % 10, y[:300])
    given = setup_of((torch.cat([x, x[:300]]), torch.cat([y, noisy])), mlp(64, 32, 10))
    assert not see(given, "consistent labels").suspicions


def test_coarse_inputs_contradict_each_other_by_nature(setup_of, mlp, see):
    drawn = torch.Generator().manual_seed(0)
    x = torch.randint(0, 2, (600, 4), generator=drawn).float()
    y = torch.randint(0, 2, (600,), generator=drawn)
    assert not see(setup_of((x, y), mlp(4, 8, 2)), "consistent labels").suspicions


@pytest.mark.parametrize(("outputs", "targets"), [(1, 2), (3, 1)])
def test_an_output_that_is_spread_over_targets_is_one_too_few(outputs, targets, raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    y = torch.cat([y, y.flip(0)], 1)[:, :targets]
    spread = setup_of((x, y), mlp(10, 16, outputs), lambda output, y: (output - y).square().mean(), metrics=[])
    seen = see(spread, "output size")
    assert seen.faults == ["output_size"]
    assert not seen.mended().suspicions


def test_a_mean_and_a_spread_for_one_target_are_meant(raw_diabetes, setup_of, mlp, see):
    def likelihood(output, y):
        return nn.functional.gaussian_nll_loss(output[:, :1], y, output[:, 1:].exp())

    given = setup_of(raw_diabetes, mlp(10, 16, 2), likelihood, metrics=[])
    assert not see(given, "output size").suspicions


def test_outputs_that_are_missing_are_added(small_digits, setup_of, mlp, see):
    seen = see(setup_of(small_digits, mlp(64, 32, 9)), "output size")
    assert not seen.mended().suspicions
