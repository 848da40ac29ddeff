"""Wider: more units in a layer, each a copy of one that is there; the function stays the same (Net2WiderNet)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from numbers import Integral

import torch
from torch import nn

from thalweg.core.errors import InputError, ModelError, UnknownNameError
from thalweg.grow.alike import require_alike
from thalweg.grow.by_hand import asked_by_hand
from thalweg.grow.copies import copies
from thalweg.grow.growth import Growth
from thalweg.grow.spread import BY_HAND, Spread
from thalweg.grow.surgery import expand, follow_widths
from thalweg.grow.trace import Call, Example, Trace, run, tensors, trace
from thalweg.grow.weighted import weighted


def wider(
    model: nn.Module,
    layer: str,
    width: int,
    example: Example,
    *,
    noise: float = 0.0,
    seed: int = 0,
    into: Sequence[str] | None = None,
    along: Sequence[str] = (),
) -> nn.Module:
    """Return a copy of `model` in which a layer has more units and which computes the same.

    Unit j of the new layer is a copy of unit g(j) of the old, and who reads the layer reads each copy with the
    weight divided by the number of copies::

        U'[j] = U[g(j)],    W'[k, j] = W[k, g(j)] / |{i : g(i) = g(j)}|

    What lies between is followed call by call: activations, pooling, flattening, batch and layer norm, embeddings,
    concatenation. Layers whose outputs are added to or multiplied by the layer's, as in residual blocks, are
    widened with it, by the same g. The function is the same in evaluation and in training, with batch norm too,
    because copies have the same batch statistics; under dropout it is the same up to the masks, of which every
    copy has its own. Layer norm asks that the new width is a multiple of the old.

    Without noise the copies stay equal under training, unless dropout tells them apart: they are units for the
    optimizer, but not for the function. A `noise` of 0.01 or so lets them part.

    Args:
        model: A model; it stays as it was.
        layer: The name of a linear layer, convolution or embedding, as in ``model.named_modules()``; its outputs,
            channels or vector elements are its units.
        width: How many units it is to have, more than now.
        example: A batch of inputs, on which the model is traced.
        noise: Standard deviation of Gaussian noise on the weights of all copies but the first of each unit,
            relative to the root mean square of the layer's weight, >= 0.
        seed: Of the noise, and of the choice which units are copied once more than others.
        into: For a model that cannot be traced: the layers that read this one.
        along: With `into`: the modules between that have an element a unit, such as a batch norm.

    Returns:
        The new model, in the mode of the old.

    Raises:
        UnknownNameError: There is no such layer; it gives the nearest names.
        InputError: A width that is no whole number, or not larger than the present one.
        ModelError: The layer cannot be widened; it says which call or weight is in the way.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).double()
        >>> x = torch.randn(5, 4, dtype=torch.float64)
        >>> large = wider(net, "0", 12, x)
        >>> large[0].out_features, bool((large(x) - net(x)).abs().max() < 1e-12)
        (12, True)

    Reference:
        T. Chen, I. Goodfellow, J. Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", 2016,
        section 2.3, Algorithm 1.
    """
    return widen(model, layer, width, example, noise=noise, seed=seed, into=into, along=along).model


def widen(
    model: nn.Module,
    layer: str,
    width: int,
    example: Example,
    *,
    noise: float = 0.0,
    seed: int = 0,
    into: Sequence[str] | None = None,
    along: Sequence[str] = (),
) -> Growth:
    """Do what `wider` does, and return where every weight came from too, which `carry` needs.

    Args:
        model: See `wider`.
        layer: See `wider`.
        width: See `wider`.
        example: See `wider`.
        noise: See `wider`.
        seed: See `wider`.
        into: See `wider`.
        along: See `wider`.

    Returns:
        The growth.

    Raises:
        InputError: What `wider` raises.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> widen(net, "0", 12, torch.zeros(1, 4)).said
        '0 has 12 units, it had 8'
    """
    old = _units(model, layer)
    if not isinstance(width, Integral) or width <= old:
        raise InputError(
            f"{layer} would not get wider.",
            got=f"width {width!r}",
            expected=f"a whole number, more than its {old} units",
            remedy="ask for more: growing copies units, and never takes one away",
        )
    if not noise >= 0:
        raise InputError("The noise is negative.", got=noise, expected="a number >= 0")
    index = copies(old, width, seed)
    grown = deepcopy(model)
    if into is None:
        seen = trace(grown, example)
        expected, found = seen.results, _spread(seen, layer, index)
        origins, also = expand(grown, found.asked), _others(found, layer)
        follow_widths(grown, found.widths, found.groups)
    else:
        expected = tensors(run(grown, example))
        asked, widths = asked_by_hand(grown, layer, into, along, index)
        origins, also = expand(grown, asked), list[str]()
        follow_widths(grown, widths)
    require_alike(layer, expected, grown, example, BY_HAND)
    if noise:
        _disturb(grown, layer, index, noise, seed)
    too = f"; widened with it: {', '.join(also)}" if also else ""
    return Growth(grown, model, origins, f"{layer} has {width} units, it had {old}{too}", (layer, *also))


def _units(model: nn.Module, layer: str) -> int:
    """How many units a layer has."""
    named = {name: count for name, module in model.named_modules() if (count := units(module))}
    if layer in named:
        return named[layer]
    modules = dict(model.named_modules())
    if layer in modules:
        raise ModelError(
            f"{layer} cannot be widened.",
            got=type(modules[layer]).__name__,
            expected="a linear layer, a convolution or an embedding",
            remedy=f"name one of {', '.join(named) or 'none: the model has no such layer'}",
        )
    raise UnknownNameError("layer", layer, named)


def units(module: nn.Module) -> int | None:
    """Return how many units a layer has; ``None`` for a module that has none to copy."""
    if isinstance(module, nn.Linear):
        return module.out_features
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return module.out_channels
    if isinstance(module, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d):
        return module.out_channels
    return module.embedding_dim if isinstance(module, nn.Embedding) else None


def _spread(seen: Trace, layer: str, index: torch.Tensor) -> Spread:
    makers = makers_of(seen, layer)
    if not makers:
        raise ModelError(
            f"{layer} cannot be widened: on the example the model never calls it.",
            got="no linear layer, convolution or embedding at work under that name",
            remedy=BY_HAND,
        )
    return Spread(seen, layer, makers, index)


def makers_of(seen: Trace, layer: str) -> list[Call]:
    """Return the calls by which a layer makes its units."""
    return [call for call in seen.calls if call.module == layer and weighted(call)]


def _others(found: Spread, layer: str) -> list[str]:
    return [name for name in dict.fromkeys(call.module for call in found.producers) if name != layer]


@torch.no_grad()
def _disturb(grown: nn.Module, layer: str, index: torch.Tensor, noise: float, seed: int) -> None:
    """Add noise to the weights of all copies but the first of each unit."""
    module = grown.get_submodule(layer)
    weight = module.weight
    assert isinstance(weight, nn.Parameter)
    transposed = isinstance(module, nn.Embedding | nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d)
    random = torch.Generator().manual_seed(seed)
    drawn = torch.randn(weight.shape, generator=random, dtype=torch.float64).to(weight.device, weight.dtype)
    later = torch.cat([torch.tensor([False]), index[1:] == index[:-1]]).to(weight.device, weight.dtype)
    shape = [1] * weight.ndim
    shape[1 if transposed else 0] = -1
    weight += noise * weight.square().mean().sqrt() * drawn * later.view(shape)
