"""Surgery: put new weights into the modules of a model, and the sizes that modules keep beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase  # pyright: ignore[reportPrivateUsage]

from thalweg.grow.growth import Expansion, Origin

Asked = Mapping[str, Mapping[int, Expansion]]


@torch.no_grad()
def expand(model: nn.Module, asked: Asked) -> dict[str, Origin]:
    """Expand the weights of a model in place.

    Args:
        model: A model of one's own.
        asked: By weight, what to do with its dimensions.

    Returns:
        By the name of every parameter and buffer, where it came from.
    """
    origins: dict[str, Origin] = {}
    tensors = dict([*model.named_parameters(), *model.named_buffers()])
    for name, tensor in tensors.items():
        origin = Origin(name, tuple(asked.get(name, {}).values()))
        origins[name] = origin
        if origin.expansions:
            _put(model, tensor, origin.value(tensor.detach()).contiguous())
    for module in model.modules():
        _resize(module)
    return origins


def follow_widths(
    model: nn.Module, widths: Mapping[str, tuple[int, int]], groups: Mapping[str, int] | None = None
) -> None:
    """Tell modules that have a size but no weight of it about their new width.

    Args:
        model: A model of one's own.
        widths: By module, the dimension of features from the last, and how many there are.
        groups: By convolution, the number of its groups.
    """
    for name, (axis, width) in widths.items():
        module = model.get_submodule(name)
        if isinstance(module, nn.LayerNorm | nn.RMSNorm) and len(module.normalized_shape) >= -axis:
            shape = list(module.normalized_shape)
            shape[axis] = width
            module.normalized_shape = tuple(shape)
        elif isinstance(module, _NormBase):
            module.num_features = width
        elif isinstance(module, nn.GroupNorm):
            module.num_channels = width
    for name, count in (groups or {}).items():
        convolution = cast(Any, model.get_submodule(name))
        convolution.groups = convolution.in_channels = count


def replace_module(model: nn.Module, name: str, new: nn.Module) -> None:
    """Put a module in the place of another, wherever that stands."""
    old = model.get_submodule(name)
    for parent in list(model.modules()):
        for key, child in parent.named_children():
            if child is old:
                setattr(parent, key, new)


def _put(model: nn.Module, old: Tensor, new: Tensor) -> None:
    """Put a tensor in the place of another, under every name that this has."""
    parameter = nn.Parameter(new, requires_grad=old.requires_grad) if isinstance(old, nn.Parameter) else new
    for module in model.modules():
        for held in (module._parameters, module._buffers):  # pyright: ignore[reportPrivateUsage]
            for key, tensor in held.items():
                if tensor is old:
                    cast(dict[str, Any], held)[key] = parameter


def _resize(module: nn.Module) -> None:
    """Let a module say the sizes of its weights."""
    match module:
        case nn.Linear():
            module.out_features, module.in_features = module.weight.shape
        case nn.Conv1d() | nn.Conv2d() | nn.Conv3d():
            module.out_channels, module.in_channels = (
                module.weight.shape[0],
                module.weight.shape[1] * module.groups,
            )
        case nn.ConvTranspose1d() | nn.ConvTranspose2d() | nn.ConvTranspose3d():
            module.in_channels, module.out_channels = (
                module.weight.shape[0],
                module.weight.shape[1] * module.groups,
            )
        case nn.Embedding():
            module.num_embeddings, module.embedding_dim = module.weight.shape
        case _NormBase() if module.weight is not None:
            module.num_features = len(module.weight)
        case nn.GroupNorm() if module.weight is not None:
            module.num_channels = len(module.weight)
        case nn.LayerNorm() | nn.RMSNorm() if module.weight is not None:
            module.normalized_shape = tuple(module.weight.shape)
        case nn.PReLU():
            module.num_parameters = len(module.weight)
        case _:
            pass
