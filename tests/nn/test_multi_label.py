from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import hinge_loss, log_loss

from thalweg.core.errors import ModelError
from thalweg.nn import MultiLabelHingeLoss, MultiLabelSigmoidLoss


@given(b=st.integers(2, 8), labels=st.integers(1, 6), seed=st.integers(0, 99))
def test_a_binary_loss_a_label(b: int, labels: int, seed: int) -> None:
    """Against scikit-learn's, summed over the labels, and torch's, which is their mean."""
    generator = torch.Generator().manual_seed(seed)
    scores = 2 * torch.randn(b, labels, dtype=torch.float64, generator=generator)
    marks = torch.randint(2, (b, labels), generator=generator)
    marks[0], marks[1] = 0, 1  # scikit-learn wants to see both
    pairs = [(marks[:, k].numpy(), scores[:, k]) for k in range(labels)]
    hinge = sum(hinge_loss(y, s.numpy(), labels=[0, 1]) for y, s in pairs)
    assert MultiLabelHingeLoss()(scores, marks).item() == pytest.approx(hinge)
    entropy = sum(log_loss(y, s.sigmoid().numpy(), labels=[0, 1]) for y, s in pairs)
    value = MultiLabelSigmoidLoss()(scores, marks).item()
    assert value == pytest.approx(entropy)
    assert value == pytest.approx(labels * torch.nn.MultiLabelSoftMarginLoss()(scores, marks.double()).item())


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float32, torch.float64])
@pytest.mark.parametrize("loss", [MultiLabelSigmoidLoss(), MultiLabelHingeLoss()], ids=repr)
def test_marks_of_any_dtype(loss: MultiLabelSigmoidLoss | MultiLabelHingeLoss, dtype: torch.dtype) -> None:
    scores, marks = torch.randn(4, 3), torch.arange(12).reshape(4, 3) % 2
    value = loss(scores, marks.to(dtype))
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, loss(scores, marks))


def test_sigmoid_of_large_scores_is_finite() -> None:
    scores = torch.tensor([[1e4, -1e4]], requires_grad=True)
    loss = MultiLabelSigmoidLoss()(scores, torch.tensor([[0.0, 0.0]]))
    loss.backward()
    assert loss.item() == 1e4
    assert scores.grad is not None
    assert scores.grad.tolist() == [[1, 0]]


@pytest.mark.parametrize("shape", [(4,), (4, 1), (3, 4), (4, 3, 1)])
@pytest.mark.parametrize("loss", [MultiLabelSigmoidLoss(), MultiLabelHingeLoss()], ids=repr)
def test_shapes_that_differ(loss: MultiLabelSigmoidLoss | MultiLabelHingeLoss, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="targets of another shape"):
        loss(torch.zeros(4, 3), torch.zeros(shape))
