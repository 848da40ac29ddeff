"""Random tint: a shift of colour, the same over an image."""

from __future__ import annotations

from typing import final

import torch
from torch import Generator, Tensor

from thalweg.core.bounds import NON_NEGATIVE
from thalweg.core.errors import DataError
from thalweg.data.augment.augmentation import Augmentation, draw, images
from thalweg.data.preprocess.moments import Moments


def tint(x: Tensor, axes: Tensor | None = None, *, std: float = 0.1, generator: Generator | None = None) -> Tensor:
    """Add one colour to all of an image: ``x[:, c] + sum_k axes[c, k] a_k``, ``a_k ~ N(0, std^2)``.

    Args:
        x: Images, shape ``(n, channels, height, width)``.
        axes: Directions in colour, shape ``(channels, k)``, such as `colour_axes` finds; ``None`` shifts each
            channel by itself.
        std: Standard deviation of the shift along each axis, >= 0.
        generator: Where to draw from; ``None`` is torch's global one.

    Returns:
        Shape and type of `x`; nothing is clipped.

    Raises:
        InputTypeError: Samples that are no images with channels, or no floating-point numbers.
        OutOfRangeError: A negative deviation.
        DataError: Axes for another number of channels.

    Example:
        >>> tint(torch.zeros(1, 3, 2, 2), generator=torch.Generator().manual_seed(0))[..., 0]
        tensor([[[ 0.1541,  0.1541],
                 [-0.0293, -0.0293],
                 [-0.2179, -0.2179]]])

    Reference:
        Krizhevsky, Sutskever & Hinton 2012, ImageNet classification with deep convolutional neural networks,
        section 4.1, with ``axes`` the eigenvectors of colour times their eigenvalues.
    """
    images(x, "tint", least=4)
    std = NON_NEGATIVE.check("The std of an augmentation", std)
    if axes is not None and (axes.ndim != 2 or len(axes) != x.shape[1]):
        raise DataError(
            "The axes of tint do not fit the images.",
            got=f"axes of shape {tuple(axes.shape)}",
            expected=f"({x.shape[1]}, k), for {x.shape[1]} channels",
            remedy="take colour_axes(x) of training images of this form",
        )
    shift = std * draw(torch.randn, x, x.shape[1] if axes is None else axes.shape[1], generator=generator)
    if axes is not None:
        shift = shift @ axes.to(shift).T
    return x + shift.to(x.dtype).view(*x.shape[:2], *[1] * (x.ndim - 2))


def colour_axes(x: Tensor) -> Tensor:
    """Return the principal axes of the pixels' colours, each times its variance, for `tint`.

    Args:
        x: Training images, shape ``(n, channels, height, width)``.

    Returns:
        One axis a column, the strongest first, float64, shape ``(channels, channels)``.

    Example:
        >>> x = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])[:, :, None, None]
        >>> colour_axes(x).abs()[:, 0]
        tensor([1.4142, 1.4142], dtype=torch.float64)

    Reference:
        Krizhevsky, Sutskever & Hinton 2012, section 4.1.
    """
    images(x, "colour_axes", least=4)
    moments = Moments((part.movedim(1, -1).flatten(0, -2) for part in x.split(256)), joint=True)
    variance, axes = torch.linalg.eigh(moments.covariance)
    return (axes * variance).flip(1)


@final
class Tint(Augmentation):
    """`tint` as a module.

    Args:
        axes: Directions in colour, shape ``(channels, k)``, such as `colour_axes` finds; ``None`` shifts each
            channel by itself.
        std: Standard deviation of the shift along each axis, >= 0.

    Raises:
        OutOfRangeError: A negative deviation.

    Example:
        >>> Tint(std=0)(torch.ones(1, 3, 1, 1)).flatten()
        tensor([1., 1., 1.])
    """

    axes: Tensor | None

    def __init__(self, axes: Tensor | None = None, *, std: float = 0.1) -> None:
        super().__init__()
        self.register_buffer("axes", axes)
        self.std = NON_NEGATIVE.check("The std of an augmentation", std)

    def augmented(self, x: Tensor) -> Tensor:
        """Return the batch, each image with its own tint."""
        return tint(x, self.axes, std=self.std)

    def extra_repr(self) -> str:
        """Return what is set."""
        return f"std={self.std}"
