from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.nn import SquaredWestonWatkinsLoss, WestonWatkinsLoss

Case = tuple[torch.Tensor, torch.Tensor]


def case(b: int, classes: int, seed: int) -> Case:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(b, classes, dtype=torch.float64, generator=generator)
    return scores, torch.randint(classes, (b,), generator=generator)


def literal(scores: np.ndarray, y: int, power: int) -> float:
    return sum(max(0.0, s - scores[y] + 1) ** power for c, s in enumerate(scores) if c != y)


@pytest.mark.parametrize(("loss", "power"), [(WestonWatkinsLoss(), 1), (SquaredWestonWatkinsLoss(), 2)])
@given(b=st.integers(1, 6), classes=st.integers(1, 6), seed=st.integers(0, 99))
def test_definition_and_torch(
    loss: WestonWatkinsLoss | SquaredWestonWatkinsLoss, power: int, b: int, classes: int, seed: int
) -> None:
    """Torch's divides by the number of classes."""
    scores, labels = case(b, classes, seed)
    value = loss(scores, labels).item()
    assert value == pytest.approx(
        np.mean([literal(s, y, power) for s, y in zip(scores.numpy(), labels.tolist(), strict=True)])
    )
    torchs = torch.nn.MultiMarginLoss(p=power)(scores, labels).item()
    assert value == pytest.approx(classes * torchs)


def test_positions() -> None:
    scores, labels = torch.randn(2, 3, 4, 5), torch.randint(3, (2, 4, 5))
    flat = scores.movedim(1, -1).reshape(-1, 3)
    torch.testing.assert_close(WestonWatkinsLoss()(scores, labels), WestonWatkinsLoss()(flat, labels.flatten()))


def test_small_violations_are_not_lost_beside_the_margin_of_the_own_class() -> None:
    scores = torch.tensor([[1.0, 1e-7]], requires_grad=True)
    value = WestonWatkinsLoss()(scores, torch.tensor([0]))
    assert value.item() == pytest.approx(1e-7, rel=0.3)
    assert WestonWatkinsLoss()(torch.tensor([[0.0, -0.9999999]]), torch.tensor([0])).item() > 0
