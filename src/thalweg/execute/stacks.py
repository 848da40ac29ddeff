"""Stacks: the parameters and buffers of many copies of one model, each a view into one tensor for all copies."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Stacks:
    """Copies of one model whose parameters and buffers lie in stacks: copy k's are ``stack[k]``.

    The copies stay models of their own: they see what is written to the stacks, and the other way round.

    Args:
        models: The copies, at least one; from now on their tensors are views.

    Attributes:
        parameters: The stack of every parameter, ``(copies, ...)``, by name; those that are trained ask for
            gradients.
        buffers: The stack of every buffer.
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        self.models = models
        named = [dict(model.named_parameters()) for model in models]
        self.parameters = {name: self._stack([own[name] for own in named]) for name in named[0]}
        held = [dict(model.named_buffers()) for model in models]
        self.buffers = {name: torch.stack([own[name] for own in held]) for name in held[0]}
        for name, stack in self.buffers.items():
            for model, view in zip(models, stack, strict=True):
                _put_buffer(model, name, view)

    def part_from(self, copy: int) -> None:
        """Give one copy memory of its own again, so that it outlives the stacks."""
        model = self.models[copy]
        for p in model.parameters():
            p.data = p.data.clone()
        for name, buffer in list(model.named_buffers()):
            _put_buffer(model, name, buffer.clone())

    def _stack(self, params: Sequence[nn.Parameter]) -> Tensor:
        stack = torch.stack([p.detach() for p in params])
        for p, view in zip(params, stack, strict=True):
            p.data = view
        return stack.requires_grad_(params[0].requires_grad)


def _put_buffer(model: nn.Module, name: str, tensor: Tensor) -> None:
    owner, _, last = name.rpartition(".")
    model.get_submodule(owner)._buffers[last] = tensor
