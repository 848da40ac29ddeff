"""Samples in an order that training feels, and orders that it does not."""

from __future__ import annotations

import torch
from torch import nn


def ordered(data, key):
    x, y = data
    order = key.flatten().argsort(stable=True)
    return x[order], y[order]


def test_sorted_classes_are_found_unless_shuffled(small_digits, setup_of, mlp, see, halves):
    train, valid = halves(small_digits)
    by_class = ordered(train, train[1])
    given = setup_of(by_class, mlp(64, 32, 10), valid=valid, shuffle=False, batch_size=32)
    seen = see(given, "sample stretches")
    assert seen.faults == ["data_not_shuffled"]
    assert not seen.mended().suspicions
    assert not see(given.replace(shuffle=True), "sample stretches").suspicions


def test_a_random_order_needs_no_shuffling(small_digits, setup_of, mlp, see):
    given = setup_of(small_digits, mlp(64, 32, 10), shuffle=False, batch_size=32)
    seen = see(given, "sample stretches")
    assert not seen.suspicions
    assert "times as much" in seen.passed[0].evidence


def test_sorted_numbers_are_found(raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    loss = nn.MSELoss()
    by_target = setup_of(ordered((x, y), y), mlp(10, 8, 1), loss, valid=(x, y), shuffle=False, batch_size=32)
    assert see(by_target, "sample stretches").faults == ["data_not_shuffled"]
    as_they_lie = setup_of((x, y), mlp(10, 8, 1), loss, valid=(x, y), shuffle=False, batch_size=32)
    assert not see(as_they_lie, "sample stretches").suspicions


def test_classes_in_turn_need_no_shuffling(small_digits, setup_of, mlp, see):
    x, y = small_digits
    rank = torch.zeros_like(y)
    for label in range(10):
        rank[y == label] = torch.arange(int((y == label).sum()))
    given = setup_of(ordered((x, y), rank), mlp(64, 32, 10), valid=(x, y), shuffle=False, batch_size=32)
    assert not see(given, "sample stretches").suspicions


def test_a_single_batch_has_no_order(raw_wine, setup_of, mlp, see):
    x, y = ordered(raw_wine, raw_wine[1])
    given = setup_of((x, y), mlp(13, 8, 3), valid=raw_wine, shuffle=False, batch_size=178)
    assert not see(given, "sample stretches").suspicions
