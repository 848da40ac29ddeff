from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import InputError
from thalweg.nn import HierarchicalSoftmax, best_first


def layer(classes: int, scale: float = 1.0, seed: int = 0) -> HierarchicalSoftmax:
    torch.manual_seed(seed)
    counts = torch.rand(classes).pow(3)
    made = HierarchicalSoftmax(6, counts).double()
    with torch.no_grad():
        made.weight.mul_(scale)
        made.bias.normal_()
    return made


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never give a search up."""
    monkeypatch.setattr(best_first, "PATIENCE", 1.0)


@pytest.mark.usefixtures("patient")
@given(classes=st.integers(2, 60), scale=st.sampled_from([0.1, 3.0, 30.0]), seed=st.integers(0, 9), data=st.data())
def test_search_is_exact(classes: int, scale: float, seed: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, classes))
    made, x = layer(classes, scale, seed), torch.randn(4, 6, dtype=torch.float64)
    found, leaves, unfinished = best_first.best_first(x, made.weight, made.bias, made.above, k)
    expected = made(x).log_probs().topk(k)
    assert unfinished == []
    torch.testing.assert_close(found, expected.values)
    torch.testing.assert_close(made(x).log_probs().gather(1, leaves), expected.values)
    assert all(len(set(row)) == k for row in leaves.tolist())


def test_a_sure_net_is_searched_along_one_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds are limited to the depth of the tree and one; then every search has ended."""
    made = layer(1000, 0.0)
    with torch.no_grad():
        made.bias.copy_(50 * torch.randn_like(made.bias).sign())
    depth = made.paths.shape[1]
    monkeypatch.setattr(best_first, "PATIENCE", depth / 999)
    x = torch.zeros(3, 6, dtype=torch.float64)
    assert best_first.best_first(x, made.weight, made.bias, made.above, 1)[2] == []


@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_topk_whatever_was_given_up(scale: float) -> None:
    """Some searches end in time, others are looked up among all classes; nobody can tell which."""
    made, x = layer(3000, scale), torch.randn(20, 6, dtype=torch.float64)
    values, classes = made(x).topk(4)
    expected = made(x).log_probs().topk(4)
    torch.testing.assert_close(values, expected.values)
    torch.testing.assert_close(made(x).log_probs().gather(1, classes), expected.values)
    assert not values.requires_grad
    assert torch.equal(made(x).argmax(1), made(x).log_probs().argmax(1))


def test_no_samples() -> None:
    values, classes = layer(9)(torch.zeros(0, 6, dtype=torch.float64)).topk(2)
    assert values.shape == classes.shape == (0, 2)


@pytest.mark.parametrize("k", [0, 10, -1])
def test_no_number_of_classes(k: int) -> None:
    with pytest.raises(InputError, match="k is outside") as error:
        layer(9)(torch.zeros(1, 6, dtype=torch.float64)).topk(k)
    assert "1 to 9" in str(error.value)
