"""Sparsity: how many weights are exactly zero."""

from __future__ import annotations

from torch import nn


def zeros(model: nn.Module) -> float:
    """Return the share of the trained parameters that are exactly zero, in [0, 1].

    Example:
        >>> import torch
        >>> layer = nn.Linear(3, 1, bias=False)
        >>> layer.weight.data = torch.tensor([[0.0, 1e-9, -0.0]])
        >>> round(zeros(layer), 3)
        0.667
    """
    counted = [(int((p == 0).sum()), p.numel()) for p in model.parameters() if p.requires_grad]
    return sum(zero for zero, _ in counted) / max(sum(size for _, size in counted), 1)
