"""Dense: the product of inputs with a matrix of weights, for many copies at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

FEW = 16
"""Fewer columns than this do not fill a vector register, so that products take twice as long, and softmax ten
times: then the samples lie side by side."""


def dense(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:  # noqa: A002  # torch's name
    """Return `torch.nn.functional.linear`, whose gradients are laid out in memory as the parameters are.

    Args:
        input: Shape ``(samples, inputs)``.
        weight: Shape ``(outputs, inputs)``.
        bias: Shape ``(outputs,)``.
    """
    product = cast(Tensor, _Dense.apply(input, weight))
    return product if bias is None else product + bias


class _Dense(torch.autograd.Function):
    """The product, of matrices or of stacks of them."""

    @staticmethod
    def forward(x: Tensor, weight: Tensor) -> Tensor:
        return (weight @ x.mT).mT if weight.shape[-2] < FEW else x @ weight.mT

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor]:
        (g,), (x, weight) = gradients, ctx.saved_tensors
        return g @ weight if ctx.needs_input_grad[0] else None, g.mT @ x

    @staticmethod
    def vmap(info: Any, in_dims: Sequence[int | None], *args: Tensor) -> tuple[Tensor, int]:
        stacked = [
            t.expand(info.batch_size, *t.shape) if dim is None else t.movedim(dim, 0)
            for t, dim in zip(args, in_dims, strict=True)
        ]
        return cast(Tensor, _Dense.apply(*stacked)), 0
