"""Samples that mix, and those that only share a batch."""

from __future__ import annotations

import pytest
import torch
from torch import nn


class Through(nn.Module):
    """A net with a function between its layers."""

    def __init__(self, between, width=32):
        super().__init__()
        self.first, self.between, self.last = nn.Linear(64, 32), between, nn.Linear(width, 10)

    def forward(self, x):
        return self.last(self.between(torch.relu(self.first(x))))


MIXING = {
    "view across the batch": lambda h: h.t().reshape(h.shape),
    "softmax over the batch": lambda h: h.softmax(0),
    "centred by the batch": lambda h: h - h.mean(0),
    "a running sum": lambda h: h.cumsum(0),
}


@pytest.mark.parametrize("name", MIXING)
def test_samples_that_mix_are_found(name, small_digits, setup_of, see):
    seen = see(setup_of(small_digits, lambda: Through(MIXING[name])), "samples apart")
    assert seen.faults == ["tensor_shape"]


class Rows(nn.Module):
    """A recurrent net over the rows of an image."""

    def __init__(self, kind, batch_first):
        super().__init__()
        self.rows, self.head = kind(8, 16, batch_first=batch_first), nn.Linear(16, 10)

    def forward(self, x):
        return self.head(self.rows(x.reshape(-1, 8, 8))[0][:, -1])


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_a_recurrent_layer_that_takes_the_batch_for_time_is_found_and_turned(kind, small_digits, setup_of, see):
    seen = see(setup_of(small_digits, lambda: Rows(kind, False)), "samples apart")
    assert seen.faults == ["tensor_shape"]
    assert seen.suspicions[0].finding.where == f"rows ({kind.__name__})"
    assert not seen.mended().suspicions
    assert not see(setup_of(small_digits, lambda: Rows(kind, True)), "samples apart").suspicions


def test_softmax_of_the_wrong_dimension_is_found_and_turned(small_digits, setup_of, see):
    seen = see(setup_of(small_digits, lambda: Through(nn.Softmax(0))), "samples apart")
    assert seen.suspicions[0].change.words == "dim=1 in between"
    assert not seen.mended().suspicions


def test_outputs_that_are_not_one_a_sample_are_found(small_digits, setup_of, see):
    def wrong(h):
        return h.reshape(-1, 16)

    assert see(setup_of(small_digits, lambda: Through(wrong, 16)), "samples apart").faults == ["tensor_shape"]


@pytest.mark.parametrize(
    "between",
    [lambda: nn.BatchNorm1d(32), lambda: nn.Dropout(0.5), lambda: nn.LayerNorm(32), lambda: nn.Softmax(1)],
)
def test_samples_that_share_statistics_in_training_alone_are_apart(between, small_digits, setup_of, see):
    seen = see(setup_of(small_digits, lambda: Through(between())), "samples apart")
    assert not seen.suspicions
    assert seen.passed


def test_normalization_without_running_statistics_is_meant(small_digits, setup_of, see):
    given = setup_of(small_digits, lambda: Through(nn.BatchNorm1d(32, track_running_stats=False)))
    assert not see(given, "samples apart").suspicions


class Turning(nn.Module):
    """A net whose images have their channels last, brought to the front."""

    def __init__(self, turn):
        super().__init__()
        self.turn = turn
        self.conv, self.head = nn.Conv2d(4, 8, 1), nn.Linear(8 * 16, 10)

    def forward(self, x):
        return self.head(torch.relu(self.conv(self.turn(x.reshape(-1, 2, 8, 4)))).flatten(1))


def test_a_view_in_place_of_a_permute_is_found_and_replaced(small_digits, setup_of, see):
    from thalweg.check.subject import Subject

    def viewed(x):
        return x.view(-1, 4, 2, 8)

    def permuted(x):
        return x.permute(0, 3, 1, 2)

    seen = see(setup_of(small_digits, lambda: Turning(viewed)), "reshapes")
    assert seen.faults == ["tensor_shape"]
    mended = seen.mended()
    assert not mended.suspicions
    right = Subject(setup_of(small_digits, lambda: Turning(permuted)))
    x = small_digits[0][:5]
    assert torch.allclose(Subject(mended.setup).model(x), right.model(x), atol=1e-6)


def test_reshapes_that_only_cut_are_right(small_digits, setup_of, see):
    def permuted(x):
        return x.permute(0, 3, 1, 2)

    assert not see(setup_of(small_digits, lambda: Turning(permuted)), "reshapes").suspicions
    assert not see(setup_of(small_digits, lambda: Rows(nn.GRU, True)), "reshapes").suspicions


def test_a_single_channel_may_be_anywhere(small_digits, setup_of, see):
    def make():
        return nn.Sequential(Moved(), nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))

    class Moved(nn.Module):
        def forward(self, x):
            return x.reshape(-1, 8, 8, 1).reshape(-1, 1, 8, 8)

    assert not see(setup_of(small_digits, make), "reshapes").suspicions
