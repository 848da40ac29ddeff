from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from thalweg.core.errors import CheckpointError, DataError, InputError, ModelError
from thalweg.nn import HierarchicalSoftmax, HierarchicalSoftmaxLoss, tree_output

COUNTS = [30, 1, 8, 0, 4, 20]


def case(counts: Sequence[float], seed: int = 0) -> tuple[HierarchicalSoftmax, Tensor, Tensor]:
    torch.manual_seed(seed)
    layer = HierarchicalSoftmax(4, counts).double()
    torch.nn.init.normal_(layer.bias)
    return layer, 2 * torch.randn(7, 4, dtype=torch.float64), torch.randint(len(counts), (7,))


def literal(layer: HierarchicalSoftmax, x: np.ndarray, c: int) -> float:
    """The product of the decisions along the way from a class to the root."""
    p, vertex = 1.0, len(layer.weight) + c
    while vertex:
        node, side = divmod(int(layer.above[vertex]), 2)
        logit = float(layer.weight[node].detach().numpy() @ x + layer.bias[node, 0].item())
        p *= 1 / (1 + math.exp(-logit if side else logit))
        vertex = node
    return p


@given(counts=st.lists(st.integers(0, 50), min_size=2, max_size=30), seed=st.integers(0, 99))
def test_probabilities(counts: Sequence[float], seed: int) -> None:
    """By the definition, they sum to one, and one class alone is the same as among all."""
    layer, x, labels = case(counts, seed)
    output = layer(x)
    every = output.log_probs()
    torch.testing.assert_close(every.exp().sum(1), torch.ones(7, dtype=torch.float64))
    torch.testing.assert_close(output.log_prob(labels), every.gather(1, labels[:, None])[:, 0])
    expected = [[literal(layer, row, c) for c in range(len(counts))] for row in x.numpy()]
    assert every.exp().detach().numpy() == pytest.approx(np.array(expected))


def test_two_classes_are_logistic_regression() -> None:
    layer, x, labels = case([1, 2])
    logits = torch.nn.functional.linear(x, layer.weight, layer.bias[:, 0])[:, 0]
    bigger = int(layer.above[2] % 2)  # the side of class 1
    target = (labels == 1).double() if bigger else (labels == 0).double()
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
    torch.testing.assert_close(HierarchicalSoftmaxLoss()(layer(x), labels), expected)


def test_gradients_are_those_of_all_probabilities() -> None:
    layer, x, labels = case(COUNTS)
    parameters = [layer.weight, layer.bias]
    ours = torch.autograd.grad(HierarchicalSoftmaxLoss()(layer(x), labels), parameters)
    dense = torch.nn.functional.nll_loss(layer(x).log_probs(), labels)
    torch.testing.assert_close(ours, torch.autograd.grad(dense, parameters))


def test_sparse_gradients_are_of_the_path_alone() -> None:
    layer, x, _ = case(COUNTS)
    sparse = HierarchicalSoftmax(4, COUNTS, sparse=True).double()
    sparse.load_state_dict(layer.state_dict())
    labels = torch.zeros(7, dtype=torch.int64)
    for module in (layer, sparse):
        HierarchicalSoftmaxLoss()(module(x), labels).backward()
    for ours, theirs in zip(sparse.parameters(), layer.parameters(), strict=True):
        assert ours.grad is not None
        assert ours.grad.is_sparse
        torch.testing.assert_close(ours.grad.to_dense(), theirs.grad)
        rows = ours.grad.coalesce().indices()[0].tolist()
        assert rows == sorted((layer.paths[0][layer.paths[0] != 0].abs() - 1).tolist())


def test_zero_weights_give_the_frequencies_of_a_power_of_two() -> None:
    layer = HierarchicalSoftmax(4, [8, 4, 2, 1, 1])
    torch.nn.init.zeros_(layer.weight)
    p = layer(torch.randn(2, 4)).log_probs().exp()
    assert p[0].tolist() == pytest.approx([1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16])


