"""LeCun's rates: for each layer by its fan-in and by how many connections share a weight."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError
from thalweg.init.layers import Layer, fans, layers
from thalweg.init.rehearsal import Example, feed, rehearsal
from thalweg.optim.groups.multiplier import Multiplier, Multipliers


@torch.no_grad()
def lecun(model: nn.Module, example: Example) -> Multipliers:
    """Return rates in proportion to ``sqrt(fan_in * shared)``, the largest being 1.

    ``shared`` is the number of connections of one sample that share a weight: the places of a convolution's
    output, the steps of a sequence, 1 in a plain linear layer. The biases of a layer have its rate. Parameters
    outside linear and convolution layers, and layers that the example does not reach, have the rate 1.

    Args:
        model: The model.
        example: A batch of inputs, or the tuple of the model's arguments; its first dimension is the batch.

    Raises:
        ModelError: No linear or convolution layer, one without weights of its own, or an example that the model
            does not take.

    Example:
        >>> net = nn.Sequential(nn.Conv1d(1, 4, 9), nn.Flatten(), nn.Linear(64, 36))
        >>> {name: round(m.lr, 3) for name, m in lecun(net, torch.randn(5, 1, 24)).items()}
        {'0.weight': 1.0, '0.bias': 1.0, '2.weight': 0.667, '2.bias': 0.667}

    Reference:
        Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", 1998, section 4.7.
    """
    named = {layer: name for name, layer in layers(model)}
    shared = Counter[nn.Module]()

    def count(layer: nn.Module, _: Any, output: Tensor) -> None:
        assert isinstance(layer, Layer)
        units = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
        shared[layer] += output.numel() // (len(output) * units)

    hooks = [layer.register_forward_hook(count) for layer in named]
    try:
        with rehearsal(model):
            feed(model, example)
    finally:
        for hook in hooks:
            hook.remove()
    if not shared:
        raise ModelError("The example reaches no linear or convolution layer.", got=type(model).__name__)
    rates = {named[layer]: math.sqrt(fans(layer).into * shared[layer]) for layer in named if layer in shared}
    largest = max(rates.values())
    owners = {name: name.rpartition(".")[0] for name, _ in model.named_parameters()}
    return {name: Multiplier(lr=rates[owner] / largest) for name, owner in owners.items() if owner in rates}
