"""Augmentation: random changes of training images that keep their class; what all of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import final

import torch
from torch import Generator, Tensor, nn

from thalweg.core.errors import InputTypeError

Draw = Callable[..., Tensor]


class Augmentation(nn.Module, ABC):
    """A random map of a batch, drawn anew for each sample in training; in evaluation mode nothing changes.

    Randomness is torch's global, so that a seed repeats it. Under `torch.vmap` with ``randomness="different"``
    each member of a cohort draws its own.
    """

    @final
    def forward(self, x: Tensor) -> Tensor:
        """Return the batch `x`, shape ``(n, ...)``, changed if in training mode."""
        return self.augmented(x) if self.training else x

    @abstractmethod
    def augmented(self, x: Tensor) -> Tensor:
        """Return the batch changed."""


def draw(function: Draw, x: Tensor, *shape: int, generator: Generator | None) -> Tensor:
    """Return random numbers for each sample of `x`, on its device and of its type, but of 32 bits or more.

    Args:
        function: `torch.rand` or `torch.randn`.
        x: A batch.
        shape: What is drawn for each sample.
        generator: Where to draw from, on any device; ``None`` is torch's global one of the device of `x`.

    Returns:
        Shape ``(n, *shape)``.
    """
    if not (isinstance(x, Tensor) and x.is_floating_point()):
        raise InputTypeError(
            "Samples to augment are no floating-point numbers.",
            got=str(x.dtype) if isinstance(x, Tensor) else type(x).__name__,
            expected="a tensor of floats",
            remedy="preprocess them, or x.float()",
        )
    device = x.device if generator is None else generator.device
    dtype = torch.promote_types(x.dtype, torch.float32)
    return function(len(x), *shape, dtype=dtype, device=device, generator=generator).to(x.device)


def images(x: Tensor, name: str, *, least: int = 3) -> None:
    """Check that a batch is one of images.

    Raises:
        InputTypeError: It has too few dimensions.
    """
    if x.ndim < least:
        raise InputTypeError(
            f"{name} needs images.",
            got=f"samples of shape {tuple(x.shape[1:])}",
            expected="(channels, height, width)" if least > 3 else "(height, width) or (channels, height, width)",
            remedy="give the images their shape, and the model an nn.Flatten() first if it takes rows",
        )
