"""TreeOutput: a distribution over the classes of a tree, of which only what is asked for is computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils import _pytree

from thalweg.core.errors import InputError, ModelError
from thalweg.nn.best_first import best_first
from thalweg.nn.labels import outside

CHUNK = 2**24
"""Probabilities held at once where samples can be taken in parts."""


@final
@dataclass(frozen=True, eq=False)
class TreeOutput:
    """What `HierarchicalSoftmax` gives for a batch: features and the tree that they are scored by.

    ``p(c) = product over the nodes n above c of sigma(+- (w_n . x + b_n))``, with + where the path takes side 1.
    The two sides of a node share its probability, so that all classes sum to one. It stands where a model's
    output stands: ``output.argmax(1)`` is the predicted class, and `HierarchicalSoftmaxLoss` scores it.

    Attributes:
        x: Features, shape ``(b, f)``.
        weight: Shape ``(C - 1, f)``.
        bias: Shape ``(C - 1, 1)``.
        above: The tree; see `huffman`.
        paths: The way up from each class, shape ``(C, depth)``; see `huffman`.
        levels: The first node of every level.
        sparse: Whether the gradients of weight and bias are sparse.

    Example:
        >>> from thalweg.nn import HierarchicalSoftmax
        >>> output = HierarchicalSoftmax(2, counts=[6, 3, 1])(torch.zeros(1, 2))
        >>> output.log_probs().exp(), output.log_prob(torch.tensor([1])).exp()
        (tensor([[0.5000, 0.2500, 0.2500]], grad_fn=<ExpBackward0>), tensor([0.2500], grad_fn=<ExpBackward0>))
        >>> output.topk(1)[1], output.argmax(1)
        (tensor([[0]]), tensor([0]))
    """

    x: Tensor
    weight: Tensor
    bias: Tensor
    above: Tensor
    paths: Tensor
    levels: tuple[int, ...]
    sparse: bool

    @property
    def shape(self) -> torch.Size:
        """The shape ``(b, C)`` that scores of all classes would have."""
        return torch.Size((len(self.x), self.paths.shape[-2]))

    @property
    def ndim(self) -> int:
        """Two."""
        return len(self.shape)

    def log_prob(self, labels: Tensor) -> Tensor:
        """Return ``log p(label)`` of each sample, in time that grows with the depth of the tree.

        Args:
            labels: Shape ``(b,)``, int64.

        Raises:
            ModelError: Targets that are no labels, one a sample.
            DataError: A label outside the tree.
        """
        batch, classes = self.shape
        if labels.shape != (batch,) or labels.dtype != torch.int64:
            raise ModelError(
                "The targets are no labels of a hierarchical softmax.",
                got=f"shape {tuple(labels.shape)}, {labels.dtype}",
                expected=f"{batch} int64 labels, one a sample",
            )
        try:
            path = self.paths.index_select(0, labels)
        except (IndexError, RuntimeError) as error:
            raise outside(labels, classes) or error from None
        nodes, sides = (path.abs() - 1).clamp(min=0), path.sign()
        weight = functional.embedding(nodes, self.weight, sparse=self.sparse)
        bias = functional.embedding(nodes, self.bias, sparse=self.sparse)
        logits = (weight @ self.x.unsqueeze(-1) + bias).squeeze(-1)
        return torch.where(sides == 0, 0, functional.logsigmoid(sides * logits)).sum(1)

    def log_probs(self) -> Tensor:
        """Return ``log p`` of all classes, shape ``(b, C)``: one pass from the root down, level by level."""
        logits = functional.linear(self.x, self.weight, self.bias.squeeze(-1))
        edges = torch.stack((functional.logsigmoid(-logits), functional.logsigmoid(logits)), -1)
        numbered, reached = -1, [logits.new_zeros(len(logits), 1)]  # by the edge above the root, -1
        for first, last in pairwise(self.levels):
            nodes = reached[-1].index_select(1, self.above[first:last] - numbered)
            reached.append((nodes.unsqueeze(-1) + edges[:, first:last]).flatten(1))
            numbered = 2 * first
        return torch.cat(reached, 1).index_select(1, self.above[self.levels[-1] :] + 1)

    def argmax(self, dim: int = 1) -> Tensor:
        """Return the most probable class of each sample, from the probabilities of all.

        Args:
            dim: The dimension of the classes: 1 or -1.

        Raises:
            InputError: Another dimension.
        """
        if dim not in (1, -1):
            raise InputError("Classes are in dimension 1 of a hierarchical softmax.", got=dim, expected="1 or -1")
        return torch.cat([part.argmax(1) for part in self._parts(self.x)])

    @torch.no_grad()
    def topk(self, k: int) -> tuple[Tensor, Tensor]:
        """Return the k most probable classes of each sample, found by best-first search.

        Where a net is sure, the search visits few of the nodes; a sample that would need many is looked up among
        all classes. Not differentiable, and not for vmap: what is visited depends on the values.

        Args:
            k: 1 to C.

        Returns:
            ``log p`` and classes, each of shape ``(b, k)``, the most probable first.

        Raises:
            InputError: k outside 1 to C.
        """
        if not 1 <= k <= self.shape[1]:
            raise InputError("k is outside the number of classes.", got=k, expected=f"1 to {self.shape[1]}")
        values, classes, unfinished = best_first(self.x, self.weight, self.bias, self.above, k)
        if unfinished:
            best = [part.topk(k) for part in self._parts(self.x[unfinished])]
            values[unfinished] = torch.cat([part.values for part in best])
            classes[unfinished] = torch.cat([part.indices for part in best])
        return values, classes

    def _parts(self, x: Tensor) -> Iterator[Tensor]:
        """Yield ``log p`` of all classes for as many samples at a time as memory should hold."""
        size = max(1, CHUNK // self.shape[1])
        return (replace(self, x=part).log_probs() for part in x.split(size))


def _flatten(output: TreeOutput) -> tuple[list[Any], Any]:
    tensors = [output.x, output.weight, output.bias, output.above, output.paths]
    return tensors, (output.levels, output.sparse)


_pytree.register_pytree_node(TreeOutput, _flatten, lambda tensors, fixed: TreeOutput(*tensors, *fixed))
