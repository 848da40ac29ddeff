from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import hinge_loss

from thalweg.nn import CrammerSingerLoss, WestonWatkinsLoss


@given(b=st.integers(1, 8), classes=st.integers(3, 6), seed=st.integers(0, 99))
def test_scikit_learn(b: int, classes: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = 2 * torch.randn(b, classes, dtype=torch.float64, generator=generator)
    labels = torch.randint(classes, (b,), generator=generator)
    expected = hinge_loss(labels.numpy(), scores.numpy(), labels=range(classes))
    assert CrammerSingerLoss()(scores, labels).item() == pytest.approx(expected)


def test_of_two_classes_it_is_that_of_weston_and_watkins() -> None:
    scores, labels = torch.randn(9, 2), torch.arange(9) % 2
    torch.testing.assert_close(CrammerSingerLoss()(scores, labels), WestonWatkinsLoss()(scores, labels))


def test_one_class_has_no_rival() -> None:
    scores = torch.randn(3, 1, requires_grad=True)
    loss = CrammerSingerLoss()(scores, torch.zeros(3, dtype=torch.int64))
    loss.backward()
    assert loss == 0
    assert scores.grad is not None
    assert (scores.grad == 0).all()


def test_rivals_that_tie_share_the_gradient() -> None:
    scores = torch.zeros(1, 3, requires_grad=True)
    CrammerSingerLoss()(scores, torch.tensor([0])).backward()
    assert scores.grad is not None
    assert scores.grad.tolist() == [[-1, 0.5, 0.5]]
