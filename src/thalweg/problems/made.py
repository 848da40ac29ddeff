"""Made: a fresh model of a factory, or the word that it gives none."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from thalweg.core.errors import InputTypeError, ModelError, one_line


def made(factory: Callable[[], nn.Module], name: str) -> nn.Module:
    """Return a model of the factory.

    Args:
        factory: A problem's.
        name: The problem's.

    Raises:
        ModelError: The factory fails.
        InputTypeError: It returns no model.
    """
    try:
        model = factory()
    except Exception as error:
        raise ModelError(
            f"The model factory of {name} failed.",
            got=one_line(error),
            expected="a model, called without arguments",
        ) from error
    if not isinstance(model, nn.Module):
        raise InputTypeError(
            f"The model factory of {name} returns no model.",
            got=type(model).__name__,
            expected="a torch.nn.Module",
        )
    return model
