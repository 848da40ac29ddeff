from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from thalweg.data.sampling import drift as module
from thalweg.data.sampling import drifting

COUNTS = torch.tensor([200, 100, 700])
LABELS = torch.repeat_interleave(torch.arange(3), COUNTS)[
    torch.randperm(1000, generator=torch.Generator().manual_seed(0))
]


def shares(t: np.ndarray, period: float, strength: float) -> np.ndarray:
    weight = COUNTS.numpy() * np.exp(strength * np.cos(2 * np.pi * (t[:, None] / period - np.arange(3) / 3)))
    return weight / weight.sum(1, keepdims=True)


def test_the_shares_of_the_classes_follow_the_formula() -> None:
    for epoch in (0, 2, 5):
        stream = LABELS[drifting(1000, seed=0, epoch=epoch, labels=LABELS, period=4, strength=1.5)]
        expected = shares(epoch + np.arange(1000) / 1000, 4, 1.5)
        for part in range(4):
            counts = stream[part * 250 : part * 250 + 250].bincount(minlength=3).numpy()
            assert chisquare(counts, expected[part * 250 : part * 250 + 250].sum(0)).pvalue > 1e-4


def test_no_strength_is_no_drift() -> None:
    index = torch.cat([drifting(1000, seed=0, epoch=e, labels=LABELS, strength=0) for e in range(20)])
    assert chisquare(index.bincount(minlength=1000).numpy()).pvalue > 1e-3


def test_within_a_class_all_samples_are_alike() -> None:
    index = torch.cat([drifting(1000, seed=0, epoch=e, labels=LABELS, period=1) for e in range(60)])
    counts = index.bincount(minlength=1000)
    for label in range(3):
        assert chisquare(counts[label == LABELS].numpy()).pvalue > 1e-3


def test_many_classes_come_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = drifting(1000, seed=0, epoch=3, labels=LABELS)
    monkeypatch.setattr(module, "_NUMBERS", 20)
    assert torch.equal(whole, drifting(1000, seed=0, epoch=3, labels=LABELS))


def test_an_extreme_drift_shows_one_class_at_a_time() -> None:
    labels = torch.arange(900) % 3
    stream = labels[drifting(900, seed=0, epoch=0, labels=labels, period=1, strength=1e4)]
    assert stream[:140].tolist() == [0] * 140
    assert stream[160:440].tolist() == [1] * 280
