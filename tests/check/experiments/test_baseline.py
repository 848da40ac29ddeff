"""What simple methods tell of the targets."""

from __future__ import annotations

import torch
from torch import nn

from thalweg.check.experiments.baseline import baseline
from thalweg.check.subject import Subject


def dealt(pair):
    x, y = pair
    return x, y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))]


def test_neighbours(digits_with, halves, small_digits, raw_diabetes, setup_of, mlp):
    train, _ = halves(small_digits)
    found = baseline(Subject(digits_with()))
    assert found.method == "nearest neighbours"
    assert found.skill > 0.9
    assert abs(baseline(Subject(digits_with(data=dealt(train)))).skill) < 0.1
    given = setup_of(raw_diabetes, mlp(10, 1), nn.MSELoss(), batch_size=32)
    assert 0.2 < baseline(Subject(given)).skill < 0.6


def bag():
    return nn.Sequential(nn.EmbeddingBag(60, 8), nn.Linear(8, 2))


def test_texts_by_their_words(setup_of):
    words = torch.randint(1, 60, (300, 8), generator=torch.Generator().manual_seed(0))
    about = (words < 30).sum(1) > 4
    found = baseline(Subject(setup_of((words, about.long()), bag, batch_size=16)))
    assert found.method == "counts of tokens"
    assert found.skill > 0.5


class Next(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(61, 61)

    def forward(self, x):
        return self.embed(x).transpose(1, 2)


def test_tokens_by_the_one_before(setup_of):
    words = torch.randint(1, 60, (300, 8), generator=torch.Generator().manual_seed(0))
    found = baseline(Subject(setup_of((words, (words * 7 + 3) % 60), Next, batch_size=16)))
    assert found.method == "the token before"
    assert found.skill > 0.95


def test_images_as_targets_have_none(setup_of, small_digits):
    x, _ = small_digits
    given = setup_of((x, x), lambda: nn.Linear(64, 64), nn.MSELoss(), batch_size=32)
    assert baseline(Subject(given)) is None
