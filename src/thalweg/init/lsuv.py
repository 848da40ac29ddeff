"""LSUV: every layer's output has unit variance on a batch of data."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError
from thalweg.init.layers import Layer, layers
from thalweg.init.orthogonal import orthogonal_
from thalweg.init.rehearsal import Example, feed, rehearsal

M = TypeVar("M", bound=nn.Module)


@torch.no_grad()
def lsuv_(module: M, example: Example, *, generator: torch.Generator | None = None) -> M:
    """Set all linear and convolution layers to orthogonal weights whose outputs on the example have variance 1.

    First ``W`` is orthogonal and ``b = 0``; then each layer, in the order in which the example reaches it, is
    divided by the standard deviation of its output, over batch, units and places. One pass does it: an output is
    linear in its weights, and every layer sees what the layers before it give when they are done. A layer that is
    used more than once is scaled at its first use; one that the example does not reach stays orthogonal.

    Args:
        module: The model.
        example: A batch of training inputs, some hundred samples, or the tuple of the model's arguments.
        generator: A generator on the CPU; ``None`` draws from torch's global one.

    Returns:
        The module.

    Raises:
        ModelError: A layer without weights of its own, an example that the model does not take, or a layer whose
            output on it is constant or not finite.

    Example:
        >>> seeded = torch.Generator().manual_seed(0)
        >>> net = nn.Sequential(nn.Linear(20, 30), nn.Tanh(), nn.Linear(30, 4))
        >>> x = 7 * torch.randn(100, 20, generator=seeded)
        >>> round(lsuv_(net, x, generator=seeded)(x).var(correction=0).item(), 4)
        1.0

    Reference:
        D. Mishkin, J. Matas, "All you need is a good init", 2016, Algorithm 1; its loop is for a new mini-batch at
        each measurement.
    """
    orthogonal_(module, generator=generator)
    waiting = {layer: name or type(layer).__name__ for name, layer in layers(module)}

    def scale(layer: nn.Module, _: Any, output: Tensor) -> Tensor | None:
        assert isinstance(layer, Layer)
        name = waiting.pop(layer, None)
        if name is None:
            return None
        std = math.sqrt(output.var(correction=0).item())
        if not (math.isfinite(std) and std > 0):
            raise ModelError(
                f"The output of the layer {name} cannot be scaled to unit variance.",
                got=f"a standard deviation of {std:g}",
                remedy="pass several different samples as they come in training, all numbers finite",
            )
        layer.weight.div_(std)
        return output / std

    hooks = [layer.register_forward_hook(scale) for layer in waiting]
    try:
        with rehearsal(module):
            feed(module, example)
    finally:
        for hook in hooks:
            hook.remove()
    return module
