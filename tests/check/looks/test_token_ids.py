"""Ids that do not fit, padding that is none, and ids taken for quantities."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.check.subject import Subject


class Bag(nn.Module):
    """The mean of what tokens are looked up to."""

    def __init__(self, words=50, padding=None, standardized=False):
        super().__init__()
        self.words, self.head = nn.Embedding(words, 8, padding_idx=padding), nn.Linear(8, 2)
        self.standardized = standardized

    def forward(self, x):
        return self.head(self.words(x.long()).mean(1))


def drawn(low, high, *shape):
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def texts():
    """Tokens 1 to 49, padded at the end by 0 to a length of 20."""
    x = drawn(1, 50, 200, 20)
    length = drawn(4, 20, 200)
    return torch.where(torch.arange(20) < length[:, None], x, 0), torch.arange(200) % 2


def test_ids_beyond_the_embedding_are_found(texts, setup_of, see):
    assert see(setup_of(texts, lambda: Bag(49)), "token ids").faults == ["token_encoding"]
    x, y = texts
    assert see(setup_of((x - 1, y), lambda: Bag(50)), "token ids").faults == ["token_encoding"]
    assert not see(setup_of(texts, lambda: Bag(50)), "token ids").suspicions
    rare = setup_of(texts, lambda: Bag(5000))  # most of them are never looked up
    assert not see(rare, "token ids").suspicions


def test_a_single_id_of_validation_counts(texts, setup_of, see):
    x, y = texts
    other = x.clone()
    other[7, 0] = 50
    assert see(setup_of(texts, lambda: Bag(50), valid=(other, y)), "token ids").faults == ["token_encoding"]


def test_ids_that_were_standardized_are_found(texts, setup_of, see):
    x, y = texts
    scaled = (x - x.float().mean()) / x.float().std()
    seen = see(setup_of((scaled - scaled.min(), y), lambda: Bag(50)), "token ids")
    assert seen.faults == ["token_encoding"]
    assert not see(setup_of((x.float(), y), lambda: Bag(50)), "token ids").suspicions  # whole numbers as floats


def test_padding_that_is_a_token_is_found_and_mended(setup_of, see):
    data = drawn(0, 20, 200, 12), torch.arange(200) % 2
    seen = see(setup_of(data, lambda: Bag(20, padding=0)), "token ids")
    assert seen.faults == ["token_encoding"]
    mended = seen.mended()
    assert not mended.suspicions
    assert Subject(mended.setup).model.words.weight[0].any()
    assert not see(setup_of(data, lambda: Bag(20)), "token ids").suspicions


def test_padding_of_another_id_is_found_and_mended(texts, setup_of, see):
    seen = see(setup_of(texts, lambda: Bag(50, padding=49)), "token ids")
    assert seen.faults == ["token_encoding"]
    mended = seen.mended()
    assert not mended.suspicions
    assert Subject(mended.setup).model.words.padding_idx == 0


@pytest.mark.parametrize("padding", [0, None])
def test_padding_at_either_end_is_right(padding, texts, setup_of, see):
    x, y = texts
    for data in ((x, y), (x.flip(1), y)):
        assert not see(setup_of(data, lambda: Bag(50, padding=padding)), "token ids").suspicions


def test_mended_models_draw_nothing_from_the_users_generator(setup_of, see):
    data = drawn(0, 20, 200, 12), torch.arange(200) % 2
    change = see(setup_of(data, lambda: Bag(20, padding=0)), "token ids").suspicions[0].change
    before = torch.random.get_rng_state()
    _ = Subject(change.apply(setup_of(data, lambda: Bag(20, padding=0)))).model
    assert torch.equal(torch.random.get_rng_state(), before)


class AsNumbers(nn.Module):
    """A net that takes ids for quantities."""

    def __init__(self, inputs):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(inputs, 16), nn.ReLU(), nn.Linear(16, 10))

    def forward(self, x):
        return self.net(x.float())


def test_ids_as_quantities_are_found(setup_of, see):
    x, y = drawn(0, 500, 300, 12), torch.arange(300) % 2
    for data in ((x, y), (x.float(), y)):
        assert see(setup_of(data, lambda: AsNumbers(12)), "ids as numbers").faults == ["token_encoding"]


def test_pixels_marks_and_measures_are_quantities(raw_digits, raw_wine, setup_of, see):
    x, y = raw_digits
    whole = ((x * 15).long(), y)
    measures = ((raw_wine[0] * 10).round(), raw_wine[1])
    for data in (whole, (whole[0].to(torch.uint8), y), raw_digits, measures):
        assert not see(setup_of(data, lambda n=data[0].shape[1]: AsNumbers(n)), "ids as numbers").suspicions


def test_large_pixels_are_quantities(data_root, setup_of, see):
    from thalweg.data import read_images

    whole, _ = read_images("mnist", root=data_root)
    x = torch.from_numpy(whole.x[:2000]).flatten(1)
    for kind in (torch.int64, torch.float32):
        given = setup_of((x.to(kind), torch.from_numpy(whole.y[:2000])), lambda: AsNumbers(784))
        assert not see(given, "ids as numbers").suspicions


def test_an_embedding_that_is_too_small_is_made_larger(texts, setup_of, see):
    assert not see(setup_of(texts, lambda: Bag(49)), "token ids").mended().suspicions
