"""Hierarchical softmax: a last layer and a loss for very many classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError
from thalweg.nn.arguments import count
from thalweg.nn.huffman import huffman, level_starts, paths, require_tree
from thalweg.nn.loss import Loss
from thalweg.nn.tree_output import TreeOutput


@final
class HierarchicalSoftmax(nn.Module):
    """Hierarchical softmax: a class is reached through binary decisions, from the root of a tree down to a leaf.

    ``p(c | x) = product over the nodes n above c of sigma(+- (w_n . x + b_n))``. The tree is Huffman's over the
    counts of the classes: a training step costs about log2 C decisions a sample in place of C scores, and fewer
    where classes differ in frequency. Take it as the last layer of a model, with `HierarchicalSoftmaxLoss` as
    the loss; the model's output is a `TreeOutput`.

    The tree is part of the state: a state that is loaded brings its own.

    Args:
        in_features: f, >= 1.
        counts: How often each class occurs in training, >= 0; at least two classes.
        sparse: Whether gradients are sparse: then a whole step, the optimizer's included, costs time that does
            not grow with C, by an optimizer that takes sparse gradients, such as ``SGD`` without momentum. Not
            under vmap.

    Attributes:
        weight: Shape ``(C - 1, in_features)``, drawn as in ``nn.Linear``.
        bias: Shape ``(C - 1, 1)``, zero at the start.

    Raises:
        InputError: Counts that make no tree, or a number of features below 1.
        ModelError: In `forward`: features of another number.
        CheckpointError: In `load_state_dict`: a state that holds no tree.

    Example:
        >>> layer = HierarchicalSoftmax(4, counts=[50, 30, 20])
        >>> output, labels = layer(torch.randn(2, 4)), torch.tensor([0, 2])
        >>> HierarchicalSoftmaxLoss()(output, labels).backward()
        >>> output.log_probs().exp().sum(1).detach().round(decimals=5), output.argmax(1).shape
        (tensor([1., 1.]), torch.Size([2]))

    Reference:
        Morin & Bengio 2005, "Hierarchical probabilistic neural network language model"; Huffman's tree: Mikolov
        et al. 2013, "Distributed representations of words and phrases and their compositionality", section 2.1.
    """

    above: Tensor
    paths: Tensor

    def __init__(self, in_features: int, counts: Sequence[float] | Tensor, *, sparse: bool = False) -> None:
        super().__init__()
        self.in_features, self.sparse = count("in_features", in_features), sparse
        tree = huffman(torch.as_tensor(counts, device="cpu").flatten().tolist())
        above = torch.tensor(tree, device="cpu")
        self.levels = level_starts(above)
        self.weight = nn.Parameter(torch.empty(self.levels[-1], in_features))
        self.bias = nn.Parameter(torch.empty(self.levels[-1], 1))
        self.register_buffer("above", above.to(self.weight.device))
        self.register_buffer("paths", paths(above).to(self.weight.device), persistent=False)
        self.register_load_state_dict_post_hook(_follow_tree)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        bound = self.in_features**-0.5
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> TreeOutput:
        """Return the distribution over classes, of which nothing is computed yet.

        Args:
            x: Features, shape ``(b, in_features)``.
        """
        if x.ndim != 2 or x.shape[1] != self.in_features:
            raise ModelError(
                "The features do not fit the hierarchical softmax.",
                got=f"shape {tuple(x.shape)}",
                expected=f"shape (b, {self.in_features})",
            )
        return TreeOutput(x, self.weight, self.bias, self.above, self.paths, self.levels, self.sparse)

    def extra_repr(self) -> str:
        """Return the arguments, for `repr`; the counts only by their number."""
        classes, depth = self.paths.shape
        return f"in_features={self.in_features}, classes={classes}, depth={depth}, sparse={self.sparse}"


@final
class HierarchicalSoftmaxLoss(Loss):
    """Negative log-likelihood of a hierarchical softmax: ``-log p(y)``, from the nodes above y alone.

    Args:
        reduction: See `Loss`.

    Raises:
        ModelError: In `forward`: an output that is not of `HierarchicalSoftmax`, or targets that are no labels.
        DataError: In `forward`: a label outside the tree.

    Example:
        >>> model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), HierarchicalSoftmax(4, counts=[50, 30, 20]))
        >>> loss = HierarchicalSoftmaxLoss()(model(torch.randn(2, 5)), torch.tensor([0, 2]))
        >>> loss.item() > 0
        True

    Reference:
        Morin & Bengio 2005, "Hierarchical probabilistic neural network language model".
    """

    def each(self, output: Any, target: Tensor) -> Tensor:
        """Return the loss of each sample."""
        if not isinstance(output, TreeOutput):
            raise ModelError(
                "HierarchicalSoftmaxLoss scores the output of a HierarchicalSoftmax.",
                got=type(output).__name__,
                remedy="make HierarchicalSoftmax(in_features, counts) the last layer of the model",
            )
        return -output.log_prob(target)


def _follow_tree(module: HierarchicalSoftmax, _: object) -> None:
    """Take what follows from the tree of a state that was loaded."""
    if module.above.is_meta:
        return
    require_tree(module.above)
    module.paths, module.levels = paths(module.above), level_starts(module.above)
