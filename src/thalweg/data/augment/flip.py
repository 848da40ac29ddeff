"""Random flips: a mirrored cat is a cat."""

from __future__ import annotations

from typing import final

import torch
from torch import Generator, Tensor

from thalweg.core.bounds import Bounds
from thalweg.data.augment.augmentation import Augmentation, draw, images

PROBABILITY = Bounds(0, 1)


def flip(x: Tensor, *, p: float = 0.5, generator: Generator | None = None) -> Tensor:
    """Mirror each image left to right with probability `p`.

    Args:
        x: Images, shape ``(n, ..., width)``.
        p: The probability, in [0, 1].
        generator: Where to draw from; ``None`` is torch's global one.

    Returns:
        Shape and type of `x`.

    Raises:
        InputTypeError: Samples that are no images, or no floating-point numbers.
        OutOfRangeError: Another probability.

    Example:
        >>> flip(torch.tensor([[[1.0, 2.0, 3.0]]]), p=1)
        tensor([[[3., 2., 1.]]])
    """
    images(x, "flip")
    p = PROBABILITY.check("The p of an augmentation", p)
    mirrored = draw(torch.rand, x, generator=generator) < p
    column = torch.arange(x.shape[-1], device=x.device)
    column = torch.where(mirrored[:, None], column.flip(0), column)
    return x.gather(-1, column.view(len(x), *[1] * (x.ndim - 2), x.shape[-1]).expand(x.shape))


@final
class Flip(Augmentation):
    """`flip` as a module.

    Args:
        p: The probability, in [0, 1].

    Raises:
        OutOfRangeError: Another probability.

    Example:
        >>> x = torch.tensor([[[1.0, 2.0, 3.0]]])
        >>> Flip(p=1)(x), Flip(p=1).eval()(x)
        (tensor([[[3., 2., 1.]]]), tensor([[[1., 2., 3.]]]))
    """

    def __init__(self, *, p: float = 0.5) -> None:
        super().__init__()
        self.p = PROBABILITY.check("The p of an augmentation", p)

    def augmented(self, x: Tensor) -> Tensor:
        """Return the batch, each image mirrored or not."""
        return flip(x, p=self.p)

    def extra_repr(self) -> str:
        """Return what is set."""
        return f"p={self.p}"
