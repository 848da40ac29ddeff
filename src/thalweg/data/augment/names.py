"""The augmentations by name, and how several become one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from thalweg.core.errors import InputTypeError
from thalweg.data.augment.contrast import Contrast
from thalweg.data.augment.crop import Crop
from thalweg.data.augment.flip import Flip
from thalweg.data.augment.tint import Tint
from thalweg.data.named import Choice, Named, is_choice

Augment = Callable[[Tensor], Tensor]

augmentations: Named[nn.Module] = Named("augmentation", told=("axes",))
augmentations.add("flip", Flip)
augmentations.add("crop", Crop)
augmentations.add("contrast", Contrast)
augmentations.add("tint", Tint)


def augmented(choice: Choice | Augment | Sequence[Choice | Augment]) -> Augment:
    """Return what a choice of augmentations makes of a batch.

    Args:
        choice: A name in `augmentations`; a pair of a name and options, such as ``("crop", {"padding": 2})``; a
            function of the batch of inputs, such as a Kornia augmentation; or several of these, applied in
            this order.

    Returns:
        A function of the batch.

    Raises:
        UnknownNameError: No such augmentation or option.
        OutOfRangeError: An option out of its range.
        InputTypeError: Nothing of the kind.

    Example:
        >>> augmented(["flip", ("crop", {"padding": 2})])
        Sequential(
          (0): Flip(p=0.5)
          (1): Crop(padding=2, fill=0.0)
        )
    """
    if is_choice(choice) or not isinstance(choice, Sequence):
        return _one(choice)
    return nn.Sequential(*(_module(_one(part)) for part in choice))


def _one(choice: Any) -> Any:
    if is_choice(choice):
        return augmentations.choose(choice)()
    if not callable(choice) or isinstance(choice, type):
        raise InputTypeError(
            "The augmentation is of a type that cannot be used.",
            got=f"the class {choice.__name__}" if isinstance(choice, type) else repr(choice),
            expected='a name such as "flip", a pair such as ("crop", {"padding": 2}), a function of the batch of '
            "inputs, or a list of these",
        )
    return choice


class _Function(nn.Module):
    """A user's function as a module."""

    def __init__(self, function: Augment) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def _module(function: Augment) -> nn.Module:
    return function if isinstance(function, nn.Module) else _Function(function)
