"""The initializers by name, so that a setting can name one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from thalweg.core.errors import InputError
from thalweg.core.registry import Registry
from thalweg.init.auto import auto
from thalweg.init.glorot import glorot_, glorot_sigmoid_
from thalweg.init.he import he_
from thalweg.init.lecun import lecun_
from thalweg.init.lsuv import lsuv_
from thalweg.init.mup import mup_
from thalweg.init.orthogonal import orthogonal_
from thalweg.init.rehearsal import Example
from thalweg.init.xavier import xavier_


@dataclass(frozen=True)
class Initializer:
    """What a name stands for.

    Attributes:
        function: ``f(model, *, generator=None)``, or ``f(model, example, *, generator=None)``: in place.
    """

    function: Callable[..., Any]

    @property
    def needs_example(self) -> bool:
        """Whether it looks at a batch of inputs."""
        return "example" in inspect.signature(self.function).parameters

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().splitlines()[0]


initializers: Registry[Initializer] = Registry("initializer")
for _function in (he_, glorot_, glorot_sigmoid_, xavier_, lecun_, orthogonal_, mup_, lsuv_, auto):
    initializers.add(_function.__name__.rstrip("_").replace("_", "-"), Initializer(_function))


def initialize(
    name: str, model: nn.Module, example: Example | None = None, *, generator: torch.Generator | None = None
) -> Any:
    """Initialize a model in place by the initializer of this name.

    Args:
        name: A name in `initializers`.
        model: The model.
        example: A batch of training inputs, or the tuple of the model's arguments, for initializers that need it.
        generator: A generator on the CPU; ``None`` draws from torch's global one.

    Returns:
        What the initializer returns: the model, or of ``auto`` the choices.

    Raises:
        UnknownNameError: No such initializer.
        InputError: One that needs an example, without it.
        ModelError: A model or example that it cannot use.

    Example:
        >>> _ = initialize("orthogonal", nn.Linear(3, 3))
        >>> initializers["orthogonal"].needs_example, initializers["lsuv"].needs_example
        (False, True)
    """
    initializer = initializers[name]
    if not initializer.needs_example:
        return initializer.function(model, generator=generator)
    if example is None:
        raise InputError(f"The initializer {name} needs an example.", remedy="pass a batch of training inputs")
    return initializer.function(model, example, generator=generator)
