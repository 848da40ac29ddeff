"""Careful: gives up a computation that would leave a trace outside of what it was given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode

from thalweg.core.errors import ModelError


class Careful(TorchDispatchMode):
    """Raises before a tensor is changed that was not made inside nor is one's own, or a generator is drawn from.

    Args:
        own: Tensors that may be changed.

    Raises:
        ModelError: Inside of ``with``, at such an operation, which is then not done.

    Example:
        >>> bank = torch.zeros(2)
        >>> with Careful([]):
        ...     _ = torch.ones(2).add_(1)
        ...     bank.add_(1)
        Traceback (most recent call last):
        thalweg.core.errors.ModelError: A pass changes a tensor outside of the model.
        >>> bank
        tensor([0., 0.])
    """

    def __init__(self, own: Iterable[Tensor]) -> None:
        super().__init__()
        self._own = {_storage(one): one for one in own}

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Do an operation, if it leaves no trace."""
        known = kwargs or {}
        for given, declared in zip(args, func._schema.arguments, strict=False):
            self._require_own(given, declared)
        for declared in func._schema.arguments:
            if declared.name in known:
                self._require_own(known[declared.name], declared)
        result = func(*args, **known)
        for one in _pytree.tree_leaves(result):
            if isinstance(one, Tensor):
                self._own.setdefault(_storage(one), one)
        return result

    def _require_own(self, given: Any, declared: Any) -> None:
        if isinstance(given, torch.Generator):
            raise ModelError("A pass draws from a generator of its own.")
        if declared.alias_info is None or not declared.alias_info.is_write:
            return
        for one in _pytree.tree_leaves(given):
            if isinstance(one, Tensor) and _storage(one) not in self._own:
                raise ModelError("A pass changes a tensor outside of the model.")


def _storage(one: Tensor) -> int:
    return one.untyped_storage()._cdata if one.layout is torch.strided else id(one)
