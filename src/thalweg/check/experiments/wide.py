"""Wide: numbers, and models, in double precision, real and complex; and complex numbers as pairs of real ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def wide(tensor: Tensor) -> Tensor:
    """Return a tensor in double precision; of whole numbers as it is.

    Example:
        >>> [wide(torch.ones(1, dtype=dtype)).dtype for dtype in (torch.float32, torch.cfloat, torch.int32)]
        [torch.float64, torch.complex128, torch.int32]
    """
    if tensor.is_complex():
        return tensor.to(torch.complex128)
    return tensor.double() if tensor.is_floating_point() else tensor


def doubled(module: nn.Module) -> nn.Module:
    """Return the module itself in double precision, complex numbers too, which `Module.double` leaves alone."""
    return module._apply(wide)


def real(tensor: Tensor) -> Tensor:
    """Return a tensor, or of complex numbers their real and imaginary parts, one more dimension of two.

    Autograd's gradient by a complex number holds the slopes along these two.

    Example:
        >>> real(torch.tensor([1 + 2j])), real(torch.ones(1))
        (tensor([[1., 2.]]), tensor([1.]))
    """
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor
