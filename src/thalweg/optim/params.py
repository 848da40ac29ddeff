"""Params: what an optimizer is made over, and what people pass in its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn

from thalweg.core.errors import InputError, InputTypeError

Params = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


def listed(owner: str, params: Params) -> list[Any]:
    """Return the parameters, named parameters or groups as a list.

    Args:
        owner: The optimizer's class, for messages.
        params: What it was given.

    Raises:
        InputTypeError: It is a model, a single tensor or nothing that can be listed.
        InputError: The list is empty, or a group in it has no parameters.

    Example:
        >>> [p.shape for p in listed("Adam", nn.Linear(3, 2).parameters())]
        [torch.Size([2, 3]), torch.Size([2])]
    """
    if isinstance(params, Tensor | nn.Module) or not isinstance(params, Iterable):  # pyright: ignore
        raise InputTypeError(
            f"{owner} takes parameters in a list.",
            got=type(params).__name__,
            expected="tensors, named tensors or groups",
            remedy="pass model.parameters(), or [p] for a single tensor",
        )
    given: list[Any] = list(params)
    if not given:
        raise InputError(
            f"{owner} got no parameters.",
            remedy="call model.parameters() anew: what it returns can be read once",
        )
    for number, group in enumerate(given):
        if isinstance(group, dict) and "params" not in group:
            raise InputError(
                f"Group {number} of {owner} has no parameters.",
                got=", ".join(map(str, group)),  # pyright: ignore[reportUnknownArgumentType]
                expected='a key "params"',
            )
    return given
