"""Random contrast: the same scene in another light."""

from __future__ import annotations

from typing import final

import torch
from torch import Generator, Tensor

from thalweg.core.bounds import Bounds
from thalweg.data.augment.augmentation import Augmentation, draw

STRENGTH = Bounds(0, 1)


def contrast(x: Tensor, *, strength: float = 0.2, generator: Generator | None = None) -> Tensor:
    """Stretch each sample about its own mean: ``mean + c (x - mean)``, c uniform in [1 - strength, 1 + strength].

    Args:
        x: Samples, shape ``(n, ...)``; the mean is over all of a sample.
        strength: In [0, 1].
        generator: Where to draw from; ``None`` is torch's global one.

    Returns:
        Shape and type of `x`. Nothing is clipped, so that it serves standardized images; torchvision and Kornia
        clip to [0, 1], and Kornia's ``RandomContrast`` stretches about 0.

    Raises:
        InputTypeError: Samples that are no floating-point numbers.
        OutOfRangeError: Another strength.

    Example:
        >>> contrast(torch.tensor([[1.0, 3.0]]), strength=0.5, generator=torch.Generator().manual_seed(0))
        tensor([[1.0037, 2.9963]])
    """
    strength = STRENGTH.check("The strength of an augmentation", strength)
    shape = (len(x), *[1] * (x.ndim - 1))
    c = (1 + strength * (2 * draw(torch.rand, x, generator=generator) - 1)).view(shape)
    mean = x.flatten(1).mean(1).view(shape) if x.ndim > 1 else x
    return torch.lerp(mean, x, c.to(x.dtype))


@final
class Contrast(Augmentation):
    """`contrast` as a module.

    Args:
        strength: In [0, 1].

    Raises:
        OutOfRangeError: Another strength.

    Example:
        >>> Contrast(strength=0)(torch.tensor([[1.0, 3.0]]))
        tensor([[1., 3.]])
    """

    def __init__(self, *, strength: float = 0.2) -> None:
        super().__init__()
        self.strength = STRENGTH.check("The strength of an augmentation", strength)

    def augmented(self, x: Tensor) -> Tensor:
        """Return the batch, each sample with its own contrast."""
        return contrast(x, strength=self.strength)

    def extra_repr(self) -> str:
        """Return what is set."""
        return f"strength={self.strength}"
