"""Dropout layers of a model, and the rate that a Config gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd  # pyright: ignore[reportPrivateUsage]

from thalweg.core.errors import InputError


def dropouts(model: nn.Module) -> dict[str, _DropoutNd]:
    """Return the dropout layers of a model, of every kind, by name.

    Example:
        >>> dropouts(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1)))
        {'1': Dropout(p=0.1, inplace=False)}
    """
    return {name: module for name, module in model.named_modules() if isinstance(module, _DropoutNd)}


def set_dropout(model: nn.Module, rate: float) -> None:
    """Give all dropout layers of a model one rate.

    What attention and recurrent layers drop inside themselves is their own affair, and stays as it is.

    Args:
        model: The model.
        rate: The probability of being dropped, in [0, 1).

    Raises:
        InputError: The model has no dropout layer.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
        >>> set_dropout(net, 0.2); net[1].p
        0.2

    Reference:
        Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting", section 4. As
        torch does, the scale of their section 10 stands in training and not in evaluation.
    """
    found = dropouts(model)
    if not found:
        raise InputError(
            "A dropout rate is set, but the model has no dropout layer.",
            got=f"dropout={rate:g} for {type(model).__name__}",
            expected="a model with nn.Dropout, or another layer of its kind",
            remedy="put nn.Dropout() where the model is to drop, or leave dropout out",
        )
    for module in found.values():
        module.p = rate


@contextmanager
def dropping(model: nn.Module, rates: Mapping[str, Tensor]) -> Iterator[None]:
    """Give dropout layers these rates inside, such as those of one copy under ``torch.func.vmap``."""
    layers = {name: model.get_submodule(name) for name in rates}
    before = {name: layer.p for name, layer in layers.items()}
    try:
        for name, layer in layers.items():
            layer.p = rates[name]
        yield
    finally:
        for name, layer in layers.items():
            layer.p = before[name]
