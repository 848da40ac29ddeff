"""Choices: what `auto` chose for each layer, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thalweg.core.errors import UnknownNameError

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Choice:
    """What was chosen for one layer.

    Attributes:
        layer: The layer's name in the model.
        kind: The layer's class.
        meets: What its output meets first: a non-linearity, ``residual sum``, another layer, or ``output``.
        initializer: The name of the initializer.
        gain: The gain that it was given.
        std: The standard deviation of the weights.
        note: What else counted.
    """

    layer: str
    kind: str
    meets: str
    initializer: str
    gain: float
    std: float
    note: str = ""


@dataclass(frozen=True)
class Choices:
    """What `auto` did to a model.

    Attributes:
        choices: One a layer, in the order of ``model.modules()``.
        left: The names of parameters that are no layer's, which were left as they were.
    """

    choices: tuple[Choice, ...]
    left: tuple[str, ...] = ()

    def __getitem__(self, layer: str) -> Choice:
        named = {choice.layer: choice for choice in self.choices}
        if layer not in named:
            raise UnknownNameError("layer that was set", layer, named)
        return named[layer]

    def show(self, console: Console | None = None) -> None:
        """Print it, a layer a line; ``None`` takes standard output."""
        from thalweg.init.show import show_choices

        show_choices(self, console)
