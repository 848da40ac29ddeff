"""Residual branches: where the results of two ways from one fork are added."""

from __future__ import annotations

from thalweg.init.flow import Node

ADDITIONS = {"add", "iadd", "radd"}
"""Of torch and of tensors; Python versions differ in what they call ``+=``."""


def branches(nodes: list[Node]) -> dict[Node, set[Node]]:
    """Return the additions that end a residual block, each with the calls that its branches end in.

    Ways are followed back from an addition to their last fork. The one with the fewest layers on it is the
    shortcut, the others are branches; ways of equal length are none.

    Args:
        nodes: A flow, in the order of its calls.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from thalweg.init.flow import follow
        >>> class Block(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.inner = nn.Linear(2, 2)
        ...
        ...     def forward(self, x):
        ...         return x + self.inner(x)
        >>> found = branches(follow(Block(), torch.ones(3, 2)))
        >>> [(add.name, [end.name for end in ends]) for add, ends in found.items()]
        [('add', ['inner'])]
    """
    found: dict[Node, set[Node]] = {}
    for node in nodes:
        if node.word not in ADDITIONS or len(node.sources) < 2:
            continue
        ways = {source: _layers_since(source) for source in node.sources}
        shared = set[Node].intersection(*(set(way) for way in ways.values()))
        if not shared:
            continue
        fork = max(shared, key=lambda ancestor: ancestor.place)
        lengths = {source: way[fork] for source, way in ways.items()}
        ends = {source for source, length in lengths.items() if length > min(lengths.values())}
        if ends:
            found[node] = ends
    return found


def _layers_since(end: Node) -> dict[Node, int]:
    """How many layers lie at most between each ancestor of a call and its result, the call's own among them."""
    lengths = {end: 0}
    waiting = {end}
    while waiting:
        node = max(waiting, key=lambda one: one.place)  # all that it leads to is done
        waiting.remove(node)
        for source in node.sources:
            lengths[source] = max(lengths.get(source, 0), lengths[node] + node.has_weights)
            waiting.add(source)
    return lengths
