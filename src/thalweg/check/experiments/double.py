"""Double: models, numbers and user code in double precision, real and complex."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_WIDER = {torch.float32: torch.float64, torch.complex64: torch.complex128}
_CASTS = {
    Tensor.float: torch.float64,
    Tensor.cfloat: torch.complex128,  # pyright: ignore[reportAttributeAccessIssue]
}


class _Double(TorchFunctionMode):
    """Makes double precision of what is to become single."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _CASTS:
            return args[0].to(_CASTS[func])
        wider = [_wider(one) for one in args]
        return func(*wider, **{key: _wider(one) for key, one in (kwargs or {}).items()})


def _wider(argument: Any) -> Any:
    return _WIDER[argument] if isinstance(argument, torch.dtype) and argument in _WIDER else argument


@contextmanager
def in_double() -> Iterator[None]:
    """Have new tensors be float64 inside, and what is cast to float32.

    Example:
        >>> with in_double():
        ...     torch.zeros(1).dtype, torch.arange(3).float().dtype
        (torch.float64, torch.float64)
    """
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with _Double():
            yield
    finally:
        torch.set_default_dtype(usual)


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
