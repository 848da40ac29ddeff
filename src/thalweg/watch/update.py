"""Update: what was heard of one update, from its first forward pass to the end of its step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.utils import _pytree

Named = Mapping[str, nn.Parameter]

LEAVES = (Tensor, int, float, str, type(None))
"""What need not be looked into."""


@dataclass(frozen=True)
class Call:
    """A call of the model, or of the loss.

    Attributes:
        inputs: Its arguments by position.
        keywords: Its arguments by name.
        result: What it gave, with its graph.
        versions: How often each tensor among the arguments had been changed in place by then.
        targets: What outputs were compared with, where it is known though it is no argument.
        method: The model's that was called.
    """

    inputs: tuple[Any, ...]
    keywords: Mapping[str, Any]
    result: Any
    versions: tuple[int, ...] = ()
    targets: Tensor | None = None
    method: str = "__call__"

    @property
    def tensors(self) -> list[Tensor]:
        """The tensors among the arguments."""
        return tensors((self.inputs, dict(self.keywords)))

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors in what it gave."""
        return tensors(self.result)

    def bare(self) -> Call:
        """Return what is left of it when graphs and batches are let go."""
        value = self.result.detach() if isinstance(self.result, Tensor) and self.result.numel() == 1 else None
        return Call((), {}, value)

    @property
    def untouched(self) -> bool:
        """Whether the arguments are still what they were."""
        return self.versions == versions(self.tensors)


@dataclass
class Update:
    """One update.

    Attributes:
        step: Updates made before it.
        named: The model's parameters that ask for a gradient, by name.
        held: Of each of `named`, whether the optimizer holds it.
        matrices: Those of `named` that are matrices, or larger, and no tables of an embedding.
        passes: The forward passes with gradient; all but the first without what they were given and gave.
        losses: The computations of the loss with gradient; all but the first by their value alone.
        backwards: Backward passes that came through the model's outputs.
        fresh: How many of them began with no gradient at all.
        left: Norms of the gradients that were there when each of them began; None once one began with none, or
            if gradients were not added to those.
        evaluating: Whether the model and all its layers that work differently in training were in evaluation mode
            in the pass that came back.
        partial: Whether the loss that was heard is but a part of what goes backward, or is others' to raise.
        cleared: Whether the step was made with gradients of zero, or none, though some had come to the layers.
        scalars: What is measured, as tensors of one number; ``name/layer`` where it is of a layer or parameter.
        alive: Of each layer of rectifiers, which units were above zero for some sample.
        bounded: The layers whose outputs are bounded.
        samples: In the batch, as the last linear map sees them; 0 if there is none.
        rates: The learning rates of the optimizer's groups.
        numbers: The same as `scalars`, and what follows from them, once the update is over.
        at_outset: The state of torch's generator before the first pass, where it was asked for.
        undone: What takes every parameter back to where it was before the step.
    """

    step: int
    named: Named
    held: Mapping[str, bool]
    matrices: Sequence[str] = ()
    passes: list[Call] = field(default_factory=list[Call])
    losses: list[Call] = field(default_factory=list[Call])
    backwards: int = 0
    fresh: int = 0
    left: list[Tensor] | None = field(default_factory=list[Tensor])
    evaluating: bool = False
    partial: bool = False
    cleared: bool = False
    scalars: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    alive: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    bounded: list[str] = field(default_factory=list[str])
    samples: int = 0
    rates: Sequence[float] = ()
    numbers: dict[str, float] = field(default_factory=dict[str, float])
    at_outset: Tensor | None = None
    undone: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])

    def of(self, quantity: str) -> dict[str, float]:
        """Return a quantity that is measured by layer or parameter: its numbers by their names."""
        start = quantity + "/"
        return {name[len(start) :]: value for name, value in self.numbers.items() if name.startswith(start)}

    @property
    def targets(self) -> Tensor | None:
        """What the first loss compared outputs with, if not told: its first argument that has no gradient."""
        if not self.losses:
            return None
        found = self.losses[0].tensors
        fixed = [one for one in found if not one.requires_grad and one.ndim]
        return fixed[0] if fixed and len(fixed) < len(found) else self.losses[0].targets

    @property
    def output(self) -> Tensor | None:
        """What the first loss compared with the targets: its first argument that has a gradient."""
        found = self.losses[0].tensors if self.losses else []
        return next((one for one in found if one.requires_grad), None)


def tensors(tree: Any) -> list[Tensor]:
    """Return the tensors in what a call takes or gives, in their order."""
    if isinstance(tree, Tensor):
        return [tree]
    return [leaf for leaf in _leaves(tree) if isinstance(leaf, Tensor)]


def versions(found: Sequence[Tensor]) -> tuple[int, ...]:
    """Return how often each tensor was changed in place."""
    return tuple(0 if one.is_inference() else one._version for one in found)


def _leaves(tree: Any) -> Iterator[Any]:
    """The leaves of lists, tuples and mappings of any class, such as a tokenizer's batch or a model's output."""
    if isinstance(tree, LEAVES):
        yield tree
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _leaves(value)
    elif isinstance(tree, dict | Mapping):
        for value in tree.values():
            yield from _leaves(value)
    else:
        yield from _pytree.tree_leaves(tree)
