"""Shadow: a copy of a module that nobody hears, to pass a batch through again without a trace."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import _pytree
from torch.utils.data import DataLoader, Dataset

from thalweg.watch.careful import Careful
from thalweg.watch.update import Call, tensors

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
    """Return a copy of a module without its hooks, and without what they hold; data that it holds is not copied.

    Example:
        >>> model = nn.Linear(2, 1)
        >>> _ = model.register_forward_hook(lambda *_: print("heard"))
        >>> _ = shadow(model)(torch.ones(1, 2))
    """
    tables = [getattr(one, name) for one in module.modules() for name in HOOKS]
    kept: dict[int, Any] = {id(hook): hook for table in tables for hook in table.values()}
    attributes = [value for one in module.modules() for value in vars(one).values()]
    kept |= {id(value): value for value in attributes if isinstance(value, Dataset | DataLoader)}
    copied = deepcopy(module, kept)
    for one in copied.modules():
        for name in HOOKS:
            getattr(one, name).clear()
        if getattr(vars(one).get("forward", one.forward), "__self__", None) is not one:
            del one.forward  # a function that was put in its place, and knows the original
    return copied


@contextmanager
def unheard(state: Tensor | None = None) -> Iterator[None]:
    """Compute something with gradients, from a state of torch's generator; what was drawn is not missed later.

    Attention is computed by plain products, the only form with second derivatives. Nothing is warned of: it was
    when this was computed first.
    """
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    drawn, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    with (
        torch.random.fork_rng(devices=gpus),
        torch.enable_grad(),
        sdpa_kernel(SDPBackend.MATH),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        if state is not None:
            torch.set_rng_state(state)
        try:
            yield
        finally:
            random.setstate(drawn)
            np.random.set_state(of_numpy)  # noqa: NPY002


def again(copied: nn.Module, call: Call, *rest: nn.Module) -> tuple[Any, Careful]:
    """Return what a copy of the model gives for a copy of what the model was called with, and what went with care.

    Args:
        copied: The copy.
        call: Of the model.
        rest: Other copies that may change.

    Raises:
        ModelError: It would change a tensor that is neither, or draw from a generator of its own.
    """
    if call.method != "__call__":
        vars(copied).pop(call.method, None)  # such as a compiled one, which knows the original
    inputs, keywords = mapped(call.inputs, _copy), mapped(dict(call.keywords), _copy)
    modules = [one for module in (copied, *rest) for one in module.modules()]
    held = [tensors([*vars(one).values(), *one.parameters(), *one.buffers()]) for one in modules]
    careful = Careful((*(one for some in held for one in some), *tensors((inputs, keywords))))
    with careful:
        return getattr(copied, call.method)(*inputs, **keywords), careful


def _copy(given: Tensor) -> Tensor:
    return given.detach().clone()


def mapped(tree: T, change: Callable[[Tensor], Tensor]) -> T:
    """Return arguments with each tensor changed; lists, tuples and mappings of all kinds are followed."""

    def of(leaf: Any) -> Any:
        return change(leaf) if isinstance(leaf, Tensor) else leaf

    return _pytree.tree_map(of, tree)
