"""Random crops of padded images: an object may stand a few pixels off."""

from __future__ import annotations

from numbers import Real
from typing import final

import torch
from torch import Generator, Tensor
from torch.nn import functional

from thalweg.core.errors import OutOfRangeError
from thalweg.data.augment.augmentation import Augmentation, draw, images


def crop(x: Tensor, *, padding: int = 4, fill: float = 0.0, generator: Generator | None = None) -> Tensor:
    """Pad each image on all sides and cut out one of its size, at a place drawn for each image.

    All ``(2 padding + 1)^2`` places have the same probability.

    Args:
        x: Images, shape ``(n, ..., height, width)``.
        padding: Pixels on each side, >= 0.
        fill: What is padded with; 0 is the mean of standardized images.
        generator: Where to draw from; ``None`` is torch's global one.

    Returns:
        Shape and type of `x`.

    Raises:
        InputTypeError: Samples that are no images, or no floating-point numbers.
        OutOfRangeError: Another padding.

    Example:
        >>> crop(torch.ones(1, 2, 3), padding=1, generator=torch.Generator().manual_seed(3))
        tensor([[[0., 0., 0.],
                 [0., 1., 1.]]])

    Reference:
        Lee et al. 2015, Deeply-supervised nets; He et al. 2016, Deep residual learning, section 4.2.
    """
    images(x, "crop")
    padding, n, (height, width) = _whole(padding), len(x), x.shape[-2:]
    places = (draw(torch.rand, x, 2, generator=generator) * (2 * padding + 1)).long().clamp(max=2 * padding)
    padded = functional.pad(x, (padding, padding, padding, padding), value=fill)
    tall, wide = padded.shape[-2:]
    if not n:
        return x
    # Every row of every result is a window of the padded numbers in line: one gather of whole rows.
    image = torch.arange(x[..., 0, 0].numel(), device=x.device).view(n, -1, 1) * tall
    row = image + places[:, :1, None] + torch.arange(height, device=x.device)
    start = row * wide + places[:, 1:, None]
    return padded.reshape(-1).unfold(0, width, 1).index_select(0, start.flatten()).view(x.shape)


@final
class Crop(Augmentation):
    """`crop` as a module.

    Args:
        padding: Pixels on each side, a whole number >= 0.
        fill: What is padded with; 0 is the mean of standardized images.

    Raises:
        OutOfRangeError: Another padding.

    Example:
        >>> Crop(padding=2)(torch.zeros(5, 3, 8, 8)).shape
        torch.Size([5, 3, 8, 8])
    """

    def __init__(self, *, padding: int = 4, fill: float = 0.0) -> None:
        super().__init__()
        self.padding, self.fill = _whole(padding), fill

    def augmented(self, x: Tensor) -> Tensor:
        """Return the batch, each image cropped at its own place."""
        return crop(x, padding=self.padding, fill=self.fill)

    def extra_repr(self) -> str:
        """Return what is set."""
        return f"padding={self.padding}, fill={self.fill}"


def _whole(padding: float) -> int:
    if not (isinstance(padding, Real) and padding >= 0 and padding % 1 == 0):
        raise OutOfRangeError(
            "The padding of a crop is out of its range.", got=repr(padding), expected="a whole number >= 0"
        )
    return int(padding)
