"""Flow: what a batch goes through, as a graph of layers and functions, taken down while the model runs.

torch's function mode sees every function, forward hooks every layer. So a model need not be traceable: what runs
is followed, through branches of Python and through tensors that are changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from thalweg.init.layers import NORMALIZATIONS, Layer
from thalweg.init.rehearsal import Example, feed, rehearsal


@dataclass(eq=False)
class Node:
    """One call in a flow.

    Attributes:
        place: Its place in the order of calls.
        name: The module's name in the model, or the function's.
        call: The module or function.
        arguments: What a function was called with.
        keywords: The same by name.
        sources: The calls whose results it took.
        users: The calls that took its results.
    """

    place: int
    name: str
    call: nn.Module | Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    sources: list[Node] = field(default_factory=list)
    users: list[Node] = field(default_factory=list)

    @cached_property
    def word(self) -> str:
        """The bare name of what it does: ``relu`` for `nn.ReLU`, `torch.relu_` and ``Tensor.relu``."""
        name = type(self.call).__name__ if isinstance(self.call, nn.Module) else self.name
        return name.replace("_", "").lower()

    @cached_property
    def has_weights(self) -> bool:
        """Whether it multiplies by weights of its own, as far as its module tells."""
        if isinstance(self.call, Layer):
            return True
        apart = (*NORMALIZATIONS, nn.PReLU)
        return isinstance(self.call, nn.Module) and not isinstance(self.call, apart) and _owns(self.call)


@torch.no_grad()
def follow(model: nn.Module, example: Example) -> list[Node]:
    """Return what the example goes through, in the order of the calls.

    The first node is the example itself, under the name ``input``. A module of `torch.nn` that has no parts or has
    parameters of its own is one call, and so is one that tells its gain (`has_gain`); the others are what they
    call.

    Raises:
        ModelError: The model does not take the example.

    Example:
        >>> nodes = follow(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), torch.randn(4, 2))
        >>> [(node.name, node.word) for node in nodes]
        [('input', 'input'), ('0', 'linear'), ('1', 'relu')]
    """
    recorder = _Recorder()
    recorder.record("input", feed, (), {}, example)
    hooks = [
        hook
        for name, module in model.named_modules()
        if _is_one_call(module)
        for hook in recorder.on(name, module)
    ]
    try:
        with rehearsal(model), recorder:
            feed(model, example)
    finally:
        for hook in hooks:
            hook.remove()
    return recorder.nodes


class _Recorder(TorchFunctionMode):
    """Takes down calls, and knows which call made a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.made: dict[int, tuple[Tensor, Node]] = {}  # with the tensor, so that no other gets its id
        self.inside = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        keywords = kwargs or {}
        result = func(*args, **keywords)
        if not self.inside:
            self.record(getattr(func, "__name__", "function"), func, args, keywords, result)
        return result

    def on(self, name: str, module: nn.Module) -> Iterator[Any]:
        """Hook a module, so that it is one call whatever it calls itself."""

        def enter(*_: Any) -> None:
            self.inside += 1

        def leave(module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
            self.inside -= 1
            if not self.inside:
                self.record(name or type(module).__name__, module, args, kwargs, result)

        yield module.register_forward_pre_hook(enter)
        yield module.register_forward_hook(leave, with_kwargs=True)

    def record(self, name: str, call: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        results = list(_tensors(result))
        if not results:
            return
        node = Node(len(self.nodes), name, call, args, kwargs)
        for tensor in _tensors((args, kwargs)):
            source = self.made.get(id(tensor), (None, None))[1]
            if source is not None and source not in node.sources:
                node.sources.append(source)
                source.users.append(node)
        self.nodes.append(node)
        self.made |= {id(tensor): (tensor, node) for tensor in results}


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)


def _is_one_call(module: nn.Module) -> bool:
    of_torch = type(module).__module__.startswith("torch.nn.")
    whole = not any(module.children())
    owns = _owns(module)
    return isinstance(module, Layer) or has_gain(module) or (of_torch and (whole or owns)) or (whole and owns)


def has_gain(module: nn.Module) -> bool:
    """Whether it is a non-linearity that tells its gain: without parts and parameters, with a number ``gain``."""
    plain = not (any(module.children()) or _owns(module))
    return plain and isinstance(getattr(module, "gain", None), int | float)


def _owns(module: nn.Module) -> bool:
    return next(module.parameters(recurse=False), None) is not None
