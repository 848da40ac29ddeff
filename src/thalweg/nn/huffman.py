"""Huffman's tree: the binary tree over classes whose mean depth is least, frequent classes near the root.

With C classes there are C - 1 inner nodes. A vertex is a node (0 to C - 2, the root is 0, in order of depth) or
a class (C - 1 + c). The edge from node n to its child on side s (0 or 1) has the number ``2 n + s``. So the
whole tree is one list: the edge above each vertex, -1 above the root.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from thalweg.core.errors import CheckpointError, InputError


def huffman(counts: Sequence[float]) -> list[int]:
    """Return the edge above each vertex of Huffman's tree.

    Two queues, both in order of weight, take the place of a heap: the classes, and the nodes as they are made.
    Nodes leave in the order in which they came, so that those made last lie nearest to the root: numbered
    backwards they are in order of depth. Among the trees of least mean depth this is one of least depth.

    Args:
        counts: How often each class occurs, >= 0, for at least two classes; only ratios matter.

    Raises:
        InputError: Fewer than two classes, or a count that is negative or not finite.

    Example:
        >>> huffman([5, 1, 1])  # the root has class 0 and node 1, and that has classes 1 and 2
        [-1, 0, 1, 2, 3]
    """
    unusable = [count for count in counts if not (math.isfinite(count) and count >= 0)]
    if len(counts) < 2 or unusable:
        raise InputError(
            "These counts make no tree of classes.",
            got=f"a count of {unusable[0]}" if unusable else f"{len(counts)} classes",
            expected="a finite count >= 0 for each of at least two classes",
            remedy="count the labels of training, labels.bincount(); [1] * C if all are alike",
        )
    root = len(counts) - 2
    classes = sorted(range(len(counts)), key=counts.__getitem__)
    above = [-1] * (2 * len(counts) - 1)
    weights: list[float] = []
    leaf = inner = 0
    for made in range(root + 1):
        weights.append(0.0)
        for edge in (2 * (root - made), 2 * (root - made) + 1):
            if leaf < len(classes) and (inner == made or counts[classes[leaf]] <= weights[inner]):
                above[root + 1 + classes[leaf]] = edge
                weights[made] += counts[classes[leaf]]
                leaf += 1
            else:
                above[root - inner] = edge
                weights[made] += weights[inner]
                inner += 1
    return above


def require_tree(above: Tensor) -> None:
    """Check that edges above vertices are a tree whose nodes are in order of depth, as `huffman` numbers them.

    Raises:
        CheckpointError: They are not.
    """
    nodes = len(above) // 2
    parents = above[1:nodes] // 2
    complete = torch.equal(above[1:].sort().values, torch.arange(2 * nodes, device=above.device))
    downward = (parents < torch.arange(1, nodes, device=above.device)).all() and (parents.diff() >= 0).all()
    if not (above[0] == -1 and complete and downward):
        raise CheckpointError(
            "The state of a hierarchical softmax holds no tree.",
            expected="each edge once, from a node to a later vertex",
            remedy="take a state that HierarchicalSoftmax saved",
        )


def level_starts(above: Tensor) -> tuple[int, ...]:
    """Return the first node of every level, from the root on, and the number of nodes as the last.

    Example:
        >>> level_starts(torch.tensor(huffman([1, 1, 1, 1])))
        (0, 1, 3)
    """
    nodes = len(above) // 2
    parents = above[1:nodes] // 2
    starts = [0, 1]
    while starts[-1] < nodes:
        starts.append(1 + int(torch.searchsorted(parents, starts[-1])))
    return tuple(starts)


def paths(above: Tensor) -> Tensor:
    """Return the way from each class up to the root: shape ``(C, depth)``, int32.

    An entry is ``n + 1`` where node n is left on side 1, ``-(n + 1)`` on side 0, and 0 beyond the root.

    Example:
        >>> paths(torch.tensor(huffman([5, 1, 1])))
        tensor([[ 1,  0],
                [-2, -1],
                [ 2, -1]], dtype=torch.int32)
    """
    vertex = torch.arange(len(above) // 2, len(above), device=above.device)
    steps: list[Tensor] = []
    for _ in pairwise(level_starts(above)):
        edge = above[vertex]
        node = torch.where(vertex > 0, edge // 2, 0)
        steps.append(torch.where(vertex > 0, (node + 1) * (2 * (edge % 2) - 1), 0))
        vertex = node
    return torch.stack(steps, 1).to(torch.int32)
