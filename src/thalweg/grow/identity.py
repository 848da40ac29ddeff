"""Identity: a new layer that leaves the features as they are, where the activation before and behind it allows."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.core.errors import InputError, ModelError, one_line
from thalweg.grow.follower import Follower

_CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_NORMS = {0: nn.BatchNorm1d, 1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


@torch.no_grad()
def identity(layer: Any, name: str, found: Follower) -> nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d:
    """Return a layer L of the kind of `layer` with ``phi(L(phi(z))) = phi(z)``, phi the activation behind it.

    A convolution has the kernel of `layer`, an even size less one, and one in its middle.

    Args:
        layer: A linear layer or convolution.
        name: Its name.
        found: What follows it.

    Raises:
        ModelError: There is none, because phi is not idempotent.
    """
    rank = max(0, layer.weight.ndim - 2)
    axis = -1 - rank
    phi = deepcopy(found.activation).eval().double()
    z = torch.randn(found.value.tensor[:7].shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    try:
        once = phi(z.clone())
        matrix = _members(phi, z, once, axis)
        added = _layer(layer, rank, matrix)
        twice = phi(deepcopy(added).double()(once))
    except Exception as error:
        raise _refusal(
            name, found, f"it gives no features that a new layer can read: {one_line(error)}"
        ) from error
    if once.shape != twice.shape:
        raise _refusal(name, found, f"it makes {tuple(twice.shape)} of {tuple(once.shape)}")
    if not torch.allclose(once, twice, rtol=1e-9, atol=1e-9):
        worst = int((once - twice).abs().argmax())
        first, second = once.flatten()[worst].item(), twice.flatten()[worst].item()
        raise _refusal(
            name, found, f"it is not idempotent: where it gives {first:.3g}, twice it gives {second:.3g}"
        )
    return added.to(layer.weight.device, layer.weight.dtype).train(layer.training)


def _members(phi: nn.Module, z: Tensor, once: Tensor, axis: int) -> Tensor:
    """Which unit of phi(z) each of z goes into, shape (units of z, units of phi(z)); I if phi is elementwise."""
    if once.shape == z.shape:
        return torch.eye(z.shape[axis], dtype=torch.float64)
    rows = []
    for unit in range(z.shape[axis]):
        raised = z.clone()
        raised.select(axis, unit).add_(1e3)
        changed = (phi(raised) != once).movedim(axis, 0).flatten(1).any(1)
        rows.append(changed.double())
    return torch.stack(rows)


def _layer(layer: Any, rank: int, matrix: Tensor) -> nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d:
    """A layer with this matrix from the features that it reads to the units that it makes."""
    outputs, inputs = matrix.shape
    has_bias = layer.bias is not None
    if not rank:
        added = nn.Linear(inputs, outputs, bias=has_bias)
        added.weight.copy_(matrix)
    else:
        kernel = tuple(size - (size % 2 == 0) for size in layer.kernel_size)
        padding = tuple(size // 2 for size in kernel)
        added = _CONVOLUTIONS[rank](inputs, outputs, kernel, padding=padding, bias=has_bias)  # pyright: ignore
        added.weight.zero_()
        added.weight[(slice(None), slice(None), *padding)] = matrix.to(added.weight.dtype)
    if added.bias is not None:
        added.bias.zero_()
    return added


@torch.no_grad()
def batch_norm_identity(layer: Any, name: str, features: Tensor) -> nn.Module:
    """Return a batch norm that leaves these features as they are: ``gamma = sqrt(var + eps)``, ``beta = mean``.

    Its running statistics are those of the features, the variance divided by their number, as in training.

    Args:
        layer: A linear layer or convolution.
        name: Its name.
        features: What reaches it, ``(b, c, ...)``.

    Raises:
        InputError: Features on another dimension than the second.
    """
    rank = max(0, layer.weight.ndim - 2)
    if features.ndim != rank + 2:
        raise InputError(
            f"A batch norm behind {name} would not see its features.",
            got=f"values of shape {tuple(features.shape)}",
            expected="features on the second dimension",
            remedy="leave batch_norm out",
        )
    norm = _NORMS[rank](features.shape[1]).to(features.device, features.dtype)
    variance, mean = torch.var_mean(features.transpose(0, 1).flatten(1), dim=1, correction=0)
    norm.weight.copy_((variance + norm.eps).sqrt())
    norm.bias.copy_(mean)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    return norm.train(layer.training)


def _refusal(name: str, found: Follower, why: str) -> ModelError:
    return ModelError(
        f"The net cannot be deepened behind {name} without a change of its function.",
        got=f"behind it comes {found.name}; {why}",
        expected="an activation phi with phi(phi(x)) = phi(x), such as ReLU",
        remedy="choose another layer, or widen the net",
    )
