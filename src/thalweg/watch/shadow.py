"""Shadow: a copy of a module that nobody hears, to pass a batch through again without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import _pytree

HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
)
"""Where a module keeps what is to be called."""

T = TypeVar("T")


def shadow(module: nn.Module) -> nn.Module:
    """Return a copy of a module without its hooks, and without what they hold.

    Example:
        >>> model = nn.Linear(2, 1)
        >>> _ = model.register_forward_hook(lambda *_: print("heard"))
        >>> _ = shadow(model)(torch.ones(1, 2))
    """
    tables = [getattr(one, name) for one in module.modules() for name in HOOKS]
    kept: dict[int, Any] = {id(hook): hook for table in tables for hook in table.values()}
    copied = deepcopy(module, kept)
    for one in copied.modules():
        for name in HOOKS:
            getattr(one, name).clear()
    return copied


@contextmanager
def unheard(state: Tensor | None = None) -> Iterator[None]:
    """Compute something with gradients, from a state of torch's generator; what was drawn is not missed later.

    Attention is computed by plain products, the only form with second derivatives.
    """
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices=gpus), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        if state is not None:
            torch.set_rng_state(state)
        yield


def mapped(tree: T, change: Callable[[Tensor], Tensor]) -> T:
    """Return arguments with each tensor changed; lists, tuples and mappings of all kinds are followed."""

    def of(leaf: Any) -> Any:
        return change(leaf) if isinstance(leaf, Tensor) else leaf

    return _pytree.tree_map(of, tree)
