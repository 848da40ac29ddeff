"""Validation that holds copies of training samples, moved or blurred, and samples that only lie close together."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture
def parted(small_digits, setup_of, mlp, see):
    """Return what is seen where these images were added to 400 of training, and 300 others validate."""

    def look(added, valid=None):
        x, y = images(small_digits[0]), small_digits[1]
        train = torch.cat([x[:400], added]), y[torch.arange(400 + len(added)) % 400]
        other = x[600:900] if valid is None else valid
        model = lambda: torch.nn.Sequential(torch.nn.Flatten(), mlp(64, 10)())  # noqa: E731
        return see(setup_of(train, model, valid=(other, y[600:900])), "near copies")

    return look


def images(x):
    return x.unflatten(1, (1, 8, 8))


def test_noisy_copies_are_found_and_left_out(parted, small_digits):
    x = images(small_digits[0])[600:900]
    blurred = x + 0.02 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    seen = parted(blurred)
    assert seen.faults == ["data_leakage"]
    assert seen.suspicions[0].weight == 1  # nearly all of validation: no remedy has to prove it
    assert not seen.mended().suspicions


@pytest.mark.parametrize("change", [lambda x: x.roll(1, 3), lambda x: x.flip(2), lambda x: x.rot90(1, (2, 3))])
def test_images_that_were_moved_or_turned_are_found_and_left_out(change, raw_digits, setup_of, mlp, see):
    x, y = images(raw_digits[0]), raw_digits[1]
    train = torch.cat([x[:400], change(x[600:750])]), torch.cat([y[:400], y[600:750]])
    model = lambda: torch.nn.Sequential(torch.nn.Flatten(), mlp(64, 10)())  # noqa: E731
    seen = see(setup_of(train, model, valid=(x[600:900], y[600:900])), "near copies")
    assert seen.faults == ["data_leakage"]
    assert "other places" in seen.suspicions[0].finding.evidence
    assert not seen.mended().suspicions


def test_other_samples_are_no_copies(parted, small_digits):
    seen = parted(images(small_digits[0])[900:1200])
    assert not seen.suspicions
    assert "0.0% of validation" in seen.passed[0].evidence


def test_rows_of_tables_that_are_alike_are_no_copies(
    raw_wine, raw_cancer, raw_diabetes, setup_of, mlp, halves, see
):
    for data in (raw_wine, raw_cancer, raw_diabetes):
        train, valid = halves(data)
        assert not see(setup_of(train, mlp(train[0].shape[1], 3), valid=valid), "near copies").suspicions


def test_sparse_counts_and_texts_are_left_alone(setup_of, mlp, see):
    drawn = torch.Generator().manual_seed(0)
    x, y = (torch.rand(200, 300, generator=drawn) < 0.01).float(), torch.arange(200) % 2
    assert not see(setup_of((x, y), mlp(300, 2), valid=(x[:50] * 2, y[:50])), "near copies").suspicions
    ids = torch.randint(0, 9, (200, 12), generator=drawn)
    embed = lambda: torch.nn.Sequential(torch.nn.EmbeddingBag(9, 4), torch.nn.Linear(4, 2))  # noqa: E731
    assert not see(setup_of((ids, y), embed, valid=(ids[:50], y[:50])), "near copies").suspicions
