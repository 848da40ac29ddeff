"""muP: an output layer whose weights shrink faster, so that wider models learn alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import nn

from thalweg.core.bounds import POSITIVE
from thalweg.init.he import he_
from thalweg.init.layers import layers
from thalweg.init.width import Role, parts

M = TypeVar("M", bound=nn.Module)

BASE_WIDTH = 64
"""The width at which muP is the standard parametrization."""


def mup_(
    module: M,
    *,
    base_width: float = BASE_WIDTH,
    outputs: Sequence[str] | None = None,
    generator: torch.Generator | None = None,
) -> M:
    """Set all linear and convolution layers as `he_` does, those of the output to the variance of muP, in place.

    ``W ~ N(0, 2 / fan_in)`` and ``b = 0``, in the output ``W ~ N(0, base_width / n_in * 1 / fan_in)``, where n_in
    are the units or channels that it takes: its outputs go to 0 as the width grows. For
    `thalweg.optim.groups.mup`, with the same base.

    Args:
        module: The model.
        base_width: The width at which the output layer is that of `xavier_`, > 0.
        outputs: The names of the output modules; the last module that has a matrix or kernel if left out.
        generator: A generator on the CPU; ``None`` draws from torch's global one.

    Returns:
        The module.

    Raises:
        OutOfRangeError: A base width that is not positive.
        ModelError: A layer without weights of its own, or no output layer apart from the input.
        UnknownNameError: A name that is no module's.

    Example:
        >>> net = nn.Sequential(nn.Linear(9, 256), nn.ReLU(), nn.Linear(256, 99))
        >>> round(mup_(net, generator=torch.Generator().manual_seed(0))[2].weight.std().item() * 256 / 8, 2)
        1.0

    Reference:
        G. Yang, E. J. Hu et al., "Tensor Programs V: Tuning Large Neural Networks via Zero-Shot Hyperparameter
        Transfer", 2022, Table 3.
    """
    base_width = POSITIVE.check("The base width of muP", base_width)
    named = list(layers(module))
    own = parts(module, outputs=outputs)
    for name, layer in named:
        part = own[f"{name}.weight" if name else "weight"]
        output = part.role is Role.OUTPUT
        he_(layer, gain=math.sqrt(base_width / part.takes if output else 2), generator=generator)
    return module
