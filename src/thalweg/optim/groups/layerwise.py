"""Layer-wise decay of the rate: what lies deeper learns more slowly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import nn

from thalweg.core.bounds import POSITIVE
from thalweg.core.errors import InputError
from thalweg.init.layers import NORMALIZATIONS
from thalweg.optim.groups.multiplier import Multiplier, Multipliers


def layerwise(model: nn.Module, *, decay: float = 0.75, layers: Sequence[str] | None = None) -> Multipliers:
    """Return ``decay^d`` as the rate of each parameter, d layers below the top.

    For fine-tuning: the lowest layers of a trained model are the most general and need the least change. A layer
    is a block of a repeated stack (a ModuleList or Sequential of parts of one class), else a module with weights
    of its own, together with the normalizations that follow it; the order is that of registration.

    Args:
        model: The model.
        decay: The rate of a layer over that of the layer above it, > 0; below 1 for fine-tuning.
        layers: The layers from bottom to top, each the beginning of its parameters' names, such as
            ``"blocks.0."``, if the order of registration is not the right one.

    Raises:
        OutOfRangeError: A decay that is not positive.
        InputError: A parameter that belongs to none of `layers`.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 1, bias=False))
        >>> {name: m.lr for name, m in layerwise(net, decay=0.5).items()}
        {'0.weight': 0.5, '0.bias': 0.5, '1.weight': 0.5, '1.bias': 0.5, '3.weight': 1.0}

    Reference:
        J. Howard, S. Ruder, "Universal Language Model Fine-tuning", 2018, section 3.2, with 1 / 2.6; K. Clark et
        al., "ELECTRA", 2020, with 0.8 for blocks.
    """
    decay = POSITIVE.check("The decay from layer to layer", decay)
    stack = _found(model) if layers is None else _named(model, layers)
    return {name: Multiplier(lr=decay ** (len(stack) - i)) for i, names in enumerate(stack, 1) for name in names}


def _found(model: nn.Module) -> list[list[str]]:
    """Return the names of each layer's parameters, from the bottom up; those of shared parameters once."""
    known = {name for name, _ in model.named_parameters()}
    stack: list[list[str]] = []
    for module, names in _walk(model, ""):
        if own := [name for name in names if name in known]:
            if stack and isinstance(module, NORMALIZATIONS):
                stack[-1] += own
            else:
                stack.append(own)
    return stack


def _walk(module: nn.Module, prefix: str) -> Iterator[tuple[nn.Module, list[str]]]:
    yield module, [prefix + name for name, _ in module.named_parameters(recurse=False)]
    for name, part in module.named_children():
        if _is_stack(module):
            yield part, [f"{prefix}{name}.{own}" for own, _ in part.named_parameters()]
        else:
            yield from _walk(part, f"{prefix}{name}.")


def _is_stack(module: nn.Module) -> bool:
    blocks = list(module.children())
    alike = isinstance(module, nn.ModuleList | nn.Sequential) and len({type(block) for block in blocks}) == 1
    return alike and any(blocks[0].children())


def _named(model: nn.Module, layers: Sequence[str]) -> list[list[str]]:
    stack: list[list[str]] = [[] for _ in layers]
    for name, _ in model.named_parameters():
        place = next((i for i, prefix in enumerate(layers) if name.startswith(prefix)), None)
        if place is None:
            raise InputError(
                f"The parameter {name} belongs to none of the layers.",
                got=", ".join(layers),
                remedy="name a layer that its name begins with",
            )
        stack[place].append(name)
    return stack
