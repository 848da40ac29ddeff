from __future__ import annotations

import pytest
import torch

from thalweg.core.errors import DataError, ModelError
from thalweg.nn.labels import outside, own_scores

scores = torch.arange(24.0).reshape(2, 3, 4)


def test_score_of_the_own_class_at_every_position() -> None:
    labels = torch.tensor([[0, 1, 2, 0], [2, 2, 1, 0]])
    index, own = own_scores(scores, labels)
    assert index.shape == own.shape == (2, 1, 4)
    assert own[:, 0].tolist() == [[0, 5, 10, 3], [20, 21, 18, 15]]


@pytest.mark.parametrize("label", [-1, 3, -100])
def test_labels_outside_the_classes(label: int) -> None:
    with pytest.raises(DataError, match="Labels outside the classes") as error:
        own_scores(torch.zeros(4, 3), torch.tensor([0, 2, label, 1]))
    low, high = min(label, 0), max(label, 2)
    assert f"labels from {low} to {high}" in str(error.value)
    assert "0 to 2, for 3 classes" in str(error.value)


def test_under_vmap_the_error_is_that_of_torch() -> None:
    """Where the values cannot be read, they are still not taken for another class."""

    def own(labels: torch.Tensor) -> torch.Tensor:
        return own_scores(torch.zeros(4, 3), labels)[1]

    with pytest.raises(RuntimeError, match="out of bounds"):
        torch.func.vmap(own)(torch.tensor([[0, 1, 2, 0], [0, 1, -1, 0]]))


def test_no_error_for_labels_of_the_classes() -> None:
    assert outside(torch.tensor([0, 2]), 3) is None


@pytest.mark.parametrize(
    ("output", "target"),
    [
        (torch.zeros(4), torch.zeros(4, dtype=torch.int64)),
        (torch.zeros(4, 3), torch.zeros(5, dtype=torch.int64)),
        (torch.zeros(4, 3), torch.zeros(4, 1, dtype=torch.int64)),
        (torch.zeros(4, 3), torch.zeros(4)),
        (torch.zeros(4, 3), torch.zeros(4, dtype=torch.int32)),
        (scores, torch.zeros(2, 3, dtype=torch.int64)),
    ],
    ids=["no classes", "lengths", "column", "floats", "int32", "positions"],
)
def test_targets_that_are_no_labels(output: torch.Tensor, target: torch.Tensor) -> None:
    with pytest.raises(ModelError, match="no labels for these scores"):
        own_scores(output, target)
