"""Ending: the function that makes the model's outputs last, and how to do without it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode

from thalweg.check.looks.answer import ask, examples, flow
from thalweg.check.once import once
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


def without(subject: Subject, found: Ending) -> Callable[[Setup], Setup]:
    """Return the change that leaves an ending out.

    Args:
        subject: Whose it is.
        found: The ending.
    """
    calls = sum(node.call is found.node.call for node in flow(subject))
    alone = calls == 1 and found.node.name in dict(subject.model.named_modules())
    with _Calls(found.word) as seen:
        ask(subject.model, examples(subject)[0])
    mend = _Leaving(found.node.name) if alone else _Skipping(found.word, seen.count - 1)
    return lambda setup: setup.replace(mended=(*setup.mended, mend))


class _Leaving:
    """Have a model do without a module."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, model: nn.Module, optimizer: Optimizer) -> None:
        inside, _, leaf = self.name.rpartition(".")
        model.get_submodule(inside).add_module(leaf, nn.Identity())


class _Skipping:
    """Have a model do without one call of a function."""

    def __init__(self, word: str, place: int) -> None:
        self.word, self.place = word, place

    def __call__(self, model: nn.Module, optimizer: Optimizer) -> None:
        inner = model.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            with _Calls(self.word, skip=self.place):
                return inner(*args, **kwargs)

        model.forward = forward


class _Calls(TorchFunctionMode):
    """Counts the calls of a function, and lets one of them give what it is given."""

    def __init__(self, word: str, skip: int = -1) -> None:
        super().__init__()
        self.word, self.skip, self.count = word, skip, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "").replace("_", "").lower() != self.word:
            return func(*args, **kwargs or {})
        self.count += 1
        given = args[0] if args else (kwargs or {}).get("input")
        return given if self.count - 1 == self.skip and isinstance(given, Tensor) else func(*args, **kwargs or {})
