"""Models that are random in evaluation mode, or not in training mode while they train."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class Dropping(nn.Module):
    """A net with dropout written by hand."""

    def __init__(self, always):
        super().__init__()
        self.first, self.last, self.always = nn.Linear(64, 32), nn.Linear(32, 10), always

    def forward(self, x):
        h = torch.relu(self.first(x))
        return self.last(functional.dropout(h, 0.4, training=self.training or self.always))


def test_dropout_that_is_never_off_is_found(small_digits, setup_of, see):
    assert see(setup_of(small_digits, lambda: Dropping(True)), "steady outputs").faults == ["train_eval_mode"]
    assert not see(setup_of(small_digits, lambda: Dropping(False)), "steady outputs").suspicions


def normed():
    return nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 10))


class Stuck(nn.Module):
    """A net whose parts stay in evaluation mode."""

    def __init__(self, loaded=False):
        super().__init__()
        self.net = normed()
        if loaded:
            del self.net[3]
            self.net[1].running_mean.copy_(torch.arange(32.0))
        self.net.eval()

    def train(self, mode=True):
        self.training = mode
        return self

    def forward(self, x):
        return self.net(x)


def test_parts_that_stay_in_evaluation_mode_are_found(small_digits, setup_of, see):
    assert see(setup_of(small_digits, Stuck), "modes in training").faults == ["train_eval_mode"]
    assert not see(setup_of(small_digits, normed), "modes in training").suspicions


def test_normalization_that_was_learned_before_may_stay(small_digits, setup_of, see):
    seen = see(setup_of(small_digits, lambda: Stuck(loaded=True)), "modes in training")
    assert not seen.suspicions
    assert "learned before" in seen.passed[0].evidence
