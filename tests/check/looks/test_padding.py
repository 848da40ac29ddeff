"""Padding that is read as text, padding that is left out, and texts of which little is known."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

WORDS, PLACES = 60, 40


class Mean(nn.Module):
    """The mean of what tokens are looked up to: of all places, or of those that have one."""

    def __init__(self, masked):
        super().__init__()
        self.words, self.head, self.masked = nn.Embedding(WORDS, 8), nn.Linear(8, 2), masked

    def forward(self, x):
        present = (x != 0).unsqueeze(-1).float() if self.masked else torch.ones(*x.shape, 1)
        return self.head((self.words(x) * present).sum(1) / present.sum(1).clamp(min=1))


def texts(longest):
    drawn = torch.Generator().manual_seed(0)
    x = torch.randint(2, WORDS, (300, PLACES), generator=drawn)
    length = torch.randint(3, longest, (300,), generator=drawn)
    return torch.where(torch.arange(PLACES) < length[:, None], x, 0), torch.arange(300) % 2


@pytest.mark.parametrize(
    ("masked", "longest", "found"), [(False, 10, True), (True, 10, False), (False, 41, False)]
)
def test_padding_that_outvotes_the_text_is_found_where_it_is_read(masked, longest, found, setup_of, see):
    seen = see(setup_of(texts(longest), partial(Mean, masked)), "read padding")
    assert seen.faults == (["token_encoding"] if found else [])


def test_inputs_are_cut_to_the_texts(setup_of, see):
    seen = see(setup_of(texts(10), partial(Mean, False)), "read padding")
    mended = seen.suspicions[0].change.apply(seen.setup)
    assert mended.problem.train.x.shape == (mended.problem.train.x.shape[0], 9)
    assert not seen.mended().suspicions


def test_texts_of_which_most_is_unknown_are_found(setup_of, see):
    x, y = texts(30)
    few = torch.where(x > 12, 1, x)  # ids 2 to 12 are known, 1 stands for all others
    assert see(setup_of((few, y), partial(Mean, True)), "known tokens").faults == ["token_encoding"]
    seen = see(setup_of((x, y), partial(Mean, True)), "known tokens")
    assert not seen.suspicions  # padding is no token, however much there is of it
    assert "at most" in seen.passed[0].evidence


def test_inputs_without_an_embedding_are_left_alone(small_digits, setup_of, mlp, see):
    for look in ("read padding", "known tokens"):
        seen = see(setup_of(small_digits, mlp(64, 10)), look)
        assert not seen.suspicions + seen.passed
