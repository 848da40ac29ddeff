from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import CheckpointError, InputError
from thalweg.nn.huffman import huffman, level_starts, paths, require_tree

some_counts = st.lists(st.integers(0, 50) | st.floats(0, 1e6), min_size=2, max_size=40)


def depths(counts: Sequence[float]) -> list[int]:
    return (paths(torch.tensor(huffman(counts))) != 0).sum(1).tolist()


def least_cost(counts: Sequence[float]) -> float:
    """The sum of the weights of all merges, by the heap of the textbook."""
    heap, cost = list(counts), 0.0
    heapq.heapify(heap)
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        cost += merged
        heapq.heappush(heap, merged)
    return cost


@given(counts=some_counts)
def test_mean_depth_is_least(counts: Sequence[float]) -> None:
    lengths = depths(counts)
    cost = sum(length * count for length, count in zip(lengths, counts, strict=True))
    assert cost == pytest.approx(least_cost(counts))
    assert sum(2.0**-length for length in lengths) == 1  # Kraft: a full binary tree


@given(counts=some_counts)
def test_mean_depth_is_within_a_bit_of_the_entropy(counts: Sequence[float]) -> None:
    """Shannon's bounds on the best code."""
    total = sum(counts)
    if not total:
        return
    p = [count / total for count in counts]
    entropy = -sum(q * math.log2(q) for q in p if q)
    mean = sum(length * q for length, q in zip(depths(counts), p, strict=True))
    assert entropy - 1e-9 <= mean < entropy + 1 + 1e-9


@given(counts=some_counts)
def test_nodes_are_in_order_of_depth(counts: Sequence[float]) -> None:
    above = torch.tensor(huffman(counts))
    require_tree(above)
    depth = {0: 0}
    for node in range(1, len(counts) - 1):
        depth[node] = depth[int(above[node]) // 2] + 1
    order = [depth[node] for node in range(len(counts) - 1)]
    assert order == sorted(order)
    starts = level_starts(above)
    assert [order[start] for start in starts[:-1]] == [*range(len(starts) - 1)]
    assert starts[-1] == len(counts) - 1


@given(counts=some_counts)
def test_paths_climb_to_the_root(counts: Sequence[float]) -> None:
    above = huffman(counts)
    for c, path in enumerate(paths(torch.tensor(above)).tolist()):
        vertex, steps = len(counts) - 1 + c, []
        while vertex:
            node, side = divmod(above[vertex], 2)
            steps.append((node + 1) * (1 if side else -1))
            vertex = node
        assert path == steps + [0] * (len(path) - len(steps))


@pytest.mark.parametrize("classes", [2, 3, 8, 9, 100])
def test_equal_or_unknown_counts_make_a_balanced_tree(classes: int) -> None:
    for count in (0, 1, 0.25):
        assert max(depths([count] * classes)) == math.ceil(math.log2(classes))
        assert min(depths([count] * classes)) == math.floor(math.log2(classes))


def test_only_ratios_matter_and_ties_make_the_tree_flat() -> None:
    assert huffman([1, 2, 3, 4]) == huffman([10, 20, 30, 40])
    assert max(depths([2, 1, 1, 2])) == 2  # as good in the mean: depths of 1, 2, 3 and 3


@pytest.mark.parametrize("counts", [[], [1], [1, -1], [1, math.nan], [math.inf, 1]])
def test_counts_that_make_no_tree(counts: Sequence[float]) -> None:
    with pytest.raises(InputError, match=r"make no tree[\s\S]*bincount"):
        huffman(counts)


@pytest.mark.parametrize(
    "above",
    [
        [0, 1, 2, 3, -1],  # the root is not first
        [-1, 2, 0, 1, 3],  # node 1 hangs from itself
        [-1, 0, 1, 1, 3],  # an edge twice
        [-1, 0, 1, 2, 9],  # an edge that is none
    ],
)
def test_states_that_hold_no_tree(above: list[int]) -> None:
    with pytest.raises(CheckpointError, match="holds no tree"):
        require_tree(torch.tensor(above))
