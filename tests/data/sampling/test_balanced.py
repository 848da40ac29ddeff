from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from thalweg.core.errors import DataError, OutOfRangeError
from thalweg.data.sampling import class_balanced, class_weights

COUNTS = np.array([700, 200, 100])
LABELS = torch.repeat_interleave(torch.arange(3), torch.from_numpy(COUNTS))


@pytest.mark.parametrize("balance", [0, 0.5, 1])
def test_shares_of_the_classes(balance: float) -> None:
    index = torch.cat([class_balanced(1000, seed=0, epoch=e, labels=LABELS, balance=balance) for e in range(20)])
    shares = COUNTS ** (1.0 - balance)
    assert chisquare(LABELS[index].bincount().numpy(), shares / shares.sum() * len(index)).pvalue > 1e-3
    counts = index.bincount(minlength=1000)
    for label in range(3):
        assert chisquare(counts[label == LABELS].numpy()).pvalue > 1e-3


def test_scikit_learn_weighs_the_same() -> None:
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS.numpy())
    np.testing.assert_allclose(class_weights(LABELS, 3).numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("balance", [0, 0.3, 1])
def test_weights_have_mean_1_over_the_samples(balance: float) -> None:
    weights = class_weights(LABELS, 3, balance=balance)
    assert weights[LABELS].mean().item() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(weights / weights[0], (COUNTS / COUNTS[0]) ** -balance, rtol=1e-5)


def test_the_weighted_loss_is_that_of_balanced_data() -> None:
    output = torch.randn(1000, 3, generator=torch.Generator().manual_seed(0))
    weighted = functional.cross_entropy(output, LABELS, weight=class_weights(LABELS, 3))
    each = functional.cross_entropy(output, LABELS, reduction="none")
    balanced = torch.stack([each[label == LABELS].mean() for label in range(3)]).mean()
    torch.testing.assert_close(weighted, balanced)


def test_bad_input() -> None:
    with pytest.raises(DataError, match=r"no samples[\s\S]*none of class 3"):
        class_weights(LABELS, 4)
    with pytest.raises(DataError, match=r"outside the classes[\s\S]*0 to 2[\s\S]*0 to 1"):
        class_weights(LABELS, 2)
    with pytest.raises(DataError, match="outside the classes"):
        class_weights(LABELS - 1, 3)
    with pytest.raises(DataError, match="not one class a sample"):
        class_weights(LABELS.float(), 3)
    with pytest.raises(OutOfRangeError, match=r"balance of classes[\s\S]*in \[0, 1\]"):
        class_weights(LABELS, 3, balance=-1)
