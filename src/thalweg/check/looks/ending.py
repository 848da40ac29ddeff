"""Ending: the function that makes the model's outputs last, and how to do without it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode

from thalweg.check.looks.answer import flow
from thalweg.check.looks.once import once
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.init.flow import Node

SHAPING = {
    *("flatten", "unflatten", "squeeze", "unsqueeze", "view", "reshape", "transpose", "permute", "contiguous"),
    *("getitem", "float", "double", "to", "identity", "movedim", "swapaxes", "t", "type", "viewas", "clone"),
}
"""Functions that leave values as they are."""

RANGES = {
    "sigmoid": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hardtanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, math.inf),
    "elu": (-1.0, math.inf),
    "gelu": (-0.17, math.inf),
    "silu": (-0.28, math.inf),
    "exp": (0.0, math.inf),
    "logsoftmax": (-math.inf, 0.0),
    "logsigmoid": (-math.inf, 0.0),
}
"""The values that functions can give."""


@dataclass(frozen=True)
class Ending:
    """What makes the outputs.

    Attributes:
        node: Its call.
        word: Its bare name, a key of `RANGES`.
        shown: As in the user's code, such as ``"Softmax (5)"``.
        low: The least value that it can give.
        high: The greatest.
    """

    node: Node
    word: str
    shown: str
    low: float
    high: float


@once
def ending(subject: Subject) -> Ending | None:
    """Return the activation that the outputs come from; None if it is a layer, a sum, or what is not known."""
    nodes = flow(subject)
    last = next((node for node in reversed(nodes) if not node.users), None)
    while last is not None and last.word in SHAPING and last.sources:
        last = last.sources[0]
    if last is None or last.word not in RANGES:
        return None
    module = isinstance(last.call, nn.Module)
    shown = f"{type(last.call).__name__} ({last.name})" if module else f"{last.name.strip('_')} in forward"
    return Ending(last, last.word, shown, *RANGES[last.word])


def without(found: Ending, nodes: list[Node]) -> Callable[[Setup], Setup]:
    """Return the change that leaves an ending out.

    Args:
        found: The ending.
        nodes: The flow that it is of.
    """
    alone = isinstance(found.node.call, nn.Module) and sum(node.call is found.node.call for node in nodes) == 1
    mend = _Through(found.node.name) if alone else _Skipping(found.word)
    return lambda setup: setup.replace(mended=(*setup.mended, mend))


class _Through:
    """Have a module of a model give what it is given."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, model: nn.Module, optimizer: Optimizer) -> None:
        module = model.get_submodule(self.name) if self.name in dict(model.named_modules()) else model
        module.register_forward_hook(lambda _, args, __: args[0])


class _Skipping:
    """Have a model leave out its last call of a function of this name."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __call__(self, model: nn.Module, optimizer: Optimizer) -> None:
        inner = model.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            with torch.no_grad(), _Calls(self.word, skip=-1) as calls:
                inner(*args, **kwargs)
            with _Calls(self.word, skip=calls.count - 1):
                return inner(*args, **kwargs)

        model.forward = forward


class _Calls(TorchFunctionMode):
    """Counts the calls of a function, and lets one of them give what it is given."""

    def __init__(self, word: str, skip: int) -> None:
        super().__init__()
        self.word, self.skip, self.count = word, skip, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "").replace("_", "").lower() != self.word:
            return func(*args, **kwargs or {})
        self.count += 1
        given = args[0] if args else (kwargs or {}).get("input")
        return given if self.count - 1 == self.skip and isinstance(given, Tensor) else func(*args, **kwargs or {})
