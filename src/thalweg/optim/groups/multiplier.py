"""Multipliers of learning rate and decay for each parameter, and the groups that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from thalweg.core.errors import InputError, ModelError

DECAYS = ("weight_decay", "decoupled_decay", "independent_decay", "l1", "l1_prox")
"""What the multiplier of decay multiplies, as far as it is given."""


@dataclass(frozen=True)
class Multiplier:
    """What the hyper-parameters of one parameter are multiplied by.

    Attributes:
        lr: The factor of the learning rate.
        decay: The factor of every decay.

    Example:
        >>> Multiplier(lr=0.5) * Multiplier(lr=0.5, decay=0)
        Multiplier(lr=0.25, decay=0.0)
    """

    lr: float = 1.0
    decay: float = 1.0

    def __mul__(self, other: Multiplier) -> Multiplier:
        return Multiplier(self.lr * other.lr, self.decay * other.decay)


Multipliers = Mapping[str, Multiplier]
"""By the names of parameters; one that is not named is multiplied by 1."""

Grouping = Callable[[nn.Module], Multipliers]


def parameter_groups(model: nn.Module, *groupings: Grouping, **hyper: float) -> list[dict[str, Any]]:
    """Return groups of a model's trainable parameters, for any optimizer of thalweg or torch.

    Parameters with the same multipliers share a group, in the order of ``model.named_parameters()``. Each group
    holds its named parameters and all of `hyper`, multiplied; what is not in `hyper` is left to the optimizer.

    Args:
        model: The model.
        groupings: What gives multipliers: `no_decay`, `layerwise`, ``partial(mup, base_width=128)`` ... Those of
            several are multiplied with each other.
        hyper: Hyper-parameters by the optimizer's names. ``lr`` is multiplied by the multiplier of the rate, and
            what decays (`DECAYS`) by that of decay.

    Raises:
        InputError: A grouping changes the rate or decay, and `hyper` has none to change.
        ModelError: The model has no trainable parameter.

    Example:
        >>> import torch
        >>> from thalweg.optim.groups import no_decay
        >>> net = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
        >>> optimizer = torch.optim.AdamW(parameter_groups(net, no_decay, weight_decay=0.1), lr=1e-3)
        >>> [(group["param_names"], group["weight_decay"]) for group in optimizer.param_groups]
        [(['0.weight'], 0.1), (['0.bias', '1.weight', '1.bias'], 0.0)]
    """
    found = [grouping(model) for grouping in groupings]
    groups: dict[Multiplier, list[tuple[str, nn.Parameter]]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            product = Multiplier()
            for multipliers in found:
                product *= multipliers.get(name, Multiplier())
            groups.setdefault(product, []).append((name, parameter))
    if not groups:
        raise ModelError("The model has no trainable parameter.", got=type(model).__name__)
    _require("lr", [m.lr for m in groups], hyper, ("lr",))
    _require("decay", [m.decay for m in groups], hyper, DECAYS)
    return [{"params": named, **_multiplied(hyper, multiplier)} for multiplier, named in groups.items()]


def _require(what: str, factors: list[float], hyper: Mapping[str, float], names: tuple[str, ...]) -> None:
    if any(factor != 1 for factor in factors) and not any(name in hyper for name in names):
        raise InputError(
            f"The groups differ in {what}, but there is none to multiply.",
            got=", ".join(hyper) or "no hyper-parameter",
            expected=" or ".join(names),
            remedy=f"pass {names[0]}= with the other arguments, and not to the optimizer alone; "
            f"on the command line --set {names[0]}=1e-4",
        )


def _multiplied(hyper: Mapping[str, float], multiplier: Multiplier) -> dict[str, float]:
    factors = {"lr": multiplier.lr, **dict.fromkeys(DECAYS, multiplier.decay)}
    return {name: value * factors.get(name, 1.0) for name, value in hyper.items()}
