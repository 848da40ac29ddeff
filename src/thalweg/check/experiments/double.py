"""Double: user code in float64, where it asks for float32 by name too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class _Double(TorchFunctionMode):
    """Makes float64 of what is to become float32."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is Tensor.float:
            return args[0].double()
        wider = [torch.float64 if one is torch.float32 else one for one in args]
        keywords = {key: torch.float64 if one is torch.float32 else one for key, one in (kwargs or {}).items()}
        return func(*wider, **keywords)


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