def test_large_logits_stay_finite() -> None:
    layer, x, labels = case(COUNTS)
    loss = HierarchicalSoftmaxLoss()(layer(1e6 * x), labels)
    loss.backward()
    assert loss.isfinite()
    assert layer.weight.grad is not None
    assert layer.weight.grad.isfinite().all()


@pytest.mark.parametrize("label", [-1, 6])
@pytest.mark.parametrize("inside", [True, False])
def test_labels_outside_the_tree(label: int, inside: bool) -> None:
    layer, x, labels = case(COUNTS)
    labels[3] = label
    if inside:
        with pytest.raises(DataError, match="Labels outside the classes") as error:
            HierarchicalSoftmaxLoss()(layer(x), labels)
        assert "0 to 5, for 6 classes" in str(error.value)
    else:  # of vmap: the error is torch's

        def loss(x: Tensor, labels: Tensor) -> Tensor:
            return HierarchicalSoftmaxLoss()(layer(x), labels)

        with pytest.raises((IndexError, RuntimeError), match="out of"):
            torch.func.vmap(loss)(x[None], labels[None])


@pytest.mark.parametrize("labels", [torch.zeros(6).long(), torch.zeros(7), torch.zeros(7, 1).long()])
def test_targets_that_are_no_labels(labels: Tensor) -> None:
    layer, x, _ = case(COUNTS)
    with pytest.raises(ModelError, match="no labels of a hierarchical softmax"):
        HierarchicalSoftmaxLoss()(layer(x), labels)


def test_misfits_are_told() -> None:
    layer, x, labels = case(COUNTS)
    with pytest.raises(ModelError, match="scores the output of a HierarchicalSoftmax"):
        HierarchicalSoftmaxLoss()(x, labels)
    for wrong in (torch.zeros(2, 5), torch.zeros(4), torch.zeros(2, 3, 4)):
        with pytest.raises(ModelError, match="features do not fit"):
            layer(wrong)
    with pytest.raises(InputError, match="make no tree"):
        HierarchicalSoftmax(4, [3])
    with pytest.raises(InputError, match="dimension 1"):
        layer(x).argmax(0)


def test_a_state_brings_its_tree() -> None:
    """Of other counts, and so of another depth; onto the meta device too, where nothing was computed."""
    layer, x, labels = case([1, 2, 4, 8, 16, 32])
    other = HierarchicalSoftmax(4, [1] * 6).double()
    other.load_state_dict(layer.state_dict())
    torch.testing.assert_close(other(x).log_prob(labels), layer(x).log_prob(labels))
    torch.testing.assert_close(other(x).log_probs(), layer(x).log_probs())
    with torch.device("meta"):
        empty = HierarchicalSoftmax(4, [1] * 6)
    empty.load_state_dict(layer.state_dict(), assign=True)
    torch.testing.assert_close(empty(x).log_probs(), layer(x).log_probs())


def test_a_state_without_a_tree() -> None:
    layer, _, _ = case(COUNTS)
    state = layer.state_dict()
    state["above"] = torch.zeros_like(state["above"])
    with pytest.raises(CheckpointError, match="holds no tree"):
        layer.load_state_dict(state)


def test_argmax_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x, _ = case(COUNTS)
    whole = layer(x).argmax(1)
    monkeypatch.setattr(tree_output, "CHUNK", 13)  # two samples at a time
    assert torch.equal(layer(x).argmax(-1), whole)


def test_an_output_leaves_vmap_and_is_scored_outside() -> None:
    """It is a tree of tensors to ``torch.func``, as scores would be a tensor."""
    layer, x, labels = case(COUNTS)
    xs = torch.stack((x, 2 * x))
    outputs: Any = torch.func.vmap(layer)(xs)
    losses = torch.func.vmap(lambda output: output.log_prob(labels))(outputs)
    torch.testing.assert_close(losses, torch.stack([layer(x).log_prob(labels) for x in xs]))


def test_counts_as_a_tensor() -> None:
    labels = torch.tensor([0, 2, 2, 2, 4])
    layer = HierarchicalSoftmax(4, torch.bincount(labels))
    assert layer.weight.shape == (4, 4)
    assert repr(layer) == "HierarchicalSoftmax(in_features=4, classes=5, depth=4, sparse=False)"
