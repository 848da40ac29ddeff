"""By hand: which weights change when a layer is widened, for a model that cannot be traced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError, UnknownNameError
from thalweg.grow.growth import Expansion

_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_READERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, *_TRANSPOSED)


def asked_by_hand(
    model: nn.Module, layer: str, into: Sequence[str], along: Sequence[str], index: Tensor
) -> tuple[dict[str, dict[int, Expansion]], dict[str, tuple[int, int]]]:
    """Return what `Spread` would have found, from what the user says.

    Args:
        model: The model.
        layer: The layer whose units are copied.
        into: The layers that read it; one with several inputs a unit reads them side by side, as flattening lays
            them.
        along: Modules between that have one element a unit in each of their weights.
        index: From new unit to old.

    Returns:
        What to do with which weights, and the new width of modules without any.

    Raises:
        UnknownNameError: A name that is no module.
        ModelError: A module that cannot be what it is said to be.
    """
    modules = dict(model.named_modules())
    for name in (*into, *along):
        if name not in modules:
            raise UnknownNameError("layer", name, (known for known in modules if known))
    names = {id(tensor): name for name, tensor in (*model.named_parameters(), *model.named_buffers())}
    asked: dict[str, dict[int, Expansion]] = {}

    def ask(tensor: Any, expansion: Expansion) -> None:
        if isinstance(tensor, Tensor):
            asked.setdefault(names[id(tensor)], {})[expansion.dim] = expansion

    made: Any = modules[layer]
    out = 1 if isinstance(made, (*_TRANSPOSED, nn.Embedding)) else 0
    ask(made.weight, Expansion(out, index, "out"))
    ask(getattr(made, "bias", None), Expansion(0, index, "out"))
    old = int(index.max()) + 1
    for name in along:
        for tensor in (*modules[name].parameters(recurse=False), *modules[name].buffers(recurse=False)):
            if tuple(tensor.shape) == (old,):
                ask(tensor, Expansion(0, index, "out"))
    for name in into:
        reader: Any = modules[name]
        size = _inputs(reader, name, old)
        ask(
            reader.weight, Expansion(0 if isinstance(reader, _TRANSPOSED) else 1, _side_by_side(index, size), "in")
        )
    return asked, {name: (-1, len(index)) for name in along}


def _inputs(reader: nn.Module, name: str, old: int) -> int:
    """How many inputs a reader has for each unit."""
    if isinstance(reader, _READERS) and getattr(reader, "groups", 1) == 1:
        size = reader.in_features if isinstance(reader, nn.Linear) else reader.in_channels
        if size % old == 0:
            return size // old
    raise ModelError(
        f"{name} cannot be what reads the layer.",
        got=repr(reader),
        expected=f"a linear layer or a convolution without groups, with {old} inputs or a multiple",
    )


def _side_by_side(index: Tensor, each: int) -> Tensor:
    return (index[:, None] * each + torch.arange(each)).flatten()
