from __future__ import annotations

import dataclasses

import pytest
import torch

from thalweg.problems.metrics import Metric, accuracy


def test_accuracy_counts_hits() -> None:
    output = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 3.0], [0.0, 1.0, 0.5], [9.0, 0.0, 0.0]])
    assert accuracy.function(output, torch.tensor([0, 2, 0, 0])).item() == 0.75
    assert accuracy.higher_is_better
    assert accuracy.bounds == (0, 1)


def test_a_metric_is_frozen() -> None:
    metric = Metric("error", lambda output, target: (output - target).abs().mean(), False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        metric.name = "other"  # type: ignore[misc]
