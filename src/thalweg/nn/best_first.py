"""Best-first search: the most probable leaves of a tree, without a look at the others."""

from __future__ import annotations

from heapq import heappop, heappush

import torch
from torch import Tensor
from torch.nn import functional

PATIENCE = 1 / 160
"""The share of all nodes that a search may visit; beyond it, scoring them all at once is faster."""

Frontier = list[tuple[float, int]]


def best_first(x: Tensor, weight: Tensor, bias: Tensor, above: Tensor, k: int) -> tuple[Tensor, Tensor, list[int]]:
    """Return the k most probable leaves of each sample: exact, for no leaf is more probable than a node above it.

    All samples go one node further at a time, each with a frontier of its own, so that a round is one product.

    Args:
        x: Shape ``(b, f)``.
        weight: Shape ``(nodes, f)``.
        bias: Shape ``(nodes, 1)``.
        above: The tree; see `huffman`.
        k: How many, 1 to the number of leaves.

    Returns:
        ``log p`` and leaves, each ``(b, k)``; and the samples whose search was given up, whose rows are unset.
    """
    nodes = len(weight)
    child = (above[1:].argsort() + 1).tolist()
    frontiers: list[Frontier] = [[(0.0, 0)] for _ in range(len(x))]
    found: list[Frontier] = [[] for _ in range(len(x))]
    searching = list(range(len(x)))
    for _ in range(k + int(PATIENCE * nodes) + 1):
        popped = [_pop(frontiers[sample], found[sample], nodes, k) for sample in searching]
        searching = [sample for sample, best in zip(searching, popped, strict=True) if best]
        if not searching:
            break
        visited = [best for best in popped if best]
        at = torch.tensor([node for _, node in visited], device=x.device)
        logits = ((weight[at] * x[searching]).sum(1) + bias[at, 0]).double()
        costs = -functional.logsigmoid(torch.stack((-logits, logits), 1))
        for sample, (cost, node), sides in zip(searching, visited, costs.tolist(), strict=True):
            heappush(frontiers[sample], (cost + sides[0], child[2 * node]))
            heappush(frontiers[sample], (cost + sides[1], child[2 * node + 1]))
    for sample in searching:
        found[sample] = [(0.0, nodes)] * k
    best = [entry for row in found for entry in row]
    values = torch.tensor([-cost for cost, _ in best], dtype=x.dtype, device=x.device)
    leaves = torch.tensor([vertex - nodes for _, vertex in best], dtype=torch.int64, device=x.device)
    return values.reshape(-1, k), leaves.reshape(-1, k), searching


def _pop(frontier: Frontier, found: Frontier, nodes: int, k: int) -> tuple[float, int] | None:
    """Move leaves from the frontier to those found until a node is the best; ``None`` when k are found."""
    while len(found) < k:
        best = heappop(frontier)
        if best[1] < nodes:
            return best
        found.append(best)
    return None
