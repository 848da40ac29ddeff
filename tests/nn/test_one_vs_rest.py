from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import hinge_loss

from thalweg.nn import MultiLabelHingeLoss, OneVsRestHingeLoss


@given(more=st.integers(0, 8), classes=st.integers(2, 6), seed=st.integers(0, 99))
def test_a_binary_hinge_a_class(more: int, classes: int, seed: int) -> None:
    """Against scikit-learn's binary loss, which wants to see every class, summed over the classes."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.cat((torch.arange(classes), torch.randint(classes, (more,), generator=generator)))
    scores = 2 * torch.randn(len(labels), classes, dtype=torch.float64, generator=generator)
    expected = sum(
        hinge_loss((labels == c).numpy(), scores[:, c].numpy(), labels=[False, True]) for c in range(classes)
    )
    assert OneVsRestHingeLoss()(scores, labels).item() == pytest.approx(expected)
    marks = torch.nn.functional.one_hot(labels, classes)
    assert MultiLabelHingeLoss()(scores, marks).item() == pytest.approx(expected)
