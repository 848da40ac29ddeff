"""Trace: the calls of torch that a model makes on an example, and which weights and values went into each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from thalweg.core.errors import ModelError, one_line

Example = Tensor | Sequence[Any] | Mapping[str, Any]
"""The inputs of a model: one tensor, a sequence of positional ones or a mapping of keywords."""


@dataclass(eq=False)
class Value:
    """A tensor that went through the model: an input, or what a call made of others.

    Attributes:
        tensor: As it was on the example.
        maker: The call that made it; ``None`` for an input or a constant.
    """

    tensor: Tensor
    maker: Call | None = None


@dataclass(frozen=True)
class Weight:
    """A parameter or buffer of the model, by its name."""

    name: str
    tensor: Tensor = field(compare=False, repr=False)


@dataclass(eq=False)
class Call:
    """One call of a torch function.

    Attributes:
        function: What was called.
        args: Its arguments, tensors as `Value` and `Weight`.
        kwargs: Its keyword arguments, likewise.
        module: The name of the innermost module that called it; empty for the model itself.
        outputs: The tensors that it returned.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    module: str
    outputs: list[Value] = field(default_factory=list[Value])

    @property
    def name(self) -> str:
        """What torch calls the function, ``relu`` for ``relu_`` too."""
        name: str = getattr(self.function, "__name__", str(self.function))
        return name if name.startswith("__") else name.rstrip("_")

    def values(self) -> list[Value]:
        """The values among its arguments."""
        return [leaf for leaf in leaves((self.args, self.kwargs)) if isinstance(leaf, Value)]

    def weights(self) -> list[Weight]:
        """The weights among its arguments."""
        return [leaf for leaf in leaves((self.args, self.kwargs)) if isinstance(leaf, Weight)]

    def __str__(self) -> str:
        return f"{self.name} in {self.module}" if self.module else f"{self.name} in the model's forward"


@dataclass(eq=False)
class Visit:
    """One call of a module.

    Attributes:
        module: Its name.
        inputs: The values that it was given.
        outputs: The values that it returned.
    """

    module: str
    inputs: list[Value]
    outputs: list[Value] = field(default_factory=list[Value])


@dataclass(eq=False)
class Trace:
    """What a model did on an example.

    Attributes:
        calls: In order.
        visits: The calls of its modules, each before those that it made itself.
        outputs: What of it the model returned.
        results: All tensors that it returned.
    """

    calls: list[Call]
    visits: list[Visit]
    outputs: list[Value]
    results: list[Tensor]

    def users(self, value: Value) -> list[Call]:
        """Return the calls that `value` went into."""
        return [call for call in self.calls if value in call.values()]


def trace(model: nn.Module, example: Example) -> Trace:
    """Run `model` on `example` in evaluation mode, and note each torch function that it calls.

    Python's control flow is followed as the example takes it.

    Args:
        model: The model; it is left as it was.
        example: Its input.

    Raises:
        ModelError: The model cannot take the example.

    Example:
        >>> seen = trace(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), torch.zeros(1, 2))
        >>> [str(call) for call in seen.calls]
        ['linear in 0', 'relu in 1']
    """
    recorder, hooks = _Recorder(model), list[RemovableHandle]()
    for name, module in model.named_modules():
        hooks.append(module.register_forward_pre_hook(partial(recorder.enter, name), with_kwargs=True))
        hooks.append(module.register_forward_hook(recorder.leave))
    try:
        output = run(model, example, recorder)
    finally:
        for hook in hooks:
            hook.remove()
    return Trace(recorder.calls, recorder.visits, recorder.known(output), tensors(output))


def run(model: nn.Module, example: Example, listener: AbstractContextManager[object] | None = None) -> Any:
    """Return the model's output on an example, in evaluation mode, always with the same random numbers.

    Args:
        model: The model; it is left as it was.
        example: Its input.
        listener: Entered meanwhile.

    Raises:
        ModelError: The model cannot take it.
    """
    modes = {module: module.training for module in model.modules()}
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.default_generator.manual_seed(0)
            model.eval()
            with listener or nullcontext():
                return _called(model, example)
    finally:
        for module, mode in modes.items():
            module.training = mode


def tensors(output: Any) -> list[Tensor]:
    """Return the tensors of what a model gave."""
    items: Any = output if isinstance(output, tuple | list | dict) else [output]
    return [leaf for leaf in leaves(items) if isinstance(leaf, Tensor)]


def _called(model: nn.Module, example: Example) -> Any:
    try:
        if isinstance(example, Tensor):
            return model(example)
        return model(**example) if isinstance(example, Mapping) else model(*example)
    except Exception as error:
        raise ModelError(
            "The model cannot take the example.",
            got=one_line(error),
            expected="a batch of inputs: one tensor, a tuple of arguments or a dict of keywords",
        ) from error


def leaves(tree: Any) -> Iterator[Any]:
    """Yield what stands in nested tuples, lists and dicts."""
    if isinstance(tree, tuple | list):
        for item in tree:
            yield from leaves(item)
    elif isinstance(tree, dict):
        yield from leaves([*tree.values()])
    else:
        yield tree


def replaced(tree: Any, change: Callable[[Any], Any]) -> Any:
    """Return the same nesting with every leaf changed."""
    if isinstance(tree, tuple | list):
        items = [replaced(item, change) for item in tree]
        plain = type(tree) in (tuple, list)
        return type(tree)(items) if plain else tuple(items)
    if isinstance(tree, dict):
        return {key: replaced(item, change) for key, item in tree.items()}
    return change(tree)


class _Recorder(TorchFunctionMode):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        named = [*model.named_parameters(), *model.named_buffers()]
        self.weights = {id(tensor): Weight(name, tensor) for name, tensor in named}
        self.values: dict[int, Value] = {}  # a Value keeps its tensor alive, and so the id its own
        self.calls: list[Call] = []
        self.visits: list[Visit] = []
        self.inside: list[Visit] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        call = Call(func, replaced(tuple(args), self.note), replaced(given, self.note), self.where)
        output = func(*args, **given)
        made = [leaf for leaf in leaves(output) if isinstance(leaf, Tensor) and id(leaf) not in self.weights]
        if made and (call.values() or call.weights()):
            call.outputs = [Value(tensor, call) for tensor in made]
            self.values.update({id(value.tensor): value for value in call.outputs})
            self.calls.append(call)
        return output

    @property
    def where(self) -> str:
        return self.inside[-1].module if self.inside else ""

    def note(self, leaf: Any) -> Any:
        if not isinstance(leaf, Tensor):
            return leaf
        if id(leaf) in self.weights:
            return self.weights[id(leaf)]
        return self.values.setdefault(id(leaf), Value(leaf))

    def known(self, tree: Any) -> list[Value]:
        noted = map(self.note, tensors(tree))
        return [value for value in noted if isinstance(value, Value)]

    def enter(self, name: str, module: nn.Module, args: Any, kwargs: Any) -> None:
        visit = Visit(name, self.known([args, kwargs]))
        self.visits.append(visit)
        self.inside.append(visit)

    def leave(self, module: nn.Module, args: Any, output: Any) -> None:
        self.inside.pop().outputs = self.known(output)
