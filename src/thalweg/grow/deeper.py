"""Deeper: a new layer that starts as the identity; the function stays the same (Net2DeeperNet)."""

from __future__ import annotations

from collections import OrderedDict
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.core.errors import InputError, ModelError, UnknownNameError
from thalweg.grow.alike import require_alike
from thalweg.grow.follower import BY_HAND, Follower, follower
from thalweg.grow.growth import Growth, Origin
from thalweg.grow.identity import batch_norm_identity, identity
from thalweg.grow.surgery import replace_module
from thalweg.grow.trace import Example, Value, run, tensors, trace
from thalweg.grow.wider import units


def deeper(
    model: nn.Module,
    layer: str,
    example: Example,
    *,
    noise: float = 0.0,
    seed: int = 0,
    batch_norm: bool = False,
    activation: nn.Module | None = None,
) -> nn.Module:
    """Return a copy of `model` with a new layer behind `layer`, which computes the same.

    Where the layer, or a norm behind it, is followed by an activation phi, another phi and a linear layer that
    starts as the identity (behind a convolution: one of the same kernel) go between::

        phi(z)   becomes   phi(I phi(z)),   the same if phi(I phi(z)) = phi(z)

    That holds for ReLU and its like, for the identity, and for maxout, whose new layer makes every piece of a unit
    from the unit. It does not for tanh, sigmoid, GELU or leaky ReLU, which are refused. The function is the same
    in evaluation and in training, and dropout behind draws the same masks.

    Args:
        model: A model; it stays as it was.
        layer: The name of a linear layer or convolution. The module after which the new layer goes becomes a
            `torch.nn.Sequential` of ``before`` (it), ``activation`` and ``added``: ``fc1.weight`` is then
            ``fc1.before.weight``.
        example: A batch of inputs, on which the model is traced.
        noise: Standard deviation of Gaussian noise on the new weight, relative to its root mean square, >= 0.
        seed: Of the noise.
        batch_norm: Put a batch norm behind the new layer, its scale, shift and running statistics set from the
            example so that it is the identity in evaluation. In training it is one for a batch that has those
            statistics there, as the example has if no other batch norm comes before; for other batches it is not.
        activation: For a model that cannot be traced: what follows the layer.

    Returns:
        The new model, in the mode of the old.

    Raises:
        UnknownNameError: There is no such layer; it gives the nearest names.
        ModelError: No activation follows the layer, or one for which the above does not hold.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).double()
        >>> x = torch.randn(5, 4, dtype=torch.float64)
        >>> deep = deeper(net, "0", x)
        >>> deep[0].added, torch.equal(deep(x), net(x))
        (Linear(in_features=8, out_features=8, bias=True), True)

    Reference:
        T. Chen, I. Goodfellow, J. Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", 2016,
        section 2.4, Algorithm 2.
    """
    return deepen(
        model, layer, example, noise=noise, seed=seed, batch_norm=batch_norm, activation=activation
    ).model


def deepen(
    model: nn.Module,
    layer: str,
    example: Example,
    *,
    noise: float = 0.0,
    seed: int = 0,
    batch_norm: bool = False,
    activation: nn.Module | None = None,
) -> Growth:
    """Do what `deeper` does, and return where every weight came from too, which `carry` needs.

    Args:
        model: See `deeper`.
        layer: See `deeper`.
        example: See `deeper`.
        noise: See `deeper`.
        seed: See `deeper`.
        batch_norm: See `deeper`.
        activation: See `deeper`.

    Returns:
        The growth.

    Raises:
        InputError: What `deeper` raises.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> deepen(net, "0", torch.zeros(1, 4)).said
        'behind 0 there is a new Linear of 8 units'
    """
    old = _layer(model, layer)
    if not noise >= 0:
        raise InputError("The noise is negative.", got=noise, expected="a number >= 0")
    grown = deepcopy(model)
    if activation is None:
        seen = trace(grown, example)
        expected, found = seen.results, follower(grown, seen, layer)
    else:
        expected, found = tensors(run(grown, example)), _by_hand(old, layer, activation)
    added = identity(old, layer, found)
    parts: dict[str, nn.Module] = {
        "before": grown.get_submodule(found.place),
        "activation": deepcopy(found.activation),
        "added": added,
    }
    if batch_norm:
        features = _activated(found)
        parts["norm"] = batch_norm_identity(old, layer, features)
    replace_module(grown, found.place, nn.Sequential(OrderedDict(parts)).train(old.training))
    require_alike(layer, expected, grown, example, BY_HAND)
    if noise:
        _disturb(added, noise, seed)
    said = f"behind {layer} there is a new {type(added).__name__} of {units(added)} units"
    return Growth(grown, model, _origins(model, found.place), said, (f"{found.place}.added",))


def _layer(model: nn.Module, layer: str) -> Any:
    """The layer behind which a new one goes."""
    modules = dict(model.named_modules())
    fit = {name for name, module in modules.items() if units(module) and not isinstance(module, nn.Embedding)}
    if layer in fit and layer:
        return modules[layer]
    if layer in modules:
        raise ModelError(
            f"The net cannot be deepened behind {layer or 'the whole model'}.",
            got=type(modules[layer]).__name__,
            expected="a linear layer or a convolution inside the model",
            remedy=f"name one of {', '.join(sorted(fit - {''})) or 'none: the model has no such layer'}",
        )
    raise UnknownNameError("layer", layer, fit)


def _by_hand(old: Any, layer: str, activation: nn.Module) -> Follower:
    """What follows the layer if the user says so, with a value of the form that the layer gives."""
    rank = old.weight.ndim - 2
    shape = (7, units(old) or 1, *[5] * rank) if rank > 0 else (7, units(old) or 1)
    return Follower(layer, Value(torch.zeros(shape)), deepcopy(activation), type(activation).__name__)


@torch.no_grad()
def _activated(found: Follower) -> Tensor:
    """What reaches the new layer on the example."""
    if found.value.maker is None:
        raise InputError(
            "The batch norm cannot be set: the model was not traced.", remedy="leave batch_norm or activation out"
        )
    return deepcopy(found.activation).eval()(found.value.tensor)


def _origins(model: nn.Module, place: str) -> dict[str, Origin]:
    origins: dict[str, Origin] = {}
    for name, _ in (*model.named_parameters(), *model.named_buffers()):
        inside = name.removeprefix(f"{place}.")
        origins[name if inside == name else f"{place}.before.{inside}"] = Origin(name)
    return origins


@torch.no_grad()
def _disturb(added: Any, noise: float, seed: int) -> None:
    weight = added.weight
    drawn = torch.randn(weight.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    weight += noise * weight.square().mean().sqrt() * drawn.to(weight.device, weight.dtype)
