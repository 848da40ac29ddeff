"""What cannot be learned by heart, and what can."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD

from thalweg.check.experiments.overfit import memory
from thalweg.check.subject import Subject


def test_digits_are_learned_by_heart_whatever_rate_and_regularization(digits_with, see, mlp):
    def dropping():
        return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.9), nn.Linear(64, 10))

    for changes in (
        {},
        {"optimizer": partial(SGD, lr=1e-6)},
        {"optimizer": partial(SGD, lr=0.1, weight_decay=1.0)},
        {"model": dropping},
        {"loss": nn.CrossEntropyLoss(label_smoothing=0.2)},
        {"model": mlp(64, 10)},
    ):
        given = digits_with(**changes)
        assert not see(given, "one batch").suspicions, changes
        assert memory(Subject(given)).left < 0.2


def test_softmax_before_cross_entropy_bars_the_way(digits_with, mlp, see):
    seen = see(digits_with(model=mlp(64, 32, 10, end=partial(nn.Softmax, dim=1))), "one batch")
    assert seen.faults == ["output_activation"]
    assert "cannot have less" in seen.suspicions[0].finding.evidence


@pytest.mark.parametrize(("end", "fault"), [(nn.Sigmoid, "target_range"), (nn.ReLU, None), (None, None)])
def test_targets_beyond_the_outputs(raw_diabetes, setup_of, mlp, see, end, fault):
    x, y = raw_diabetes
    given = setup_of((x, y / 50), mlp(10, 32, 1, end=end), nn.MSELoss(), batch_size=32)
    assert see(given, "one batch").faults == ([fault] if fault else [])


def test_targets_below_a_rectifier(raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    given = setup_of((x, (y - y.mean()) / y.std()), mlp(10, 32, 1, end=nn.ReLU), nn.MSELoss(), batch_size=32)
    assert see(given, "one batch").faults == ["output_activation"]


def test_inputs_that_are_lost_on_the_way(digits_with, see):
    class Deaf(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(64, 10)

        def forward(self, x):
            return self.layer(torch.zeros_like(x))

    seen = see(digits_with(model=Deaf), "one batch")
    assert seen.faults == ["gradient_blocked"]
    assert "do not depend on the inputs" in seen.suspicions[0].finding.evidence


def test_a_net_too_small_is_noted(setup_of, mlp, see):
    drawn = torch.Generator().manual_seed(0)
    data = torch.randn(200, 2, generator=drawn), torch.randint(4, (200,), generator=drawn)
    assert see(setup_of(data, mlp(2, 4), batch_size=32), "one batch").notes == ["capacity_too_small"]
    assert not see(setup_of(data, mlp(2, 64, 64, 4), batch_size=32), "one batch").suspicions


def test_repeated_inputs_with_other_labels_are_learned_once(digits_with, small_digits, see):
    x, y = small_digits
    twice = torch.cat([x[:40], x[:40]]), torch.cat([y[:40], (y[:40] + 1) % 10])
    given = digits_with(data=twice, shuffle=False, batch_size=80)
    assert not see(given, "one batch").suspicions


def test_a_loss_without_a_least_has_no_verdict(digits_with):
    cross_entropy = nn.CrossEntropyLoss()
    assert memory(Subject(digits_with(loss=lambda output, y: -cross_entropy(output, y)))) is None


def test_two_texts_of_many_letters_that_a_small_net_learns_in_part_are_no_blocked_gradient(setup_of, see):
    class Letters(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.rnn, self.head = nn.Embedding(60, 8), nn.GRU(8, 1, batch_first=True), nn.Linear(1, 60)

        def forward(self, x):
            return self.head(self.rnn(self.embed(x))[0]).transpose(1, 2)

    x = torch.randint(0, 60, (64, 32), generator=torch.Generator().manual_seed(0))
    given = setup_of((x, x.roll(1, 1)), Letters, batch_size=16)
    assert see(given, "one batch").notes == ["capacity_too_small"]
